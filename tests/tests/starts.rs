//! Starts: what a started process says, which starts are refused, and where state is kept.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use dns_core::Transport;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use tests::callsign::binary;
use tests::command::run;
use tests::mesh::{CONFIG, configured, entries, host};
use tests::script::one_address;
use tests::{Launch, Observed, Question, Upstream};

#[test]
fn a_bad_configuration_is_told_with_its_place_and_exits_with_1() {
    let launch =
        configured("listen: [127.0.0.1:0]\nzones: [a.test]\nstate_dri: x\nworkers: none\n")
            .unwrap();
    let file = launch.folder().join("callsign.yaml");
    let ended = run(["agent", "--config", file.to_str().unwrap()]).unwrap();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let expected = [
        ":3:1: state_dri: unknown key; did you mean `state_dir`?",
        ":4:10: workers: `none` is not a number",
    ];
    assert_eq!(lines.len(), expected.len(), "{}", ended.stderr);
    for (line, expected) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(&format!("{}{expected}", file.display())),
            "{line}"
        );
    }
    let ended = run(["agent", "--config", "/nonexistent/callsign.yaml"]).unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.starts_with("/nonexistent/callsign.yaml: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_bad_flag_exits_with_2() {
    for (flags, part) in [
        (&["--lisen", "127.0.0.1:0"][..], "--listen"),
        (&["--workers", "0"], "workers: 0 is too small"),
        (&["--listen", "127.0.0.1"], "has no port"),
        (&["--upstream", "10.0.0.300"], "upstream"),
        (&["--zone", "a..b"], "zone"),
    ] {
        let ended = run([&["agent"][..], flags].concat()).unwrap();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{flags:?}"
        );
        assert!(ended.stderr.contains(part), "{flags:?}: {}", ended.stderr);
    }
}

#[test]
fn an_address_in_use_is_named_and_exits_with_1() {
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let other = Launch::agent().unwrap().start().unwrap();
    let taken = [
        udp.local_addr().unwrap(),
        tcp.local_addr().unwrap(),
        other.address(),
    ];
    for address in taken {
        let flags = [
            "agent",
            "--state-dir",
            "none",
            "--upstream",
            "none",
            "--listen",
        ];
        let ended = run(flags.into_iter().chain([address.to_string().as_str()])).unwrap();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        let last = ended.stderr.lines().last().unwrap_or_default();
        assert!(last.contains(&address.to_string()), "{}", ended.stderr);
        assert!(
            last.contains("another process listens there"),
            "{}",
            ended.stderr
        );
    }
    let admin = tcp.local_addr().unwrap().to_string();
    let flags = [
        "agent",
        "--state-dir",
        "none",
        "--listen",
        "127.0.0.1:0",
        "--admin",
        &admin,
    ];
    let ended = run(flags).unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains(&format!("{admin} (admin)")),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_upstream_that_is_ourselves_is_refused() {
    for (listen, upstream) in [
        ("127.0.0.1:15999", "127.0.0.1:15999"),
        ("0.0.0.0:15999", "127.0.0.1:15999"),
        ("0.0.0.0:15999", "127.8.8.8:15999"),
        ("[::]:15999", "[::1]:15999"),
    ] {
        let flags = [
            "agent",
            "--state-dir",
            "none",
            "--listen",
            listen,
            "--upstream",
            upstream,
        ];
        let ended = run(flags).unwrap();
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{listen} {upstream}"
        );
        assert!(
            ended.stderr.contains("an address we listen on"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains(upstream), "{}", ended.stderr);
    }
    let launch =
        configured("listen: [0.0.0.0:15999]\nupstreams: [192.0.2.1, 127.0.0.1:15999]\n").unwrap();
    let file = launch.folder().join("callsign.yaml");
    let ended = run(["agent", "--config", file.to_str().unwrap()]).unwrap();
    assert_eq!(ended.code, Some(1));
    let place = format!("{}:2:24: upstreams[1]: ", file.display());
    assert!(ended.stderr.starts_with(&place), "{}", ended.stderr);
}

#[test]
fn a_resolv_conf_that_names_ourselves_is_refused() {
    let launch =
        configured("listen: [0.0.0.0:53]\nresolv_conf: resolv.conf\nstate_dir: none\n").unwrap();
    let resolv_conf = launch
        .write("resolv.conf", "nameserver 127.0.0.53\n")
        .unwrap();
    let file = launch.folder().join("callsign.yaml");
    // The command that reads the inputs without listening: port 53 may be taken or forbidden.
    let ended = run(["config", "check", file.to_str().unwrap()]).unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.starts_with(&resolv_conf.display().to_string()),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .contains("127.0.0.53:53 is this process itself"),
        "{}",
        ended.stdout
    );
}

/// Both families of the names of [`entries`], as an agent with a state folder of its own has them.
fn addresses_elsewhere(count: usize) -> Vec<Vec<std::net::IpAddr>> {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..count)).unwrap();
    let names: Vec<String> = (0..count).map(host).collect();
    Observed::start(&launch)
        .unwrap()
        .both(names.iter().map(String::as_str))
}

#[test]
fn a_state_folder_that_cannot_be_written_is_told_and_does_not_stop_the_answers() {
    let launch = Launch::bare().unwrap().flag("--listen", "127.0.0.1:0");
    let config = launch.write("callsign.yaml", CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..5)).unwrap();
    let state = launch
        .write("state", "a file where the folder should be\n")
        .unwrap();
    let launch = launch.flag("--config", config).flag("--state-dir", &state);
    let mut observed = Observed::start(&launch).unwrap();
    let names: Vec<String> = (0..5).map(host).collect();
    let before = observed.both(names.iter().map(String::as_str));
    assert_eq!(before, addresses_elsewhere(5));
    let readiness = observed.readiness();
    assert!(
        readiness.is_ready() && readiness.says(&state.display().to_string()),
        "{readiness:?}"
    );
    assert!(
        readiness.says("virtual addresses are lost with the process"),
        "{readiness:?}"
    );
    let said = observed.callsign.said();
    let warning = said
        .lines()
        .find(|line| line.contains("virtual addresses are not recorded"));
    assert!(warning.is_some_and(|line| line.contains("WARN")), "{said}");
    let (_, metrics) = tests::admin::get(observed.admin(), "/metrics").unwrap();
    assert!(
        metrics.contains("\ncallsign_journal_writable 0"),
        "{metrics}"
    );
    // Once the folder can be made, the next start records.
    observed.callsign.kill();
    std::fs::remove_file(&state).unwrap();
    let observed = Observed::start(&launch).unwrap();
    assert_eq!(observed.both(names.iter().map(String::as_str)), before);
    assert_eq!(observed.readiness().reasons, Vec::<String>::new());
}

#[test]
fn a_second_process_with_the_same_state_folder_serves_and_says_so() {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..5)).unwrap();
    let first = Observed::start(&launch).unwrap();
    let second = Observed::start(&launch).unwrap();
    let names: Vec<String> = (0..5).map(host).collect();
    let names = || names.iter().map(String::as_str);
    assert_eq!(second.both(names()), first.both(names()));
    let readiness = second.readiness();
    assert!(readiness.is_ready(), "{readiness:?}");
    assert!(
        readiness.says("another process writes to this state folder"),
        "{readiness:?}"
    );
    assert_eq!(first.readiness().reasons, Vec::<String>::new());
}

#[test]
fn without_a_state_folder_nothing_is_written_and_nothing_is_wrong() {
    let launch = Launch::bare()
        .unwrap()
        .flag("--listen", "127.0.0.1:0")
        .flag("--state-dir", "none");
    let config = launch.write("callsign.yaml", CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..3)).unwrap();
    let observed = Observed::start(&launch.flag("--config", config)).unwrap();
    let names: Vec<String> = (0..3).map(host).collect();
    assert_eq!(
        observed.both(names.iter().map(String::as_str)),
        addresses_elsewhere(3)
    );
    assert_eq!(observed.readiness().reasons, Vec::<String>::new());
}

#[test]
fn without_a_cache_and_with_two_workers_it_answers_the_same() {
    let upstream = Upstream::start(one_address("www.example.net.")).unwrap();
    let launch = Launch::agent()
        .unwrap()
        .switch("--no-cache")
        .flag("--workers", "2");
    let hosts = launch
        .write("hosts", "192.0.2.1 web.example.com\n")
        .unwrap();
    let launch = launch
        .flag("--hosts", hosts)
        .flag("--upstream", upstream.address().to_string());
    let observed = Observed::start(&launch).unwrap();
    // Each question comes from a port of its own: both workers have their share.
    for _ in 0..32 {
        assert_eq!(observed.addresses("web.example.com", "A").len(), 1);
    }
    for count in 1..=4 {
        assert_eq!(observed.addresses("www.example.net", "A").len(), 1);
        assert_eq!(upstream.asked_total(), count);
    }
}

/// A process whose outputs are kept apart; it ends with the test.
struct Printing(Child);

impl Drop for Printing {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The log is written to standard error; what reads it may end before the process does.
#[test]
fn a_log_that_nobody_reads_any_more_does_not_end_the_process() {
    let launch = configured(CONFIG).unwrap();
    let config = launch.folder().join("callsign.yaml");
    let child = Command::new(binary().unwrap())
        .args(["agent", "--listen", "127.0.0.1:0", "--state-dir", "none"])
        .args(["--config".as_ref(), config.as_os_str()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut printing = Printing(child.unwrap());
    let mut out = BufReader::new(printing.0.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..5 {
        out.read_line(&mut line).unwrap();
    }
    drop(printing.0.stderr.take());
    // What is logged of this draining has no reader.
    let id = printing.0.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status();
    assert!(killed.unwrap().success(), "{line}");
    assert_eq!(printing.0.wait().unwrap().code(), Some(0));
}

#[test]
fn five_lines_say_what_is_served_and_how_to_ask() {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..3)).unwrap();
    let (config, state) = (
        launch.folder().join("callsign.yaml"),
        launch.folder().join("state"),
    );
    let child = Command::new(binary().unwrap())
        .args([
            "agent",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--config",
        ])
        .args([
            config.as_os_str(),
            "--state-dir".as_ref(),
            state.as_os_str(),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut printing = Printing(child.unwrap());
    let mut out = BufReader::new(printing.0.stdout.take().unwrap());
    let mut lines: Vec<String> = Vec::new();
    for _ in 0..5 {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        lines.push(line.trim_end().to_owned());
    }
    assert!(
        lines[0].contains("serves 3 names, 6 virtual addresses"),
        "{lines:#?}"
    );
    let address = lines[1].strip_prefix("listening on ").unwrap();
    let address = address
        .strip_suffix(" (udp, tcp)")
        .unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(lines[2].contains("mesh.test"), "{lines:#?}");
    assert!(
        lines[3].starts_with("admin at http://127.0.0.1:"),
        "{lines:#?}"
    );
    // The fifth can be pasted into a shell, and is answered.
    let words: Vec<&str> = lines[4].split(' ').collect();
    let (ip, port) = address.split_once(':').unwrap();
    assert_eq!(
        words[..5],
        ["ask:", "dig", &format!("@{ip}"), "-p", port],
        "{lines:#?}"
    );
    let question = Question::new(words[5], "A").unwrap();
    let reply = question
        .ask(address.parse().unwrap(), Transport::Udp)
        .unwrap();
    assert_eq!(reply.message.answers.len(), 1);
    let id = printing.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
