//! What a table is made of: [`HostEntry`] and [`TableUpdate`], the only input of the writer.
//!
//! Producers (the NDS client, the table compiler) build these values; everything that may be
//! refused has been refused before one exists.

use crate::locality::Locality;
use crate::view::AnswerMode;
use crate::wire::NameBuf;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

/// A change of the table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableUpdate {
    /// The whole table; what it does not name is gone. Entries of one name are its variants.
    Replace(Vec<HostEntry>),
    /// A change by name: each name gets exactly the variants given, none removes it.
    Patch(Vec<(NameBuf, Vec<HostEntry>)>),
}

/// One host as one owner declares it. A name may have several, its variants; the view of the
/// asker picks one.
#[derive(Clone, Debug, PartialEq)]
pub struct HostEntry {
    /// The name, lower case; a first label `*` covers every name below the rest.
    pub name: NameBuf,
    /// What the name stands for.
    pub kind: HostKind,
    /// Namespace of the owner, if it has one.
    pub namespace: Option<Arc<str>>,
    /// Addresses to answer with. Empty together with no `cname`: the entry does not exist for
    /// queries.
    pub addresses: Vec<HostAddress>,
    /// Whether the entry wants virtual addresses from the ledger, per family.
    pub vip_wanted: VipWanted,
    /// State of its virtual addresses.
    pub vip_state: VipState,
    /// Addresses it had before a merge of ledgers moved it; still matched by reverse lookups.
    pub former_vips: Vec<IpAddr>,
    /// Target of an ExternalName service.
    pub cname: Option<NameBuf>,
    /// The entry's own TTL in seconds; `None` takes the resolver's default.
    pub ttl_secs: Option<u32>,
    /// Ports of the service.
    pub ports: Vec<Port>,
    /// Where connections to the name go, usable or not, in order of preference.
    pub endpoints: Vec<Endpoint>,
    /// What clients without a proxy dial, where that is not the endpoints: the best of a product's
    /// gateways.
    pub dialled: Vec<IpAddr>,
    /// What clients are answered with, where their views are not to decide.
    pub answers: Answers,
    /// The name this one is an alias of; its data is already copied here.
    pub alias_of: Option<NameBuf>,
    /// Whether Kubernetes short forms (`a`, `a.ns`, `a.ns.svc`) lead here.
    pub short_names: bool,
    /// Which namespaces may resolve it.
    pub visibility: Visibility,
    /// Whether this variant beats others of its kind for askers of no matching namespace
    /// (a Kubernetes Service; the flag of ztunnel's services).
    pub canonical: bool,
    /// Creation time in seconds since 1970; unknown is youngest.
    pub created_secs: Option<u64>,
    /// State of the name.
    pub state: NameState,
    /// Where the entry came from.
    pub source: Source,
}

impl HostEntry {
    /// An entry of that name and kind with nothing else said: visible to all, no addresses.
    pub fn new(name: NameBuf, kind: HostKind, source: Source) -> Self {
        HostEntry {
            name,
            kind,
            namespace: None,
            addresses: Vec::new(),
            vip_wanted: VipWanted::default(),
            vip_state: VipState::None,
            former_vips: Vec::new(),
            cname: None,
            ttl_secs: None,
            ports: Vec::new(),
            endpoints: Vec::new(),
            dialled: Vec::new(),
            answers: Answers::default(),
            alias_of: None,
            short_names: false,
            visibility: Visibility::Everyone,
            canonical: false,
            created_secs: None,
            state: NameState::Live,
            source,
        }
    }

    /// Whether a query can be answered from it at all.
    pub fn is_answerable(&self) -> bool {
        !self.addresses.is_empty() || self.cname.is_some()
    }
}

/// What the clients of a name are answered with, by what their view would have; `None` leaves it to
/// the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answers {
    /// In place of [`AnswerMode::Vip`]: clients with a proxy.
    pub mesh: Option<AnswerMode>,
    /// In place of [`AnswerMode::Endpoints`]: clients without.
    pub no_proxy: Option<AnswerMode>,
    /// In place of [`AnswerMode::Forward`]: clients outside the mesh.
    pub outside: Option<AnswerMode>,
    /// Whether the name exists and has no address: what its owner wants while all of its members
    /// are down.
    pub is_withheld: bool,
}

impl Answers {
    /// What clients are answered with whose view would have `of_view`.
    pub fn mode(self, of_view: AnswerMode) -> AnswerMode {
        let own = match of_view {
            AnswerMode::Vip => self.mesh,
            AnswerMode::Endpoints => self.no_proxy,
            AnswerMode::Forward => self.outside,
        };
        own.unwrap_or(of_view)
    }
}

/// What a name stands for. The order is the rank of variants of one name, best first
/// (a Kubernetes Service beats a ServiceEntry that decorates it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostKind {
    /// A Kubernetes Service with cluster addresses, or an ExternalName one.
    Service,
    /// A Kubernetes Service without cluster addresses: it answers with its endpoints.
    Headless,
    /// One endpoint of a headless service.
    Instance,
    /// A product hostname.
    Product,
    /// A ServiceEntry host, or any other host of a name table or hosts file.
    External,
    /// A further name of a service, made by a template (`<service>-<cluster>`).
    Mirror,
    /// Another name of an entry.
    Alias,
}

impl HostKind {
    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            HostKind::Service => "service",
            HostKind::Headless => "headless",
            HostKind::Instance => "instance",
            HostKind::Product => "product",
            HostKind::External => "external",
            HostKind::Mirror => "mirror",
            HostKind::Alias => "alias",
        }
    }
}

/// An address to answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// The address.
    pub ip: IpAddr,
    /// How the entry came by it.
    pub origin: AddressOrigin,
    /// Network it is valid in; `None` is valid everywhere.
    pub network: Option<Arc<str>>,
}

impl HostAddress {
    /// An address that is valid in every network.
    pub fn new(ip: IpAddr, origin: AddressOrigin) -> Self {
        HostAddress {
            ip,
            origin,
            network: None,
        }
    }
}

/// How an entry came by an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressOrigin {
    /// Written by a user: `spec.addresses`, `ProductName.vip`, a hosts file. A pin.
    Pinned,
    /// `status.addresses` of a ServiceEntry: allotted by Istio.
    Status,
    /// Allotted by our ledger.
    Allotted,
    /// Cluster address of a Kubernetes Service.
    Cluster,
    /// Address of an endpoint.
    Endpoint,
    /// Sent by a control plane in a name table.
    Pushed,
}

impl AddressOrigin {
    /// Whether the families of a view decide about it. What a user, a cluster or a control plane
    /// wrote is answered in any view.
    pub fn is_subject_to_families(self) -> bool {
        matches!(self, AddressOrigin::Status | AddressOrigin::Allotted)
    }

    /// Whether it is a virtual address that stands for the name rather than for a machine.
    pub fn is_virtual(self) -> bool {
        !matches!(self, AddressOrigin::Endpoint)
    }

    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            AddressOrigin::Pinned => "pinned",
            AddressOrigin::Status => "status",
            AddressOrigin::Allotted => "allotted",
            AddressOrigin::Cluster => "cluster",
            AddressOrigin::Endpoint => "endpoint",
            AddressOrigin::Pushed => "pushed",
        }
    }
}

/// Families the ledger shall allot to an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VipWanted {
    /// An IPv4 address.
    pub v4: bool,
    /// An IPv6 address.
    pub v6: bool,
}

impl VipWanted {
    /// Both families.
    pub const BOTH: VipWanted = VipWanted { v4: true, v6: true };
}

/// State of an entry's virtual addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VipState {
    /// It has none and wants none.
    None,
    /// Written by a user.
    Pinned,
    /// Taken over from `status.addresses`.
    Imported,
    /// Allotted and recorded in the journal.
    Allotted,
    /// Allotted, but the journal cannot be written.
    Unrecorded,
    /// Wanted, but its pool is full.
    Exhausted,
}

impl VipState {
    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            VipState::None => "none",
            VipState::Pinned => "pinned",
            VipState::Imported => "imported",
            VipState::Allotted => "allotted",
            VipState::Unrecorded => "unrecorded",
            VipState::Exhausted => "exhausted",
        }
    }
}

/// State of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameState {
    /// Its source declares it.
    Live,
    /// Its source is gone or unreadable; served from the last good objects.
    Stale,
    /// A product name whose last member went: answered until its grace ends.
    Grace,
}

impl NameState {
    /// Fixed text for output and metrics.
    pub fn label(self) -> &'static str {
        match self {
            NameState::Live => "live",
            NameState::Stale => "stale",
            NameState::Grace => "withdrawn",
        }
    }
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name; a port without one has no SRV record.
    pub name: Option<Arc<str>>,
    /// Its number.
    pub number: u16,
    /// Transport below it, as `_tcp` in an SRV name.
    pub transport: PortTransport,
    /// Application protocol as the object says it (`HTTP`, `TLS`, `kubernetes.io/h2c`).
    pub app_protocol: Option<Arc<str>>,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortTransport {
    /// TCP, the default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl PortTransport {
    /// Lower-case name, as in an SRV owner after the underscore (RFC 2782).
    pub fn label(self) -> &'static str {
        match self {
            PortTransport::Tcp => "tcp",
            PortTransport::Udp => "udp",
            PortTransport::Sctp => "sctp",
        }
    }
}

/// A place that serves a name: an address and one port.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Where to connect.
    pub address: EndpointAddress,
    /// Port to connect to.
    pub port: u16,
    /// Name of the service port that this one serves.
    pub port_name: Option<Arc<str>>,
    /// Host name of the endpoint below its headless service, if it has one: a label, and where it
    /// takes the cluster to tell two endpoints apart, that behind it (`pod-0.c1`).
    pub hostname: Option<Arc<str>>,
    /// Cluster it runs in.
    pub cluster: Option<Arc<str>>,
    /// Network its address belongs to; `None` is reachable from everywhere.
    pub network: Option<Arc<str>>,
    /// Place it runs in.
    pub locality: Option<Locality>,
    /// Labels that subsets select by.
    pub subset: BTreeMap<Arc<str>, Arc<str>>,
    /// Whether the address is the endpoint's own or a gateway's.
    pub via: Via,
    /// Lower is preferred.
    pub priority: u32,
    /// Share inside its priority.
    pub weight: u32,
    /// Whether it may be used.
    pub state: EndpointState,
    /// Authority (SNI, Host) to send through a gateway.
    pub authority: Option<Arc<str>>,
    /// TLS identities to expect (SPIFFE ids or DNS names); empty expects the mesh's default.
    pub identity: Vec<Arc<str>>,
    /// Cluster that the connection crosses on its way.
    pub transit: Option<Arc<str>>,
}

impl Endpoint {
    /// A usable endpoint at `address` and `port`, weight 1, nothing else known.
    pub fn new(address: EndpointAddress, port: u16) -> Self {
        Endpoint {
            address,
            port,
            port_name: None,
            hostname: None,
            cluster: None,
            network: None,
            locality: None,
            subset: BTreeMap::new(),
            via: Via::Direct,
            priority: 0,
            weight: 1,
            state: EndpointState::Ready,
            authority: None,
            identity: Vec::new(),
            transit: None,
        }
    }
}

/// Where an endpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointAddress {
    /// At an address.
    Ip(IpAddr),
    /// At a host name that the data plane resolves.
    Host(NameBuf),
    /// At a unix socket.
    Unix(Arc<str>),
}

/// Whether an endpoint's address is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Its own.
    Direct,
    /// A gateway of its network.
    Gateway,
}

impl Via {
    /// Fixed text for output.
    pub fn label(self) -> &'static str {
        match self {
            Via::Direct => "direct",
            Via::Gateway => "gateway",
        }
    }
}

/// Whether an endpoint may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// It may.
    Ready,
    /// It may not, and why (`not-ready`, `terminating`, `no-gateway(net2)`, `no-mesh-port`).
    Unavailable(Arc<str>),
}

/// Which namespaces may resolve an entry (`exportTo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// All.
    Everyone,
    /// These only.
    Namespaces(BTreeSet<Arc<str>>),
}

/// The object an entry came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Cluster of the object, if known.
    pub cluster: Option<Arc<str>>,
    /// Its kind: `ServiceEntry`, `Service`, `NameTable`, `hosts`.
    pub kind: Arc<str>,
    /// Its namespace.
    pub namespace: Option<Arc<str>>,
    /// Its name; for a line of a hosts file the name on it.
    pub name: Arc<str>,
    /// File and line it was read from.
    pub location: Option<Arc<str>>,
    /// `metadata.generation`, or 0.
    pub generation: u64,
}
