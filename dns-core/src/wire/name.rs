//! Domain names in wire form: [`Name`] borrows, [`NameBuf`] owns.
//!
//! A name here is uncompressed: length-prefixed labels ended by the root label (RFC 1035 section
//! 3.1), at most 255 octets. Comparison never looks at the case of ASCII letters (RFC 4343).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::IpAddr;

/// Longest name in octets, the root label included (RFC 1035 section 2.3.4).
pub const NAME_MAX: usize = 255;
/// Longest label in octets (RFC 1035 section 2.3.4).
pub const LABEL_MAX: usize = 63;

/// A borrowed domain name: labels in wire form, root label included, any case.
#[derive(Clone, Copy)]
pub struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// The root name.
    pub const ROOT: Name<'static> = Name(&[0]);

    /// Wraps octets that are known to be one whole uncompressed name.
    ///
    /// # Errors
    /// A label over 63 octets, a name over 255, or octets after the root label.
    pub fn from_wire(octets: &'a [u8]) -> Result<Self, NameError> {
        if octets.len() > NAME_MAX {
            return Err(NameError::TooLong);
        }
        let mut at = 0;
        while let Some(&len) = octets.get(at) {
            match usize::from(len) {
                0 if at + 1 == octets.len() => return Ok(Name(octets)),
                0 => return Err(NameError::TrailingOctets),
                len if len > LABEL_MAX => return Err(NameError::LabelTooLong),
                len => at += len + 1,
            }
        }
        Err(NameError::Unterminated)
    }

    /// Wraps octets that were built label by label within the limits.
    pub(crate) fn from_valid(octets: &'a [u8]) -> Self {
        debug_assert!(Name::from_wire(octets).is_ok());
        Name(octets)
    }

    /// Octets of the name, root label included.
    pub fn as_wire(self) -> &'a [u8] {
        self.0
    }

    /// Whether this is the root.
    pub fn is_root(self) -> bool {
        self.0.len() == 1
    }

    /// Labels from the left, without the root.
    pub fn labels(self) -> Labels<'a> {
        Labels { rest: self.0 }
    }

    /// Number of labels, the root not counted.
    pub fn label_count(self) -> usize {
        self.labels().count()
    }

    /// The first label, or `None` at the root.
    pub fn first_label(self) -> Option<&'a [u8]> {
        self.labels().next()
    }

    /// The name without its first label, or `None` at the root.
    pub fn parent(self) -> Option<Name<'a>> {
        let first = self.first_label()?;
        Some(Name(&self.0[first.len() + 1..]))
    }

    /// The name and each of its ancestors down to, and without, the root.
    pub fn ancestors(self) -> impl Iterator<Item = Name<'a>> {
        core::iter::successors(Some(self), |name| name.parent()).take_while(|name| !name.is_root())
    }

    /// Whether the first label is a lone asterisk (RFC 4592).
    pub fn is_wildcard(self) -> bool {
        self.first_label() == Some(b"*")
    }

    /// Whether `suffix` is this name or an ancestor of it.
    pub fn ends_with(self, suffix: Name<'_>) -> bool {
        self.strip_suffix_len(suffix).is_some()
    }

    /// Octets of labels in front of `suffix`, or `None` if this name does not end in it.
    ///
    /// The octets are not a name by themselves: they lack the root label.
    pub fn strip_suffix(self, suffix: Name<'_>) -> Option<&'a [u8]> {
        self.strip_suffix_len(suffix).map(|len| &self.0[..len])
    }

    fn strip_suffix_len(self, suffix: Name<'_>) -> Option<usize> {
        let len = self.0.len().checked_sub(suffix.0.len())?;
        if self.last_octet() != suffix.last_octet() && !suffix.is_root() {
            return None;
        }
        if !self.0[len..].eq_ignore_ascii_case(suffix.0) {
            return None;
        }
        // The octets match; the suffix must also begin where a label begins.
        let mut at = 0;
        while at < len {
            at += usize::from(self.0[at]) + 1;
        }
        (at == len).then_some(len)
    }

    /// Canonical DNS order: labels compared from the right (RFC 4034 section 6.1). Both names must
    /// be in lower case.
    pub fn canonical_cmp(self, other: Name<'_>) -> Ordering {
        let (mine, theirs) = (LabelStarts::of(self), LabelStarts::of(other));
        mine.rightmost_first(self.0)
            .cmp(theirs.rightmost_first(other.0))
    }

    /// Octets that sort as [`canonical_cmp`](Name::canonical_cmp) does: worth making for many names
    /// that are sorted at once.
    pub fn canonical_key(self) -> Vec<u8> {
        const END: u8 = 0;
        const ESCAPE: u8 = 1;
        let starts = LabelStarts::of(self);
        let mut key = Vec::with_capacity(self.0.len());
        for label in starts.rightmost_first(self.0) {
            for &octet in label {
                // The end of a label sorts before all octets.
                if octet <= ESCAPE {
                    key.push(ESCAPE);
                }
                key.push(octet.saturating_add(u8::from(octet <= ESCAPE)));
            }
            key.push(END);
        }
        key
    }

    /// The octet in front of the root label, in lower case: it tells most names apart.
    fn last_octet(self) -> Option<u8> {
        let at = self.0.len().checked_sub(2)?;
        Some(self.0[at].to_ascii_lowercase())
    }

    /// An owned copy in lower case.
    pub fn to_lower(self) -> NameBuf {
        let mut octets = self.0.to_vec();
        octets.make_ascii_lowercase();
        NameBuf(octets.into_boxed_slice())
    }

    /// Reads a name under `in-addr.arpa` or `ip6.arpa` as the address it reverses
    /// (RFC 1035 section 3.5, RFC 3596 section 2.5).
    pub fn reverse_address(self) -> Option<IpAddr> {
        super::reverse::address_of(self)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Name<'_> {}

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

/// Presentation form without the trailing dot; the root is `.` (RFC 1035 section 5.1).
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (i, label) in self.labels().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                        write!(f, "\\{}", char::from(octet))?;
                    }
                    0x21..=0x7e => write!(f, "{}", char::from(octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Iterator over the labels of a [`Name`], root excluded.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&len, rest) = self.rest.split_first()?;
        if len == 0 {
            return None;
        }
        let (label, rest) = rest.split_at(usize::from(len));
        self.rest = rest;
        Some(label)
    }
}

/// An owned domain name, kept in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NameBuf(Box<[u8]>);

impl NameBuf {
    /// Reads presentation form, with or without the trailing dot; `\.` and `\DDD` escapes are
    /// understood (RFC 1035 section 5.1). The result is in lower case.
    ///
    /// # Errors
    /// An empty text or label, a label over 63 octets, a name over 255, or a broken escape.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Name::ROOT.to_lower());
        }
        let mut octets = Vec::with_capacity(text.len() + 2);
        let mut label_at = 0;
        octets.push(0);
        let mut input = text.bytes();
        let mut ended_by_dot = false;
        while let Some(octet) = input.next() {
            if ended_by_dot {
                label_at = octets.len();
                octets.push(0);
                ended_by_dot = false;
            }
            if octet == b'.' {
                close_label(&mut octets, label_at)?;
                ended_by_dot = true;
                continue;
            }
            let octet = if octet == b'\\' {
                unescape(&mut input)?
            } else {
                octet
            };
            octets.push(octet.to_ascii_lowercase());
        }
        if !ended_by_dot {
            close_label(&mut octets, label_at)?;
        }
        octets.push(0);
        if octets.len() > NAME_MAX {
            return Err(NameError::TooLong);
        }
        Ok(NameBuf(octets.into_boxed_slice()))
    }

    /// Puts `labels` (wire octets without the root label) in front of `suffix`.
    ///
    /// # Errors
    /// [`NameError::TooLong`] when the result passes 255 octets.
    pub fn join(labels: &[u8], suffix: Name<'_>) -> Result<Self, NameError> {
        let mut octets = Vec::with_capacity(labels.len() + suffix.as_wire().len());
        octets.extend_from_slice(labels);
        octets.extend_from_slice(suffix.as_wire());
        Ok(Name::from_wire(&octets)?.to_lower())
    }

    /// The name with `label` in front.
    ///
    /// # Errors
    /// An empty label, one over 63 octets, or a result over 255.
    pub fn child(&self, label: &str) -> Result<Self, NameError> {
        let len = u8::try_from(label.len()).map_err(|_| NameError::LabelTooLong)?;
        if len == 0 {
            return Err(NameError::EmptyLabel);
        }
        let mut labels = Vec::with_capacity(label.len() + 1);
        labels.push(len);
        labels.extend_from_slice(label.as_bytes());
        Self::join(&labels, self.as_name())
    }

    /// The reverse name of an address: `in-addr.arpa` (RFC 1035 section 3.5) or `ip6.arpa`
    /// (RFC 3596 section 2.5).
    pub fn reverse(address: IpAddr) -> Self {
        super::reverse::name_of(address)
    }

    /// The borrowed form.
    pub fn as_name(&self) -> Name<'_> {
        Name(&self.0)
    }
}

fn close_label(octets: &mut [u8], label_at: usize) -> Result<(), NameError> {
    let len = octets.len() - label_at - 1;
    if len == 0 {
        return Err(NameError::EmptyLabel);
    }
    if len > LABEL_MAX {
        return Err(NameError::LabelTooLong);
    }
    octets[label_at] = len as u8;
    Ok(())
}

fn unescape(input: &mut core::str::Bytes<'_>) -> Result<u8, NameError> {
    let first = input.next().ok_or(NameError::BadEscape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = input
            .next()
            .filter(u8::is_ascii_digit)
            .ok_or(NameError::BadEscape)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| NameError::BadEscape)
}

/// Canonical DNS order: labels compared from the right (RFC 4034 section 6.1).
impl Ord for NameBuf {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_name().canonical_cmp(other.as_name())
    }
}

/// Most labels that fit in 255 octets: one octet each, its length, and the root.
const LABELS_MAX: usize = (NAME_MAX - 1) / 2;

/// Where the labels of a name begin. Sorting compares names millions of times, so that this must
/// not allocate.
struct LabelStarts {
    at: [u8; LABELS_MAX],
    count: usize,
}

impl LabelStarts {
    fn of(name: Name<'_>) -> Self {
        let mut starts = LabelStarts {
            at: [0; LABELS_MAX],
            count: 0,
        };
        let mut at = 0;
        for (slot, label) in starts.at.iter_mut().zip(name.labels()) {
            *slot = at;
            at += label.len() as u8 + 1;
            starts.count += 1;
        }
        starts
    }

    fn rightmost_first<'n>(&self, octets: &'n [u8]) -> impl Iterator<Item = &'n [u8]> {
        self.at[..self.count].iter().rev().map(|&at| {
            let at = usize::from(at);
            &octets[at + 1..=at + usize::from(octets[at])]
        })
    }
}

impl PartialOrd for NameBuf {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

impl fmt::Debug for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

impl core::str::FromStr for NameBuf {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// Why text or octets are not a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing between two dots, a leading dot, or an empty text.
    EmptyLabel,
    /// A label of more than 63 octets.
    LabelTooLong,
    /// More than 255 octets in all.
    TooLong,
    /// A backslash that is not followed by a character or by three digits up to 255.
    BadEscape,
    /// Octets after the root label.
    TrailingOctets,
    /// No root label at the end.
    Unterminated,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameError::EmptyLabel => "has an empty label",
            NameError::LabelTooLong => "has a label of more than 63 octets",
            NameError::TooLong => "is longer than 255 octets",
            NameError::BadEscape => "has a broken escape",
            NameError::TrailingOctets => "has octets after its end",
            NameError::Unterminated => "does not end",
        })
    }
}

impl core::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_survives_a_round_trip_in_lower_case() {
        for (text, expected) in [
            ("Pay.Example.COM", "pay.example.com"),
            ("pay.example.com.", "pay.example.com"),
            ("*.example.com", "*.example.com"),
            (".", "."),
            (r"a\.b.c", r"a\.b.c"),
            (r"\000x", r"\000x"),
        ] {
            assert_eq!(NameBuf::parse(text).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn keys_sort_as_names_do() {
        let texts = [
            ".",
            "a",
            "b",
            "a.b",
            "b.b",
            "ab.b",
            "a.a.b",
            r"\000.b",
            r"\000\000.b",
            r"\001.b",
            r"\001\000.b",
            r"\002.b",
            r"a\000.b",
            r"a.\000b",
            "a-b.b",
            "*.b",
        ];
        let names: Vec<NameBuf> = texts.map(|text| NameBuf::parse(text).unwrap()).into();
        for a in &names {
            for b in &names {
                let keys = [a, b].map(|name| name.as_name().canonical_key());
                assert_eq!(keys[0].cmp(&keys[1]), a.cmp(b), "{a} {b}");
            }
        }
    }

    #[test]
    fn broken_text_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", NameError::EmptyLabel),
            (".a", NameError::EmptyLabel),
            ("a..b", NameError::EmptyLabel),
            ("a..", NameError::EmptyLabel),
            (r"a\25", NameError::BadEscape),
            (r"a\256", NameError::BadEscape),
            (&"x".repeat(64), NameError::LabelTooLong),
            (&"abcdefg.".repeat(32), NameError::TooLong),
        ] {
            assert_eq!(NameBuf::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_suffix_matches_only_at_a_label_boundary() {
        let name = NameBuf::parse("foo.xsvc.cluster.local").unwrap();
        assert!(
            !name
                .as_name()
                .ends_with(NameBuf::parse("svc.cluster.local").unwrap().as_name())
        );
        assert!(
            name.as_name()
                .ends_with(NameBuf::parse("CLUSTER.local").unwrap().as_name())
        );
        assert!(name.as_name().ends_with(Name::ROOT));
    }

    #[test]
    fn order_goes_from_the_rightmost_label() {
        let mut names = ["b.a", "a.b", "z.a", "a"].map(|n| NameBuf::parse(n).unwrap());
        names.sort();
        assert_eq!(names.map(|n| n.to_string()), ["a", "b.a", "z.a", "a.b"]);
    }
}
