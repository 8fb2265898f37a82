//! Which upstream servers a name is forwarded to.

use crate::cache::Caching;
use crate::server::Server;
use crate::wire::{Name, NameBuf, Rcode};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hash};
use core::net::SocketAddr;
use foldhash::fast::FixedState;

/// Where names go that neither the table nor a zone owns.
#[derive(Clone, Debug, Default)]
pub struct ForwardPolicy {
    routes: Vec<Arc<Route>>,
}

impl ForwardPolicy {
    /// A policy of these routes; of two with the same suffix the first wins. A route with the
    /// root as suffix takes all that no other does.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut routes: Vec<_> = routes.into_iter().map(Arc::new).collect();
        routes.sort_by_key(|route| core::cmp::Reverse(route.suffix.as_name().label_count()));
        ForwardPolicy { routes }
    }

    /// The route of the longest suffix of `name` that does not except it; `None` refuses it. A
    /// route without servers refuses as well.
    pub fn route(&self, name: Name<'_>) -> Option<&Arc<Route>> {
        let route = self.routes.iter().find(|route| route.takes(name))?;
        (!route.servers.is_empty()).then_some(route)
    }

    /// Whether anything is forwarded at all: it sets RA in our answers.
    pub fn is_forwarding(&self) -> bool {
        self.routes.iter().any(|route| !route.servers.is_empty())
    }

    /// All routes, longest suffix first.
    pub fn routes(&self) -> &[Arc<Route>] {
        &self.routes
    }
}

/// Servers for the names below a suffix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Names it applies to: the suffix and all below it.
    pub suffix: NameBuf,
    /// Names it leaves to shorter suffixes: each and all below it.
    pub except: Vec<NameBuf>,
    /// Servers, in order of preference.
    pub servers: Vec<Arc<Server>>,
    /// How they are tried.
    pub strategy: Strategy,
    /// Response codes after which the next server is asked, as for silence. Default SERVFAIL,
    /// REFUSED, NOTIMP and FORMERR: they say nothing about the name.
    pub failover: Vec<Rcode>,
    /// Whom to ask when these servers say that there is nothing.
    pub next: Option<Next>,
    /// Most questions of this route waiting at a time, per resolver; 0 leaves it to
    /// [`ResolverConfig::forward_pending_max`](crate::ResolverConfig::forward_pending_max).
    pub in_flight_max: usize,
    /// What of its answers is kept.
    pub caching: Caching,
}

impl Route {
    /// A route to servers spoken to over UDP, tried in order, with every default.
    pub fn new(suffix: NameBuf, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        let servers = servers
            .into_iter()
            .map(|address| Arc::new(Server::plain(address)));
        Route {
            suffix,
            except: Vec::new(),
            servers: servers.collect(),
            strategy: Strategy::default(),
            failover: Self::default_failover(),
            next: None,
            in_flight_max: 0,
            caching: Caching::default(),
        }
    }

    /// SERVFAIL, REFUSED, NOTIMP and FORMERR.
    pub fn default_failover() -> Vec<Rcode> {
        [
            Rcode::SERVFAIL,
            Rcode::REFUSED,
            Rcode::NOTIMP,
            Rcode::FORMERR,
        ]
        .to_vec()
    }

    /// Names the group of servers that answers: routes of equal groups share what was answered,
    /// others never (RFC 5452 section 6). In what order and how these are asked makes no other
    /// group, so that a change of it keeps the cache.
    pub fn group(&self) -> u64 {
        let mut servers: Vec<&Server> = self.servers.iter().map(|server| &**server).collect();
        servers.sort_unstable();
        let next = self.next.as_ref();
        let next = next.map(|next| (next.on_nxdomain, next.on_nodata, next.route.group()));
        FixedState::with_seed(0).hash_one((&self.suffix, servers, next))
    }

    fn takes(&self, name: Name<'_>) -> bool {
        name.ends_with(self.suffix.as_name())
            && !self
                .except
                .iter()
                .any(|except| name.ends_with(except.as_name()))
    }
}

/// Whom to ask when the servers of a route say that there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Next {
    /// Go on when the name does not exist.
    pub on_nxdomain: bool,
    /// Go on when the name exists without records of the type.
    pub on_nodata: bool,
    /// Its servers are asked then; its suffix and exceptions are not looked at.
    pub route: Arc<Route>,
}

/// How the servers of a route are tried. A server that is down goes last in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// In the order written, the next on failure or silence. The default.
    #[default]
    Sequential,
    /// In an order of chance, for every question anew.
    Random,
    /// In turn.
    RoundRobin,
    /// The one that has answered fastest first; the others are tried now and then.
    Fastest,
    /// The fastest first, and a second one when it takes longer than 95 of 100 answers did.
    Race,
    /// All at once, the first good answer wins.
    Parallel,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(suffix: &str, port: u16) -> Route {
        let server = (port != 0).then(|| SocketAddr::from(([192, 0, 2, 1], port)));
        Route::new(NameBuf::parse(suffix).unwrap(), server)
    }

    fn port_of(policy: &ForwardPolicy, name: &str) -> Option<u16> {
        let name = NameBuf::parse(name).unwrap();
        policy
            .route(name.as_name())
            .map(|route| route.servers[0].address.port())
    }

    #[test]
    fn the_longest_suffix_wins_and_a_route_without_servers_refuses() {
        let policy = ForwardPolicy::new([
            route(".", 1),
            route("corp", 2),
            route("dev.corp", 3),
            route("no.corp", 0),
        ]);
        assert_eq!(port_of(&policy, "example.com"), Some(1));
        assert_eq!(port_of(&policy, "a.corp"), Some(2));
        assert_eq!(port_of(&policy, "a.dev.corp"), Some(3));
        assert_eq!(port_of(&policy, "x.no.corp"), None);
        assert_eq!(port_of(&policy, "notcorp"), Some(1));
    }

    #[test]
    fn an_excepted_name_goes_to_the_next_shorter_suffix() {
        let corp = Route {
            except: alloc::vec![NameBuf::parse("public.corp").unwrap()],
            ..route("corp", 2)
        };
        let policy = ForwardPolicy::new([route(".", 1), corp]);
        assert_eq!(port_of(&policy, "a.corp"), Some(2));
        assert_eq!(port_of(&policy, "a.public.corp"), Some(1));
        assert_eq!(port_of(&policy, "public.corp"), Some(1));
    }

    #[test]
    fn the_group_is_who_answers_and_not_how_they_are_asked() {
        let server = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let of = |suffix: &str, ports: [u16; 2]| {
            Route::new(NameBuf::parse(suffix).unwrap(), ports.map(server))
        };
        let route = of("corp", [1, 2]);
        let otherwise = Route {
            strategy: Strategy::Fastest,
            in_flight_max: 9,
            failover: Vec::new(),
            ..of("corp", [2, 1])
        };
        assert_eq!(route.group(), otherwise.group());
        assert_ne!(route.group(), of("corp", [1, 3]).group());
        assert_ne!(route.group(), of("other", [1, 2]).group());
        let with_next = Route {
            next: Some(Next {
                on_nxdomain: true,
                on_nodata: false,
                route: Arc::new(of(".", [3, 4])),
            }),
            ..route.clone()
        };
        assert_ne!(route.group(), with_next.group());
    }
}
