//! The routes and servers that questions go to, and which server is asked first.

use super::attempt::Candidate;
use super::cookie::cookie_for;
use super::policy::{Route, Strategy};
use super::upstream::{Health, Upstream};
use crate::server::Server;
use crate::transmit::{Millis, Random};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Milliseconds after its last question that a route is forgotten when another needs its place.
const ROUTE_IDLE_MS: u64 = 60_000;
/// Of so many questions at most one tries a server that is not the fastest.
const EXPLORE_EVERY: u32 = 20;
/// Milliseconds without an answer after which such a server is tried.
const EXPLORE_MS: u64 = 1_000;

/// A route that questions went to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RouteId(u32);

/// A server of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerId(pub(super) u32);

/// Routes and servers in use.
#[derive(Debug)]
pub(super) struct Upstreams {
    secret: (u64, u64),
    routes: Vec<RouteState>,
    servers: Vec<Upstream>,
    /// The route used last: most often it is the next as well.
    recent: usize,
}

/// A route and what is remembered of it.
#[derive(Debug)]
pub(super) struct RouteState {
    pub(super) route: Arc<Route>,
    /// [`Route::group`], which is too dear for every question.
    pub(super) group: u64,
    /// Questions in flight.
    pub(super) in_flight: usize,
    servers: Vec<ServerId>,
    used_at: Millis,
    turn: usize,
    since_explored: u32,
    /// When a question went to it last although all servers are down.
    tried_at: Option<Millis>,
}

/// Whom a question can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The candidates, the first at once and the next on its failure or silence.
    InTurn,
    /// As before, but the second after so many milliseconds.
    Hedged(u64),
    /// Nobody: all servers are known to be down.
    Nobody,
}

impl Upstreams {
    /// None so far; cookies are made with `secret`.
    pub(super) fn new(secret: (u64, u64)) -> Self {
        Upstreams {
            secret,
            routes: Vec::new(),
            servers: Vec::new(),
            recent: 0,
        }
    }

    /// The state of a route, which is made when it is new.
    pub(super) fn route(&mut self, now: Millis, route: &Arc<Route>) -> RouteId {
        let is_it = |state: &RouteState| Arc::ptr_eq(&state.route, route);
        let known = if self.routes.get(self.recent).is_some_and(is_it) {
            Some(self.recent)
        } else {
            self.routes.iter().position(is_it)
        };
        let at = known.unwrap_or_else(|| self.add_route(now, route));
        self.recent = at;
        self.routes[at].used_at = now;
        RouteId(at as u32)
    }

    pub(super) fn of(&self, id: RouteId) -> &RouteState {
        &self.routes[id.0 as usize]
    }

    pub(super) fn of_mut(&mut self, id: RouteId) -> &mut RouteState {
        &mut self.routes[id.0 as usize]
    }

    pub(super) fn server(&self, id: ServerId) -> &Upstream {
        &self.servers[id.0 as usize]
    }

    pub(super) fn server_mut(&mut self, id: ServerId) -> &mut Upstream {
        &mut self.servers[id.0 as usize]
    }

    /// The server of that number, if there is one.
    pub(super) fn get(&self, id: ServerId) -> Option<&Upstream> {
        self.servers.get(id.0 as usize)
    }

    /// All servers.
    pub(super) fn ids(&self) -> impl Iterator<Item = ServerId> + use<> {
        (0..self.servers.len() as u32).map(ServerId)
    }

    /// Whether all servers of a route are known to be down.
    pub(super) fn is_down(&self, id: RouteId) -> bool {
        let servers = &self.of(id).servers;
        servers
            .iter()
            .all(|server| self.server(*server).health() == Health::Down)
    }

    /// One server of a route whose servers are all down, each time another, if none was tried in
    /// the last `pause_ms`.
    pub(super) fn try_down(
        &mut self,
        now: Millis,
        id: RouteId,
        pause_ms: u64,
    ) -> Option<Candidate> {
        let state = self.of_mut(id);
        if state.tried_at.is_some_and(|at| now.since(at) < pause_ms) {
            return None;
        }
        state.tried_at = Some(now);
        state.turn = state.turn.wrapping_add(1);
        let server = *state.servers.get(state.turn % state.servers.len().max(1))?;
        let transport = self.server(server).server.protocol.transport();
        Some(Candidate::of(server, transport))
    }

    /// The servers of a route in the order in which they are to be asked. Those that are down are
    /// left out, silent ones come last.
    pub(super) fn order(
        &mut self,
        now: Millis,
        id: RouteId,
        random: &mut dyn Random,
        order: &mut Vec<Candidate>,
    ) -> Order {
        let Upstreams {
            routes, servers, ..
        } = self;
        let state = &mut routes[id.0 as usize];
        let health = |id: ServerId| servers[id.0 as usize].health();
        let is_asked = |id: &&ServerId| health(**id) != Health::Down;
        order.clear();
        let candidate = |id: &ServerId| {
            let protocol = &servers[id.0 as usize].server.protocol;
            Candidate::of(*id, protocol.transport())
        };
        order.extend(state.servers.iter().filter(is_asked).map(candidate));
        if order.is_empty() {
            return Order::Nobody;
        }
        if order.len() == 1 {
            return Order::InTurn;
        }
        let strategy = state.route.strategy;
        match strategy {
            Strategy::Sequential | Strategy::Parallel => {}
            Strategy::Random => shuffle(order, random),
            Strategy::RoundRobin => {
                state.turn = state.turn.wrapping_add(1);
                let count = order.len();
                order.rotate_left(state.turn.wrapping_sub(1) % count);
            }
            Strategy::Fastest | Strategy::Race => {
                order.sort_by_key(|candidate| servers[candidate.server.0 as usize].delay());
            }
        }
        order.sort_by_key(|candidate| health(candidate.server));
        let is_up = |at: usize| health(order[at].server) == Health::Up;
        if !matches!(strategy, Strategy::Fastest | Strategy::Race) || !is_up(1) {
            return Order::InTurn;
        }
        let most_ms = u64::from(u16::MAX);
        let hedge_ms = servers[order[0].server.0 as usize].hedge_ms(most_ms);
        state.since_explored = state.since_explored.saturating_add(1);
        if state.since_explored >= EXPLORE_EVERY
            && let Some(at) = longest_unheard(now, order, servers)
        {
            state.since_explored = 0;
            order[..=at].rotate_right(1);
            return Order::Hedged(hedge_ms);
        }
        match strategy {
            Strategy::Race => Order::Hedged(hedge_ms),
            _ => Order::InTurn,
        }
    }

    /// The servers of a route, one by one.
    pub(super) fn server_of(&self, id: RouteId, at: usize) -> Option<ServerId> {
        self.of(id).servers.get(at).copied()
    }

    fn add_route(&mut self, now: Millis, route: &Arc<Route>) -> usize {
        // A new policy has the routes of the old one anew.
        if let Some(at) = self.routes.iter().position(|state| state.route == *route) {
            self.routes[at].route = Arc::clone(route);
            return at;
        }
        let is_idle =
            |state: &RouteState| state.in_flight == 0 && now.since(state.used_at) >= ROUTE_IDLE_MS;
        let idle = self.routes.iter().position(is_idle);
        if let Some(at) = idle {
            for server in core::mem::take(&mut self.routes[at].servers) {
                self.server_mut(server).routes -= 1;
            }
        }
        let mut servers = Vec::with_capacity(route.servers.len());
        for server in &route.servers {
            let id = self.add_server(server);
            if !servers.contains(&id) {
                self.server_mut(id).routes += 1;
                servers.push(id);
            }
        }
        let state = RouteState {
            route: Arc::clone(route),
            group: route.group(),
            in_flight: 0,
            servers,
            used_at: now,
            turn: 0,
            tried_at: None,
            since_explored: 0,
        };
        match idle {
            Some(at) => {
                self.routes[at] = state;
                at
            }
            None => {
                self.routes.push(state);
                self.routes.len() - 1
            }
        }
    }

    fn add_server(&mut self, server: &Arc<Server>) -> ServerId {
        let known = self
            .servers
            .iter()
            .position(|known| known.server == *server);
        let at = known.unwrap_or_else(|| {
            let fresh = Upstream::new(Arc::clone(server), cookie_for(self.secret, server));
            let is_unused = |known: &Upstream| known.routes == 0 && known.probe.is_idle();
            match self.servers.iter().position(is_unused) {
                Some(at) => {
                    self.servers[at] = fresh;
                    at
                }
                None => {
                    self.servers.push(fresh);
                    self.servers.len() - 1
                }
            }
        });
        ServerId(at as u32)
    }
}

fn shuffle(order: &mut [Candidate], random: &mut dyn Random) {
    for at in (1..order.len()).rev() {
        order.swap(at, random.next_u32() as usize % (at + 1));
    }
}

/// Which server besides the first has been silent longest, and for long enough.
fn longest_unheard(now: Millis, order: &[Candidate], servers: &[Upstream]) -> Option<usize> {
    let heard_at = |at: &usize| {
        let server = &servers[order[*at].server.0 as usize];
        server.answered_at().map_or(0, |at| at.0)
    };
    let is_up = |at: &usize| servers[order[*at].server.0 as usize].health() == Health::Up;
    (1..order.len())
        .filter(is_up)
        .min_by_key(heard_at)
        .filter(|at| now.0 >= heard_at(at).saturating_add(EXPLORE_MS))
}
