//! A DNS server on loopback that plays a [`Script`].

use crate::client::{framed, read_frame};
use crate::script::Script;
use dns_core::Transport;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};
use std::collections::HashMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

/// Tries for a port that is free for UDP and TCP.
const BIND_TRIES: u8 = 16;

/// A server on loopback that plays a script and counts what it was asked. Dropping it ends it.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    script: Arc<RwLock<Script>>,
    asked: Arc<Mutex<HashMap<(String, RecordType), usize>>>,
    ending: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Upstream {
    /// Starts a server on a free port, the same for UDP and TCP.
    ///
    /// # Errors
    /// When no such port is free.
    pub fn start(script: Script) -> Result<Self, String> {
        let (udp, tcp) = bind()?;
        let address = udp.local_addr().map_err(|error| error.to_string())?;
        let asked = Arc::default();
        let script = Arc::new(RwLock::new(script));
        let ending = Arc::new(AtomicBool::new(false));
        let actor = Actor {
            script: Arc::clone(&script),
            asked: Arc::clone(&asked),
            ending: Arc::clone(&ending),
        };
        let datagrams = actor.clone();
        let threads = vec![
            thread::spawn(move || datagrams.serve_datagrams(&udp)),
            thread::spawn(move || actor.serve_streams(&tcp)),
        ];
        Ok(Upstream {
            address,
            script,
            asked,
            ending,
            threads,
        })
    }

    /// Plays another script from the next query on.
    pub fn play(&self, script: Script) {
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked for that name and type, over either transport.
    pub fn asked(&self, name: &Name, rtype: RecordType) -> usize {
        let key = (name.to_ascii().to_ascii_lowercase(), rtype);
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .copied()
            .unwrap_or(0)
    }

    /// How often it was asked at all.
    pub fn asked_total(&self) -> usize {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .sum()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        // Each wakes a thread that waits for the next message.
        if let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
            let _ = socket.send_to(&[], self.address);
        }
        let _ = TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn bind() -> Result<(UdpSocket, TcpListener), String> {
    for _ in 0..BIND_TRIES {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
        let address = udp.local_addr().map_err(|error| error.to_string())?;
        if let Ok(tcp) = TcpListener::bind(address) {
            return Ok((udp, tcp));
        }
    }
    Err("no port is free for UDP and TCP".to_owned())
}

#[derive(Clone)]
struct Actor {
    script: Arc<RwLock<Script>>,
    asked: Arc<Mutex<HashMap<(String, RecordType), usize>>>,
    ending: Arc<AtomicBool>,
}

impl Actor {
    fn serve_datagrams(&self, socket: &UdpSocket) {
        let mut buffer = vec![0; usize::from(u16::MAX)];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if self.ending.load(Ordering::SeqCst) {
                return;
            }
            if let Some(reply) = self.play(&buffer[..length], Transport::Udp) {
                // A peer that has gone does not matter to the others.
                let _ = socket.send_to(&reply, from);
            }
        }
    }

    fn serve_streams(&self, listener: &TcpListener) {
        for stream in listener.incoming().map_while(Result::ok) {
            if self.ending.load(Ordering::SeqCst) {
                return;
            }
            let actor = self.clone();
            thread::spawn(move || actor.serve_stream(stream));
        }
    }

    fn serve_stream(&self, mut stream: TcpStream) {
        while let Ok(query) = read_frame(&mut stream) {
            let reply = self
                .play(&query, Transport::Tcp)
                .and_then(|reply| framed(&reply).ok());
            if reply.is_some_and(|reply| stream.write_all(&reply).is_err()) {
                return;
            }
        }
    }

    fn play(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        if let Some(question) = Message::from_vec(query).ok()?.queries.first() {
            let key = (
                question.name.to_ascii().to_ascii_lowercase(),
                question.query_type,
            );
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            *asked.entry(key).or_default() += 1;
        }
        let script = self.script.read().unwrap_or_else(PoisonError::into_inner);
        script.reply(query, transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Question;
    use crate::script::{Fit, tests::addresses};

    #[test]
    fn a_played_script_answers_over_both_transports_and_counts() {
        let upstream = Upstream::start(addresses(2, Fit::Proper)).unwrap();
        let question = Question::new("Giant.", "A").unwrap();
        for transport in [Transport::Udp, Transport::Tcp] {
            let reply = question.ask(upstream.address(), transport).unwrap();
            assert_eq!(reply.message.answers.len(), 2);
        }
        assert_eq!(upstream.asked(&question.name, RecordType::A), 2);
        assert_eq!(upstream.asked_total(), 2);
    }
}
