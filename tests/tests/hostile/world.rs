//! What the tests share: a process before its servers, a client, and claims about both.

use dns_core::Transport;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tests::client::{REPLY_MAX, exchange};
use tests::liar::{Acts, Asked, Step, Streams, Times};
use tests::lies::{self, Draft, rtype, true_address};
use tests::{Callsign, Launch, Liar, Reply};

/// Most messages upstream for one question, whatever happens.
pub(crate) const PACKETS_MAX: usize = 8;

/// Questions sent before their servers are waited for: replies to more might not fit in the default
/// buffer of a socket, and a message lost there is none that a test has counted.
pub(crate) const BURST: usize = 50;

/// A name of the table, and its address.
pub(crate) const WEB: &str = "web.table.test";
pub(crate) const WEB_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// A name of the table with 200 addresses: 3.2 kB an answer.
pub(crate) const BIG: &str = "big.table.test";

/// Longest wait for a server that is back to be found: it is probed once a second.
const BACK_MAX: Duration = Duration::from_secs(8);

/// Extended errors (RFC 8914 section 4).
pub(crate) const STALE_ANSWER: u16 = 3;
pub(crate) const NO_REACHABLE_AUTHORITY: u16 = 22;
pub(crate) const NETWORK_ERROR: u16 = 23;

/// A process that has [`WEB`] and [`BIG`] in its table and that configuration beside.
pub(crate) fn launch(config: &str) -> Launch {
    let launch = Launch::agent().unwrap();
    let mut hosts = format!("{WEB_ADDRESS} {WEB}\n");
    for number in 0..200 {
        hosts += &format!("10.0.0.{number} {BIG}\n");
    }
    let hosts = launch.write("hosts", &hosts).unwrap();
    let config = launch.write("callsign.yaml", config).unwrap();
    launch.flag("--hosts", hosts).flag("--config", config)
}

/// A process that forwards to one server.
pub(crate) fn before(liar: &Liar) -> Callsign {
    before_with(liar, "")
}

/// A process that forwards to one server, with that configuration beside. What is learnt of servers
/// each worker learns for itself: tests that count it have one.
pub(crate) fn before_with(liar: &Liar, config: &str) -> Callsign {
    let config = format!("upstreams: [{}]\n{config}", liar.address());
    launch(&config).start().unwrap()
}

/// A server with these acts that takes connections.
pub(crate) fn liar(acts: Acts) -> Liar {
    Liar::start(acts, Streams::Taken).unwrap()
}

/// What is to come of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gets {
    /// The true address of the name.
    Truth,
    /// SERVFAIL with that extended error.
    Servfail(u16),
    /// TC and nothing else.
    Cut,
}

impl Gets {
    fn text(self, name: &str) -> String {
        match self {
            Gets::Truth => format!("0 [A {}]", true_address(name)),
            Gets::Servfail(ede) => format!("2 ede {ede} []"),
            Gets::Cut => "0 tc []".to_owned(),
        }
    }
}

/// Code, TC, extended error and answers of a reply.
pub(crate) fn text(reply: &Reply) -> String {
    let metadata = &reply.message.metadata;
    let tc = if metadata.truncation { " tc" } else { "" };
    let ede = reply
        .extended_error()
        .map_or(String::new(), |ede| format!(" ede {ede}"));
    let answers = reply.message.answers.iter();
    let answers: Vec<String> = answers
        .map(|record| format!("{} {}", record.record_type(), record.data))
        .collect();
    format!(
        "{}{tc}{ede} [{}]",
        u16::from(metadata.response_code),
        answers.join(", ")
    )
}

/// Asks for an address and waits for the reply.
pub(crate) fn ask_over(callsign: &Callsign, name: &str, transport: Transport) -> Reply {
    let query = lies::query(7, name, rtype::A);
    let reply = exchange(callsign.address(), transport, &query, REPLY_MAX).unwrap();
    let octets = reply.unwrap_or_else(|| panic!("no reply to {name}"));
    Reply::parse(octets, Duration::ZERO).unwrap()
}

/// The same over UDP.
pub(crate) fn ask(callsign: &Callsign, name: &str) -> Reply {
    ask_over(callsign, name, Transport::Udp)
}

/// That a question has this outcome.
pub(crate) fn assert_gets(callsign: &Callsign, name: &str, transport: Transport, gets: Gets) {
    let reply = ask_over(callsign, name, transport);
    assert_eq!(
        text(&reply),
        gets.text(name),
        "{name} over {}",
        transport.label()
    );
}

/// That names nobody lies about, not asked for so far, are answered after one datagram each: what
/// went before speaks against nobody.
pub(crate) fn assert_good(callsign: &Callsign, liar: &Liar, suffix: &str) {
    for number in 0..4 {
        let name = format!("good{number}.{suffix}");
        assert_gets(callsign, &name, Transport::Udp, Gets::Truth);
        assert_eq!(liar.times(&name), Times { udp: 1, tcp: 0 }, "{name}");
    }
    assert_gets_table(callsign);
}

/// That the table is answered.
pub(crate) fn assert_gets_table(callsign: &Callsign) {
    let reply = ask(callsign, WEB);
    assert_eq!(text(&reply), format!("0 [A {WEB_ADDRESS}]"));
}

/// Asks for new names until one is answered, which the server was silent for before; waits for
/// probes in between.
pub(crate) fn until_answered(callsign: &Callsign, liar: &Liar) {
    let end = Instant::now() + BACK_MAX;
    for number in 0.. {
        let name = format!("n{number}.back.test");
        if text(&ask(callsign, &name)) == format!("0 [A {}]", true_address(&name)) {
            return;
        }
        assert!(Instant::now() < end, "not found in {BACK_MAX:?}");
        let probes = liar.times("").total();
        liar.waits_for("", probes + 1, Duration::from_millis(200));
    }
}

/// That no question was asked more often than it may.
pub(crate) fn assert_no_storm(liar: &Liar, names: impl IntoIterator<Item = String>) {
    for name in names {
        let times = liar.times(&name);
        assert!(times.total() <= PACKETS_MAX, "{name}: {times:?}");
    }
}

/// One message made from the query.
pub(crate) type Forge = fn(&[u8]) -> Vec<u8>;

/// Says that message over UDP, so often, and the truth over TCP.
pub(crate) fn lie_over_udp(forge: Forge, count: usize) -> impl Fn(&Asked<'_>) -> Vec<Step> {
    move |asked| match asked.transport {
        Transport::Udp => vec![Step::Say(forge(asked.query)); count],
        Transport::Tcp => tests::liar::truth(asked),
    }
}

/// Says that message over either transport.
pub(crate) fn lie(forge: Forge) -> impl Fn(&Asked<'_>) -> Vec<Step> {
    move |asked| vec![Step::Say(forge(asked.query))]
}

/// Says a code.
pub(crate) fn code(rcode: u16) -> impl Fn(&Asked<'_>) -> Vec<Step> {
    move |asked| vec![Step::Say(Draft::code(asked.query, rcode).octets())]
}

/// A client with a socket of its own.
#[derive(Debug)]
pub(crate) struct Client {
    socket: UdpSocket,
}

impl Client {
    /// A client of that server.
    pub(crate) fn of(server: SocketAddr) -> Self {
        Self::from(Ipv4Addr::LOCALHOST, server)
    }

    /// A client with that address.
    pub(crate) fn from(own: Ipv4Addr, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((own, 0)).unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(REPLY_MAX)).unwrap();
        Client { socket }
    }

    /// Asks for an address without waiting.
    pub(crate) fn send(&self, id: u16, name: &str) {
        self.socket.send(&lies::query(id, name, rtype::A)).unwrap();
    }

    /// The next reply.
    pub(crate) fn receive(&self) -> Reply {
        let mut octets = vec![0; usize::from(u16::MAX)];
        let length = self.socket.recv(&mut octets).expect("a reply in time");
        octets.truncate(length);
        Reply::parse(octets, Duration::ZERO).unwrap()
    }

    /// Waits for the reply to a table name asked for behind all others: what was sent before has
    /// been taken in then. Nothing else may come.
    pub(crate) fn until_taken_in(&self) {
        assert_eq!(self.skip_until_taken_in(), 0, "more replies than questions");
    }

    /// The same, whatever comes before it; gives how many replies that were.
    pub(crate) fn skip_until_taken_in(&self) -> usize {
        self.send(u16::MAX, WEB);
        let mut skipped = 0;
        loop {
            let reply = self.receive();
            if reply.message.metadata.id == u16::MAX {
                assert_eq!(text(&reply), format!("0 [A {WEB_ADDRESS}]"));
                return skipped;
            }
            skipped += 1;
        }
    }
}
