//! The turn of a connection: what is read and answered before others are served.

use super::connection::{AnswerTime, CloseReason, Connection, ReadOutcome, Taken};
use super::limits::NetLimits;
use dns_core::Millis;
use std::io::{Read, Write};

/// Octets read from a connection at a time; hundreds of queries.
pub(super) const READ_CHUNK_OCTETS: usize = 16 * 1024;

/// Most messages of a turn. About what is read at a time, so that it is answered with one write.
const TURN_MESSAGES_MAX: usize = 256;

/// Most reads of a turn: together the largest message.
const TURN_READS_MAX: usize = 4;

/// How a connection's turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is more to take right away.
    Unfinished,
    /// An event or an answer has to come first.
    Done,
    /// The connection is to be closed.
    Closed(CloseReason),
}

/// Has messages answered and sends what can be sent; says how many messages there were.
pub(super) fn take_turn<S: Read + Write>(
    now: Millis,
    connection: &mut Connection<S>,
    chunk: &mut [u8],
    limits: &NetLimits,
    answer: impl FnMut(&[u8], &mut Vec<u8>) -> AnswerTime,
) -> (Turn, usize) {
    // What is unsent may be what pauses reading.
    if connection.flush(now).is_err() {
        return (Turn::Closed(CloseReason::Error), 0);
    }
    let (intake, taken) = take_messages(now, connection, chunk, limits, answer);
    if connection.flush(now).is_err() {
        return (Turn::Closed(CloseReason::Error), taken);
    }
    let turn = match intake {
        Intake::Closed(reason) => Turn::Closed(reason),
        Intake::Emptied => Turn::Done,
        // If the answers that made it pause have left, no event will come.
        Intake::Paused if connection.is_paused(limits) => Turn::Done,
        Intake::Paused | Intake::TurnOver => Turn::Unfinished,
    };
    (turn, taken)
}

/// Why no more messages are taken.
enum Intake {
    /// There are none.
    Emptied,
    /// The client is owed too much.
    Paused,
    /// Others have to be served.
    TurnOver,
    /// The connection is of no more use.
    Closed(CloseReason),
}

fn take_messages<S: Read>(
    now: Millis,
    connection: &mut Connection<S>,
    chunk: &mut [u8],
    limits: &NetLimits,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> AnswerTime,
) -> (Intake, usize) {
    let (mut taken, mut reads) = (0, 0);
    while taken < TURN_MESSAGES_MAX {
        if connection.is_paused(limits) {
            connection.pause();
            return (Intake::Paused, taken);
        }
        match connection.take_message(now, &mut answer) {
            Err(_) => return (Intake::Closed(CloseReason::BadFrame), taken),
            Ok(Taken::Message) => taken += 1,
            Ok(Taken::None) if reads == TURN_READS_MAX => break,
            Ok(Taken::None) => match connection.read(chunk) {
                ReadOutcome::Octets => reads += 1,
                ReadOutcome::Nothing => return (Intake::Emptied, taken),
                ReadOutcome::Failed => {
                    return (Intake::Closed(CloseReason::Error), taken);
                }
            },
        }
    }
    (Intake::TurnOver, taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// A client that reads everything and sends `sends`.
    #[derive(Debug, Default)]
    struct Peer {
        sends: Vec<u8>,
        writes: usize,
        reads: usize,
    }

    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.sends.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.reads += 1;
            let length = self.sends.len().min(buffer.len());
            buffer[..length].copy_from_slice(&self.sends[..length]);
            self.sends.drain(..length);
            Ok(length)
        }
    }

    impl Write for Peer {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn connection(sends: Vec<u8>) -> Connection<Peer> {
        let peer = Peer {
            sends,
            ..Peer::default()
        };
        Connection::new(peer, "192.0.2.1:5".parse().unwrap(), 1, Millis(0))
    }

    fn turn(connection: &mut Connection<Peer>, answer_octets: usize) -> (Turn, usize) {
        let mut chunk = [0; READ_CHUNK_OCTETS];
        let limits = NetLimits::default();
        take_turn(Millis(0), connection, &mut chunk, &limits, |_, out| {
            out.resize(out.len() + answer_octets, 7);
            AnswerTime::Now
        })
    }

    #[test]
    fn what_came_together_is_answered_with_one_read_and_one_write() {
        let mut connection = connection([0, 1, 9].repeat(200));
        assert_eq!(turn(&mut connection, 50), (Turn::Done, 200));
        let peer = &connection.stream;
        assert_eq!((peer.reads, peer.writes), (1, 1));
    }

    #[test]
    fn a_client_that_asks_without_end_has_its_turn_and_no_more() {
        let mut connection = connection([0, 1, 9].repeat(1_000));
        for _ in 0..3 {
            assert_eq!(
                turn(&mut connection, 50),
                (Turn::Unfinished, TURN_MESSAGES_MAX)
            );
        }
        assert_eq!(turn(&mut connection, 50), (Turn::Done, 1_000 - 768));
    }

    #[test]
    fn large_messages_make_a_turn_shorter() {
        let large = [&[0xff, 0xff][..], &[9; 0xffff]].concat();
        let mut connection = connection(large.repeat(10));
        let mut all = 0;
        loop {
            let (turn, taken) = turn(&mut connection, 50);
            all += taken;
            if turn == Turn::Done {
                break;
            }
            assert!(taken <= 1);
        }
        assert_eq!(all, 10);
    }

    #[test]
    fn a_pause_for_answers_that_have_left_is_none() {
        let mut connection = connection([0, 1, 9].repeat(100));
        let mut all = 0;
        loop {
            let (turn, taken) = turn(&mut connection, 2_000);
            all += taken;
            if turn == Turn::Done {
                break;
            }
        }
        assert_eq!(all, 100);
        assert!(connection.is_idle() && connection.stream.sends.is_empty());
    }
}
