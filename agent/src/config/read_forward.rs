//! The walk over the `forward` section.

use super::routes::{self, NextSpec, RouteSpec};
use super::walk::{Field, Reason, Section, Walk};
use super::{times, upstreams, values};
use dns_core::wire::Rcode;
use dns_core::{Caching, NameBuf, ResolverConfig, Route, Strategy};
use std::net::SocketAddr;
use std::time::Duration;

/// Largest number of questions waiting for an upstream, a few hundred megabytes of them.
pub(super) const PENDING_MAX: u64 = 1 << 20;

/// What the `forward` section says.
pub(super) struct Forward {
    /// The route of names that no other takes, without servers.
    pub(super) rest: Route,
    pub(super) routes: Vec<RouteSpec>,
    pub(super) resolver: ResolverConfig,
}

/// Reads the `forward` section.
pub(super) fn read(walk: &mut Walk, root: &Section<'_>, listen: &[SocketAddr]) -> Forward {
    let mut forward = Forward {
        rest: routes::rest(),
        routes: Vec::new(),
        resolver: ResolverConfig::default(),
    };
    let Some(section) = root.field("forward").and_then(|field| walk.section(&field)) else {
        return forward;
    };
    read_times(walk, &section, &mut forward.resolver);
    read_defences(walk, &section, &mut forward.resolver);
    let rest = &mut forward.rest;
    rest.strategy = strategy(walk, &section).unwrap_or_default();
    rest.failover = failover(walk, &section).unwrap_or_else(Route::default_failover);
    rest.in_flight_max = in_flight_max(walk, &section);
    forward.routes = read_routes(walk, &section, rest, listen);
    forward
}

fn read_times(walk: &mut Walk, forward: &Section<'_>, resolver: &mut ResolverConfig) {
    let budgets = times::duration(Duration::from_millis(100), Duration::from_secs(60));
    if let Some(budget) = walk.optional(forward.field("budget"), budgets) {
        resolver.forward_budget_ms = times::millis(budget);
    }
    let budget = Duration::from_millis(resolver.forward_budget_ms);
    let retries = times::duration(Duration::from_millis(10), budget);
    match walk.optional(forward.field("retry"), retries) {
        Some(retry) => resolver.forward_retry_ms = times::millis(retry),
        None => {
            resolver.forward_retry_ms = resolver.forward_retry_ms.min(resolver.forward_budget_ms);
        }
    }
    let probes = times::duration(Duration::from_millis(100), Duration::from_secs(60));
    if let Some(interval) = walk.optional(forward.field("probe_interval"), probes) {
        resolver.forward_probe_ms = times::millis(interval);
    }
}

fn read_defences(walk: &mut Walk, forward: &Section<'_>, resolver: &mut ResolverConfig) {
    if let Some(attempts) = walk.optional(forward.field("attempts_max"), values::number(1, 8)) {
        resolver.forward_attempts_max = u8::try_from(attempts).unwrap_or(u8::MAX);
    }
    let random_case = walk.optional(forward.field("random_case"), values::truth);
    resolver.forward_random_case = random_case.unwrap_or(resolver.forward_random_case);
    let cookies = walk.optional(forward.field("cookies"), values::truth);
    resolver.forward_cookies = cookies.unwrap_or(resolver.forward_cookies);
}

fn read_routes(
    walk: &mut Walk,
    forward: &Section<'_>,
    rest: &Route,
    listen: &[SocketAddr],
) -> Vec<RouteSpec> {
    let Some(field) = forward.field("routes") else {
        return Vec::new();
    };
    let mut routes: Vec<RouteSpec> = Vec::new();
    for item in walk.items(&field) {
        let Some(section) = walk.section(&item) else {
            continue;
        };
        let suffix_field = walk.required(&section, "suffix");
        let route = read_route(walk, &section, suffix_field.as_ref(), rest, listen);
        let (Some(route), Some(field)) = (route, suffix_field) else {
            continue;
        };
        if routes.iter().any(|other| other.suffix == route.suffix) {
            let reason = format!("`{}` has a route already", route.suffix);
            let hint = "put all servers of a suffix in one route";
            walk.fault(&field, Reason::new(reason, hint));
            continue;
        }
        routes.push(route);
    }
    routes
}

fn read_route(
    walk: &mut Walk,
    section: &Section<'_>,
    suffix: Option<&Field<'_>>,
    rest: &Route,
    listen: &[SocketAddr],
) -> Option<RouteSpec> {
    let suffix = suffix.and_then(|field| walk.scalar(field, values::name));
    let upstreams = walk
        .required(section, "upstreams")
        .map(|field| upstreams::read(walk, &field, listen));
    let strategy = strategy(walk, section).unwrap_or(rest.strategy);
    let failover = failover(walk, section).unwrap_or_else(|| rest.failover.clone());
    let in_flight_max = in_flight_max(walk, section);
    let caching = read_caching(walk, section);
    let except = read_except(walk, section, suffix.as_ref());
    let next = section
        .field("next")
        .and_then(|field| read_next(walk, &field, (strategy, &failover), listen));
    Some(RouteSpec {
        suffix: suffix?,
        except,
        upstreams: upstreams?,
        strategy,
        failover,
        in_flight_max,
        caching,
        next,
    })
}

/// Names that are left to shorter suffixes; one that is not below the suffix excepts nothing.
fn read_except(walk: &mut Walk, section: &Section<'_>, suffix: Option<&NameBuf>) -> Vec<NameBuf> {
    let Some(field) = section.field("except") else {
        return Vec::new();
    };
    let names = walk.list(&field, values::name);
    let is_above =
        |name: &NameBuf| suffix.is_some_and(|suffix| !name.as_name().ends_with(suffix.as_name()));
    for name in names.iter().filter(|name| is_above(&name.value)) {
        let reason = format!("`{}` is not below the suffix of this route", name.value);
        let hint = "write names below the suffix, or leave it out";
        walk.fault_at(
            name.at.clone(),
            name.path.clone(),
            Reason::new(reason, hint),
        );
    }
    names.into_iter().map(|name| name.value).collect()
}

const EVENTS: &[(&str, NextOn)] = &[("nxdomain", NextOn::Nxdomain), ("nodata", NextOn::Nodata)];

/// What the servers of a route said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NextOn {
    Nxdomain,
    Nodata,
}

fn read_next(
    walk: &mut Walk,
    field: &Field<'_>,
    (route_strategy, route_failover): (Strategy, &[Rcode]),
    listen: &[SocketAddr],
) -> Option<NextSpec> {
    let section = walk.section(field)?;
    let on_field = walk.required(&section, "on");
    let upstreams_field = walk.required(&section, "upstreams");
    let strategy = strategy(walk, &section).unwrap_or(route_strategy);
    let failover = failover(walk, &section).unwrap_or_else(|| route_failover.to_vec());
    let upstreams = upstreams_field.map(|field| upstreams::read(walk, &field, listen));
    let problems_before = walk.problems.len();
    let on = walk.list(&on_field.clone()?, values::one_of(EVENTS));
    if on.is_empty() && walk.problems.len() == problems_before {
        let reason = Reason::new("an empty list", "write nxdomain, nodata or both");
        walk.fault(&on_field?, reason);
    }
    let is_on = |event| on.iter().any(|on| on.value == event);
    Some(NextSpec {
        on_nxdomain: is_on(NextOn::Nxdomain),
        on_nodata: is_on(NextOn::Nodata),
        upstreams: upstreams?,
        strategy,
        failover,
    })
}

fn read_caching(walk: &mut Walk, route: &Section<'_>) -> Caching {
    let Some(section) = route.field("cache").and_then(|field| walk.section(&field)) else {
        return Caching::default();
    };
    let is_on = walk.optional(section.field("on"), values::truth);
    Caching {
        is_on: is_on.unwrap_or(true),
        ttl_max_secs: walk.optional(section.field("ttl_max"), times::ttl),
        negative_ttl_max_secs: walk.optional(
            section.field("negative_ttl_max"),
            times::seconds(0, super::read_cache::NEGATIVE_TTL_MAX_SECS),
        ),
    }
}

fn strategy(walk: &mut Walk, section: &Section<'_>) -> Option<Strategy> {
    walk.optional(
        section.field("strategy"),
        values::one_of(values::STRATEGIES),
    )
}

/// Response codes; an empty list leaves only silence to fail over on.
fn failover(walk: &mut Walk, section: &Section<'_>) -> Option<Vec<Rcode>> {
    let field = section.field("failover")?;
    let codes = walk.list(&field, values::rcode);
    Some(codes.into_iter().map(|code| code.value).collect())
}

fn in_flight_max(walk: &mut Walk, section: &Section<'_>) -> usize {
    let counts = values::number(1, PENDING_MAX);
    let found = walk.optional(section.field("in_flight_max"), counts);
    found
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(0)
}
