//! Messages out of a stream of octets (RFC 1035 section 4.2.2).

/// Capacity that an empty buffer keeps: queries are far smaller, and a client that once sent a
/// large one shall not hold its memory.
const KEPT_CAPACITY_OCTETS: usize = 4 * 1024;

/// The messages of a stream, each with a two-octet length in front.
///
/// Protocol: take messages until there is none, then append octets, and again. So it holds at
/// most one incomplete message and what was appended last.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    taken: usize,
}

/// A message of length zero, which no peer has reason to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EmptyFrame;

impl Frames {
    /// Appends octets of the stream.
    pub(crate) fn extend(&mut self, octets: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole message, without its length.
    pub(crate) fn take(&mut self) -> Result<Option<&[u8]>, EmptyFrame> {
        let Some((length, rest)) = self.buffer[self.taken..].split_first_chunk::<2>() else {
            self.release();
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 {
            return Err(EmptyFrame);
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.taken + 2;
        self.taken = start + length;
        Ok(Some(&self.buffer[start..self.taken]))
    }

    /// Whether octets are left that have not been taken.
    pub(crate) fn has_rest(&self) -> bool {
        self.taken < self.buffer.len()
    }

    fn release(&mut self) {
        if !self.has_rest() {
            self.buffer.clear();
            self.taken = 0;
            self.buffer.shrink_to(KEPT_CAPACITY_OCTETS);
        }
    }
}

/// Makes room in `out` for the length of a message that is appended next.
pub(crate) fn open_frame(out: &mut Vec<u8>) -> FrameStart {
    out.extend_from_slice(&[0, 0]);
    FrameStart(out.len() - 2)
}

/// Gives the message its length. If none was appended, or one that is too long for a length of
/// two octets, `out` is as before the frame.
pub(crate) fn close_frame(out: &mut Vec<u8>, FrameStart(start): FrameStart) {
    match u16::try_from(out.len() - start - 2) {
        Ok(length) if length > 0 => out[start..start + 2].copy_from_slice(&length.to_be_bytes()),
        _ => out.truncate(start),
    }
}

/// Where an open frame starts.
#[derive(Debug)]
pub(crate) struct FrameStart(usize);

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        append_message(&mut out, message);
        out
    }

    fn append_message(out: &mut Vec<u8>, message: &[u8]) {
        let start = open_frame(out);
        out.extend_from_slice(message);
        close_frame(out, start);
    }

    fn take_all(frames: &mut Frames) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        while let Some(message) = frames.take().unwrap() {
            messages.push(message.to_vec());
        }
        messages
    }

    #[test]
    fn messages_come_out_whole_wherever_the_stream_is_cut() {
        let stream = [frame(b"one"), frame(&[7; 300]), frame(b"x")].concat();
        for chunk in 1..stream.len() {
            let mut frames = Frames::default();
            let mut messages = Vec::new();
            for octets in stream.chunks(chunk) {
                frames.extend(octets);
                messages.extend(take_all(&mut frames));
            }
            assert_eq!(
                messages,
                [b"one".to_vec(), vec![7; 300], b"x".to_vec()],
                "cut by {chunk}"
            );
            assert!(!frames.has_rest());
        }
    }

    #[test]
    fn a_message_in_part_is_a_rest_and_not_a_message() {
        let mut frames = Frames::default();
        assert!(!frames.has_rest());
        frames.extend(&[0]);
        assert_eq!(frames.take(), Ok(None));
        assert!(frames.has_rest());
        frames.extend(&[2, 9]);
        assert_eq!(frames.take(), Ok(None));
        assert!(frames.has_rest());
    }

    #[test]
    fn length_zero_is_an_error_that_stays() {
        let mut frames = Frames::default();
        frames.extend(&[0, 0, 0, 1, 5]);
        assert_eq!(frames.take(), Err(EmptyFrame));
        assert_eq!(frames.take(), Err(EmptyFrame));
    }

    #[test]
    fn the_largest_message_fits_and_a_larger_one_or_none_leaves_no_frame() {
        let mut out = vec![1];
        append_message(&mut out, &[0; 65_536]);
        append_message(&mut out, &[]);
        assert_eq!(out, [1]);
        let mut frames = Frames::default();
        frames.extend(&frame(&[3; 65_535]));
        assert_eq!(frames.take().unwrap().map(<[u8]>::len), Some(65_535));
    }

    #[test]
    fn memory_of_a_large_message_is_given_back() {
        let mut frames = Frames::default();
        frames.extend(&frame(&[3; 60_000]));
        take_all(&mut frames);
        assert!(frames.buffer.capacity() <= KEPT_CAPACITY_OCTETS);
    }
}
