//! A cursor over a message that cannot over-read and cannot loop on pointers.

use super::error::ParseError;
use super::header::HEADER_LEN;
use super::name::{NAME_MAX, Name};
use super::record::{Class, Rtype};

/// Most pointers followed for one name: each leads to a label of its own in any honest message,
/// and 255 octets hold 127. Without it every record of a message could walk thousands of them.
const POINTERS_MAX: usize = 127;

/// A cursor over a message.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A cursor behind the header of `message`.
    pub fn after_header(message: &'a [u8]) -> Self {
        Reader {
            message,
            at: HEADER_LEN.min(message.len()),
        }
    }

    /// A cursor at that offset of `message`.
    pub fn at_offset(message: &'a [u8], at: usize) -> Self {
        Reader {
            message,
            at: at.min(message.len()),
        }
    }

    /// The cursor at that offset of the same message.
    #[must_use]
    pub fn seek(self, at: usize) -> Self {
        Reader::at_offset(self.message, at)
    }

    /// Where the cursor stands, in octets from the start of the message.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Whether everything has been read.
    pub fn is_at_end(&self) -> bool {
        self.at == self.message.len()
    }

    /// The next `len` octets.
    ///
    /// # Errors
    /// [`ParseError::Short`].
    pub fn octets(&mut self, len: usize) -> Result<&'a [u8], ParseError> {
        let rest = self.message.get(self.at..).ok_or(ParseError::Short)?;
        let octets = rest.get(..len).ok_or(ParseError::Short)?;
        self.at += len;
        Ok(octets)
    }

    /// The next 16-bit number.
    ///
    /// # Errors
    /// [`ParseError::Short`].
    pub fn u16(&mut self) -> Result<u16, ParseError> {
        let octets = self.octets(2)?;
        Ok(u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// The next 32-bit number.
    ///
    /// # Errors
    /// [`ParseError::Short`].
    pub fn u32(&mut self) -> Result<u32, ParseError> {
        let octets = self.octets(4)?;
        Ok(u32::from_be_bytes([
            octets[0], octets[1], octets[2], octets[3],
        ]))
    }

    /// The next name, uncompressed and in lower case. The cursor moves behind its first pointer.
    ///
    /// A pointer must lead to an earlier octet than any place this name was read from, and what it
    /// leads to must end there (RFC 1035 section 4.1.4: "a prior occurrence"): so reading ends, and
    /// a name never depends on octets behind its first pointer. At most 127 are followed.
    ///
    /// # Errors
    /// [`ParseError::Short`], [`ParseError::BadLabel`], [`ParseError::BadPointer`],
    /// [`ParseError::NameTooLong`].
    pub fn name(&mut self) -> Result<FoldedName, ParseError> {
        let mut name = FoldedName::empty();
        let mut end = None;
        let mut at = self.at;
        let mut lowest = self.at;
        let mut limit = usize::MAX;
        let mut pointers = 0;
        loop {
            if at >= limit {
                return Err(ParseError::BadPointer);
            }
            let len = *self.message.get(at).ok_or(ParseError::Short)?;
            match len & 0xc0 {
                0x00 => {
                    let next = at + 1 + usize::from(len);
                    let label = self.message.get(at..next).ok_or(ParseError::Short)?;
                    name.push(label)?;
                    at = next;
                    if len == 0 {
                        break;
                    }
                }
                0xc0 => {
                    let low = *self.message.get(at + 1).ok_or(ParseError::Short)?;
                    let target = usize::from(len & 0x3f) << 8 | usize::from(low);
                    pointers += 1;
                    if target >= lowest || target < HEADER_LEN || pointers > POINTERS_MAX {
                        return Err(ParseError::BadPointer);
                    }
                    end.get_or_insert(at + 2);
                    limit = lowest;
                    lowest = target;
                    at = target;
                }
                _ => return Err(ParseError::BadLabel),
            }
        }
        self.at = end.unwrap_or(at);
        Ok(name)
    }

    /// The next record of any section but the question.
    ///
    /// # Errors
    /// As [`Reader::name`], and [`ParseError::Short`] if the record is cut.
    pub fn record(&mut self) -> Result<RawRecord, ParseError> {
        let start = self.at;
        let owner = self.name()?;
        let rtype = Rtype(self.u16()?);
        let class = Class(self.u16()?);
        let ttl_secs = self.u32()?;
        let rdata_len = usize::from(self.u16()?);
        let rdata_at = self.at;
        self.octets(rdata_len)?;
        Ok(RawRecord {
            start,
            owner,
            rtype,
            class,
            ttl_secs,
            rdata_at,
            rdata_len,
        })
    }
}

/// A record as it lies in a message.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord {
    /// Offset of its first octet.
    pub start: usize,
    /// Owner, uncompressed, lower case.
    pub owner: FoldedName,
    /// Type.
    pub rtype: Rtype,
    /// Class.
    pub class: Class,
    /// TTL in seconds, as sent.
    pub ttl_secs: u32,
    /// Offset of its rdata.
    pub rdata_at: usize,
    /// Octets of rdata.
    pub rdata_len: usize,
}

impl RawRecord {
    /// Offset of the octet behind it.
    pub fn end(&self) -> usize {
        self.rdata_at + self.rdata_len
    }
}

/// A name on the stack: uncompressed and in lower case, root label included.
#[derive(Clone, Copy)]
pub struct FoldedName {
    octets: [u8; NAME_MAX],
    len: u8,
}

impl FoldedName {
    fn empty() -> Self {
        FoldedName {
            octets: [0; NAME_MAX],
            len: 0,
        }
    }

    /// A copy of `name` in lower case.
    pub fn of(name: Name<'_>) -> Self {
        let mut folded = Self::empty();
        let wire = name.as_wire();
        let slot = &mut folded.octets[..wire.len()];
        slot.copy_from_slice(wire);
        slot.make_ascii_lowercase();
        folded.len = wire.len() as u8;
        folded
    }

    /// Labels in front of a name, as wire octets without the root label; `None` when the result
    /// passes 255 octets.
    pub fn join(parts: &[&[u8]], suffix: Name<'_>) -> Option<Self> {
        let mut name = Self::empty();
        for part in parts {
            name.push(part).ok()?;
        }
        name.push(suffix.as_wire()).ok()?;
        Some(name)
    }

    /// The name.
    pub fn as_name(&self) -> Name<'_> {
        Name::from_valid(self.as_wire())
    }

    /// Octets of the name, root label included.
    pub fn as_wire(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    /// Appends whole labels with their length octets.
    fn push(&mut self, labels: &[u8]) -> Result<(), ParseError> {
        let at = usize::from(self.len);
        let slot = self
            .octets
            .get_mut(at..at + labels.len())
            .ok_or(ParseError::NameTooLong)?;
        slot.copy_from_slice(labels);
        // A length octet is at most 63, below every ASCII letter.
        slot.make_ascii_lowercase();
        self.len += labels.len() as u8;
        Ok(())
    }
}

impl PartialEq for FoldedName {
    fn eq(&self, other: &Self) -> bool {
        self.as_wire() == other.as_wire()
    }
}

impl Eq for FoldedName {}

impl core::hash::Hash for FoldedName {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        state.write(self.as_wire());
    }
}

impl core::fmt::Debug for FoldedName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_name().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NameBuf;

    fn message(body: &[u8]) -> alloc::vec::Vec<u8> {
        let mut message = alloc::vec![0; HEADER_LEN];
        message.extend_from_slice(body);
        message
    }

    #[test]
    fn a_compressed_name_is_read_whole_and_the_cursor_stands_behind_the_pointer() {
        let message = message(b"\x01B\x01c\0\x01a\xc0\x0cX");
        let mut reader = Reader::at_offset(&message, HEADER_LEN + 5);
        assert_eq!(
            reader.name().unwrap().as_name(),
            NameBuf::parse("a.b.c").unwrap().as_name()
        );
        assert_eq!(reader.octets(1), Ok(&b"X"[..]));
    }

    #[test]
    fn pointers_that_do_not_lead_backwards_are_refused() {
        for body in [
            &b"\xc0\x0c"[..],
            b"\x01a\xc0\x0c",
            b"\xc0\x0e\xc0\x0c",
            b"\xc0\x20",
            b"\xc0\x00",
        ] {
            let message = message(body);
            assert_eq!(
                Reader::after_header(&message).name(),
                Err(ParseError::BadPointer)
            );
        }
    }

    #[test]
    fn a_pointer_to_labels_that_reach_the_place_it_stands_in_is_refused() {
        for (body, at) in [
            (&b"\x06a\xc0\x0cabcd\0"[..], 14),
            (b"\x01\xc0\x0c\0", 13),
            (b"\x01a\x02\xc0\x0e\xc0\x0c\0\0", 17),
        ] {
            let message = message(body);
            let name = Reader::at_offset(&message, at).name();
            assert_eq!(name, Err(ParseError::BadPointer));
        }
    }

    #[test]
    fn a_name_leads_over_127_pointers_and_no_more() {
        let mut body = b"\x01a\0".to_vec();
        let mut target = HEADER_LEN;
        for followed in 1..=POINTERS_MAX + 1 {
            let at = HEADER_LEN + body.len();
            body.extend_from_slice(&(0xc000 | target as u16).to_be_bytes());
            target = at;
            let message = message(&body);
            let name = Reader::at_offset(&message, at).name();
            assert_eq!(name.is_ok(), followed <= POINTERS_MAX, "{followed}");
        }
    }

    #[test]
    fn reserved_label_kinds_cut_names_and_long_names_are_refused() {
        let long: alloc::vec::Vec<u8> =
            b"\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(4);
        for (body, error) in [
            (&b"\x41a\0"[..], ParseError::BadLabel),
            (b"\x80a\0", ParseError::BadLabel),
            (b"\x05ab", ParseError::Short),
            (b"\x01a", ParseError::Short),
            (b"\xc0", ParseError::Short),
            (&long, ParseError::NameTooLong),
        ] {
            let message = message(body);
            assert_eq!(Reader::after_header(&message).name(), Err(error));
        }
    }

    #[test]
    fn a_name_of_255_octets_is_read() {
        let mut body =
            b"\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(3);
        body.push(61);
        body.extend_from_slice(&[b'b'; 61]);
        body.push(0);
        let message = message(&body);
        assert_eq!(
            Reader::after_header(&message)
                .name()
                .unwrap()
                .as_wire()
                .len(),
            255
        );
    }
}
