//! `callsign query`: one question to one server, printed the way dig prints it.

mod exchange;
mod report;
mod words;

use super::Exit;
use crate::cli::{Output, QueryArgs};
use dns_core::NameBuf;
use dns_core::wire::Rtype;
use exchange::ExchangeError;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Server that is asked when none is named: where `callsign agent` listens by default.
const SERVER_DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 15_053);

/// Asks and prints. NOERROR exits with 0, with or without data; another response code or no
/// answer in time with 1; a question that cannot be asked with 2.
///
/// # Errors
/// Of `out`.
pub fn run(args: &QueryArgs, out: &mut impl Write) -> io::Result<Exit> {
    let question = match Question::of(args) {
        Ok(question) => question,
        Err(reason) => {
            eprintln!("callsign query: {reason}");
            return Ok(Exit::BadFlag);
        }
    };
    match exchange::ask(&question) {
        Ok(reply) => {
            let report = report::Report::of(&reply);
            match args.output {
                Output::Text => report.print(out)?,
                Output::Json => report.print_json(out)?,
            }
            let is_no_error = reply.message.response_code == ResponseCode::NoError;
            Ok(if is_no_error { Exit::Fine } else { Exit::No })
        }
        Err(error) => {
            print_failure(&question, &error, args.output, out)?;
            Ok(Exit::No)
        }
    }
}

fn print_failure(
    question: &Question,
    error: &ExchangeError,
    output: Output,
    out: &mut impl Write,
) -> io::Result<()> {
    let text = format!("no answer from {}: {error}", question.server);
    match output {
        Output::Text => writeln!(out, ";; {text}"),
        Output::Json => writeln!(out, "{}", serde_json::json!({ "error": text })),
    }
}

/// What is asked, of whom and how.
#[derive(Clone, Debug)]
struct Question {
    server: SocketAddr,
    name: Name,
    rtype: RecordType,
    transport: Transport,
    timeout: Duration,
}

/// How a question is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    /// UDP, then TCP when the answer is cut.
    Udp,
    /// TCP from the start.
    Tcp,
}

impl Transport {
    fn label(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        }
    }
}

impl Question {
    /// Reads `[@SERVER] NAME [TYPE]`, or `[@SERVER]` with a reverse lookup. As dig does, takes the
    /// type in front of the name too, and the class IN before the type.
    fn of(args: &QueryArgs) -> Result<Self, String> {
        let (servers, mut terms): (Vec<&String>, Vec<&String>) =
            args.terms.iter().partition(|term| term.starts_with('@'));
        if terms.len() == 3 {
            terms.retain(|term| !term.eq_ignore_ascii_case("IN"));
        }
        let server = match servers.as_slice() {
            [] => SERVER_DEFAULT,
            [server] => server_address(server)?,
            _ => return Err("more than one @SERVER".to_owned()),
        };
        let (name, rtype) = match (args.reverse, terms.as_slice()) {
            (Some(address), []) => (
                name(&NameBuf::reverse(address).to_string())?,
                RecordType::PTR,
            ),
            (Some(_), _) => return Err("-x takes the address alone, no NAME".to_owned()),
            (None, []) => return Err("no NAME to ask for; try `callsign query --help`".to_owned()),
            (None, [text]) => (name(text)?, RecordType::A),
            (None, [text, rtype]) => name_and_type(text, rtype)?,
            (None, [_, _, rest, ..]) => return Err(format!("one `{rest}` too many")),
        };
        let transport = if args.tcp {
            Transport::Tcp
        } else {
            Transport::Udp
        };
        Ok(Question {
            server,
            name,
            rtype,
            transport,
            timeout: args.timeout,
        })
    }
}

fn server_address(term: &str) -> Result<SocketAddr, String> {
    let text = term.trim_start_matches('@');
    crate::config::upstream::server_address(text)
        .map_err(|reason| format!("{}; {}", reason.reason, reason.hint))
}

/// The name in the spelling of the asker, which the answer has to repeat.
fn name(text: &str) -> Result<Name, String> {
    let bad = |why: &dyn std::fmt::Display| format!("`{text}` is not a DNS name: it {why}");
    if !text.is_ascii() {
        return Err(bad(&"is not ASCII; write it in its xn-- form"));
    }
    let lower = NameBuf::parse(text).map_err(|error| bad(&error))?;
    let labels: Vec<&[u8]> = if text.contains('\\') {
        lower.as_name().labels().collect()
    } else {
        text.split('.')
            .filter(|label| !label.is_empty())
            .map(str::as_bytes)
            .collect()
    };
    Name::from_labels(labels).map_err(|error| bad(&error))
}

/// A name and a type, in either order; the first is the name if both can be.
fn name_and_type(first: &str, second: &str) -> Result<(Name, RecordType), String> {
    match (record_type(first), record_type(second)) {
        (Ok(rtype), Err(_)) => Ok((name(second)?, rtype)),
        (_, rtype) => Ok((name(first)?, rtype?)),
    }
}

fn record_type(text: &str) -> Result<RecordType, String> {
    let number = Rtype::parse(text).map(|rtype| RecordType::from(rtype.0));
    number
        .or_else(|| text.to_ascii_uppercase().parse().ok())
        .ok_or_else(|| {
            format!(
                "`{text}` is not a record type; write for example A, AAAA, SRV, TXT, PTR or TYPE65"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn question(line: &str) -> Result<Question, String> {
        let line = format!("callsign query {line}");
        let Command::Query(args) = Cli::try_parse_from(line.split_whitespace())
            .unwrap()
            .command
        else {
            panic!("query")
        };
        Question::of(&args)
    }

    fn shown(line: &str) -> String {
        let question = question(line).unwrap();
        let name = crate::output::presentation::name(&question.name);
        format!(
            "{} {name} {} {}",
            question.server,
            question.rtype,
            question.transport.label()
        )
    }

    #[test]
    fn server_name_and_type_are_read_like_dig_reads_them() {
        for (line, expected) in [
            ("pay.example.com", "127.0.0.1:15053 pay.example.com. A UDP"),
            (
                "@10.0.0.10 Pay.Example.com. aaaa",
                "10.0.0.10:53 Pay.Example.com. AAAA UDP",
            ),
            ("web @[::1]:5300 TYPE65 --tcp", "[::1]:5300 web. HTTPS TCP"),
            (
                "-x 10.1.2.3",
                "127.0.0.1:15053 3.2.1.10.in-addr.arpa. PTR UDP",
            ),
            (".", "127.0.0.1:15053 . A UDP"),
            (r"a\.b.c", r"127.0.0.1:15053 a\.b.c. A UDP"),
            (
                "aaaa pay.example.com",
                "127.0.0.1:15053 pay.example.com. AAAA UDP",
            ),
            ("mx in a", "127.0.0.1:15053 mx. A UDP"),
            ("@10.0.0.10 web IN A", "10.0.0.10:53 web. A UDP"),
            (
                "_http._tcp.web srv",
                "127.0.0.1:15053 _http._tcp.web. SRV UDP",
            ),
        ] {
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_the_reason() {
        for (line, part) in [
            ("", "no NAME"),
            ("a..b", "empty label"),
            ("web NONSENSE", "not a record type"),
            ("@dns.example a", "not the address of a server"),
            ("a A A", "too many"),
            ("-x 10.1.2.3 a", "-x takes"),
            ("b\u{fc}cher.example", "xn--"),
        ] {
            let reason = question(line).unwrap_err();
            assert!(reason.contains(part), "{line}: {reason}");
        }
    }
}
