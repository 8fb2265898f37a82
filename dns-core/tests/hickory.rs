//! A resolver inside a hickory server, asked over loopback.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use dns_core::hickory::HickoryHandler;
use dns_core::wire::{Header, Rtype};
use dns_core::{ForwardPolicy, HostKind, Resolver, ResolverConfig, Route, Snapshot};
use hickory_server::Server;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::{describe, host, name, query, sidecar, snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// No test takes near as long; a lost answer must fail it, not hang it.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_table_answer_comes_in_the_askers_spelling() {
    run(async {
        let hosted = Hosted::new(table()).await;
        let reply = hosted.ask(&query("Pay.Example.COM", Rtype::A, None)).await;
        let asked = query("Pay.Example.COM", Rtype::A, None);
        assert_eq!(
            describe(&reply),
            "NOERROR aa | pay.example.com/A/30=250.1.2.3 |"
        );
        assert_eq!(reply[12..asked.len()], asked[12..]);
        assert_eq!(hosted.handler.stats().table_hits.value(), 1);
    });
}

#[test]
fn edns_is_answered_with_the_smaller_of_both_sizes() {
    run(async {
        let hosted = Hosted::new(table()).await;
        for (asked, said) in [(0, 512), (512, 512), (700, 700), (1232, 1232), (4096, 1232)] {
            let reply = hosted
                .ask(&query("pay.example.com", Rtype::A, Some(asked)))
                .await;
            let expected = format!("NOERROR aa | pay.example.com/A/30=250.1.2.3 | | opt {said}");
            assert_eq!(describe(&reply), expected);
        }
        let over_tcp = hosted
            .ask_tcp(&query("pay.example.com", Rtype::A, Some(512)))
            .await;
        let expected = "NOERROR aa | pay.example.com/A/30=250.1.2.3 | | opt 1232";
        assert_eq!(describe(&over_tcp), expected);
    });
}

#[test]
fn what_a_zone_does_not_have_is_nxdomain_with_its_soa() {
    run(async {
        let hosted = Hosted::new(table()).await;
        let reply = hosted.ask(&query("no.global", Rtype::A, None)).await;
        assert_eq!(describe(&reply), "NXDOMAIN aa | | global/SOA/5=soa");
    });
}

#[test]
fn what_has_no_upstream_is_refused_with_an_extended_error() {
    run(async {
        let hosted = Hosted::new(table()).await;
        let reply = hosted
            .ask(&query("example.org", Rtype::A, Some(1232)))
            .await;
        assert_eq!(describe(&reply), "REFUSED | | | opt 1232 ede 20");
    });
}

#[test]
fn a_later_edns_version_is_badvers() {
    run(async {
        let hosted = Hosted::new(table()).await;
        let mut message = query("pay.example.com", Rtype::A, Some(1232));
        let version_at = message.len() - 5;
        message[version_at] = 1;
        let reply = hosted.ask(&message).await;
        let extended_rcode = reply[reply.len() - 6];
        assert_eq!(
            (Header::parse(&reply).unwrap().rcode().0, extended_rcode),
            (0, 1)
        );
    });
}

#[test]
fn two_questions_are_a_formerr() {
    run(async {
        let hosted = Hosted::new(table()).await;
        let mut message = query("pay.example.com", Rtype::A, None);
        message[5] = 2;
        message.extend_from_within(12..);
        let reply = hosted.ask(&message).await;
        assert!(describe(&reply).starts_with("FORMERR"));
    });
}

#[test]
fn a_long_answer_is_cut_at_512_and_whole_over_tcp() {
    run(async {
        let hosted = Hosted::new(table()).await;
        let message = query("many.example.com", Rtype::A, None);
        let cut = hosted.ask(&message).await;
        let header = Header::parse(&cut).unwrap();
        assert!(header.is_truncated() && cut.len() <= 512);
        let whole = hosted.ask_tcp(&message).await;
        let header = Header::parse(&whole).unwrap();
        assert!(!header.is_truncated());
        assert_eq!(header.ancount, 60);
    });
}

#[test]
fn the_rest_is_forwarded() {
    run(async {
        let upstream = Upstream::new(Upstream::address).await;
        let hosted = Hosted::new(forwarding(&upstream)).await;
        let reply = hosted
            .ask(&query("example.org", Rtype::A, Some(1232)))
            .await;
        assert_eq!(
            describe(&reply),
            "NOERROR | example.org/A/60=192.0.2.7 | | opt 1232"
        );
        assert!(Header::parse(&reply).unwrap().recursion_available());
    });
}

#[test]
fn a_truncated_forwarded_answer_is_fetched_over_tcp() {
    run(async {
        let upstream = Upstream::new(Upstream::truncated).await;
        let hosted = Hosted::new(forwarding(&upstream)).await;
        let reply = hosted.ask(&query("example.org", Rtype::A, None)).await;
        assert_eq!(describe(&reply), "NOERROR | example.org/A/60=192.0.2.7 |");
        assert_eq!(hosted.handler.stats().forward_tcp_retries.value(), 1);
    });
}

#[test]
fn a_forwarded_answer_that_grows_is_cut_with_its_opt_record_kept() {
    run(async {
        let upstream = Upstream::new(Upstream::compressed_locations).await;
        let hosted = Hosted::new(forwarding(&upstream)).await;
        let owner = ["label"; 20].join(".");
        let message = query(&owner, Rtype::SRV, Some(512));
        assert_eq!(
            describe(&hosted.ask(&message).await),
            "NOERROR tc | | | opt 512"
        );
        let whole = hosted.ask_tcp(&message).await;
        assert_eq!(Header::parse(&whole).unwrap().ancount, 10);
    });
}

#[test]
fn a_forwarded_answer_that_hickory_cannot_read_is_servfail() {
    run(async {
        let upstream = Upstream::new(Upstream::malformed).await;
        let hosted = Hosted::new(forwarding(&upstream)).await;
        let reply = hosted
            .ask(&query("example.org", Rtype::CAA, Some(1232)))
            .await;
        assert_eq!(describe(&reply), "SERVFAIL | | | opt 1232 ede 0");
    });
}

#[test]
fn silent_upstreams_end_in_servfail() {
    run(async {
        let upstream = Upstream::silent().await;
        let config = ResolverConfig {
            forward_budget_ms: 50,
            ..ResolverConfig::default()
        };
        let hosted = Hosted::with(config, forwarding(&upstream)).await;
        let reply = hosted
            .ask(&query("example.org", Rtype::A, Some(1232)))
            .await;
        assert!(describe(&reply).starts_with("SERVFAIL | | | opt 1232 ede "));
    });
}

#[test]
fn an_installed_snapshot_is_answered_from() {
    run(async {
        let hosted = Hosted::new(snapshot(Vec::new(), sidecar(), &["example.com"])).await;
        let message = query("pay.example.com", Rtype::A, None);
        assert!(describe(&hosted.ask(&message).await).starts_with("NXDOMAIN"));
        hosted.handler.install(Arc::new(table()));
        assert!(describe(&hosted.ask(&message).await).starts_with("NOERROR"));
    });
}

#[test]
fn the_last_handle_takes_its_tasks_along() {
    run(async {
        let upstream = Upstream::silent().await;
        let mut hosted = Hosted::new(forwarding(&upstream)).await;
        let client = hosted.send(&query("example.org", Rtype::A, None)).await;
        let mut asked = [0; 512];
        upstream.udp.recv(&mut asked).await.unwrap();
        hosted.server.shutdown_gracefully().await.unwrap();
        drop((client, hosted));
        // The upstream here is no task: all that is left to end is the handler's.
        let metrics = tokio::runtime::Handle::current().metrics();
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    });
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await });
    ended.expect("the test ends");
}

fn table() -> Snapshot {
    let many: Vec<_> = (1..=60).map(|octet| format!("250.9.9.{octet}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let hosts = vec![
        host("pay.example.com", HostKind::Product, &["250.1.2.3"]),
        host("many.example.com", HostKind::Product, &many),
    ];
    snapshot(hosts, sidecar(), &["global"])
}

fn forwarding(upstream: &Upstream) -> Snapshot {
    let forward = ForwardPolicy::new([Route::new(name("."), [upstream.address])]);
    Snapshot { forward, ..table() }
}

/// A hickory server on loopback with a resolver in it.
struct Hosted {
    handler: HickoryHandler,
    server: Server<HickoryHandler>,
    udp: SocketAddr,
    tcp: SocketAddr,
}

impl Hosted {
    async fn new(snapshot: Snapshot) -> Self {
        Hosted::with(ResolverConfig::default(), snapshot).await
    }

    async fn with(config: ResolverConfig, snapshot: Snapshot) -> Self {
        let random = Box::new(support::Sequence(1));
        let handler = HickoryHandler::new(Resolver::new(config, Arc::new(snapshot), random));
        let mut server = Server::new(handler.clone());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (udp, tcp) = (socket.local_addr().unwrap(), listener.local_addr().unwrap());
        server.register_socket(socket);
        server.register_listener(listener, PATIENCE, 16);
        Hosted {
            handler,
            server,
            udp,
            tcp,
        }
    }

    async fn send(&self, message: &[u8]) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(self.udp).await.unwrap();
        socket.send(message).await.unwrap();
        socket
    }

    async fn ask(&self, message: &[u8]) -> Vec<u8> {
        let mut reply = vec![0; 4_096];
        let len = self.send(message).await.recv(&mut reply).await.unwrap();
        reply.truncate(len);
        reply
    }

    async fn ask_tcp(&self, message: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.tcp).await.unwrap();
        write_frame(&mut stream, message).await;
        read_frame(&mut stream).await
    }
}

async fn write_frame(stream: &mut TcpStream, message: &[u8]) {
    let len = u16::try_from(message.len()).unwrap().to_be_bytes();
    stream
        .write_all(&[&len[..], message].concat())
        .await
        .unwrap();
}

async fn read_frame(stream: &mut TcpStream) -> Vec<u8> {
    let len = stream.read_u16().await.unwrap();
    let mut message = vec![0; usize::from(len)];
    stream.read_exact(&mut message).await.unwrap();
    message
}

/// A server on one port of both transports.
struct Upstream {
    address: SocketAddr,
    udp: Arc<UdpSocket>,
    tcp: Arc<TcpListener>,
}

impl Upstream {
    /// One that never answers.
    async fn silent() -> Self {
        // The port of the one may be taken for the other; then the next will do.
        for _ in 0..16 {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = tcp.local_addr().unwrap();
            if let Ok(udp) = UdpSocket::bind(address).await {
                return Upstream {
                    address,
                    udp: Arc::new(udp),
                    tcp: Arc::new(tcp),
                };
            }
        }
        panic!("no port is free for both transports");
    }

    /// One that answers over UDP by `reply` and over TCP with an address.
    async fn new(reply: fn(&[u8]) -> Vec<u8>) -> Self {
        let upstream = Upstream::silent().await;
        let (udp, tcp) = (Arc::clone(&upstream.udp), Arc::clone(&upstream.tcp));
        tokio::spawn(async move {
            let mut asked = [0; 512];
            while let Ok((len, from)) = udp.recv_from(&mut asked).await {
                udp.send_to(&reply(&asked[..len]), from).await.unwrap();
            }
        });
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let asked = read_frame(&mut stream).await;
                write_frame(&mut stream, &Self::address(&asked)).await;
            }
        });
        upstream
    }

    fn address(asked: &[u8]) -> Vec<u8> {
        let rdata = [192, 0, 2, 7];
        response(asked, 0x8180, &[record(Rtype::A, &rdata)])
    }

    fn truncated(asked: &[u8]) -> Vec<u8> {
        response(asked, 0x8380, &[])
    }

    /// Targets that point at the question: hickory writes them out.
    fn compressed_locations(asked: &[u8]) -> Vec<u8> {
        let record = |port| record(Rtype::SRV, &[0, 0, 0, 0, 0, port, 0xc0, 12]);
        response(asked, 0x8180, &(1..=10).map(record).collect::<Vec<_>>())
    }

    /// A CAA record whose tag is longer than its data.
    fn malformed(asked: &[u8]) -> Vec<u8> {
        response(asked, 0x8180, &[record(Rtype::CAA, &[0, 200, b'i'])])
    }
}

/// A record of the name asked for, with a TTL of 60.
fn record(rtype: Rtype, rdata: &[u8]) -> Vec<u8> {
    let rtype = rtype.0.to_be_bytes();
    let len = u16::try_from(rdata.len()).unwrap().to_be_bytes();
    [&[0xc0, 12], &rtype[..], &[0, 1, 0, 0, 0, 60], &len, rdata].concat()
}

/// A response to `asked`, without OPT record.
fn response(asked: &[u8], flags: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let question_end = 12 + asked[12..].iter().position(|octet| *octet == 0).unwrap() + 5;
    let header = Header {
        flags,
        ancount: u16::try_from(records.len()).unwrap(),
        nscount: 0,
        arcount: 0,
        ..Header::parse(asked).unwrap()
    };
    let mut message = header.to_wire().to_vec();
    message.extend_from_slice(&asked[12..question_end]);
    message.extend(records.concat());
    message
}
