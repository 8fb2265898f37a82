//! A usual question, read in place.

use crate::query::Asker;
use crate::query::reply_limit;
use crate::question::QuestionFlags;
use crate::question::Wanted;
use crate::transmit::Transport;
use crate::wire::edns::Edns;
use crate::wire::header::HEADER_LEN;
use crate::wire::name::{LABEL_MAX, NAME_MAX};
use crate::wire::{Class, Header, Name, Rtype};

/// Octets of a question behind its name.
const TYPE_AND_CLASS_LEN: usize = 4;
/// Octets of an OPT record in front of its options.
const OPT_HEAD_LEN: usize = 11;
/// QR, opcode and TC: set in nothing that is usual.
const UNUSUAL_FLAGS: u16 = 0xfa00;
/// Counts of a message with one question, and perhaps one record behind it.
const ONE_QUESTION: u64 = 1 << 48;
const ONE_ADDITIONAL: u64 = 1;
/// Octets folded at a time.
const STEP: usize = 16;

/// A query of one question of class IN, with at most an OPT record behind it.
pub(crate) struct FastQuestion<'m> {
    /// Header and question section as received.
    pub(super) head: &'m [u8],
    /// Flags as received.
    pub(super) flags: u16,
    /// Type asked for.
    pub(crate) rtype: Rtype,
    /// What its OPT record says.
    pub(crate) edns: Option<Edns>,
    folded: &'m [u8],
}

impl<'m> FastQuestion<'m> {
    /// Octets that [`FastQuestion::read`] folds the name into.
    pub(crate) const SCRATCH_LEN: usize = NAME_MAX + 1;

    /// Reads a message if it is of the usual kind, the name in lower case into `scratch`.
    #[inline]
    pub(crate) fn read(
        message: &'m [u8],
        scratch: &'m mut [u8; FastQuestion::SCRATCH_LEN],
    ) -> Option<Self> {
        let header: &[u8; HEADER_LEN] = message.first_chunk()?;
        let [_, _, flags_high, flags_low, counts @ ..] = *header;
        let flags = u16::from_be_bytes([flags_high, flags_low]);
        let counts = u64::from_be_bytes(counts);
        if flags & UNUSUAL_FLAGS != 0 || counts & !ONE_ADDITIONAL != ONE_QUESTION {
            return None;
        }
        let name_len = name_len(&message[HEADER_LEN..])?;
        let name_end = HEADER_LEN + name_len;
        let question_end = name_end + TYPE_AND_CLASS_LEN;
        let tail: &[u8; TYPE_AND_CLASS_LEN] = message.get(name_end..question_end)?.first_chunk()?;
        let rtype = Rtype(u16::from_be_bytes([tail[0], tail[1]]));
        if u16::from_be_bytes([tail[2], tail[3]]) != Class::IN.0 || !is_usual(rtype) {
            return None;
        }
        let edns = match (counts & ONE_ADDITIONAL, &message[question_end..]) {
            (0, []) => None,
            (0, _) => return None,
            (_, record) => Some(opt(record)?),
        };
        fold(&message[HEADER_LEN..name_end], scratch);
        Some(FastQuestion {
            head: &message[..question_end],
            flags,
            rtype,
            edns,
            folded: &scratch[..name_len],
        })
    }

    /// The name asked for in lower case, as wire octets.
    #[inline]
    pub(crate) fn wire(&self) -> &'m [u8] {
        self.folded
    }

    /// The name asked for in lower case.
    pub(crate) fn name(&self) -> Name<'m> {
        Name::from_valid(self.folded)
    }

    /// What a reply needs to know of it.
    pub(crate) fn asker(&self) -> Asker<'m> {
        Asker {
            header: Header::parse(self.head).unwrap_or_default(),
            question: self.question(),
            edns: self.edns,
        }
    }

    /// What it asks for.
    pub(crate) fn wanted(&self, asker: Asker<'_>) -> Wanted<'m> {
        Wanted {
            name: self.name(),
            rtype: self.rtype,
            flags: QuestionFlags {
                dnssec_ok: asker.dnssec_ok(),
                checking_disabled: asker.header.checking_disabled(),
                recursion_desired: asker.header.recursion_desired(),
            },
        }
    }

    /// The question section as received.
    pub(super) fn question(&self) -> &'m [u8] {
        &self.head[HEADER_LEN..]
    }

    /// Octets that a reply may take; see [`Asker::reply_limit`](crate::query::Asker::reply_limit).
    #[inline]
    pub(super) fn reply_limit(&self, transport: Transport) -> usize {
        reply_limit(transport, self.edns)
    }
}

/// Types that are refused, and those that lead further than one name.
fn is_usual(rtype: Rtype) -> bool {
    !matches!(
        rtype,
        Rtype(0) | Rtype::OPT | Rtype::AXFR | Rtype::IXFR | Rtype::ANY
    )
}

/// Octets of the uncompressed name at the start of `octets`.
#[inline]
fn name_len(octets: &[u8]) -> Option<usize> {
    let (mut at, mut seen) = (0, 0);
    loop {
        let len = *octets.get(at)?;
        seen |= len;
        at += usize::from(len) + 1;
        if len == 0 {
            break;
        }
    }
    // A longer label or a pointer has one of the upper two bits.
    let is_plain = usize::from(seen) <= LABEL_MAX;
    (is_plain && at <= NAME_MAX).then_some(at)
}

/// Reads an OPT record that is the rest of the message.
#[inline]
fn opt(record: &[u8]) -> Option<Edns> {
    let (head, options) = record.split_first_chunk::<OPT_HEAD_LEN>()?;
    let [
        0,
        0,
        41,
        size_high,
        size_low,
        _,
        version,
        flags_high,
        flags_low,
        len_high,
        len_low,
    ] = *head
    else {
        return None;
    };
    let options_len = usize::from(u16::from_be_bytes([len_high, len_low]));
    if version != 0 || options_len != options.len() || !are_whole(options) {
        return None;
    }
    let class = u16::from_be_bytes([size_high, size_low]);
    let ttl = u32::from_be_bytes([0, 0, flags_high, flags_low]);
    Some(Edns::from_record(class, ttl))
}

fn are_whole(mut options: &[u8]) -> bool {
    while let Some((head, rest)) = options.split_first_chunk::<4>() {
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let Some(rest) = rest.get(len..) else {
            return false;
        };
        options = rest;
    }
    options.is_empty()
}

/// Copies a name in lower case, sixteen octets at a time, the last ones by a step that overlaps the
/// one before. Lengths of labels are below the letters, so that they stay as they are.
#[inline(always)]
fn fold(name: &[u8], folded: &mut [u8; FastQuestion::SCRATCH_LEN]) {
    let (chunks, rest) = name.as_chunks::<STEP>();
    let (slots, _) = folded.as_chunks_mut::<STEP>();
    for (slot, chunk) in slots.iter_mut().zip(chunks) {
        *slot = chunk.map(|octet| octet.to_ascii_lowercase());
    }
    if rest.is_empty() {
        return;
    }
    let tail = folded
        .get_mut(..name.len())
        .and_then(|all| all.last_chunk_mut::<STEP>());
    match (name.last_chunk::<STEP>(), tail) {
        (Some(last), Some(slot)) => *slot = last.map(|octet| octet.to_ascii_lowercase()),
        _ => {
            for (slot, octet) in folded.iter_mut().zip(rest) {
                *slot = octet.to_ascii_lowercase();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_folds_whole() {
        for len in 0..=NAME_MAX {
            let name: alloc::vec::Vec<u8> = (0..len).map(|i| (i * 7 % 256) as u8).collect();
            let mut folded = [0; FastQuestion::SCRATCH_LEN];
            fold(&name, &mut folded);
            assert_eq!(folded[..len], name.to_ascii_lowercase());
        }
    }
}
