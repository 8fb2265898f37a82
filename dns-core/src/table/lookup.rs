//! Lookups: exact, wildcard, service ports, reverse, by virtual address.

use super::NameTable;
use super::hosts::HostRecord;
use super::node::{Node, is_visible, select};
use super::plain::{PlainAnswer, PlainLookup};
use super::update::{
    AddressOrigin, Endpoint, EndpointState, HostEntry, HostKind, Port, PortTransport,
};
use crate::view::{AnswerMode, Families, View};
use crate::wire::Name;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Most names that [`NameTable::touch`] takes: a batch of datagrams.
pub(crate) const TOUCHED_MAX: usize = 32;
/// Names from which on records are mostly not in the processor's caches: at 70 octets a name these
/// are some 7 MiB.
const LARGE_NAMES: usize = 100_000;

/// What a user wrote is answered in any view.
const UNRESTRICTED: Families = Families {
    v4: false,
    v6: false,
};

/// A host as a view sees it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'t> {
    /// What the view sees of the host.
    pub host: Host<'t>,
    /// The service port, if the name asked for was `_port._transport.<host>`.
    pub port: Option<SrvPort<'t>>,
}

/// What a view sees of a host.
#[derive(Clone, Copy, Debug)]
pub enum Host<'t> {
    /// A variant of it.
    Entry(&'t Arc<HostEntry>),
    /// What hosts files say.
    Record(HostRecord<'t>),
}

impl<'t> Host<'t> {
    /// It as an entry; that of a hosts file is made for the occasion.
    pub fn to_entry(self) -> Arc<HostEntry> {
        match self {
            Host::Entry(entry) => Arc::clone(entry),
            Host::Record(record) => Arc::new(record.to_entry()),
        }
    }

    /// Whether Kubernetes short forms lead here.
    pub(crate) fn has_short_names(self) -> bool {
        match self {
            Host::Entry(entry) => entry.short_names,
            Host::Record(_) => false,
        }
    }
}

impl<'t> Found<'t> {
    fn entry(entry: &'t Arc<HostEntry>, port: Option<SrvPort<'t>>) -> Self {
        let host = Host::Entry(entry);
        Found { host, port }
    }

    /// What was found by a wildcard, as `name` asks for it: one of the form
    /// `_port._transport.<host>` asks for that port of the host, or for a port it does not have.
    pub(crate) fn for_wildcard_match(self, name: Name<'_>) -> Self {
        let port = srv_parts(name).map(|(transport, _, label)| {
            match self.host {
                Host::Entry(entry) => srv_port(entry, transport, label),
                Host::Record(_) => None,
            }
            .unwrap_or(SrvPort::Transport)
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
#[derive(Clone, Debug)]
pub struct VipMatch {
    /// The host.
    pub entry: Arc<HostEntry>,
    port: Option<usize>,
}

impl VipMatch {
    /// Its port of that number; a host without declared ports takes any.
    pub fn port(&self) -> Option<&Port> {
        self.entry.ports.get(self.port?)
    }

    /// Usable endpoints of that port, best priority first as the table holds them.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let port = self.port();
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
    /// and in the other lookups `name` is in lower case, as a [`NameBuf`](crate::wire::NameBuf) is.
    pub fn exact(&self, name: Name<'_>, view: &View) -> Option<Found<'_>> {
        let hash = self.hasher.of_wire(name.as_wire());
        let node = self.names.find_hashed(name.as_wire(), hash);
        let entry = node.and_then(|node| select(&node.variants, view));
        if let Some(entry) = entry {
            return Some(Found::entry(entry, None));
        }
        if !node.is_some_and(|node| node.hides_hosts())
            && let Some(record) = self.hosts.find(name.as_wire(), hash)
        {
            let host = Host::Record(record);
            return Some(Found { host, port: None });
        }
        let (transport, host, port_label) = srv_parts(name)?;
        let entry = select(&self.node(host)?.variants, view)?;
        let port = srv_port(entry, transport, port_label)?;
        Some(Found::entry(entry, Some(port)))
    }

    /// The host that a wildcard directly below `parent` stands for, as `view` sees it.
    pub fn wildcard_below(&self, parent: Name<'_>, view: &View) -> Option<Found<'_>> {
        let mut octets = [0; 257];
        let wire = parent.as_wire();
        octets[..2].copy_from_slice(b"\x01*");
        octets[2..2 + wire.len()].copy_from_slice(wire);
        let node = self.names.find(&octets[..2 + wire.len()])?;
        let entry = select(&node.variants, view)?;
        Some(Found::entry(entry, None))
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
        let hash = self.hasher.of_wire(name.as_wire());
        let node = self.names.find_hashed(name.as_wire(), hash);
        node.is_some_and(|node| node.descendants > 0) || self.hosts.has_names_below(hash)
    }

    /// The name an address belongs to, as `view` sees it; of several the oldest, and of those in
    /// hosts files the first canonical one.
    pub fn reverse(&self, address: IpAddr, view: &View) -> Option<Name<'_>> {
        let address = address.to_canonical();
        let entries = self
            .addresses
            .find(&address)
            .map(|node| node.entries.as_slice());
        let entry = entries
            .unwrap_or_default()
            .iter()
            .find(|entry| names_its_addresses(entry, view));
        match entry {
            Some(entry) => Some(entry.name.as_name()),
            None => self.hosts_reverse(address).map(|record| record.name),
        }
    }

    /// The host behind a virtual address and port, whoever asks; of several the oldest that has
    /// the port.
    pub fn by_vip(&self, address: IpAddr, port: u16) -> Option<VipMatch> {
        let address = address.to_canonical();
        let entries = self
            .addresses
            .find(&address)
            .map(|node| node.entries.as_slice());
        let declared = entries.unwrap_or_default().iter().find_map(|entry| {
            let declared = entry
                .ports
                .iter()
                .position(|declared| declared.number == port);
            (declared.is_some() || entry.ports.is_empty()).then(|| VipMatch {
                entry: Arc::clone(entry),
                port: declared,
            })
        });
        declared.or_else(|| {
            let entry = Arc::new(self.hosts_reverse(address)?.to_entry());
            Some(VipMatch { entry, port: None })
        })
    }

    /// The entries that `view` sees, one a name, in order of their names. Sorts: not for the query
    /// path.
    pub fn entries_for(&self, view: &View) -> Vec<Arc<HostEntry>> {
        let mut entries = self.declared_for(view);
        entries.extend(self.hosts_entries());
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// The entries that `view` sees but those of hosts files, one a name, in order of their names.
    /// Sorts: not for the query path.
    pub fn declared_for(&self, view: &View) -> Vec<Arc<HostEntry>> {
        let seen = self
            .names
            .iter()
            .filter_map(|node| select(&node.variants, view));
        let mut entries: Vec<_> = seen.cloned().collect();
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// The hash of a name in lower case, as wire octets.
    #[inline]
    pub(crate) fn hash(&self, wire: &[u8]) -> u64 {
        self.hasher.of_wire(wire)
    }

    /// Whether there is nothing at all to look up.
    #[inline]
    pub(crate) fn has_no_names(&self) -> bool {
        self.answerable == 0 && self.hosts.len() == 0
    }

    /// What is known of a name in lower case as it stands, whose hash is `hash`.
    #[inline]
    pub(crate) fn plain(&self, wire: &[u8], hash: u64) -> PlainLookup<'_> {
        if let Some(node) = self.names.find_hashed(wire, hash) {
            if let Some(plain) = &node.plain {
                return PlainLookup::Plain(plain.answer());
            }
            if node.hides_hosts() {
                return PlainLookup::Other;
            }
        }
        match self.hosts.find_addresses(wire, hash) {
            Some(addresses) => PlainLookup::Plain(PlainAnswer {
                ttl_secs: None,
                v4: addresses.v4,
                v6: addresses.v6,
                restricted: UNRESTRICTED,
            }),
            None => PlainLookup::Absent,
        }
    }

    /// Brings the records of names of these hashes into the processor's cache, all slots before
    /// any record, so that the waits for memory overlap.
    pub(crate) fn touch(&self, hashes: &[u64; TOUCHED_MAX]) {
        let slots = hashes.map(|hash| self.hosts.touch_slot(hash));
        let octets = slots.map(|slot| self.hosts.touch_record(slot));
        core::hint::black_box(octets);
    }

    /// Whether the table is so large that [`NameTable::touch`] pays: one that fits in the caches
    /// only loses by it.
    pub(crate) fn is_large(&self) -> bool {
        self.hosts.len() >= LARGE_NAMES
    }

    /// Whether some name begins with an asterisk.
    pub(crate) fn has_wildcards(&self) -> bool {
        self.wildcards > 0
    }

    /// Whether some entry answers clients whose views would forward everything.
    pub(crate) fn has_outside_answers(&self) -> bool {
        self.outside > 0
    }

    pub(super) fn has_hosts(&self, name: Name<'_>) -> bool {
        self.hosts
            .find(name.as_wire(), self.hash(name.as_wire()))
            .is_some()
    }

    fn hosts_reverse(&self, address: IpAddr) -> Option<HostRecord<'_>> {
        let record = self.hosts.reverse(address, &self.hasher)?;
        (!self.hides_hosts(record.name)).then_some(record)
    }

    fn node(&self, name: Name<'_>) -> Option<&Arc<Node>> {
        self.names.find(name.as_wire())
    }
}

/// Whether the view is told the name of an entry by an address of it: not that of one which is
/// forwarded in that view, and a wildcard is no name.
fn names_its_addresses(entry: &HostEntry, view: &View) -> bool {
    let is_forwarded = entry.answers.mode(view.answer) == AnswerMode::Forward;
    is_visible(entry, view) && !is_forwarded && !entry.name.as_name().is_wildcard()
}

/// Whether an address of an entry leads back to its name. The endpoints of a host are machines
/// with names of their own, but for the instances of a headless service.
pub(super) fn is_reversible(entry: &HostEntry, origin: AddressOrigin) -> bool {
    match entry.kind {
        HostKind::Alias | HostKind::Headless => false,
        HostKind::Instance => true,
        HostKind::Service | HostKind::Product | HostKind::External | HostKind::Mirror => {
            origin.is_virtual()
        }
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
