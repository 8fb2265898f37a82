//! Exchanges over TLS. What is not the server that was named never gives an answer.

use super::*;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::path::Path;

const NAME: &str = "dns.test";

type TlsPeer = Peer<StreamOwned<ServerConnection, TcpStream>>;

/// Who signs, and whom we trust.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        Authority {
            issuer,
            certificate,
        }
    }

    fn trusted(&self) -> UpstreamTls {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        UpstreamTls::trusting(Arc::new(roots)).unwrap()
    }

    fn sign(&self, params: &CertificateParams) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        serving(&certificate, &key)
    }
}

fn named(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

fn serving(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"dot".to_vec()];
    Arc::new(config)
}

fn start(tls: UpstreamTls, name: &str) -> (StreamServer, Arc<Server>, Bench) {
    let listening = StreamServer::start();
    let server = server_at(listening.address, Protocol::Tls(name.into()));
    (listening, server, Bench::new(Some(tls)))
}

fn accept(listening: &StreamServer, bench: &mut Bench, config: &Arc<ServerConfig>) -> TlsPeer {
    let session = ServerConnection::new(Arc::clone(config)).unwrap();
    Peer::new(StreamOwned::new(session, listening.accept_stream(bench)))
}

/// Asks a server with that certificate by that name, which must fail without an answer.
fn assert_refused(tls: UpstreamTls, name: &str, config: &Arc<ServerConfig>) {
    let (listening, server, mut bench) = start(tls, name);
    bench.ask_tcp(1, &server, 7);
    let mut peer = accept(&listening, &mut bench, config);
    let told = bench.until(|bench| {
        let mut buffer = [0; 64];
        let read = peer.stream.read(&mut buffer);
        assert!(!matches!(read, Ok(1..)), "the question has been sent");
        bench.told.pop()
    });
    assert_eq!(told, Told::Unreachable(1));
    assert_eq!(bench.count("upstream_tls_failures"), 1);
    assert!(bench.exchanges.connections.is_empty());
}

#[test]
fn the_server_that_was_named_is_asked_over_one_connection() {
    let authority = Authority::new();
    let config = authority.sign(&named(NAME));
    let (listening, server, mut bench) = start(authority.trusted(), NAME);
    for id in 0..20 {
        bench.ask_tcp(u64::from(id), &server, id);
    }
    let mut peer = accept(&listening, &mut bench, &config);
    for id in 0..20 {
        assert_eq!(peer.receive(&mut bench), Some(id));
    }
    assert_eq!(peer.stream.conn.alpn_protocol(), Some(&b"dot"[..]));
    let backwards: Vec<u16> = (0..20).rev().collect();
    peer.send(&backwards);
    for id in backwards {
        assert_eq!(bench.next(), reply(u64::from(id), id));
        bench.close(u64::from(id));
    }
    bench.wait(10_000);
    assert_eq!(peer.receive(&mut bench), None);
}

#[test]
fn a_server_may_be_named_by_its_address() {
    let authority = Authority::new();
    let config = authority.sign(&named("127.0.0.1"));
    let (listening, server, mut bench) = start(authority.trusted(), "127.0.0.1");
    bench.ask_tcp(1, &server, 7);
    let mut peer = accept(&listening, &mut bench, &config);
    assert_eq!(peer.receive(&mut bench), Some(7));
    peer.send(&[7]);
    assert_eq!(bench.next(), reply(1, 7));
}

#[test]
fn a_session_is_resumed_on_the_next_connection() {
    let authority = Authority::new();
    let config = authority.sign(&named(NAME));
    let (listening, server, mut bench) = start(authority.trusted(), NAME);
    let kinds = [1, 2].map(|exchange| {
        bench.ask_tcp(exchange, &server, 7);
        let mut peer = accept(&listening, &mut bench, &config);
        assert_eq!(peer.receive(&mut bench), Some(7));
        peer.send(&[7]);
        assert_eq!(bench.next(), reply(exchange, 7));
        bench.close(exchange);
        let kind = peer.stream.conn.handshake_kind();
        drop(peer);
        bench.until(|bench| bench.exchanges.connections.is_empty().then_some(()));
        kind
    });
    use rustls::HandshakeKind::{Full, Resumed};
    assert_eq!(kinds, [Some(Full), Some(Resumed)]);
}

#[test]
fn another_name_is_refused() {
    let authority = Authority::new();
    let config = authority.sign(&named("other.test"));
    assert_refused(authority.trusted(), NAME, &config);
}

#[test]
fn a_certificate_that_signs_itself_is_refused() {
    let key = KeyPair::generate().unwrap();
    let certificate = named(NAME).self_signed(&key).unwrap();
    let config = serving(&certificate, &key);
    assert_refused(Authority::new().trusted(), NAME, &config);
}

#[test]
fn a_certificate_past_its_time_is_refused() {
    let authority = Authority::new();
    let mut params = named(NAME);
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let config = authority.sign(&params);
    assert_refused(authority.trusted(), NAME, &config);
}

#[test]
fn a_server_that_speaks_no_tls_is_refused() {
    let (listening, server, mut bench) = start(Authority::new().trusted(), NAME);
    bench.ask_tcp(1, &server, 7);
    let mut peer = listening.accept(&mut bench);
    peer.send(&[7]);
    assert_eq!(bench.next(), Told::Unreachable(1));
    assert_eq!(bench.count("upstream_tls_failures"), 1);
}

#[test]
fn without_anybody_to_trust_nothing_is_sent() {
    let listening = StreamServer::start();
    let server = server_at(listening.address, Protocol::Tls(NAME.into()));
    let mut bench = Bench::new(None);
    for transport in [Transport::Udp, Transport::Tcp] {
        let refused =
            bench
                .exchanges
                .open(Millis(0), ExchangeId(1), &server, transport, &message(7));
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
    assert!(listening.listener.accept().is_err());
}

#[test]
fn a_file_of_certificates_is_trusted() {
    let authority = Authority::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.certificate.pem()).unwrap();
    let config = authority.sign(&named(NAME));
    let (listening, server, mut bench) = start(UpstreamTls::load(Some(file.path())).unwrap(), NAME);
    bench.ask_tcp(1, &server, 7);
    let mut peer = accept(&listening, &mut bench, &config);
    assert_eq!(peer.receive(&mut bench), Some(7));
}

#[test]
fn a_file_without_certificates_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let empty = UpstreamTls::load(Some(file.path())).unwrap_err();
    assert!(matches!(empty, UpstreamTlsError::Empty { .. }));
    assert!(empty.to_string().contains(file.path().to_str().unwrap()));

    let absent = UpstreamTls::load(Some(Path::new("/nowhere/ca.pem"))).unwrap_err();
    assert!(matches!(absent, UpstreamTlsError::Unreadable { .. }));
    assert!(absent.to_string().starts_with("/nowhere/ca.pem: "));

    let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(file.path(), garbled).unwrap();
    let garbled = UpstreamTls::load(Some(file.path())).unwrap_err();
    assert!(matches!(garbled, UpstreamTlsError::Unusable { .. }));
}
