//! Which upstream servers a name is forwarded to.

use crate::wire::{Name, NameBuf};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

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

    /// The route of the longest suffix of `name`; `None` refuses it. A route without servers
    /// refuses as well.
    pub fn route(&self, name: Name<'_>) -> Option<&Arc<Route>> {
        let route = self
            .routes
            .iter()
            .find(|route| name.ends_with(route.suffix.as_name()))?;
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
    /// Servers, in order of preference.
    pub servers: Vec<SocketAddr>,
    /// How they are tried.
    pub strategy: Strategy,
}

/// How the servers of a route are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// One after the other, the next on failure or silence. The default.
    #[default]
    Sequential,
    /// All at once, the first good answer wins.
    Parallel,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(suffix: &str, port: u16) -> Route {
        Route {
            suffix: NameBuf::parse(suffix).unwrap(),
            servers: (port != 0)
                .then(|| SocketAddr::from(([192, 0, 2, 1], port)))
                .into_iter()
                .collect(),
            strategy: Strategy::Sequential,
        }
    }

    fn port_of(policy: &ForwardPolicy, name: &str) -> Option<u16> {
        let name = NameBuf::parse(name).unwrap();
        policy
            .route(name.as_name())
            .map(|route| route.servers[0].port())
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
}
