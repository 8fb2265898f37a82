//! What makes two questions one: the same octets here.

use crate::wire::edns::DnssecOk;
use crate::wire::{Name, Rtype};
use alloc::boxed::Box;

/// Octets behind the name: type, flags and group.
const REST_LEN: usize = 2 + 1 + 8;

/// Octets of a key that are kept in place: names of up to 85 octets, which nearly all are.
const SHORT_LEN: usize = 96;

const DNSSEC_OK: u8 = 1;
const CHECKING_DISABLED: u8 = 2;
const RECURSION_DESIRED: u8 = 4;

/// A question of class IN to one group of servers: name in lower case, type, DO, CD and RD.
/// Questions that differ in one of them never share an answer.
#[derive(Clone)]
pub struct QuestionKey(Octets);

/// Octets of a key. Every question of an upstream makes one: those of most names must cost neither
/// an allocation nor the clearing of 266 octets.
#[derive(Clone)]
enum Octets {
    Short([u8; SHORT_LEN], u8),
    Long(Box<[u8]>),
}

/// The flags of a question that change its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuestionFlags {
    /// Whether DNSSEC records are wanted.
    pub dnssec_ok: DnssecOk,
    /// The CD bit.
    pub checking_disabled: bool,
    /// The RD bit.
    pub recursion_desired: bool,
}

impl QuestionKey {
    /// The key of a question about `name`, in lower case, to the servers of `group`
    /// ([`Route::group`](crate::Route::group)).
    pub fn new(name: Name<'_>, rtype: Rtype, flags: QuestionFlags, group: u64) -> Self {
        let wire = name.as_wire();
        let [type_high, type_low] = rtype.0.to_be_bytes();
        let [a, b, c, d, e, f, g, h] = group.to_be_bytes();
        let bits = flags.to_bits();
        let rest: [u8; REST_LEN] = [type_high, type_low, bits, a, b, c, d, e, f, g, h];
        let len = wire.len() + REST_LEN;
        if len > SHORT_LEN {
            return QuestionKey(Octets::Long([wire, &rest].concat().into_boxed_slice()));
        }
        let mut octets = [0; SHORT_LEN];
        octets[..wire.len()].copy_from_slice(wire);
        octets[wire.len()..len].copy_from_slice(&rest);
        QuestionKey(Octets::Short(octets, len as u8))
    }

    /// The key as octets: the name on the wire, then the rest.
    pub fn as_octets(&self) -> &[u8] {
        match &self.0 {
            Octets::Short(octets, len) => &octets[..usize::from(*len)],
            Octets::Long(octets) => octets,
        }
    }

    /// The key that [`QuestionKey::as_octets`] gave; `None` for other octets.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let parts = KeyParts::of(octets)?;
        Some(Self::new(parts.name, parts.rtype, parts.flags, parts.group))
    }

    /// Name, in lower case.
    pub fn name(&self) -> Name<'_> {
        self.parts().name
    }

    /// Type.
    pub fn rtype(&self) -> Rtype {
        self.parts().rtype
    }

    /// DO, CD and RD.
    pub fn flags(&self) -> QuestionFlags {
        self.parts().flags
    }

    /// The group of servers.
    pub fn group(&self) -> u64 {
        self.parts().group
    }

    pub(crate) fn parts(&self) -> KeyParts<'_> {
        KeyParts::of(self.as_octets()).expect("a key is made of its parts")
    }
}

/// What the octets of a key say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyParts<'k> {
    pub(crate) name: Name<'k>,
    pub(crate) rtype: Rtype,
    pub(crate) flags: QuestionFlags,
    pub(crate) group: u64,
}

impl<'k> KeyParts<'k> {
    pub(crate) fn of(octets: &'k [u8]) -> Option<Self> {
        let (name, rest) = octets.split_at_checked(octets.len().checked_sub(REST_LEN)?)?;
        let (rtype, rest) = rest.split_first_chunk()?;
        let (&flags, group) = rest.split_first()?;
        Some(KeyParts {
            name: Name::from_wire(name).ok()?,
            rtype: Rtype(u16::from_be_bytes(*rtype)),
            flags: QuestionFlags::from_bits(flags),
            group: u64::from_be_bytes(*group.first_chunk()?),
        })
    }
}

impl core::fmt::Debug for QuestionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_octets().fmt(f)
    }
}

impl QuestionFlags {
    fn from_bits(bits: u8) -> Self {
        QuestionFlags {
            dnssec_ok: (bits & DNSSEC_OK != 0).into(),
            checking_disabled: bits & CHECKING_DISABLED != 0,
            recursion_desired: bits & RECURSION_DESIRED != 0,
        }
    }

    fn to_bits(self) -> u8 {
        let dnssec_ok = if self.dnssec_ok == DnssecOk::Set {
            DNSSEC_OK
        } else {
            0
        };
        let checking_disabled = if self.checking_disabled {
            CHECKING_DISABLED
        } else {
            0
        };
        let recursion_desired = if self.recursion_desired {
            RECURSION_DESIRED
        } else {
            0
        };
        dnssec_ok | checking_disabled | recursion_desired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NameBuf;

    #[test]
    fn a_key_gives_back_what_it_was_made_of() {
        let name = NameBuf::parse("a.example").unwrap();
        let flags = QuestionFlags {
            dnssec_ok: DnssecOk::Set,
            checking_disabled: false,
            recursion_desired: true,
        };
        let key = QuestionKey::new(name.as_name(), Rtype::SRV, flags, 7 << 40);
        let same = QuestionKey::from_octets(key.as_octets()).unwrap();
        assert_eq!(same.as_octets(), key.as_octets());
        assert_eq!(same.name(), name.as_name());
        assert_eq!(same.rtype(), Rtype::SRV);
        assert_eq!(same.flags(), flags);
        assert_eq!(same.group(), 7 << 40);
    }

    #[test]
    fn other_octets_are_no_key() {
        for octets in [&b""[..], &[0; 11], &[1; 40]] {
            assert!(QuestionKey::from_octets(octets).is_none(), "{octets:?}");
        }
    }
}
