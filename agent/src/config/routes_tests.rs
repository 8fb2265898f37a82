//! Which servers names are forwarded to, and what is kept of their answers.

use super::tests::{FULL, config};
use super::*;
use crate::upstream_names::HostAddresses;
use dns_core::wire::Rcode;
use dns_core::{Caching, ForwardPolicy, Protocol, Strategy};

fn policy(config: &Config) -> ForwardPolicy {
    config.forward_policy(
        &["192.0.2.1:53".parse().unwrap()],
        &HostAddresses::default(),
    )
}

fn route(policy: &ForwardPolicy, name: &str) -> Option<Arc<Route>> {
    let name = NameBuf::parse(name).unwrap();
    policy.route(name.as_name()).cloned()
}

#[test]
fn routes_go_to_their_servers_and_the_rest_to_the_upstreams() {
    let policy_of_full = policy(&config(FULL));
    let servers = |name: &str| {
        let route = route(&policy_of_full, name)?;
        Some((route.servers.len(), route.strategy, route.in_flight_max))
    };
    assert_eq!(
        servers("a.corp.example"),
        Some((1, Strategy::Sequential, 7))
    );
    assert_eq!(servers("a.secret.corp.example"), None);
    // One of the four is given by a name that has no address yet.
    let rest = Some((3, Strategy::Parallel, 100));
    assert_eq!(servers("a.public.corp.example"), rest);
    assert_eq!(servers("example.com"), rest);
    assert!(!policy(&config("upstream: none")).is_forwarding());
    assert!(policy(&config("")).is_forwarding());
}

#[test]
fn a_route_has_all_that_is_written_and_takes_the_rest_from_forward() {
    let policy = policy(&config(FULL));
    let corp = route(&policy, "corp.example").unwrap();
    assert!(corp.failover.is_empty());
    let caching = Caching {
        is_on: false,
        ttl_max_secs: Some(60),
        negative_ttl_max_secs: Some(9),
    };
    assert_eq!(corp.caching, caching);
    let next = corp.next.as_ref().unwrap();
    assert!(next.on_nxdomain && next.on_nodata);
    assert_eq!(next.route.strategy, Strategy::Race);
    assert_eq!(next.route.failover, [Rcode::REFUSED]);
    assert_eq!(
        next.route.servers[0].address,
        "10.0.0.12:53".parse().unwrap()
    );
    let rest = route(&policy, "example.com").unwrap();
    assert_eq!(rest.failover, [Rcode::SERVFAIL, Rcode::NXDOMAIN]);
    let tls = &rest.servers[2];
    assert_eq!(tls.protocol, Protocol::Tls("dns.quad9.net".into()));
    assert_eq!(tls.address.port(), 853);
}

#[test]
fn negative_answers_about_the_cluster_domain_are_kept_for_five_seconds() {
    let cap = |text: &str, name: &str| {
        let route = route(&policy(&config(text)), name).unwrap();
        (
            route.servers[0].address.to_string(),
            route.caching.negative_ttl_max_secs,
        )
    };
    let web = "web.shop.svc.cluster.local";
    let default = "192.0.2.1:53".to_owned();
    assert_eq!(cap("", web), (default.clone(), Some(5)));
    assert_eq!(cap("", "example.com"), (default.clone(), None));
    assert_eq!(
        cap("domain: mesh.local", "a.mesh.local"),
        (default, Some(5))
    );
    let wider = "forward: {routes: [{suffix: local, upstreams: 10.0.0.1}]}";
    assert_eq!(cap(wider, web), ("10.0.0.1:53".to_owned(), Some(5)));
    assert_eq!(cap(wider, "printer.local").1, None);
    let narrower = "forward: {routes: [{suffix: svc.cluster.local, upstreams: 10.0.0.1}]}";
    assert_eq!(cap(narrower, web), ("10.0.0.1:53".to_owned(), Some(5)));
    assert_eq!(cap(narrower, "a.cluster.local").1, Some(5));
    let written = "forward: {routes: [{suffix: cluster.local, upstreams: 10.0.0.1, \
                   cache: {negative_ttl_max: 60}}]}";
    assert_eq!(cap(written, web).1, Some(60));
    assert_eq!(cap("cache: {negative_ttl_max: 2}", web).1, Some(2));
}

#[test]
fn names_that_a_route_excepts_stay_excepted_below_the_cluster_domain() {
    let text = "forward: {routes: [{suffix: local, except: [svc.cluster.local], \
                upstreams: 10.0.0.1}]}";
    let policy = policy(&config(text));
    let address = |name: &str| route(&policy, name).unwrap().servers[0].address.to_string();
    assert_eq!(address("web.shop.svc.cluster.local"), "192.0.2.1:53");
    assert_eq!(address("a.pod.cluster.local"), "10.0.0.1:53");
}

#[test]
fn resolv_conf_is_read_for_upstreams_and_for_names_of_servers_alone() {
    let in_use = |text: &str| config(text).resolv_conf_in_use().is_some();
    assert!(in_use(""));
    assert!(!in_use("upstream: 10.0.0.1"));
    assert!(in_use("upstream: dns.example.net"));
    assert!(!in_use("upstream: dns.example.net\nbootstrap: 10.0.0.1"));
    assert!(!in_use("upstream: none"));
}
