//! dig and kdig read the same answers as `callsign query`, for the names of the quickstart, over
//! UDP and TCP.
//!
//! A tool that is not installed is skipped with one line; with `CALLSIGN_REQUIRE_TOOLS=1` that is
//! a failure.

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::callsign::binary;
use tests::script::Names;
use tests::{Callsign, Launch, Script, Upstream};

/// Every name of the quickstart's files, with the types worth asking it for.
const NAMES: &[(&str, &[&str])] = &[
    // Services: whole, short, through a search domain, and in another's spelling.
    (
        "catalog.shop.svc.cluster.local",
        &["A", "AAAA", "MX", "ANY"],
    ),
    ("catalog", &["A"]),
    ("catalog.shop", &["A"]),
    ("catalog.shop.svc", &["A"]),
    ("Catalog.SHOP.svc.cluster.local", &["A"]),
    ("_http._tcp.catalog.shop.svc.cluster.local", &["SRV"]),
    ("_grpc._tcp.catalog.shop.svc.cluster.local", &["SRV"]),
    ("web.shop.svc.cluster.local", &["A", "AAAA"]),
    ("invoices.billing.svc.cluster.local", &["A"]),
    ("invoices.billing", &["A"]),
    ("audit.billing.svc.cluster.local", &["A"]),
    ("vault.billing.svc.cluster.local", &["A"]),
    (
        "istio-eastwestgateway.istio-system.svc.cluster.local",
        &["A"],
    ),
    (
        "istio-eastwestgateway-network2.istio-system.svc.cluster.local",
        &["A"],
    ),
    // Headless, and its instances.
    ("cart-db.shop.svc.cluster.local", &["A", "AAAA"]),
    ("cart-db-0.cart-db.shop.svc.cluster.local", &["A"]),
    ("cart-db-1.cart-db.shop.svc.cluster.local", &["A"]),
    ("cart-db-2.cart-db.shop.svc.cluster.local", &["A"]),
    ("_redis._tcp.cart-db.shop.svc.cluster.local", &["SRV"]),
    // ExternalName.
    ("mail.shop.svc.cluster.local", &["A", "AAAA", "CNAME"]),
    // Service entries.
    ("orders.shop.global", &["A", "AAAA"]),
    ("orders.shop.global.shop.svc.cluster.local", &["A"]),
    ("reviews.bookinfo.global", &["A", "AAAA"]),
    ("payroll.billing.global", &["A"]),
    ("stock.billing.global", &["A", "AAAA"]),
    ("shop.global", &["A"]),
    ("nobody.shop.global", &["A"]),
    ("pay.example.com", &["A", "AAAA", "TXT", "HTTPS"]),
    ("pay.example.com.shop.svc.cluster.local", &["A", "AAAA"]),
    ("api.partner.example.com", &["A", "AAAA"]),
    ("a.b.partner.example.com", &["A"]),
    ("partner.example.com", &["A"]),
    ("api.weather.example.org", &["A", "AAAA"]),
    ("ledger.example.org", &["A", "AAAA"]),
    // The name table.
    ("reports.analytics.svc.cluster.local", &["A", "AAAA"]),
    ("reports.analytics.svc.clusterset.local", &["A"]),
    ("events.analytics.svc.cluster.local", &["A"]),
    ("events-0.events.analytics.svc.cluster.local", &["A"]),
    ("events-1.events.analytics.svc.cluster.local", &["A"]),
    ("geo.example.org", &["A", "AAAA"]),
    ("images.cdn.example.org", &["A"]),
    // The hosts file.
    ("smtp.example.net", &["A", "AAAA"]),
    ("smtp", &["A"]),
    ("build.example.net", &["A"]),
    // Addresses.
    ("10.12.96.10.in-addr.arpa", &["PTR"]),
    ("2.0.0.240.in-addr.arpa", &["PTR"]),
    // What the process says of itself, and what is not its own.
    ("dns-version.cluster.local", &["TXT"]),
    ("www.example.com", &["A"]),
];

/// How the tools are told to ask.
const TRANSPORTS: [(&str, &str); 2] = [("UDP", "+notcp"), ("TCP", "+tcp")];

/// What a client reads out of a reply.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    rcode: String,
    flags: BTreeSet<String>,
    records: BTreeSet<String>,
}

#[test]
fn dig_reads_what_callsign_query_reads() {
    assert_agrees(&Tool {
        name: "dig",
        version_flag: "-v",
        flags: &["+comments"],
    });
}

#[test]
fn kdig_reads_what_callsign_query_reads() {
    assert_agrees(&Tool {
        name: "kdig",
        version_flag: "-V",
        flags: &["+header", "+noidn"],
    });
}

/// A program that asks and prints.
struct Tool {
    name: &'static str,
    version_flag: &'static str,
    /// Make it print the line with the code and the flags, and ask in the spelling it was given.
    flags: &'static [&'static str],
}

fn assert_agrees(tool: &Tool) {
    let name_of_tool = tool.name;
    if Command::new(tool.name)
        .arg(tool.version_flag)
        .output()
        .is_err()
    {
        assert_ne!(
            std::env::var("CALLSIGN_REQUIRE_TOOLS").as_deref(),
            Ok("1"),
            "{name_of_tool} is not installed"
        );
        // Past the capture of the test harness, which would hide the line of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {name_of_tool} is not installed"
        );
        return;
    }
    let (callsign, _upstream) = quickstart();
    let mut differences = Vec::new();
    let mut answered = 0;
    for (name, rtypes) in NAMES {
        for rtype in *rtypes {
            for (transport, flag) in TRANSPORTS {
                let ours = query(callsign.address(), name, rtype, transport);
                let theirs = tool_read(tool, callsign.address(), name, rtype, flag);
                answered += usize::from(!ours.records.is_empty());
                if ours != theirs {
                    differences.push(format!(
                        "{name} {rtype} over {transport}:\n  query {ours:?}\n  {name_of_tool} {theirs:?}"
                    ));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // Nothing is shown by agreeing on empty answers.
    assert!(
        answered > 2 * NAMES.len() / 2,
        "only {answered} answers had records"
    );
}

/// The quickstart on a free port, with a server of the test's own to forward to.
fn quickstart() -> (Callsign, Upstream) {
    let upstream = Upstream::start(Script::Names(Names::default())).expect("an upstream");
    let callsign = Launch::agent()
        .expect("a folder")
        .flag("--config", quickstart_config())
        .flag("--admin", "127.0.0.1:0")
        .flag("--upstream", upstream.address().to_string())
        .start()
        .expect("the quickstart starts");
    (callsign, upstream)
}

fn quickstart_config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart/callsign.yaml")
}

fn query(server: SocketAddr, name: &str, rtype: &str, transport: &str) -> Read {
    let mut command = Command::new(binary().expect("a binary"));
    command
        .arg("query")
        .arg(format!("@{server}"))
        .args([name, rtype, "-o", "json"]);
    if transport == "TCP" {
        command.arg("--tcp");
    }
    let output = command.output().expect("callsign query runs");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{name} {rtype}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let flags = json["flags"].as_array().into_iter().flatten().map(text);
    let records = json["answer"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| {
            let ttl = &record["ttl"];
            [
                &record["name"],
                &record["class"],
                &record["type"],
                &record["data"],
            ]
            .map(text)
            .join(" ")
                + &format!(" {ttl}")
        });
    Read {
        rcode: text(&json["rcode"]),
        flags: flags.filter(|flag| is_compared(flag)).collect(),
        records: records.collect(),
    }
}

fn tool_read(tool: &Tool, server: SocketAddr, name: &str, rtype: &str, transport: &str) -> Read {
    let output = Command::new(tool.name)
        .arg(format!("@{}", server.ip()))
        .args(["-p", &server.port().to_string(), transport])
        .args(["+noall", "+answer", "+time=5"])
        // For kdig a flag counts for the names behind it alone.
        .args(tool.flags)
        .args([name, rtype])
        .output()
        .expect("the tool runs");
    read_of(&String::from_utf8_lossy(&output.stdout))
}

/// Reads the comments and records that dig and kdig print.
fn read_of(text: &str) -> Read {
    let after = |mark: &str| {
        let lower = text.to_ascii_lowercase();
        let start = lower.find(mark)? + mark.len();
        let rest = &text[start..];
        Some(
            rest[..rest.find([',', ';', '\n']).unwrap_or(rest.len())]
                .trim()
                .to_owned(),
        )
    };
    let flags = after(" flags:").unwrap_or_default();
    let records = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(';'));
    Read {
        rcode: after(" status:").unwrap_or_default(),
        flags: flags
            .split_whitespace()
            .filter(|flag| is_compared(flag))
            .map(str::to_owned)
            .collect(),
        records: records.map(record_of).collect(),
    }
}

/// `name class type data ttl` of a line `name ttl class type data`.
fn record_of(line: &str) -> String {
    let mut fields: Vec<_> = line.split_whitespace().collect();
    if fields.len() > 1 {
        let ttl = fields.remove(1);
        fields.push(ttl);
    }
    fields.join(" ")
}

/// The flags that the server decides on.
fn is_compared(flag: &str) -> bool {
    ["aa", "tc", "ra"].contains(&flag)
}

#[test]
fn every_name_of_the_quickstart_is_asked() {
    let output = Command::new(binary().expect("a binary"))
        .args(["table", "-o", "json", "--state-dir", "none", "--config"])
        .arg(quickstart_config())
        .output()
        .expect("callsign table runs");
    let table: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let entries = table.as_array().expect("a list of entries");
    assert!(!entries.is_empty());
    let names = entries.iter().filter_map(|entry| entry["name"].as_str());
    let missing: Vec<_> = names
        .filter(|name| !is_asked(name.trim_end_matches('.')))
        .collect();
    assert!(missing.is_empty(), "add them to NAMES: {missing:?}");
}

/// Whether the list has the name or, for a wildcard, one below it.
fn is_asked(name: &str) -> bool {
    NAMES.iter().any(|(asked, _)| match name.strip_prefix('*') {
        Some(suffix) => asked.ends_with(suffix),
        None => asked.eq_ignore_ascii_case(name),
    })
}

#[test]
fn the_output_of_either_tool_is_read() {
    let dig = "\
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; ANSWER SECTION:
a.example.\t\t30\tIN\tA\t10.0.0.1
";
    let kdig = "\
;; ->>HEADER<<- opcode: QUERY; status: NOERROR; id: 2
;; Flags: qr aa rd ra; QUERY: 1; ANSWER: 1; AUTHORITY: 0; ADDITIONAL: 0

;; ANSWER SECTION:
a.example.          \t30\tIN\tA\t10.0.0.1
";
    let read = read_of(dig);
    assert_eq!(read, read_of(kdig));
    assert_eq!(read.rcode, "NOERROR");
    assert_eq!(
        read.flags,
        BTreeSet::from(["aa".to_owned(), "ra".to_owned()])
    );
    assert_eq!(
        read.records,
        BTreeSet::from(["a.example. IN A 10.0.0.1 30".to_owned()])
    );
}
