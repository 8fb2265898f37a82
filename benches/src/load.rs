//! Questions over UDP in a closed loop: so many on their way at a time, a new one for each answer.

use agent::net::batch::{BATCH_MESSAGES, ReceiveBatch, SendBatch};
use dns_core::wire::{Header, Rcode};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Sockets that questions leave from.
const SOCKETS: usize = 16;
/// Questions on their way at a time, over all sockets.
const WINDOW: usize = 256;
/// Silence after which what is on its way counts as lost.
const SILENCE_MAX: Duration = Duration::from_millis(500);
/// Socket buffers in octets.
const BUFFER_OCTETS: usize = 4 * 1024 * 1024;
/// Largest answer that is read whole.
const ANSWER_MAX: usize = 1_500;

/// A load on one server.
#[derive(Debug)]
pub struct Load {
    lanes: Vec<Lane>,
    inbox: ReceiveBatch,
    outbox: SendBatch,
}

#[derive(Debug)]
struct Lane {
    socket: UdpSocket,
    on_their_way: usize,
    last_id: u16,
}

/// What became of a load.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Questions sent.
    pub sent: u64,
    /// Answers with data.
    pub good: u64,
    /// Other answers.
    pub other: u64,
    /// Questions without an answer.
    pub lost: u64,
}

/// When a load ends: what comes first.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// Most questions.
    pub questions: u64,
    /// Longest time.
    pub time: Duration,
}

impl Load {
    /// A load on that server, which must be on a loopback address.
    ///
    /// # Errors
    /// When a socket cannot be made.
    pub fn new(server: SocketAddr) -> io::Result<Self> {
        if !server.ip().is_loopback() {
            return Err(io::Error::other("only loopback addresses are asked"));
        }
        let lane = |_| {
            let socket = udp_socket((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.connect(server)?;
            Ok(Lane {
                socket,
                on_their_way: 0,
                last_id: 0,
            })
        };
        Ok(Load {
            lanes: (0..SOCKETS).map(lane).collect::<io::Result<_>>()?,
            inbox: ReceiveBatch::new(ANSWER_MAX),
            outbox: SendBatch::default(),
        })
    }

    /// Asks what `question` appends, whose first two octets are overwritten, until the end.
    ///
    /// # Errors
    /// When a socket fails.
    pub fn run(
        &mut self,
        until: Until,
        mut question: impl FnMut(&mut Vec<u8>),
    ) -> io::Result<Report> {
        let mut report = Report::default();
        let start = Instant::now();
        let mut heard = start;
        loop {
            let is_asking = report.sent < until.questions && start.elapsed() < until.time;
            let mut is_silent = true;
            for at in 0..self.lanes.len() {
                is_silent &= self.receive(at, &mut report)? == 0;
                if is_asking {
                    let room = until.questions - report.sent;
                    report.sent += self.ask(at, room, &mut question);
                }
            }
            if !is_silent {
                heard = Instant::now();
            } else if heard.elapsed() > SILENCE_MAX {
                report.lost += self.give_up();
                heard = Instant::now();
            } else {
                std::thread::yield_now();
            }
            if !is_asking && self.lanes.iter().all(|lane| lane.on_their_way == 0) {
                return Ok(report);
            }
        }
    }

    fn receive(&mut self, at: usize, report: &mut Report) -> io::Result<usize> {
        let lane = &mut self.lanes[at];
        if lane.on_their_way == 0 {
            return Ok(0);
        }
        let received = self.inbox.receive_connected(lane.socket.as_fd())?;
        lane.on_their_way = lane.on_their_way.saturating_sub(received);
        for (message, _) in self.inbox.messages() {
            match Header::parse(message) {
                Some(header) if header.rcode() == Rcode::NOERROR && header.ancount > 0 => {
                    report.good += 1;
                }
                _ => report.other += 1,
            }
        }
        Ok(received)
    }

    fn ask(&mut self, at: usize, room: u64, question: &mut impl FnMut(&mut Vec<u8>)) -> u64 {
        let lane = &mut self.lanes[at];
        let free = (WINDOW / SOCKETS - lane.on_their_way).min(BATCH_MESSAGES);
        let count = free.min(usize::try_from(room).unwrap_or(usize::MAX));
        for _ in 0..count {
            let start = self.outbox.buffer().len();
            question(self.outbox.buffer());
            lane.last_id = lane.last_id.wrapping_add(1);
            let id = lane.last_id.to_be_bytes();
            self.outbox.buffer()[start..start + 2].copy_from_slice(&id);
            self.outbox.push_connected();
        }
        if count > 0 {
            // What the kernel has no room for counts as lost in time.
            self.outbox.send(lane.socket.as_fd());
            lane.on_their_way += count;
        }
        count as u64
    }

    fn give_up(&mut self) -> u64 {
        let lanes = self.lanes.iter_mut();
        lanes
            .map(|lane| std::mem::take(&mut lane.on_their_way) as u64)
            .sum()
    }
}

/// A non-blocking socket with large buffers.
///
/// # Errors
/// When it cannot be made.
pub fn udp_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_recv_buffer_size(BUFFER_OCTETS)?;
    socket.set_send_buffer_size(BUFFER_OCTETS)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}
