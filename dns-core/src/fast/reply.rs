//! The answer to a usual question, written from octets that are ready.

use super::{FastQuestion, recursion_bit};
use crate::answer::{Recursion, Soa};
use crate::transmit::Transport;
use crate::wire::Rtype;
use crate::wire::edns::{DnssecOk, Edns, OPT_LEN, OptRecord};
use crate::wire::header::{HEADER_LEN, Header};
use crate::wire::writer::{Fit, Writer};
use alloc::vec::Vec;

/// QR and AA.
const REPLY_FLAGS: u16 = 0x8400;
/// RD and CD, which a reply repeats.
const REPEATED_FLAGS: u16 = 0x0110;
/// An owner that points to the question.
const QUESTION_POINTER: [u8; 2] = [0xc0, 0x0c];
/// Octets of an address record without the address.
const RECORD_HEAD_LEN: usize = 12;

/// Family of the addresses of an answer.
#[derive(Clone, Copy)]
pub(super) enum Family {
    V4,
    V6,
}

/// A reply to a question.
pub(super) struct Reply<'q> {
    pub(super) question: &'q FastQuestion<'q>,
    pub(super) transport: Transport,
    pub(super) recursion: Recursion,
}

impl Reply<'_> {
    /// Appends the answer of those addresses, beginning with one that `rotation` picks; nothing if
    /// they do not fit.
    #[inline(always)]
    pub(super) fn addresses(
        &self,
        family: Family,
        octets: &[u8],
        rotation: u32,
        ttl_secs: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        match family {
            Family::V4 => self.address_records::<4, 16>(Rtype::A, octets, rotation, ttl_secs, out),
            Family::V6 => {
                self.address_records::<16, 28>(Rtype::AAAA, octets, rotation, ttl_secs, out)
            }
        }
    }

    #[inline(always)]
    fn address_records<const LEN: usize, const RECORD_LEN: usize>(
        &self,
        rtype: Rtype,
        octets: &[u8],
        rotation: u32,
        ttl_secs: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let (addresses, _) = octets.as_chunks::<LEN>();
        self.start(addresses.len(), addresses.len() * RECORD_LEN, out)?;
        let mut record = [0; RECORD_LEN];
        record[..2].copy_from_slice(&QUESTION_POINTER);
        record[2..4].copy_from_slice(&rtype.0.to_be_bytes());
        record[5] = 1;
        record[6..10].copy_from_slice(&ttl_secs.to_be_bytes());
        record[11] = LEN as u8;
        let first = match addresses.len() {
            0 | 1 => 0,
            len => rotation as usize % len,
        };
        let (last, rest) = addresses.split_at(first);
        for part in [rest, last] {
            for address in part {
                record[RECORD_HEAD_LEN..].copy_from_slice(address);
                out.extend_from_slice(&record);
            }
        }
        self.finish(out);
        Some(())
    }

    /// Appends the answer that the name has no such records; nothing if it does not fit.
    pub(super) fn no_data(&self, soa: &Soa<'_>, out: &mut Vec<u8>) -> Option<()> {
        let before = out.len();
        let question = self.question;
        let header = Header {
            flags: self.flags(),
            ..Header::parse(question.head)?
        };
        let opt = self.opt();
        let limit = question.reply_limit(self.transport);
        let mut writer = Writer::start(out, header, question.question(), limit);
        writer.reserve(opt.as_ref().map_or(0, |opt| opt.as_wire().len()));
        soa.write_negative(question.name(), &mut writer);
        if writer.finish(opt) == Fit::Cut {
            out.truncate(before);
            return None;
        }
        Some(())
    }

    #[inline(always)]
    fn start(&self, answers: usize, records_len: usize, out: &mut Vec<u8>) -> Option<()> {
        let question = self.question;
        let opt_len = if question.edns.is_some() { OPT_LEN } else { 0 };
        let len = question.head.len() + records_len + opt_len;
        if len > question.reply_limit(self.transport) {
            return None;
        }
        let at = out.len();
        out.extend_from_slice(question.head);
        let header: &mut [u8; HEADER_LEN] = out.get_mut(at..)?.first_chunk_mut()?;
        let [flags_high, flags_low] = self.flags().to_be_bytes();
        let [answers_high, answers_low] = (answers as u16).to_be_bytes();
        let additional = u8::from(question.edns.is_some());
        let counts = [0, 1, answers_high, answers_low, 0, 0, 0, additional];
        header[2] = flags_high;
        header[3] = flags_low;
        header[4..].copy_from_slice(&counts);
        Some(())
    }

    #[inline]
    fn finish(&self, out: &mut Vec<u8>) {
        if let Some(edns) = self.question.edns {
            out.extend_from_slice(&Edns::plain_opt(DnssecOk::from(edns.dnssec_ok)));
        }
    }

    #[inline]
    fn flags(&self) -> u16 {
        REPLY_FLAGS | self.question.flags & REPEATED_FLAGS | recursion_bit(self.recursion)
    }

    #[inline]
    fn opt(&self) -> Option<OptRecord> {
        let dnssec_ok = DnssecOk::from(self.question.edns?.dnssec_ok);
        Some(Edns::opt_record(dnssec_ok, 0, None))
    }
}
