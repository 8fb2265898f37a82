//! A DNS client that asks one question and hands over what came back.

use dns_core::Transport;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How long a reply is waited for: over the 2 s that a forwarded question may take.
pub const REPLY_MAX: Duration = Duration::from_secs(4);

/// How long silence is listened to where no reply is expected.
pub const SILENCE: Duration = Duration::from_millis(300);

/// Id of every query; the answers come one at a time, so it need not change.
pub const QUERY_ID: u16 = 0x4c1a;

/// A query to send. Change the fields that matter.
#[derive(Clone, Debug)]
pub struct Question {
    /// Name asked for.
    pub name: Name,
    /// Type asked for.
    pub rtype: RecordType,
    /// Class asked for; IN.
    pub class: DNSClass,
    /// Payload size of an OPT record; `None` sends no OPT.
    pub edns_udp_size: Option<u16>,
    /// DO bit of the OPT record.
    pub dnssec_ok: bool,
    /// RD bit; set, as stub resolvers do.
    pub recursion_desired: bool,
    /// CD bit.
    pub checking_disabled: bool,
    /// Opcode; QUERY.
    pub opcode: OpCode,
    /// Whether it is a query or, wrongly, a response.
    pub message_type: MessageType,
    /// How often the question stands in the message; 1.
    pub question_count: u16,
}

impl Question {
    /// A plain query without OPT; a name without its final dot is taken as if it had it.
    ///
    /// # Errors
    /// When the name or the type does not parse.
    pub fn new(name: &str, rtype: &str) -> Result<Self, String> {
        let mut parsed = Name::from_ascii(name).map_err(|error| format!("name {name}: {error}"))?;
        parsed.set_fqdn(true);
        Ok(Question {
            name: parsed,
            rtype: rtype
                .parse()
                .map_err(|_| format!("type {rtype} is not known"))?,
            class: DNSClass::IN,
            edns_udp_size: None,
            dnssec_ok: false,
            recursion_desired: true,
            checking_disabled: false,
            opcode: OpCode::Query,
            message_type: MessageType::Query,
            question_count: 1,
        })
    }

    /// The query as octets.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut message = Message::new(QUERY_ID, self.message_type, self.opcode);
        message.metadata.recursion_desired = self.recursion_desired;
        message.metadata.checking_disabled = self.checking_disabled;
        let mut query = Query::query(self.name.clone(), self.rtype);
        query.set_query_class(self.class);
        for _ in 0..self.question_count {
            message.add_query(query.clone());
        }
        if let Some(size) = self.edns_udp_size {
            let mut edns = Edns::new();
            edns.set_max_payload(size).set_dnssec_ok(self.dnssec_ok);
            message.set_edns(edns);
        }
        message.to_vec().map_err(|error| error.to_string())
    }

    /// Asks `server` and waits for the reply.
    ///
    /// # Errors
    /// No reply in 4 seconds, or one that is not DNS.
    pub fn ask(&self, server: SocketAddr, transport: Transport) -> Result<Reply, String> {
        let start = Instant::now();
        let bytes = exchange(server, transport, &self.to_bytes()?, REPLY_MAX)?
            .ok_or_else(|| format!("no reply to {} {}", self.name, self.rtype))?;
        Reply::parse(bytes, start.elapsed())
    }
}

/// A reply as it came and as it reads.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The octets.
    pub bytes: Vec<u8>,
    /// The message in them.
    pub message: Message,
    /// Time from query to reply.
    pub elapsed: Duration,
}

impl Reply {
    /// Reads a message.
    ///
    /// # Errors
    /// When it is not a DNS message.
    pub fn parse(bytes: Vec<u8>, elapsed: Duration) -> Result<Self, String> {
        let message = Message::from_vec(&bytes).map_err(|error| format!("bad reply: {error}"))?;
        Ok(Reply {
            bytes,
            message,
            elapsed,
        })
    }

    /// Code of the first extended error (RFC 8914), if there is one.
    pub fn extended_error(&self) -> Option<u16> {
        const EXTENDED_ERROR: u16 = 15;
        let options = self.message.edns.as_ref()?.options();
        let (_, option) = options
            .as_ref()
            .iter()
            .find(|(code, _)| u16::from(*code) == EXTENDED_ERROR)?;
        let bytes = Vec::<u8>::try_from(option).ok()?;
        Some(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]))
    }
}

/// Sends octets from a socket of their own and gives the first message that comes back, or
/// `None` when none came in time or the connection was closed.
///
/// # Errors
/// When the socket fails.
pub fn exchange(
    server: SocketAddr,
    transport: Transport,
    message: &[u8],
    time: Duration,
) -> Result<Option<Vec<u8>>, String> {
    let exchanged = match transport {
        Transport::Udp => exchange_datagram(server, message, time),
        Transport::Tcp => exchange_stream(server, message, time),
    };
    match exchanged {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(format!("{} to {server}: {error}", transport.label())),
        },
    }
}

fn exchange_datagram(
    server: SocketAddr,
    message: &[u8],
    time: Duration,
) -> std::io::Result<Vec<u8>> {
    let socket = if server.is_ipv4() {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?
    } else {
        UdpSocket::bind((Ipv6Addr::LOCALHOST, 0))?
    };
    socket.connect(server)?;
    socket.set_read_timeout(Some(time))?;
    socket.send(message)?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    let length = socket.recv(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn exchange_stream(server: SocketAddr, message: &[u8], time: Duration) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, time)?;
    stream.set_read_timeout(Some(time))?;
    stream.set_nodelay(true)?;
    stream.write_all(&framed(message)?)?;
    read_frame(&mut stream)
}

/// A message with its two-octet length in front (RFC 1035 section 4.2.2).
///
/// # Errors
/// When it is longer than 65,535 octets.
pub fn framed(message: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = u16::try_from(message.len()).map_err(|_| ErrorKind::InvalidInput)?;
    Ok([&length.to_be_bytes(), message].concat())
}

/// Reads one message with its length in front.
///
/// # Errors
/// When the stream ends or fails first.
pub fn read_frame(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}
