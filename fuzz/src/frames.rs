//! Any octets as a stream of messages, cut anywhere.

#[path = "../../agent/src/net/frames.rs"]
#[allow(dead_code, reason = "the server's own; a target takes its part")]
mod stream;

use stream::Frames;

/// The input is eight octets that choose the cuts, then the stream. Cut anywhere it gives the
/// messages that it gives whole, and those are what a plain reading gives.
pub(crate) fn run(data: &[u8]) {
    let Some((cuts, stream)) = data.split_first_chunk::<8>() else {
        return;
    };
    let expected = read_plainly(stream);
    assert_eq!(read_in_parts([stream].into_iter()), expected, "whole");
    let mut state = u64::from_be_bytes(*cuts);
    let mut rest = stream;
    let parts = core::iter::from_fn(|| {
        if rest.is_empty() {
            return None;
        }
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let len = match (state >> 33) % 4 {
            0 => 1,
            1 => 2 + (state >> 40) as usize % 8,
            _ => 1 + (state >> 40) as usize % 600,
        };
        let (part, behind) = rest.split_at(len.min(rest.len()));
        rest = behind;
        Some(part)
    });
    assert_eq!(read_in_parts(parts), expected, "in parts");
}

/// What a stream holds.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    messages: Vec<Vec<u8>>,
    ends: End,
}

/// How a stream ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Behind a message.
    Clean,
    /// Inside one.
    Inside,
    /// With a message of length zero, behind which nothing is read.
    Empty,
}

fn read_plainly(mut stream: &[u8]) -> Read {
    let mut messages = Vec::new();
    let ends = loop {
        let Some((length, rest)) = stream.split_first_chunk::<2>() else {
            break if stream.is_empty() {
                End::Clean
            } else {
                End::Inside
            };
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 {
            break End::Empty;
        }
        let Some(message) = rest.get(..length) else {
            break End::Inside;
        };
        messages.push(message.to_vec());
        stream = &rest[length..];
    };
    Read { messages, ends }
}

fn read_in_parts<'s>(parts: impl Iterator<Item = &'s [u8]>) -> Read {
    let mut frames = Frames::default();
    let mut messages = Vec::new();
    for part in parts {
        frames.extend(part);
        loop {
            match frames.take() {
                Ok(Some(message)) => messages.push(message.to_vec()),
                Ok(None) => break,
                Err(stream::EmptyFrame) => {
                    let ends = End::Empty;
                    return Read { messages, ends };
                }
            }
        }
    }
    let ends = if frames.has_rest() {
        End::Inside
    } else {
        End::Clean
    };
    Read { messages, ends }
}
