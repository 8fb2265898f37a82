//! A record of a hosts list as octets.
//!
//! ```text
//! name length, kind, line (4), name, address                        one address
//! name length, kind, line (4), name, list, counts (2 + 2), v4, v6   several lines put together
//! ```

use super::{HostList, HostsFreshness, NamePlace};
use crate::table::update::{
    AddressOrigin, HostAddress, HostEntry, HostKind, NameState, Source, VipState,
};
use crate::wire::Name;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Octets in front of the name.
pub(super) const HEAD_LEN: usize = 6;
/// Octets between the name and the addresses of a record of several lines.
const COUNTS_LEN: usize = 4;

const V4_LEN: usize = 4;
const V6_LEN: usize = 16;

const ALIAS: u8 = 1;
const V6: u8 = 2;
const SEVERAL: u8 = 4;

/// What hosts files say of one name.
#[derive(Clone, Copy, Debug)]
pub struct HostRecord<'t> {
    /// The name, in lower case.
    pub name: Name<'t>,
    /// Whether it is the first name of a line.
    pub place: NamePlace,
    /// Its first line.
    pub line: u32,
    list: &'t HostList,
    v4: &'t [u8],
    v6: &'t [u8],
    octets_len: usize,
}

impl<'t> HostRecord<'t> {
    /// All its addresses, IPv4 first.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<'t> {
        let (v4, _) = self.v4.as_chunks::<V4_LEN>();
        let (v6, _) = self.v6.as_chunks::<V6_LEN>();
        let v6 = v6.iter().map(|octets| IpAddr::from(*octets));
        v4.iter().map(|octets| IpAddr::from(*octets)).chain(v6)
    }

    /// The same as an entry of the table.
    pub fn to_entry(&self) -> HostEntry {
        let name = self.name.to_lower();
        let source = Source {
            kind: "hosts".into(),
            name: name.to_string().into(),
            location: Some(format!("{}:{}", self.list.file(), self.line).into()),
            ..Source::default()
        };
        let pinned = |ip| HostAddress::new(ip, AddressOrigin::Pinned);
        HostEntry {
            addresses: self.addresses().map(pinned).collect(),
            vip_state: VipState::Pinned,
            canonical: self.place == NamePlace::Canonical,
            state: match self.list.freshness() {
                HostsFreshness::Current => NameState::Live,
                HostsFreshness::Stale => NameState::Stale,
            },
            ..HostEntry::new(name, HostKind::External, source)
        }
    }

    /// Reads the record at `at`; `None` at the end. `list` is where its first line is from.
    pub(super) fn read(list: &'t HostList, octets: &'t [u8], at: usize) -> Option<Self> {
        let rest = octets.get(at..)?;
        let (head, rest) = rest.split_first_chunk::<HEAD_LEN>()?;
        let [name_len, kind, a, b, c, d] = *head;
        let (name, rest) = rest.split_at_checked(usize::from(name_len))?;
        let Addresses { v4, v6 } = Addresses::read(kind, rest)?;
        let counts_len = if kind & SEVERAL != 0 { COUNTS_LEN } else { 0 };
        let tail_len = counts_len + v4.len() + v6.len();
        Some(HostRecord {
            name: Name::from_valid(name),
            place: if kind & ALIAS != 0 {
                NamePlace::Alias
            } else {
                NamePlace::Canonical
            },
            line: u32::from_le_bytes([a, b, c, d]),
            list,
            v4,
            v6,
            octets_len: HEAD_LEN + name.len() + tail_len,
        })
    }

    pub(super) fn octets_len(&self) -> usize {
        self.octets_len
    }
}

/// The addresses of a record as octets.
#[derive(Clone, Copy, Debug)]
pub(in crate::table) struct Addresses<'t> {
    /// Four octets each.
    pub(in crate::table) v4: &'t [u8],
    /// Sixteen octets each.
    pub(in crate::table) v6: &'t [u8],
}

impl<'t> Addresses<'t> {
    /// Those of the record at `at`, whose name has that length.
    #[inline]
    pub(super) fn of_record(octets: &'t [u8], at: usize, name_len: usize) -> Option<Self> {
        let kind = *octets.get(at + 1)?;
        Self::read(kind, octets.get(at + HEAD_LEN + name_len..)?)
    }

    #[inline]
    fn read(kind: u8, rest: &'t [u8]) -> Option<Self> {
        const NONE: &[u8] = &[];
        Some(match kind & (SEVERAL | V6) {
            0 => Addresses {
                v4: rest.get(..V4_LEN)?,
                v6: NONE,
            },
            V6 => Addresses {
                v4: NONE,
                v6: rest.get(..V6_LEN)?,
            },
            _ => {
                let (counts, rest) = rest.split_first_chunk::<COUNTS_LEN>()?;
                let [v4_count, v6_count] =
                    [[counts[0], counts[1]], [counts[2], counts[3]]].map(u16::from_le_bytes);
                let (v4, rest) = rest.split_at_checked(usize::from(v4_count) * V4_LEN)?;
                let v6 = rest.get(..usize::from(v6_count) * V6_LEN)?;
                Addresses { v4, v6 }
            }
        })
    }
}

/// Appends a record of one address.
pub(super) fn write_single(
    out: &mut Vec<u8>,
    name: Name<'_>,
    address: IpAddr,
    line: u32,
    place: NamePlace,
) {
    let family = if address.is_ipv6() { V6 } else { 0 };
    write_head(out, name, family | alias_bit(place), line);
    match address {
        IpAddr::V4(v4) => out.extend_from_slice(&v4.octets()),
        IpAddr::V6(v6) => out.extend_from_slice(&v6.octets()),
    }
}

/// Appends a record of the addresses of all `records`, which are about one name, each once and in
/// their order. Past 65,535 addresses of a family further ones are left out: no answer holds more.
pub(super) fn write_several(out: &mut Vec<u8>, records: &[HostRecord<'_>]) {
    let Some(first) = records.first() else {
        return;
    };
    let is_canonical = |record: &HostRecord<'_>| record.place == NamePlace::Canonical;
    let place = if records.iter().any(is_canonical) {
        NamePlace::Canonical
    } else {
        NamePlace::Alias
    };
    write_head(out, first.name, SEVERAL | alias_bit(place), first.line);
    let v4 = distinct::<V4_LEN>(records.iter().map(|record| record.v4));
    let v6 = distinct::<V6_LEN>(records.iter().map(|record| record.v6));
    for count in [v4.len(), v6.len()] {
        out.extend_from_slice(&(count as u16).to_le_bytes());
    }
    out.extend(v4.iter().flatten());
    out.extend(v6.iter().flatten());
}

fn write_head(out: &mut Vec<u8>, name: Name<'_>, kind: u8, line: u32) {
    let wire = name.as_wire();
    out.extend_from_slice(&[wire.len() as u8, kind]);
    out.extend_from_slice(&line.to_le_bytes());
    let name_at = out.len();
    out.extend_from_slice(wire);
    out[name_at..].make_ascii_lowercase();
}

fn alias_bit(place: NamePlace) -> u8 {
    match place {
        NamePlace::Canonical => 0,
        NamePlace::Alias => ALIAS,
    }
}

fn distinct<'o, const LEN: usize>(parts: impl Iterator<Item = &'o [u8]>) -> Vec<[u8; LEN]> {
    let mut seen = hashbrown::HashSet::<[u8; LEN], foldhash::fast::FixedState>::default();
    let mut all = Vec::new();
    for octets in parts.flat_map(|part| part.as_chunks::<LEN>().0) {
        if all.len() < usize::from(u16::MAX) && seen.insert(*octets) {
            all.push(*octets);
        }
    }
    all
}
