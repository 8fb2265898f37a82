//! [`RouteSpec`]: a route as it is configured, and how routes become a [`ForwardPolicy`].

use super::{Config, NamedServer, Upstream, Upstreams};
use crate::upstream_names::HostAddresses;
use dns_core::wire::Rcode;
use dns_core::{Caching, ForwardPolicy, Name, NameBuf, Next, Route, Server, Strategy};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Longest TTL in seconds of negative answers about names of the cluster domain, unless another
/// is configured: a Service that comes up is found soon after, as with NodeLocal DNSCache.
pub const CLUSTER_NEGATIVE_TTL_SECS: u32 = 5;

/// Servers for the names below a suffix, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSpec {
    /// The suffix; never the root.
    pub suffix: NameBuf,
    /// Names left to shorter suffixes.
    pub except: Vec<NameBuf>,
    /// Servers, in order of preference; none refuses the names.
    pub upstreams: Vec<Upstream>,
    /// How they are tried.
    pub strategy: Strategy,
    /// Response codes after which the next server is asked.
    pub failover: Vec<Rcode>,
    /// Most questions waiting at a time, per worker; 0 is no limit of its own.
    pub in_flight_max: usize,
    /// What of the answers is kept.
    pub caching: Caching,
    /// Whom to ask when these servers say that there is nothing.
    pub next: Option<NextSpec>,
}

/// Whom to ask when the servers of a route say that there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextSpec {
    /// Go on when the name does not exist.
    pub on_nxdomain: bool,
    /// Go on when the name exists without records of the type.
    pub on_nodata: bool,
    /// Servers, in order of preference.
    pub upstreams: Vec<Upstream>,
    /// How they are tried.
    pub strategy: Strategy,
    /// Response codes after which the next of them is asked.
    pub failover: Vec<Rcode>,
}

impl RouteSpec {
    fn route(&self, hosts: &HostAddresses) -> Route {
        Route {
            suffix: self.suffix.clone(),
            except: self.except.clone(),
            servers: servers(&self.upstreams, hosts),
            strategy: self.strategy,
            failover: self.failover.clone(),
            next: self.next.as_ref().map(|next| next.next(self, hosts)),
            in_flight_max: self.in_flight_max,
            caching: self.caching,
        }
    }
}

impl NextSpec {
    fn next(&self, of: &RouteSpec, hosts: &HostAddresses) -> Next {
        Next {
            on_nxdomain: self.on_nxdomain,
            on_nodata: self.on_nodata,
            route: Arc::new(Route {
                servers: servers(&self.upstreams, hosts),
                strategy: self.strategy,
                failover: self.failover.clone(),
                in_flight_max: of.in_flight_max,
                caching: of.caching,
                ..Route::new(of.suffix.clone(), [])
            }),
        }
    }
}

impl Config {
    /// Where names go that are not ours. `resolv_conf` are the servers of the file when
    /// [`Config::upstreams`] names one and ignored otherwise; `hosts` are the addresses of servers
    /// that are given by name. A server whose name has no address yet is left out.
    ///
    /// Names of the cluster domain have a route of their own unless one is configured: that of
    /// whoever else would take them, with [`CLUSTER_NEGATIVE_TTL_SECS`].
    pub fn forward_policy(
        &self,
        resolv_conf: &[SocketAddr],
        hosts: &HostAddresses,
    ) -> ForwardPolicy {
        let plain = |address: &SocketAddr| Arc::new(Server::plain(*address));
        let rest = match &self.upstreams {
            Upstreams::ResolvConf(_) => resolv_conf.iter().map(plain).collect(),
            Upstreams::Servers(upstreams) => servers(upstreams, hosts),
            Upstreams::None => Vec::new(),
        };
        let rest = Route {
            servers: rest,
            ..self.rest.clone()
        };
        let mut routes: Vec<Route> = self.routes.iter().map(|spec| spec.route(hosts)).collect();
        routes.push(rest);
        self.add_cluster_route(&mut routes);
        ForwardPolicy::new(routes)
    }

    fn add_cluster_route(&self, routes: &mut Vec<Route>) {
        let Some(cache) = &self.cache else { return };
        let domain = self.domain();
        let cap = CLUSTER_NEGATIVE_TTL_SECS.min(cache.negative_ttl_max_secs);
        let below = routes
            .iter_mut()
            .filter(|route| route.suffix.as_name().ends_with(domain.as_name()));
        for route in below {
            route.caching.negative_ttl_max_secs.get_or_insert(cap);
        }
        if routes.iter().any(|route| route.suffix == domain) {
            return;
        }
        let policy = ForwardPolicy::new(routes.iter().cloned());
        let Some(wider) = policy.route(domain.as_name()) else {
            return;
        };
        let mut cluster = Route {
            suffix: domain,
            ..Route::clone(wider)
        };
        cluster.caching.negative_ttl_max_secs.get_or_insert(cap);
        routes.push(cluster);
    }

    /// The upstream servers of every route, as configured.
    pub fn all_upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let rest = match &self.upstreams {
            Upstreams::Servers(upstreams) => upstreams.as_slice(),
            Upstreams::ResolvConf(_) | Upstreams::None => &[],
        };
        let of_routes = self.routes.iter().flat_map(|route| {
            let next = route.next.iter().flat_map(|next| &next.upstreams);
            route.upstreams.iter().chain(next)
        });
        rest.iter().chain(of_routes)
    }

    /// Addresses that questions are sent to, those of named servers left out.
    pub fn server_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let of_upstreams = self.all_upstreams().filter_map(|upstream| match upstream {
            Upstream::At(server) => Some(server.address),
            Upstream::Named(_) => None,
        });
        of_upstreams.chain(self.bootstrap.iter().copied())
    }

    /// Servers whose names must be looked up.
    pub fn named_servers(&self) -> impl Iterator<Item = &NamedServer> {
        self.all_upstreams().filter_map(|upstream| match upstream {
            Upstream::At(_) => None,
            Upstream::Named(named) => Some(named),
        })
    }

    /// The resolv.conf(5) whose servers are asked, for names of clients or for names of servers.
    pub fn resolv_conf_in_use(&self) -> Option<&Path> {
        let is_bootstrap = self.bootstrap.is_empty() && self.named_servers().next().is_some();
        let is_upstream = matches!(self.upstreams, Upstreams::ResolvConf(_));
        (is_bootstrap || is_upstream).then_some(&self.resolv_conf)
    }
}

/// A route of the names that no other takes, without servers.
pub(super) fn rest() -> Route {
    Route::new(Name::ROOT.to_lower(), [])
}

/// The servers at their addresses, none twice.
fn servers(upstreams: &[Upstream], hosts: &HostAddresses) -> Vec<Arc<Server>> {
    let mut servers: Vec<Arc<Server>> = Vec::new();
    let mut add = |server: Server| {
        if servers.iter().all(|other| **other != server) {
            servers.push(Arc::new(server));
        }
    };
    for upstream in upstreams {
        match upstream {
            Upstream::At(server) => add(server.clone()),
            Upstream::Named(named) => {
                let addresses = hosts.of(&named.host).iter();
                addresses.for_each(|address| add(named.at(*address)));
            }
        }
    }
    servers
}
