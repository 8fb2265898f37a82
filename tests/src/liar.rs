//! A DNS server on loopback that lies: what it does is picked by the name that it is asked for, so
//! that one process under test meets all lies.

mod acts;

pub use acts::{Act, Acts, Asked, Step, silence, truth};

use crate::client::{framed, read_frame};
use crate::lies::asked_name;
use dns_core::Transport;
use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Tries for a port that is free for UDP and TCP.
const BIND_TRIES: u8 = 16;

/// Longest wait for a question.
const ASKED_MAX: Duration = Duration::from_secs(10);

/// Whether the server takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// It does.
    Taken,
    /// Its port is closed for TCP.
    Refused,
}

/// How often a name was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Over UDP.
    pub udp: usize,
    /// Over TCP.
    pub tcp: usize,
}

impl Times {
    /// Over either.
    pub fn total(self) -> usize {
        self.udp + self.tcp
    }
}

/// A lying server. Dropping it ends it.
pub struct Liar {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    acts: Acts,
    book: Mutex<Book>,
    written: Condvar,
    ending: AtomicBool,
    socket: UdpSocket,
    elsewhere: UdpSocket,
}

/// What was asked, and what is held back.
#[derive(Default)]
struct Book {
    times: HashMap<String, Times>,
    queries: HashMap<String, Vec<Vec<u8>>>,
    held: Vec<(Asker, Vec<u8>)>,
}

impl Book {
    fn times_of(&self, name: &str) -> Times {
        self.times.get(name).copied().unwrap_or_default()
    }
}

/// Where an answer goes.
enum Asker {
    Datagram(SocketAddr),
    Stream(TcpStream),
}

impl fmt::Debug for Liar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Liar")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Liar {
    /// Starts it on a free port, the same for UDP and TCP.
    ///
    /// # Errors
    /// When no such port is free.
    pub fn start(acts: Acts, streams: Streams) -> Result<Self, String> {
        let (socket, listener) = bind().map_err(|error| error.to_string())?;
        Self::on(acts, streams, socket, listener).map_err(|error| error.to_string())
    }

    fn on(
        acts: Acts,
        streams: Streams,
        socket: UdpSocket,
        listener: TcpListener,
    ) -> std::io::Result<Self> {
        let address = socket.local_addr()?;
        let shared = Arc::new(Shared {
            acts,
            book: Mutex::default(),
            written: Condvar::new(),
            ending: AtomicBool::new(false),
            socket,
            elsewhere: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
        });
        let datagrams = Arc::clone(&shared);
        let mut threads = vec![thread::spawn(move || datagrams.serve_datagrams())];
        if streams == Streams::Taken {
            let shared = Arc::clone(&shared);
            threads.push(thread::spawn(move || shared.serve_streams(&listener)));
        }
        Ok(Liar {
            address,
            shared,
            threads,
        })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked for a name, which is in lower case and has no final dot.
    pub fn times(&self, name: &str) -> Times {
        self.shared.book().times_of(name)
    }

    /// How many names below a suffix it was asked for.
    pub fn names_below(&self, suffix: &str) -> usize {
        let book = self.shared.book();
        book.times
            .keys()
            .filter(|name| name.ends_with(suffix))
            .count()
    }

    /// The queries for a name, in the order in which they came.
    pub fn queries(&self, name: &str) -> Vec<Vec<u8>> {
        self.shared
            .book()
            .queries
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// How often it was asked at all.
    pub fn total(&self) -> usize {
        self.shared
            .book()
            .times
            .values()
            .map(|times| times.total())
            .sum()
    }

    /// Waits until a name was asked for that often, at most for `time`; gives whether it was.
    pub fn waits_for(&self, name: &str, total: usize, time: Duration) -> bool {
        let is_asked = |book: &Book| book.times_of(name).total() >= total;
        is_asked(&self.wait(time, is_asked))
    }

    /// Waits until a name was asked for that often.
    ///
    /// # Panics
    /// When it is not in ten seconds.
    pub fn until_asked(&self, name: &str, total: usize) {
        assert!(
            self.waits_for(name, total, ASKED_MAX),
            "{name} was asked for {:?} and not {total} times",
            self.times(name)
        );
    }

    /// Waits until it holds back that many messages, then sends all of them in the order in which
    /// they were asked for; gives how many there were.
    ///
    /// # Panics
    /// When there are not so many in ten seconds.
    pub fn release(&self, count: usize) -> usize {
        let mut book = self.wait(ASKED_MAX, |book| book.held.len() >= count);
        let held = std::mem::take(&mut book.held);
        drop(book);
        assert!(held.len() >= count, "{} messages are held", held.len());
        let released = held.len();
        for (mut asker, message) in held {
            self.shared.send(&mut asker, &message);
        }
        released
    }

    /// Waits until something is so, at most for `time`.
    fn wait(&self, time: Duration, is_so: impl Fn(&Book) -> bool) -> MutexGuard<'_, Book> {
        let waited = self
            .shared
            .written
            .wait_timeout_while(self.shared.book(), time, |book| !is_so(book));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        // Each wakes a thread that waits for the next message.
        let _ = self.shared.elsewhere.send_to(&[], self.address);
        let _ = TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn bind() -> std::io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 0;
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        match TcpListener::bind(socket.local_addr()?) {
            Ok(listener) => return Ok((socket, listener)),
            Err(error) if tries == BIND_TRIES => return Err(error),
            Err(_) => tries += 1,
        }
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve_datagrams(&self) {
        let mut buffer = vec![0; usize::from(u16::MAX)];
        loop {
            let received = self.socket.recv_from(&mut buffer);
            if self.ending.load(Ordering::SeqCst) {
                return;
            }
            // An error is word of a peer that has gone.
            if let Ok((length, from)) = received {
                self.play(
                    &buffer[..length],
                    Transport::Udp,
                    &mut Asker::Datagram(from),
                );
            }
        }
    }

    fn serve_streams(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().map_while(Result::ok) {
            if self.ending.load(Ordering::SeqCst) {
                return;
            }
            let shared = Arc::clone(&self);
            thread::spawn(move || shared.serve_stream(stream));
        }
    }

    fn serve_stream(&self, mut stream: TcpStream) {
        while let Ok(query) = read_frame(&mut stream) {
            let Ok(asker) = stream.try_clone() else {
                return;
            };
            self.play(&query, Transport::Tcp, &mut Asker::Stream(asker));
        }
    }

    fn play(&self, query: &[u8], transport: Transport, asker: &mut Asker) {
        let name = asked_name(query);
        let before = self.note(&name, query, transport);
        let asked = Asked {
            query,
            transport,
            before,
        };
        for step in self.acts.play(&name, &asked) {
            self.take(step, asker);
        }
    }

    /// Writes a query down; gives how often the name was asked for before.
    fn note(&self, name: &str, query: &[u8], transport: Transport) -> usize {
        let mut book = self.book();
        let times = book.times.entry(name.to_owned()).or_default();
        let count = match transport {
            Transport::Udp => &mut times.udp,
            Transport::Tcp => &mut times.tcp,
        };
        *count += 1;
        let before = *count - 1;
        book.queries
            .entry(name.to_owned())
            .or_default()
            .push(query.to_vec());
        self.written.notify_all();
        before
    }

    fn take(&self, step: Step, asker: &mut Asker) {
        match (step, asker) {
            (Step::Say(message), asker) => self.send(asker, &message),
            (Step::Raw(octets), Asker::Stream(stream)) => {
                // A peer that has gone does not matter to the others.
                let _ = stream.write_all(&octets);
            }
            (Step::Raw(octets), Asker::Datagram(to)) => {
                let _ = self.socket.send_to(&octets, *to);
            }
            (Step::SayElsewhere(octets), Asker::Datagram(to)) => {
                let _ = self.elsewhere.send_to(&octets, *to);
            }
            (Step::Close, Asker::Stream(stream)) => {
                let _ = stream.shutdown(Shutdown::Both);
            }
            (Step::Hold(message), asker) => {
                let asker = match asker {
                    Asker::Datagram(to) => Some(Asker::Datagram(*to)),
                    Asker::Stream(stream) => stream.try_clone().ok().map(Asker::Stream),
                };
                let held = asker.map(|asker| (asker, message));
                self.book().held.extend(held);
                self.written.notify_all();
            }
            (Step::SayElsewhere(_), Asker::Stream(_)) | (Step::Close, Asker::Datagram(_)) => {}
        }
    }

    fn send(&self, asker: &mut Asker, message: &[u8]) {
        let _ = match asker {
            Asker::Datagram(to) => self.socket.send_to(message, *to).map(|_| ()),
            Asker::Stream(stream) => framed(message).and_then(|octets| stream.write_all(&octets)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{REPLY_MAX, exchange};
    use crate::lies::{Draft, EVIL, query, rtype, true_address};

    fn ask(liar: &Liar, name: &str, transport: Transport) -> Option<Vec<u8>> {
        exchange(
            liar.address(),
            transport,
            &query(7, name, rtype::A),
            REPLY_MAX,
        )
        .unwrap()
    }

    #[test]
    fn what_it_says_depends_on_the_name_and_is_written_down() {
        let acts = Acts::default().with("evil.test", |asked| {
            vec![Step::Say(Draft::evil(asked.query).octets())]
        });
        let liar = Liar::start(acts, Streams::Taken).unwrap();
        for transport in [Transport::Udp, Transport::Tcp] {
            for (name, address) in [("evil.test", EVIL), ("a.test", true_address("a.test"))] {
                let reply = ask(&liar, name, transport).unwrap();
                let message = hickory_proto::op::Message::from_vec(&reply).unwrap();
                let data = &message.answers[0].data;
                assert_eq!(data.to_string(), address.to_string());
            }
        }
        assert_eq!(liar.times("evil.test"), Times { udp: 1, tcp: 1 });
        assert_eq!(liar.queries("a.test").len(), 2);
    }

    #[test]
    fn what_it_holds_back_comes_when_it_is_released() {
        let acts = Acts::default().with("late.test", |asked| {
            vec![Step::Hold(Draft::truth(asked.query).octets())]
        });
        let liar = Liar::start(acts, Streams::Refused).unwrap();
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        client.set_read_timeout(Some(REPLY_MAX)).unwrap();
        client
            .send_to(&query(7, "late.test", rtype::A), liar.address())
            .unwrap();
        liar.until_asked("late.test", 1);
        assert_eq!(liar.release(1), 1);
        assert!(client.recv(&mut [0; 512]).is_ok());
        assert!(TcpStream::connect(liar.address()).is_err());
    }
}
