use super::*;

const LIMITS: NetLimits = NetLimits {
    tcp_connections_max: 4,
    tcp_connections_per_client_max: 4,
    tcp_idle_ms: 10_000,
    tcp_pressed_percent: 75,
    tcp_idle_pressed_ms: 1_000,
    tcp_message_ms: 2_000,
    tcp_write_stall_ms: 2_000,
    tcp_in_flight_max: 2,
    tcp_unsent_pause_octets: 64,
    tcp_unsent_max_octets: 256,
    accept_pause_ms: 100,
};

/// A client: what it sends, how much it is willing to read, and what it has read.
#[derive(Debug, Default)]
struct Peer {
    sends: Vec<u8>,
    is_closed: bool,
    reads: usize,
    has_read: Vec<u8>,
    calls: usize,
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.sends.is_empty() && !self.is_closed {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = self.sends.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.sends[..length]);
        self.sends.drain(..length);
        Ok(length)
    }
}

impl Write for Peer {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let length = self.reads.min(octets.len());
        if length == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.reads -= length;
        self.has_read.extend_from_slice(&octets[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn connection() -> Connection<Peer> {
    Connection::new(
        Peer::default(),
        "192.0.2.1:5".parse().unwrap(),
        1,
        Millis(0),
    )
}

/// The client sends, and every whole message is taken.
fn receive(
    connection: &mut Connection<Peer>,
    at: u64,
    octets: &[u8],
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> AnswerTime,
) -> usize {
    connection.stream.sends.extend_from_slice(octets);
    connection.note_readiness(Readiness::Octets);
    let mut chunk = [0; 16];
    let mut taken = 0;
    loop {
        match connection.take_message(Millis(at), &mut answer).unwrap() {
            Taken::Message => taken += 1,
            Taken::None if connection.read(&mut chunk) == ReadOutcome::Octets => {}
            Taken::None => return taken,
        }
    }
}

fn later(_: &[u8], _: &mut Vec<u8>) -> AnswerTime {
    AnswerTime::Later
}

fn echo(message: &[u8], out: &mut Vec<u8>) -> AnswerTime {
    out.extend_from_slice(message);
    AnswerTime::Now
}

fn deadline(connection: &Connection<Peer>) -> Option<(u64, CloseReason)> {
    connection
        .deadline(10_000, &LIMITS)
        .map(|(due, reason)| (due.0, reason))
}

#[test]
fn an_answer_at_once_leaves_as_a_frame() {
    let mut connection = connection();
    connection.stream.reads = 100;
    assert_eq!(receive(&mut connection, 5, &[0, 2, 8, 9, 0, 1, 7], echo), 2);
    connection.flush(Millis(5)).unwrap();
    assert_eq!(connection.stream.has_read, [0, 2, 8, 9, 0, 1, 7]);
    assert!(connection.is_idle());
}

#[test]
fn a_read_that_gets_less_than_it_might_is_the_last_until_an_event() {
    let mut connection = connection();
    assert_eq!(receive(&mut connection, 5, &[0, 1, 8, 0, 1, 9], later), 2);
    assert_eq!(connection.stream.calls, 1);
    assert_eq!(connection.read(&mut [0; 16]), ReadOutcome::Nothing);
    assert_eq!(connection.stream.calls, 1);
}

#[test]
fn a_read_that_gets_all_it_might_is_not_the_last() {
    let mut connection = connection();
    // The chunk has 16 octets.
    let messages = [[0, 2, 8, 9].repeat(4), vec![0, 1, 7]].concat();
    assert_eq!(receive(&mut connection, 5, &messages, later), 5);
    assert_eq!(connection.stream.calls, 2);
}

#[test]
fn an_end_that_comes_with_the_last_octets_is_found() {
    let mut connection = connection();
    connection.stream.is_closed = true;
    connection.note_readiness(Readiness::Exhaust);
    receive(&mut connection, 5, &[0, 1, 8], |_, _| AnswerTime::Now);
    assert_eq!(connection.end(&LIMITS), Some(CloseReason::Client));
}

#[test]
fn room_is_asked_for_only_when_there_was_none() {
    let mut connection = connection();
    connection.stream.reads = 4;
    for is_slow in [false, true] {
        connection.answer(Millis(1), &[1, 2]);
        connection.flush(Millis(1)).unwrap();
        assert_eq!(connection.needs_room(), is_slow);
    }
    connection.wanted = Wanted::InputAndRoom;
    assert!(!connection.needs_room());
}

#[test]
fn a_message_without_answer_leaves_no_octets() {
    let mut connection = connection();
    receive(&mut connection, 5, &[0, 1, 8], |_, _| AnswerTime::Now);
    assert!(connection.is_idle());
}

#[test]
fn idle_time_runs_from_the_last_message_or_answer() {
    let mut connection = connection();
    assert_eq!(deadline(&connection), Some((10_000, CloseReason::Idle)));
    receive(&mut connection, 500, &[0, 1, 8], later);
    assert_eq!(deadline(&connection), None);
    connection.stream.reads = 100;
    connection.answer(Millis(700), &[8]);
    connection.flush(Millis(700)).unwrap();
    assert_eq!(deadline(&connection), Some((10_700, CloseReason::Idle)));
}

#[test]
fn a_message_must_be_complete_in_time_from_its_first_octet() {
    let mut connection = connection();
    receive(&mut connection, 100, &[0], echo);
    receive(&mut connection, 1_500, &[2, 9], echo);
    assert_eq!(
        deadline(&connection),
        Some((2_100, CloseReason::SlowMessage))
    );
    receive(&mut connection, 1_900, &[9, 0], |_, _| AnswerTime::Now);
    assert_eq!(
        deadline(&connection),
        Some((3_900, CloseReason::SlowMessage))
    );
}

#[test]
fn a_client_that_does_not_read_is_stalled_from_its_last_progress() {
    let mut connection = connection();
    receive(&mut connection, 100, &[0, 2, 8, 9], echo);
    connection.flush(Millis(100)).unwrap();
    assert_eq!(
        deadline(&connection),
        Some((2_100, CloseReason::WriteStalled))
    );
    connection.stream.reads = 1;
    connection.flush(Millis(900)).unwrap();
    assert_eq!(
        deadline(&connection),
        Some((2_900, CloseReason::WriteStalled))
    );
}

#[test]
fn queries_in_flight_or_unsent_answers_at_their_bound_pause_reading() {
    let mut connection = connection();
    receive(&mut connection, 0, &[0, 1, 8, 0, 1, 8], later);
    assert!(connection.is_paused(&LIMITS));
    connection.answer(Millis(1), &[1]);
    assert!(!connection.is_paused(&LIMITS));
    connection.answer(Millis(1), &[1; 64]);
    assert!(connection.is_paused(&LIMITS));
    assert_eq!(connection.end(&LIMITS), None);
    connection.stream.reads = 100;
    connection.flush(Millis(1)).unwrap();
    assert!(!connection.is_paused(&LIMITS));
}

#[test]
fn unsent_answers_past_their_bound_end_the_connection() {
    let mut connection = connection();
    connection.answer(Millis(1), &[1; 255]);
    assert_eq!(connection.end(&LIMITS), Some(CloseReason::WriteStalled));
}

#[test]
fn after_a_half_close_what_is_pending_is_answered_first() {
    let mut connection = connection();
    connection.stream.is_closed = true;
    connection.note_readiness(Readiness::Exhaust);
    receive(&mut connection, 0, &[0, 1, 8, 0], later);
    assert_eq!(connection.end(&LIMITS), None);
    connection.answer(Millis(1), &[8]);
    assert_eq!(connection.end(&LIMITS), None);
    connection.stream.reads = 100;
    connection.flush(Millis(1)).unwrap();
    assert_eq!(connection.end(&LIMITS), Some(CloseReason::Client));
    assert_eq!(connection.stream.has_read, [0, 1, 8]);
}
