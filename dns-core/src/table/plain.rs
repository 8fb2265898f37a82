//! What a name answers when nothing about the asker matters but the families it can use: the form
//! that the fast path copies from.

use super::update::{HostEntry, Visibility};
use crate::view::{AnswerMode, Families};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Octets of the addresses that a name answers with, ready to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainAnswer<'t> {
    /// The name's own TTL in seconds.
    pub(crate) ttl_secs: Option<u32>,
    /// IPv4 addresses, four octets each.
    pub(crate) v4: &'t [u8],
    /// IPv6 addresses, sixteen octets each.
    pub(crate) v6: &'t [u8],
    /// Families whose addresses only askers get that can use the family.
    pub(crate) restricted: Families,
}

/// What is known of a name as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainLookup<'t> {
    /// It says the same to nearly all.
    Plain(PlainAnswer<'t>),
    /// What it says depends on more.
    Other,
    /// Nothing answers it.
    Absent,
}

/// The owned form, kept beside the variants of a name.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    ttl_secs: Option<u32>,
    octets: Box<[u8]>,
    v4_len: usize,
    restricted: Families,
}

impl Plain {
    /// The plain form of a name, if it has one: a single variant that all may see, with addresses
    /// that are valid in every network and that clients with a proxy are answered with.
    pub(super) fn of(variants: &[Arc<HostEntry>]) -> Option<Self> {
        let mut answerable = variants.iter().filter(|entry| entry.is_answerable());
        let entry = answerable.next()?;
        let is_single = answerable.next().is_none();
        let is_virtual =
            entry.answers.mode(AnswerMode::Vip) == AnswerMode::Vip && !entry.answers.is_withheld;
        let is_for_all =
            entry.visibility == Visibility::Everyone && entry.cname.is_none() && is_virtual;
        let is_everywhere = entry.addresses.iter().all(|a| a.network.is_none());
        if !(is_single && is_for_all && is_everywhere) {
            return None;
        }
        let mut octets: Vec<u8> = octets_of(entry, IpAddr::is_ipv4).collect();
        let v4_len = octets.len();
        octets.extend(octets_of(entry, IpAddr::is_ipv6));
        Some(Plain {
            ttl_secs: entry.ttl_secs,
            octets: octets.into_boxed_slice(),
            v4_len,
            restricted: Families {
                v4: restriction(entry, IpAddr::is_ipv4)?,
                v6: restriction(entry, IpAddr::is_ipv6)?,
            },
        })
    }

    pub(super) fn answer(&self) -> PlainAnswer<'_> {
        let (v4, v6) = self.octets.split_at(self.v4_len);
        PlainAnswer {
            ttl_secs: self.ttl_secs,
            v4,
            v6,
            restricted: self.restricted,
        }
    }
}

fn octets_of(entry: &HostEntry, is_family: impl Fn(&IpAddr) -> bool) -> impl Iterator<Item = u8> {
    let of_family = entry
        .addresses
        .iter()
        .map(|a| a.ip)
        .filter(move |ip| is_family(ip));
    of_family.flat_map(|ip| {
        let (octets, len) = match ip {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                ([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4)
            }
            IpAddr::V6(v6) => (v6.octets(), 16),
        };
        octets.into_iter().take(len)
    })
}

/// Whether the addresses of a family are only for askers who can use it; `None` if some are and
/// some are not.
fn restriction(entry: &HostEntry, is_family: impl Fn(&IpAddr) -> bool) -> Option<bool> {
    let mut of_family = entry
        .addresses
        .iter()
        .filter(|address| is_family(&address.ip));
    let Some(first) = of_family.next() else {
        return Some(false);
    };
    let is_restricted = first.origin.is_subject_to_families();
    of_family
        .all(|address| address.origin.is_subject_to_families() == is_restricted)
        .then_some(is_restricted)
}
