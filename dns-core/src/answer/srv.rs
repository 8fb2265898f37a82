//! A service location on the wire.

use crate::wire::name::{LABEL_MAX, NAME_MAX};
use crate::wire::{FoldedName, Name, NameBuf};
use alloc::vec::Vec;

/// A service location (RFC 2782).
#[derive(Debug)]
pub struct Srv<'t> {
    /// Port number.
    pub port: u16,
    /// Labels in front of the target, for an endpoint of a headless service; what does not fit
    /// there is left out.
    pub hostname: Option<&'t str>,
    /// Target; a wildcard stands for the host that was asked for.
    pub host: &'t NameBuf,
    /// Share.
    pub weight: u16,
}

impl Srv<'_> {
    /// `owner` is the name that the record belongs to.
    pub(super) fn write(&self, owner: Name<'_>, out: &mut Vec<u8>) {
        const PRIORITY: u16 = 0;
        for word in [PRIORITY, self.weight, self.port] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        let mut host = self.host.as_name();
        if let Some(name) = self
            .hostname
            .and_then(|hostname| name_of_instance(hostname, host))
        {
            return out.extend_from_slice(name.as_wire());
        }
        if host.is_wildcard() {
            let is_host = |name: &Name<'_>| !name.first_label().is_some_and(is_srv_label);
            host = owner.ancestors().find(is_host).unwrap_or(owner);
        }
        out.extend_from_slice(host.as_wire());
    }
}

/// Whether a label names a service or a transport (RFC 2782).
fn is_srv_label(label: &[u8]) -> bool {
    label.starts_with(b"_")
}

/// The name of an endpoint below its host; `None` if its labels are none or make it too long.
fn name_of_instance(hostname: &str, host: Name<'_>) -> Option<FoldedName> {
    let mut room = [0; NAME_MAX];
    // The octet in front and each dot become the length of the label behind.
    let labels = room.get_mut(..=hostname.len())?;
    labels[1..].copy_from_slice(hostname.as_bytes());
    let mut at = 0;
    for label in hostname.split('.') {
        let is_label = (1..=LABEL_MAX).contains(&label.len());
        labels[at] = u8::try_from(label.len()).ok().filter(|_| is_label)?;
        at += 1 + label.len();
    }
    FoldedName::join(&[labels], host)
}
