//! What makes two questions one: the same octets here.

use crate::wire::edns::DnssecOk;
use crate::wire::name::NAME_MAX;
use crate::wire::{Name, Rtype};

/// Octets behind the name: type, flags and group.
const REST_LEN: usize = 2 + 1 + 8;

const DNSSEC_OK: u8 = 1;
const CHECKING_DISABLED: u8 = 2;
const RECURSION_DESIRED: u8 = 4;

/// A question of class IN to one group of servers: name in lower case, type, DO, CD and RD.
/// Questions that differ in one of them never share an answer.
#[derive(Clone, Copy)]
pub struct QuestionKey {
    octets: [u8; NAME_MAX + REST_LEN],
    len: u16,
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
        let mut octets = [0; NAME_MAX + REST_LEN];
        octets[..wire.len()].copy_from_slice(wire);
        let rest = &mut octets[wire.len()..wire.len() + REST_LEN];
        rest[..2].copy_from_slice(&rtype.0.to_be_bytes());
        rest[2] = flags.to_bits();
        rest[3..].copy_from_slice(&group.to_be_bytes());
        let len = (wire.len() + REST_LEN) as u16;
        QuestionKey { octets, len }
    }

    /// The key as octets: the name on the wire, then the rest.
    pub fn as_octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

impl core::fmt::Debug for QuestionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_octets().fmt(f)
    }
}

impl QuestionFlags {
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
