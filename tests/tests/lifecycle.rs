//! The life of the process: crashes and signals.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use dns_core::Transport;
use hickory_proto::op::ResponseCode;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use tests::client::{REPLY_MAX, framed, read_frame};
use tests::mesh::{CONFIG, configured, entries, host};
use tests::objects::{documents, service, service_entry};
use tests::script::one_address;
use tests::{Launch, Observed, Question, Reply, Script, Upstream};

/// How long a process that was told to end may take.
const END_MAX: Duration = Duration::from_secs(5);

#[test]
fn every_address_is_as_before_after_a_crash() {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..40)).unwrap();
    let mut names: Vec<String> = (0..40).map(host).collect();
    let mut observed = Observed::start(&launch).unwrap();
    let mut before = observed.both(names.iter().map(String::as_str));
    assert!(
        before.iter().all(|addresses| addresses.len() == 1),
        "{before:?}"
    );
    for crash in 40..46 {
        // Killed as soon as the new name is answered.
        launch
            .write(&format!("mesh/z{crash}.yaml"), &entries([crash]))
            .unwrap();
        observed.until("the new name", |o| {
            o.addresses(&host(crash), "A").len() == 1
        });
        names.push(host(crash));
        before.extend(observed.both([host(crash).as_str()]));
        observed.callsign.kill();
        observed = Observed::start(&launch).unwrap();
        assert_eq!(observed.both(names.iter().map(String::as_str)), before);
    }
}

#[test]
fn a_crash_in_the_middle_of_a_change_moves_no_address() {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..20)).unwrap();
    let names: Vec<String> = (0..20).map(host).collect();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both(names.iter().map(String::as_str));
    for crash in 1..=6 {
        // Names that sort first: allotted anew they would take candidates of the old ones.
        let more =
            (0..50).map(|n| service_entry(&format!("a{n}"), &format!("a{n}.c{crash}.mesh.test")));
        launch.write("mesh/a.yaml", &documents(more)).unwrap();
        if crash % 3 > 0 {
            // Said before the new addresses are allotted, recorded and published.
            observed.until_line("source read");
        }
        observed.callsign.kill();
        observed = Observed::start(&launch).unwrap();
        assert_eq!(observed.both(names.iter().map(String::as_str)), before);
    }
}

#[test]
fn names_that_collide_keep_their_addresses_after_a_crash() {
    // A pool so small that names collide: what is kept is kept by the journal alone.
    let config =
        format!("{CONFIG}vips: {{pools: {{names: [250.0.0.0/26, '2001:2:0:8000::/122']}}}}\n");
    let launch = configured(&config).unwrap();
    launch.write("mesh/first.yaml", &entries(0..40)).unwrap();
    let names: Vec<String> = (0..40).map(host).collect();
    let mut observed = Observed::start(&launch).unwrap();
    let before = observed.both(names.iter().map(String::as_str));
    // The odd ones leave, ten come that sort first, and the process dies.
    let come = entries((100..110).chain((0..40).step_by(2)));
    launch.write("mesh/first.yaml", &come).unwrap();
    observed.until("a new name", |o| o.addresses(&host(109), "A").len() == 1);
    observed.callsign.kill();
    let observed = Observed::start(&launch).unwrap();
    for (n, expected) in before.chunks(2).enumerate().step_by(2) {
        assert_eq!(observed.both([host(n).as_str()]), expected, "{}", host(n));
    }
    assert_eq!(observed.rcode(&host(1), "A"), ResponseCode::NXDomain);
}

/// What a crash of the machine may leave: half of the last line.
#[test]
fn a_journal_with_a_torn_end_is_mended_and_moves_no_address() {
    let launch = configured(CONFIG).unwrap();
    launch.write("mesh/first.yaml", &entries(0..10)).unwrap();
    let names: Vec<String> = (0..10).map(host).collect();
    let observed = Observed::start(&launch).unwrap();
    let before = observed.both(names.iter().map(String::as_str));
    observed.callsign.kill();
    let journal = launch.folder().join("state/vips.journal");
    for cut in [1, 7, 20] {
        let text = std::fs::read(&journal).unwrap();
        std::fs::write(&journal, &text[..text.len() - cut]).unwrap();
        let observed = Observed::start(&launch).unwrap();
        assert_eq!(observed.both(names.iter().map(String::as_str)), before);
        assert_eq!(observed.readiness().reasons, Vec::<String>::new());
        observed.callsign.kill();
    }
}

/// Told to end, it says so, is not ready any more, answers what it has taken in, and ends.
#[test]
fn sigterm_answers_the_question_in_flight_and_exits_with_0() {
    let upstream = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    upstream.set_read_timeout(Some(REPLY_MAX)).unwrap();
    let server = upstream.local_addr().unwrap().to_string();
    let launch = Launch::agent().unwrap().flag("--upstream", server);
    let mut observed = Observed::start(&launch).unwrap();
    let query = Question::new("slow.example.net", "A")
        .unwrap()
        .to_bytes()
        .unwrap();
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(REPLY_MAX)).unwrap();
    client.send_to(&query, observed.callsign.address()).unwrap();
    let mut stream = TcpStream::connect(observed.callsign.address()).unwrap();
    stream.set_read_timeout(Some(REPLY_MAX)).unwrap();
    let of_stream = Question::new("also.example.net", "A")
        .unwrap()
        .to_bytes()
        .unwrap();
    stream.write_all(&framed(&of_stream).unwrap()).unwrap();
    let mut asked = vec![0; 1232];
    // A question that is repeated to its server counts once.
    let mut waiting: Vec<(Vec<u8>, SocketAddr)> = Vec::new();
    while waiting.len() < 2 {
        let (length, from) = upstream.recv_from(&mut asked).unwrap();
        let is_new = |query: &(Vec<u8>, _)| query.0[12..] != asked[12..length];
        if waiting.iter().all(is_new) {
            waiting.push((asked[..length].to_vec(), from));
        }
    }
    observed.callsign.signal("TERM").unwrap();
    let began = Instant::now();
    observed.until_line("draining");
    observed.until("not ready", |observed| {
        let readiness = observed.readiness();
        !readiness.is_ready() && readiness.says("draining")
    });
    for (query, from) in waiting {
        for name in ["slow.example.net.", "also.example.net."] {
            let reply = one_address(name).reply(&query, Transport::Udp).unwrap();
            if Reply::parse(reply.clone(), END_MAX)
                .unwrap()
                .message
                .answers
                .len()
                == 1
            {
                upstream.send_to(&reply, from).unwrap();
            }
        }
    }
    let mut reply = vec![0; 1232];
    let (length, _) = client.recv_from(&mut reply).unwrap();
    for reply in [reply[..length].to_vec(), read_frame(&mut stream).unwrap()] {
        let reply = Reply::parse(reply, began.elapsed()).unwrap();
        assert_eq!(reply.message.answers.len(), 1, "{reply:?}");
    }
    assert_eq!(observed.callsign.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < END_MAX);
}

#[test]
fn sigterm_is_obeyed_with_idle_clients_and_a_silent_server() {
    let upstream = Upstream::start(Script::Silent).unwrap();
    let launch = Launch::agent()
        .unwrap()
        .flag("--upstream", upstream.address().to_string());
    let observed = Observed::start(&launch).unwrap();
    let idle = TcpStream::connect(observed.callsign.address()).unwrap();
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(REPLY_MAX)).unwrap();
    let query = Question::new("slow.example.net", "A")
        .unwrap()
        .to_bytes()
        .unwrap();
    client.send_to(&query, observed.callsign.address()).unwrap();
    observed.callsign.signal("TERM").unwrap();
    let began = Instant::now();
    assert_eq!(observed.callsign.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < END_MAX);
    drop(idle);
}

#[test]
fn sighup_takes_the_changed_configuration() {
    let launch = configured(CONFIG).unwrap();
    launch
        .write("mesh/web.yaml", &service("web", "10.96.0.1"))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    assert_eq!(
        observed.rcode("none.mesh.test", "A"),
        ResponseCode::NXDomain
    );
    assert_eq!(
        observed.rcode("none.other.test", "A"),
        ResponseCode::Refused
    );
    assert_eq!(observed.rcode("web", "A"), ResponseCode::Refused);
    let changed = CONFIG.replace("mesh.test", "other.test") + "namespace: shop\n";
    launch.write("callsign.yaml", &changed).unwrap();
    observed.callsign.signal("HUP").unwrap();
    observed.until_addresses("web", "A", &["10.96.0.1"]);
    assert_eq!(observed.rcode("none.mesh.test", "A"), ResponseCode::Refused);
    assert_eq!(
        observed.rcode("none.other.test", "A"),
        ResponseCode::NXDomain
    );
    // A key that only a start can change is named.
    launch
        .write("callsign.yaml", &(changed + "workers: 3\n"))
        .unwrap();
    observed.callsign.signal("HUP").unwrap();
    let line = observed.until_line("need a restart");
    assert!(line.contains("workers"), "{line}");
}

#[test]
fn a_broken_configuration_leaves_the_one_in_force() {
    let launch = configured(&format!("{CONFIG}namespace: shop\n")).unwrap();
    launch
        .write("mesh/web.yaml", &service("web", "10.96.0.1"))
        .unwrap();
    let mut observed = Observed::start(&launch).unwrap();
    let file = launch.folder().join("callsign.yaml");
    for (broken, place) in [
        (
            "namespace: shop\nzonse: [a.test]\n",
            ":2:1: zonse: unknown key; did you mean `zones`?",
        ),
        ("namespace: [\n", ":1:"),
    ] {
        launch.write("callsign.yaml", broken).unwrap();
        observed.callsign.signal("HUP").unwrap();
        observed.until_line(&format!("{}{place}", file.display()));
        observed.until_line("the configuration in force stays");
        assert_eq!(observed.addresses("web", "A").len(), 1);
        assert_eq!(
            observed.rcode("none.mesh.test", "A"),
            ResponseCode::NXDomain
        );
    }
    launch.write("callsign.yaml", CONFIG).unwrap();
    observed.callsign.signal("HUP").unwrap();
    observed.until("no short names", |o| {
        o.rcode("web", "A") == ResponseCode::Refused
    });
}
