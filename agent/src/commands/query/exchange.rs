//! A question sent and its reply received, over UDP or TCP, in a bounded time.

use super::{Question, Transport};
use hickory_proto::op::{Edns, Message, MessageType, Query};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Times that a UDP question is sent, evenly over the timeout: a lost packet is no failure.
const UDP_TRIES: u32 = 3;
/// Largest UDP answer asked for (RFC 9715 section 3).
const UDP_PAYLOAD_MAX: u16 = dns_core::wire::edns::UDP_PAYLOAD_MAX;
/// Largest DNS message.
const MESSAGE_MAX: usize = 65_535;

/// A reply and how it came.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) server: SocketAddr,
    pub(super) transport: Transport,
    pub(super) was_cut: bool,
    pub(super) time: Duration,
    pub(super) size_octets: usize,
    pub(super) message: Message,
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum ExchangeError {
    /// Nothing came in time.
    TimedOut(Duration, Transport),
    /// Nobody listens there.
    Refused(Transport),
    /// The socket failed in another way.
    Socket(io::Error),
    /// What came is no DNS message.
    NotDns(String),
    /// The question does not fit in a message.
    NotAsked(String),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::TimedOut(time, transport) => {
                let transport = transport.label();
                let time = crate::config::times::show(*time);
                write!(
                    f,
                    "nothing came over {transport} within {time}; check that the \
                     server runs there and that no firewall is between"
                )
            }
            ExchangeError::Refused(transport) => {
                let transport = transport.label();
                write!(
                    f,
                    "connection refused over {transport}: nobody listens there; \
                     check that `callsign agent` runs, and its --listen"
                )
            }
            ExchangeError::Socket(error) => {
                write!(f, "{error}; check the address and the route to it")
            }
            ExchangeError::NotDns(error) => write!(f, "what came is not a DNS message: {error}"),
            ExchangeError::NotAsked(error) => write!(f, "the question cannot be written: {error}"),
        }
    }
}

/// Asks, over TCP again if the UDP answer was cut.
pub(super) fn ask(question: &Question) -> Result<Reply, ExchangeError> {
    let query = query_message(question);
    let octets = query
        .to_vec()
        .map_err(|error| ExchangeError::NotAsked(error.to_string()))?;
    let started = Instant::now();
    let mut exchange = Exchange {
        question,
        query: &query,
        octets: &octets,
        started,
    };
    match question.transport {
        Transport::Tcp => exchange.over_tcp(false),
        Transport::Udp => {
            let reply = exchange.over_udp()?;
            if !reply.message.truncation {
                return Ok(reply);
            }
            exchange.started = Instant::now();
            exchange.over_tcp(true)
        }
    }
}

fn query_message(question: &Question) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(question.name.clone(), question.rtype));
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_PAYLOAD_MAX).set_version(0);
    message.set_edns(edns);
    message
}

struct Exchange<'q> {
    question: &'q Question,
    query: &'q Message,
    octets: &'q [u8],
    started: Instant,
}

impl Exchange<'_> {
    fn over_udp(&self) -> Result<Reply, ExchangeError> {
        let failed = |error| self.failure(error, Transport::Udp);
        let any: IpAddr = match self.question.server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).map_err(failed)?;
        socket.connect(self.question.server).map_err(failed)?;
        let mut buffer = vec![0; MESSAGE_MAX];
        for attempt in 1..=UDP_TRIES {
            socket.send(self.octets).map_err(failed)?;
            let until = self.question.timeout * attempt / UDP_TRIES;
            while let Some(left) = self.time_left(until) {
                socket.set_read_timeout(Some(left)).map_err(failed)?;
                match socket.recv(&mut buffer) {
                    Ok(len) => {
                        if let Some(reply) = self.reply(&buffer[..len], Transport::Udp, false)? {
                            return Ok(reply);
                        }
                    }
                    Err(error) if is_timeout(&error) => break,
                    Err(error) => return Err(failed(error)),
                }
            }
        }
        Err(ExchangeError::TimedOut(
            self.question.timeout,
            Transport::Udp,
        ))
    }

    fn over_tcp(&self, was_cut: bool) -> Result<Reply, ExchangeError> {
        let failed = |error| self.failure(error, Transport::Tcp);
        let timeout = self.question.timeout;
        let mut stream =
            TcpStream::connect_timeout(&self.question.server, timeout).map_err(failed)?;
        let len = u16::try_from(self.octets.len())
            .map_err(|_| ExchangeError::NotAsked("it is too long".to_owned()))?;
        let mut frame = len.to_be_bytes().to_vec();
        frame.extend_from_slice(self.octets);
        stream.set_write_timeout(Some(timeout)).map_err(failed)?;
        stream.write_all(&frame).map_err(failed)?;
        loop {
            let mut len = [0; 2];
            self.read_exact(&mut stream, &mut len).map_err(failed)?;
            let mut octets = vec![0; usize::from(u16::from_be_bytes(len))];
            self.read_exact(&mut stream, &mut octets).map_err(failed)?;
            if let Some(reply) = self.reply(&octets, Transport::Tcp, was_cut)? {
                return Ok(reply);
            }
        }
    }

    /// Fills the buffer before the time is up, however slowly the octets come.
    fn read_exact(&self, stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            let left = self
                .time_left(self.question.timeout)
                .ok_or(io::ErrorKind::TimedOut)?;
            stream.set_read_timeout(Some(left))?;
            match stream.read(&mut buffer[filled..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                len => filled += len,
            }
        }
        Ok(())
    }

    fn time_left(&self, until: Duration) -> Option<Duration> {
        until
            .checked_sub(self.started.elapsed())
            .filter(|left| !left.is_zero())
    }

    /// The reply in those octets, or `None` if they answer another question.
    fn reply(
        &self,
        octets: &[u8],
        transport: Transport,
        was_cut: bool,
    ) -> Result<Option<Reply>, ExchangeError> {
        if octets.get(..2) != self.octets.get(..2) {
            return Ok(None);
        }
        let message =
            Message::from_vec(octets).map_err(|error| ExchangeError::NotDns(error.to_string()))?;
        if message.message_type != MessageType::Response || !self.is_asked(&message) {
            return Ok(None);
        }
        Ok(Some(Reply {
            server: self.question.server,
            transport,
            was_cut,
            time: self.started.elapsed(),
            size_octets: octets.len(),
            message,
        }))
    }

    /// Whether the question is ours. A server that could not read it may leave it out.
    fn is_asked(&self, message: &Message) -> bool {
        message.queries.is_empty() || message.queries == self.query.queries
    }

    fn failure(&self, error: io::Error, transport: Transport) -> ExchangeError {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => ExchangeError::Refused(transport),
            _ if is_timeout(&error) => ExchangeError::TimedOut(self.question.timeout, transport),
            io::ErrorKind::UnexpectedEof => ExchangeError::Socket(io::Error::new(
                error.kind(),
                "the server closed the connection without an answer",
            )),
            _ => ExchangeError::Socket(error),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{Name, RData, Record, RecordType};
    use std::net::TcpListener;
    use std::thread;

    fn question(server: SocketAddr, transport: Transport) -> Question {
        Question {
            server,
            name: Name::from_ascii("pay.example.com.").unwrap(),
            rtype: RecordType::A,
            transport,
            timeout: Duration::from_secs(20),
        }
    }

    fn answer_to(query: &[u8]) -> Message {
        let query = Message::from_vec(query).unwrap();
        let mut answer = query.clone().into_response();
        let name = query.queries[0].name.clone();
        answer.add_answer(Record::from_rdata(name, 30, RData::A(A::new(250, 1, 2, 3))));
        answer
    }

    fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 1500];
        let (len, client) = socket.recv_from(&mut buffer).unwrap();
        buffer.truncate(len);
        (buffer, client)
    }

    #[test]
    fn replies_to_other_questions_are_passed_over() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let server = socket.local_addr().unwrap();
        let serving = thread::spawn(move || {
            let (query, client) = receive(&socket);
            let answer = answer_to(&query);
            let mut other_id = answer.clone();
            other_id.metadata.id ^= 1;
            let mut other_name = answer.clone();
            other_name.queries[0].name = Name::from_ascii("other.").unwrap();
            for message in [other_id, other_name, answer] {
                socket.send_to(&message.to_vec().unwrap(), client).unwrap();
            }
        });
        let reply = ask(&question(server, Transport::Udp)).unwrap();
        serving.join().unwrap();
        assert_eq!(reply.message.answers.len(), 1);
        assert_eq!((reply.transport, reply.was_cut), (Transport::Udp, false));
    }

    #[test]
    fn a_cut_answer_is_asked_for_again_over_tcp() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let socket = UdpSocket::bind(server).unwrap();
        let serving = thread::spawn(move || {
            let (query, client) = receive(&socket);
            let mut cut = Message::from_vec(&query).unwrap().into_response();
            cut.metadata.truncation = true;
            socket.send_to(&cut.to_vec().unwrap(), client).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let mut len = [0; 2];
            stream.read_exact(&mut len).unwrap();
            let mut query = vec![0; usize::from(u16::from_be_bytes(len))];
            stream.read_exact(&mut query).unwrap();
            let answer = answer_to(&query).to_vec().unwrap();
            stream
                .write_all(&(answer.len() as u16).to_be_bytes())
                .unwrap();
            stream.write_all(&answer).unwrap();
        });
        let reply = ask(&question(server, Transport::Udp)).unwrap();
        serving.join().unwrap();
        assert_eq!((reply.transport, reply.was_cut), (Transport::Tcp, true));
        assert_eq!(reply.message.response_code, ResponseCode::NoError);
    }

    #[test]
    fn a_server_that_is_not_there_is_said_to_be_not_there() {
        let server = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        for transport in [Transport::Udp, Transport::Tcp] {
            let error = ask(&question(server, transport)).unwrap_err();
            assert!(
                error.to_string().contains("nobody listens there"),
                "{error}"
            );
        }
    }

    #[test]
    fn silence_ends_with_the_timeout() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let server = socket.local_addr().unwrap();
        let short = Duration::from_millis(30);
        let error = ask(&Question {
            timeout: short,
            ..question(server, Transport::Udp)
        });
        assert!(matches!(error, Err(ExchangeError::TimedOut(..))));
    }
}
