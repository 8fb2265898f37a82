//! `given.state` of the ztunnel cases as entries of a table and a view, and a resolver that
//! answers from them without any socket.
//!
//! These cases go through the public API: no input file says that a service is canonical, or that
//! one host has an address a network.

use super::agents::Asked;
use super::expectation::Seen;
use crate::client::{Question, Reply};
use crate::script::Script;
use dns_core::table::Completeness;
use dns_core::{
    AddressOrigin, Client, Disposition, Families, ForwardPolicy, HostAddress, HostEntry, HostKind,
    Millis, NameBuf, Random, Resolver, ResolverConfig, Route, Snapshot, Source, TableUpdate,
    TableWriter, Transmit, Transport, View, Views, Visibility,
};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Where the scripted upstream is said to be; nothing is ever sent there.
const UPSTREAM: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 53)), 53);

/// Steps after which a question that gets no answer is given up.
const STEPS_MAX: usize = 64;

/// `given.state` of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateText {
    pub(super) client: ClientText,
    cluster_domain: Option<String>,
    search: Option<Vec<String>>,
    preferred_namespace: Option<String>,
    ipv6_enabled: Option<bool>,
    services: Vec<ServiceText>,
    #[serde(default)]
    workloads: Vec<WorkloadText>,
}

/// The workload that asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientText {
    #[serde(rename = "workload")]
    _workload: Option<String>,
    namespace: String,
    network: String,
    #[serde(default)]
    pub(super) ips: Vec<IpAddr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    hostname: String,
    namespace: String,
    vips: Vec<VipText>,
    canonical: bool,
    visibility: VisibilityText,
    ip_families: FamiliesText,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VipText {
    network: String,
    ip: IpAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum VisibilityText {
    Public,
    Namespace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FamiliesText {
    Automatic,
    Ipv4Only,
    Ipv6Only,
    Dual,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkloadText {
    #[serde(rename = "uid")]
    _uid: String,
    namespace: String,
    #[serde(rename = "network")]
    _network: String,
    hostname: Option<String>,
    ips: Vec<String>,
    services: Vec<String>,
}

impl StateText {
    pub(super) fn domain(&self) -> &str {
        self.cluster_domain.as_deref().unwrap_or("cluster.local")
    }

    /// What the client's workload is answered as.
    pub(super) fn view(&self) -> Result<View, String> {
        let domain = name(self.domain())?;
        let namespace = self.client.namespace.as_str();
        let search = match &self.search {
            Some(search) => search
                .iter()
                .map(|domain| name(domain))
                .collect::<Result<_, _>>()?,
            None => View::kubernetes_search(namespace, &domain),
        };
        Ok(View {
            namespace: Some(namespace.into()),
            search,
            families: Families {
                v4: true,
                v6: self.ipv6_enabled.unwrap_or(true),
            },
            network: Some(self.client.network.as_str().into()),
            preferred_namespace: self.preferred_namespace.as_deref().map(Into::into),
            ..View::new(domain)
        })
    }

    /// The services, and the workloads of headless ones by their host names.
    pub(super) fn entries(&self) -> Result<Vec<HostEntry>, String> {
        let services = self
            .services
            .iter()
            .enumerate()
            .map(|(index, s)| self.service(index, s));
        let named = self
            .workloads
            .iter()
            .filter(|workload| workload.hostname.is_some());
        services
            .chain(named.map(|workload| self.instance(workload)))
            .collect()
    }

    fn service(&self, index: usize, service: &ServiceText) -> Result<HostEntry, String> {
        let is_kubernetes = service
            .hostname
            .ends_with(&format!(".svc.{}", self.domain()));
        let kind = match (is_kubernetes, service.vips.is_empty()) {
            (true, false) => HostKind::Service,
            (true, true) => HostKind::Headless,
            (false, _) => HostKind::External,
        };
        let mut entry = HostEntry::new(name(&service.hostname)?, kind, source("Service"));
        entry.namespace = Some(service.namespace.as_str().into());
        entry.short_names = is_kubernetes;
        entry.canonical = service.canonical;
        // The first of a list wins where nothing else decides: it is the oldest.
        entry.created_secs = u64::try_from(index).ok();
        if service.visibility == VisibilityText::Namespace {
            entry.visibility =
                Visibility::Namespaces(BTreeSet::from([service.namespace.as_str().into()]));
        }
        entry.addresses = match kind {
            HostKind::Headless => self.endpoints(service),
            _ => service.vips.iter().map(vip).collect(),
        };
        entry
            .addresses
            .retain(|address| service.ip_families.has(address.ip));
        Ok(entry)
    }

    fn endpoints(&self, service: &ServiceText) -> Vec<HostAddress> {
        let key = format!("{}/{}", service.namespace, service.hostname);
        let workloads = self
            .workloads
            .iter()
            .filter(|workload| workload.services.contains(&key));
        workloads.flat_map(WorkloadText::addresses).collect()
    }

    fn instance(&self, workload: &WorkloadText) -> Result<HostEntry, String> {
        let hostname = workload.hostname.as_deref().unwrap_or_default();
        let mut entry = HostEntry::new(name(hostname)?, HostKind::Instance, source("Workload"));
        entry.namespace = Some(workload.namespace.as_str().into());
        entry.short_names = true;
        entry.addresses = workload.addresses().collect();
        Ok(entry)
    }

    /// Addresses of the workload that a name, short or not, stands for.
    pub(super) fn pod_addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let full = format!("{host}.svc.{}", self.domain());
        let is_it = |workload: &&WorkloadText| {
            workload
                .hostname
                .as_ref()
                .is_some_and(|name| *name == host || *name == full)
        };
        let workload = self.workloads.iter().find(is_it)?;
        Some(workload.addresses().map(|address| address.ip).collect())
    }
}

impl FamiliesText {
    fn has(self, ip: IpAddr) -> bool {
        match self {
            FamiliesText::Automatic | FamiliesText::Dual => true,
            FamiliesText::Ipv4Only => ip.is_ipv4(),
            FamiliesText::Ipv6Only => ip.is_ipv6(),
        }
    }
}

impl WorkloadText {
    fn addresses(&self) -> impl Iterator<Item = HostAddress> + '_ {
        let ips = self.ips.iter().filter_map(|ip| ip.parse().ok());
        ips.map(|ip| HostAddress::new(ip, AddressOrigin::Endpoint))
    }
}

fn vip(text: &VipText) -> HostAddress {
    let network = Some(text.network.as_str()).filter(|network| !network.is_empty());
    HostAddress {
        ip: text.ip,
        origin: AddressOrigin::Status,
        network: network.map(Into::into),
    }
}

pub(super) fn name(text: &str) -> Result<NameBuf, String> {
    NameBuf::parse(text).map_err(|error| format!("name {text}: {error:?}"))
}

pub(super) fn source(kind: &str) -> Source {
    Source {
        kind: kind.into(),
        ..Source::default()
    }
}

/// A resolver, its table and a scripted upstream, in virtual time.
pub(super) struct Mesh {
    resolver: Resolver,
    script: Script,
    client: IpAddr,
    now: Millis,
}

impl Mesh {
    /// A resolver that answers `views` from `entries` and forwards to a server that plays
    /// `script`. Questions come from `client`.
    pub(super) fn new(
        entries: Vec<HostEntry>,
        views: Views,
        script: Script,
        client: IpAddr,
    ) -> Result<Self, String> {
        let mut writer = TableWriter::new(1);
        let route = Route::new(name(".")?, [UPSTREAM]);
        let snapshot = Snapshot {
            table: writer.apply(TableUpdate::Replace(entries), Completeness::Complete),
            views,
            zones: Vec::new(),
            forward: ForwardPolicy::new([route]),
        };
        let random = Box::new(Counter(0x2545_f491));
        let resolver = Resolver::new(ResolverConfig::default(), Arc::new(snapshot), random);
        Ok(Mesh {
            resolver,
            script,
            client,
            now: Millis(1_000),
        })
    }

    /// Runs the upstream until the answer comes; time passes only when nothing else can happen.
    fn play_upstream(&mut self) -> Result<(Option<Vec<u8>>, bool), String> {
        let mut asked = false;
        for _ in 0..STEPS_MAX {
            let mut octets = Vec::new();
            match self.resolver.poll_transmit(&mut octets) {
                Some(Transmit::Answer(_)) => return Ok((Some(octets), asked)),
                Some(Transmit::Ask {
                    exchange,
                    transport,
                    ..
                }) => {
                    asked = true;
                    if let Some(reply) = self.script.reply(&octets, transport) {
                        self.resolver.handle_reply(self.now, exchange, &reply);
                    }
                }
                Some(Transmit::Close(_) | Transmit::Wake(_)) => {}
                None => {
                    let Some(due) = self.resolver.poll_timeout() else {
                        return Ok((None, asked));
                    };
                    self.now = self.now.max(due);
                    self.resolver.handle_timeout(self.now);
                }
            }
        }
        Err("the resolver does not come to an end".to_owned())
    }
}

impl Asked for Mesh {
    fn ask(
        &mut self,
        question: &Question,
        transport: Transport,
        _silence: bool,
    ) -> Result<Seen, String> {
        let client = Client {
            address: SocketAddr::new(self.client, 40_000),
            transport,
            token: 7,
        };
        let mut octets = Vec::new();
        let query = question.to_bytes()?;
        let (answer, upstream_asked) =
            match self
                .resolver
                .handle_query(self.now, client, &query, &mut octets)
            {
                Disposition::Answered => (Some(octets), false),
                Disposition::Dropped => (None, false),
                Disposition::Pending => self.play_upstream()?,
            };
        let reply = answer
            .map(|octets| Reply::parse(octets, Duration::ZERO))
            .transpose()?;
        Ok(Seen {
            reply,
            upstream_asked,
        })
    }
}

/// Numbers that differ (xorshift); nobody guesses ids here.
struct Counter(u32);

impl Random for Counter {
    fn next_u32(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}
