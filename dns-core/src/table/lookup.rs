//! Lookups: exact, wildcard, service ports, reverse, by virtual address.

use super::NameTable;
use super::node::{Node, is_visible, select};
use super::update::{
    AddressOrigin, Endpoint, EndpointState, HostEntry, HostKind, Port, PortTransport,
};
use crate::view::View;
use crate::wire::{Name, NameBuf};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// A host as a view sees it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'t> {
    /// The variant of the host that the view sees.
    pub entry: &'t Arc<HostEntry>,
    /// The service port, if the name asked for was `_port._transport.<host>`.
    pub port: Option<SrvPort<'t>>,
}

impl Found<'_> {
    /// What was found by a wildcard, as `name` asks for it: one of the form
    /// `_port._transport.<host>` asks for that port of the host, or for a port it does not have.
    pub(crate) fn for_wildcard_match(self, name: Name<'_>) -> Self {
        let port = srv_parts(name).map(|(transport, _, label)| {
            srv_port(self.entry, transport, label).unwrap_or(SrvPort::Transport)
        });
        Found { port, ..self }
    }
}

/// What stands in front of the host in an SRV name (RFC 2782).
#[derive(Clone, Copy, Debug)]
pub enum SrvPort<'t> {
    /// `_port._transport`: that port.
    Port(&'t Port),
    /// `_transport` alone, or below a wildcard a port that the host does not have: no records.
    Transport,
}

/// The host behind a virtual address and port, for a proxy that took a connection to it.
#[derive(Clone, Copy, Debug)]
pub struct VipMatch<'t> {
    /// The host.
    pub entry: &'t Arc<HostEntry>,
    /// Its port of that number; a host without declared ports takes any.
    pub port: Option<&'t Port>,
}

impl<'t> VipMatch<'t> {
    /// Usable endpoints of that port, best priority first as the table holds them.
    pub fn endpoints(&self) -> impl Iterator<Item = &'t Endpoint> + use<'t> {
        let port = self.port;
        self.entry.endpoints.iter().filter(move |endpoint| {
            endpoint.state == EndpointState::Ready
                && port.is_none_or(|port| {
                    endpoint.port_name.is_none() || endpoint.port_name == port.name
                })
        })
    }
}

impl NameTable {
    /// The host of exactly that name, or of the host behind an SRV name, as `view` sees it. Here
    /// and in the other lookups `name` is in lower case, as a [`NameBuf`] is.
    pub fn exact(&self, name: Name<'_>, view: &View) -> Option<Found<'_>> {
        if let Some(node) = self.node(name) {
            let entry = select(&node.variants, view);
            if let Some(entry) = entry {
                return Some(Found { entry, port: None });
            }
        }
        let (transport, host, port_label) = srv_parts(name)?;
        let entry = select(&self.node(host)?.variants, view)?;
        let port = srv_port(entry, transport, port_label)?;
        Some(Found {
            entry,
            port: Some(port),
        })
    }

    /// The host that a wildcard directly below `parent` stands for, as `view` sees it.
    pub fn wildcard_below(&self, parent: Name<'_>, view: &View) -> Option<Found<'_>> {
        let mut octets = [0; 257];
        let wire = parent.as_wire();
        octets[..2].copy_from_slice(b"\x01*");
        octets[2..2 + wire.len()].copy_from_slice(wire);
        let node = self.names.find(&octets[..2 + wire.len()])?;
        let entry = select(&node.variants, view)?;
        Some(Found { entry, port: None })
    }

    /// The host of a name as `view` sees it: exact, else the wildcard of the longest suffix. The
    /// name between the wildcard and its match may exist (unlike RFC 4592 section 3.3.1): that is
    /// how service entries are meant.
    pub fn lookup(&self, name: Name<'_>, view: &View) -> Option<Found<'_>> {
        self.exact(name, view).or_else(|| {
            name.ancestors()
                .skip(1)
                .find_map(|parent| self.wildcard_below(parent, view))
                .map(|found| found.for_wildcard_match(name))
        })
    }

    /// Whether there are names below `name` that can be answered.
    pub fn has_names_below(&self, name: Name<'_>) -> bool {
        self.node(name).is_some_and(|node| node.descendants > 0)
    }

    /// The name an address belongs to, as `view` sees it; of several the oldest.
    pub fn reverse(&self, address: IpAddr, view: &View) -> Option<&NameBuf> {
        let node = self.addresses.find(&address.to_canonical())?;
        let entry = node
            .entries
            .iter()
            .find(|entry| is_visible(entry, view) && !entry.name.as_name().is_wildcard())?;
        Some(&entry.name)
    }

    /// The host behind a virtual address and port, whoever asks; of several the oldest that has
    /// the port.
    pub fn by_vip(&self, address: IpAddr, port: u16) -> Option<VipMatch<'_>> {
        let node = self.addresses.find(&address.to_canonical())?;
        node.entries.iter().find_map(|entry| {
            let declared = entry.ports.iter().find(|declared| declared.number == port);
            (declared.is_some() || entry.ports.is_empty()).then_some(VipMatch {
                entry,
                port: declared,
            })
        })
    }

    /// The entries that `view` sees, one a name, in order of their names. Sorts: not for the query
    /// path.
    pub fn entries_for(&self, view: &View) -> Vec<Arc<HostEntry>> {
        let seen = self
            .names
            .iter()
            .filter_map(|node| select(&node.variants, view));
        let mut entries: Vec<_> = seen.cloned().collect();
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    fn node(&self, name: Name<'_>) -> Option<&Arc<Node>> {
        self.names.find(name.as_wire())
    }
}

/// Whether an address of an entry leads back to its name. The endpoints of a host are machines
/// with names of their own, but for the instances of a headless service.
pub(super) fn is_reversible(entry: &HostEntry, origin: AddressOrigin) -> bool {
    match entry.kind {
        HostKind::Alias | HostKind::Headless => false,
        HostKind::Instance => true,
        HostKind::Service | HostKind::Product | HostKind::External => origin.is_virtual(),
    }
}

/// Splits `_port._transport.<host>` or `_transport.<host>`.
fn srv_parts(name: Name<'_>) -> Option<(PortTransport, Name<'_>, Option<&[u8]>)> {
    let first = name.first_label()?;
    let rest = name.parent()?;
    // Looked for first: a port may have the name of a transport.
    if let (Some(port_label), Some(transport)) = (
        first.strip_prefix(b"_"),
        rest.first_label().and_then(transport_of),
    ) {
        return Some((transport, rest.parent()?, Some(port_label)));
    }
    Some((transport_of(first)?, rest, None))
}

fn transport_of(label: &[u8]) -> Option<PortTransport> {
    let transports = [PortTransport::Tcp, PortTransport::Udp, PortTransport::Sctp];
    let label = label.strip_prefix(b"_")?;
    transports
        .into_iter()
        .find(|t| label.eq_ignore_ascii_case(t.label().as_bytes()))
}

fn srv_port<'t>(
    entry: &'t HostEntry,
    transport: PortTransport,
    port_label: Option<&[u8]>,
) -> Option<SrvPort<'t>> {
    let mut ports = entry
        .ports
        .iter()
        .filter(|port| port.transport == transport);
    match port_label {
        Some(label) => ports
            .find(|port| {
                port.name
                    .as_ref()
                    .is_some_and(|name| label.eq_ignore_ascii_case(name.as_bytes()))
            })
            .map(SrvPort::Port),
        None => ports
            .any(|port| port.name.is_some())
            .then_some(SrvPort::Transport),
    }
}
