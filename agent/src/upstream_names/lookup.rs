//! One lookup of a host name: A and AAAA, over UDP and over TCP when an answer is cut.

use crate::config::upstream::is_of_one_host;
use dns_core::NameBuf;
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use rand::TryRng;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Datagrams sent for one question to one server: a lost one is no failure.
const TRIES: usize = 3;
/// How long an answer to one of them is waited for: servers are near, and the next is asked after.
const TRY_TIME: Duration = Duration::from_millis(700);
/// How long an answer over TCP may take.
const TCP_TIME: Duration = Duration::from_secs(2);
/// Most addresses taken of one name: more than any service publishes as its resolvers.
const ADDRESSES_MAX: usize = 16;
/// Largest DNS message.
const MESSAGE_MAX: usize = 65_535;

/// What a lookup has found: at least one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Addresses, IPv4 before IPv6, each family in numeric order: many servers turn theirs from
    /// answer to answer, and that is no change.
    pub(super) addresses: Vec<IpAddr>,
    /// The smallest TTL of the records.
    pub(super) ttl: Duration,
}

/// Looks up the addresses of a name with the first server that knows any.
pub(super) async fn addresses(host: NameBuf, servers: Vec<SocketAddr>) -> Result<Found, String> {
    let name = Name::from_ascii(host.to_string()).map(|mut name| {
        name.set_fqdn(true);
        name
    });
    let name = name.map_err(|error| error.to_string())?;
    let mut failure = "there is no server to ask: write `bootstrap`".to_owned();
    for server in servers {
        let (v4, v6) = tokio::join!(
            ask(server, &name, RecordType::A),
            ask(server, &name, RecordType::AAAA)
        );
        match found([v4, v6]) {
            Ok(found) => return Ok(found),
            Err(reason) => failure = format!("{server}: {reason}"),
        }
    }
    Err(failure)
}

/// The addresses of both answers; one of them may have failed.
fn found(answers: [Result<Message, String>; 2]) -> Result<Found, String> {
    let mut found = Found {
        addresses: Vec::new(),
        ttl: Duration::MAX,
    };
    let mut failure = None;
    for answer in answers {
        match answer.and_then(|answer| records(&answer)) {
            Ok(records) => {
                for (address, ttl) in records {
                    found.addresses.push(address);
                    found.ttl = found.ttl.min(ttl);
                }
            }
            Err(reason) => failure = Some(reason),
        }
    }
    let is_any = !found.addresses.is_empty();
    found.addresses.retain(|ip| is_of_one_host(*ip));
    found.addresses.sort_unstable();
    found.addresses.dedup();
    found.addresses.truncate(ADDRESSES_MAX);
    if is_any && found.addresses.is_empty() {
        return Err("nobody can be asked at any of its addresses".to_owned());
    }
    if found.addresses.is_empty() {
        return Err(failure.unwrap_or_else(|| "it has no addresses".to_owned()));
    }
    Ok(found)
}

/// Addresses at the end of the chain of CNAMEs from the question, with the smallest TTL on the way.
fn records(answer: &Message) -> Result<Vec<(IpAddr, Duration)>, String> {
    match answer.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Err("there is no such name".to_owned()),
        code => return Err(format!("the server says {code}")),
    }
    let question = answer.queries.first().ok_or("an answer to nothing")?;
    let mut owner = question.name.clone();
    let mut ttl_secs = u32::MAX;
    // Each step follows one record, so a loop ends with the records.
    for _ in 0..answer.answers.len() {
        let alias = answer.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == owner => Some((target.0.clone(), record.ttl)),
            _ => None,
        });
        let Some((target, ttl)) = alias else { break };
        owner = target;
        ttl_secs = ttl_secs.min(ttl);
    }
    let of_owner = answer.answers.iter().filter(|record| record.name == owner);
    let addresses = of_owner.filter_map(|record| match &record.data {
        RData::A(a) => Some((IpAddr::V4(a.0), record.ttl)),
        RData::AAAA(aaaa) => Some((IpAddr::V6(aaaa.0), record.ttl)),
        _ => None,
    });
    Ok(addresses
        .map(|(address, ttl)| (address, Duration::from_secs(ttl.min(ttl_secs).into())))
        .collect())
}

async fn ask(server: SocketAddr, name: &Name, rtype: RecordType) -> Result<Message, String> {
    let query = query(name, rtype)?;
    let octets = query.to_vec().map_err(|error| error.to_string())?;
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        io::ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    };
    let answer = over_udp(server, &query, &octets).await.map_err(told)?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let over_tcp = timeout(TCP_TIME, over_tcp(server, &query, &octets)).await;
    over_tcp
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(told)
}

/// A query with an id that nobody can guess (RFC 5452 section 9.2).
fn query(name: &Name, rtype: RecordType) -> Result<Message, String> {
    let id = rand::rngs::SysRng
        .try_next_u32()
        .map_err(|error| format!("the system gives no randomness: {error}"))?;
    let mut message = Message::query();
    message.metadata.id = (id >> 16) as u16;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), rtype));
    let mut edns = Edns::new();
    edns.set_max_payload(dns_core::wire::edns::UDP_PAYLOAD_MAX)
        .set_version(0);
    message.set_edns(edns);
    Ok(message)
}

async fn over_udp(server: SocketAddr, query: &Message, octets: &[u8]) -> io::Result<Message> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    let mut buffer = vec![0; MESSAGE_MAX];
    let mut heard = async || loop {
        let len = socket.recv(&mut buffer).await?;
        // What answers something else may be a guess of somebody; the true answer may still come.
        if let Some(answer) = answer_to(query, &buffer[..len]) {
            return Ok(answer);
        }
    };
    for _ in 0..TRIES {
        socket.send(octets).await?;
        if let Ok(heard) = timeout(TRY_TIME, heard()).await {
            return heard;
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

async fn over_tcp(server: SocketAddr, query: &Message, octets: &[u8]) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let len = u16::try_from(octets.len()).map_err(io::Error::other)?;
    let frame = [&len.to_be_bytes(), octets].concat();
    stream.write_all(&frame).await?;
    let len = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(len)];
    stream.read_exact(&mut answer).await?;
    answer_to(query, &answer).ok_or_else(|| io::Error::other("an answer to another question"))
}

/// The message, if it answers that query.
fn answer_to(query: &Message, octets: &[u8]) -> Option<Message> {
    let answer = Message::from_vec(octets).ok()?;
    let is_answer = answer.metadata.id == query.metadata.id
        && answer.metadata.message_type == MessageType::Response
        && answer.queries == query.queries;
    is_answer.then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::{A, AAAA, CNAME};

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn response(query: &[u8]) -> Message {
        Message::from_vec(query).unwrap().into_response()
    }

    /// A server that has `dns.example.net` at an alias, and cuts what it says over UDP if asked to.
    async fn server(is_cutting: bool) -> SocketAddr {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = udp.local_addr().unwrap();
        let tcp = tokio::net::TcpListener::bind(address).await.unwrap();
        tokio::spawn(async move {
            let mut buffer = vec![0; 1_500];
            loop {
                let (len, client) = udp.recv_from(&mut buffer).await.unwrap();
                let mut said = spoken(&buffer[..len]);
                let mut guess = said.clone();
                guess.metadata.id ^= 1;
                udp.send_to(&guess.to_vec().unwrap(), client).await.unwrap();
                if is_cutting {
                    said.answers.clear();
                    said.metadata.truncation = true;
                }
                udp.send_to(&said.to_vec().unwrap(), client).await.unwrap();
            }
        });
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = tcp.accept().await.unwrap();
                let len = stream.read_u16().await.unwrap();
                let mut query = vec![0; usize::from(len)];
                stream.read_exact(&mut query).await.unwrap();
                let said = spoken(&query).to_vec().unwrap();
                stream.write_u16(said.len() as u16).await.unwrap();
                stream.write_all(&said).await.unwrap();
            }
        });
        address
    }

    fn spoken(query: &[u8]) -> Message {
        let mut said = response(query);
        let (asked, alias) = (said.queries[0].name.clone(), name("a.example.net."));
        if asked != name("dns.example.net.") {
            said.metadata.response_code = ResponseCode::NXDomain;
            return said;
        }
        let data = match said.queries[0].query_type {
            RecordType::A => RData::A(A::new(192, 0, 2, 1)),
            _ => RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        };
        let stranger = RData::A(A::new(192, 0, 2, 66));
        said.add_answer(Record::from_rdata(
            asked,
            20,
            RData::CNAME(CNAME(alias.clone())),
        ));
        said.add_answer(Record::from_rdata(alias, 300, data));
        said.add_answer(Record::from_rdata(name("other.example."), 1, stranger));
        said
    }

    #[tokio::test]
    async fn both_families_of_the_alias_are_found_with_the_smallest_ttl() {
        let host = NameBuf::parse("dns.example.net").unwrap();
        for is_cutting in [false, true] {
            let server = server(is_cutting).await;
            let found = addresses(host.clone(), vec![server]).await.unwrap();
            let expected: [IpAddr; 2] = ["192.0.2.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
            assert_eq!(found.addresses, expected);
            assert_eq!(found.ttl, Duration::from_secs(20));
        }
    }

    /// What is found when the A records of `dns.example.net` are these.
    fn found_of(addresses: &[[u8; 4]]) -> Result<Vec<IpAddr>, String> {
        let host = name("dns.example.net.");
        let none = query(&host, RecordType::AAAA).unwrap().into_response();
        let mut some = query(&host, RecordType::A).unwrap().into_response();
        for [a, b, c, d] in addresses {
            let data = RData::A(A::new(*a, *b, *c, *d));
            some.add_answer(Record::from_rdata(host.clone(), 60, data));
        }
        found([Ok(some), Ok(none)]).map(|found| found.addresses)
    }

    #[test]
    fn a_turned_answer_is_the_same_and_addresses_of_no_one_host_are_left_out() {
        let (first, second) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        let turned = [second, [0; 4], [255; 4], first, [224, 0, 0, 1], second];
        let expected: Vec<IpAddr> = vec![first.into(), second.into()];
        assert_eq!(found_of(&turned), Ok(expected.clone()));
        assert_eq!(found_of(&[first, second]), Ok(expected));
        assert!(
            found_of(&[[0; 4]])
                .unwrap_err()
                .contains("nobody can be asked")
        );
        assert!(found_of(&[]).unwrap_err().contains("no addresses"));
    }

    #[tokio::test]
    async fn the_next_server_is_asked_when_one_is_dead_and_the_last_word_is_given() {
        let dead = std::net::UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let alive = server(false).await;
        let host = NameBuf::parse("dns.example.net").unwrap();
        let found = addresses(host, vec![dead, alive]).await.unwrap();
        assert_eq!(found.addresses.len(), 2);
        let unknown = NameBuf::parse("gone.example.net").unwrap();
        let error = addresses(unknown.clone(), vec![dead, alive]).await;
        assert!(error.unwrap_err().contains("no such name"));
        let error = addresses(unknown.clone(), vec![dead]).await;
        assert!(error.unwrap_err().contains("nobody listens there"));
        let error = addresses(unknown, Vec::new()).await;
        assert!(error.unwrap_err().contains("bootstrap"));
    }
}
