//! Whole files: what they come to, and what is said of broken ones.

use super::*;
use crate::cli::AgentFlags;
use dns_core::{AnswerMode, Families};
use std::path::Path;

pub(crate) fn environment() -> Environment {
    Environment {
        state_directory: None,
        xdg_state_home: None,
        home: Some("/home/me".into()),
        cores: NonZeroUsize::new(3).unwrap(),
    }
}

fn load(text: &str, flags: &AgentFlags) -> Result<Config, ConfigError> {
    Config::from_text(
        text.as_bytes(),
        Path::new("/etc/c.yaml"),
        flags,
        &environment(),
    )
}

pub(super) fn config(text: &str) -> Config {
    load(text, &AgentFlags::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn problems_of(text: &str) -> Vec<String> {
    match load(text, &AgentFlags::default()) {
        Ok(config) => config.warnings.iter().map(ToString::to_string).collect(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn an_empty_file_is_the_defaults() {
    for text in ["", "# nothing\n", "{}", "views:\nlisten:\n"] {
        let config = config(text);
        assert_eq!(config.listen, ["127.0.0.1:15053".parse().unwrap()]);
        assert_eq!(
            config.upstreams,
            Upstreams::ResolvConf("/etc/resolv.conf".into())
        );
        assert_eq!(
            config.state_dir,
            StateDir::Path("/home/me/.local/state/callsign".into())
        );
        assert_eq!(config.workers.get(), 3);
        assert_eq!(config.resolver, ResolverConfig::default());
        assert_eq!(config.vips.ledger.pools, dns_core::vip::Pools::default());
        assert_eq!(config.vips.ledger.quarantine_secs, 48 * 3600);
        assert_eq!(config.node_views, None);
        assert_eq!(config.cache, Some(CacheConfig::default()));
        assert!(config.warnings.is_empty());
        let views = config.views(&[]);
        let view = views.select("192.0.2.1".parse().unwrap()).unwrap();
        assert_eq!(view.domain.to_string(), "cluster.local");
    }
}

pub(super) const FULL: &str = r#"
listen: [127.0.0.1:5300, "[::1]:5300"]
tables: [objects, /srv/table.json]
hosts: hosts.txt
clusters: clusters
cluster: east
upstreams: [10.0.0.10, "[2001:db8::1]:5353", "tls://9.9.9.9#dns.quad9.net", "tcp://dns.example.net:5353"]
resolv_conf: resolv.conf
bootstrap: [10.0.0.53, "10.0.0.54:5353"]
upstream_ca: ca.pem
forward:
  strategy: parallel
  failover: [SERVFAIL, nxdomain]
  in_flight_max: 100
  budget: 3s
  retry: 250ms
  attempts_max: 6
  probe_interval: 2s
  random_case: false
  cookies: false
  routes:
    - suffix: corp.example
      except: [public.corp.example]
      upstreams: 10.0.0.11
      strategy: sequential
      failover: []
      in_flight_max: 7
      cache: {on: false, ttl_max: 1m, negative_ttl_max: 9}
      next: {on: [nxdomain, nodata], upstreams: [10.0.0.12], strategy: race, failover: refused}
    - {suffix: secret.corp.example, upstreams: none}
namespace: shop
domain: mesh.local
zones: [global]
families: [ipv4, ipv6]
network: net1
preferred_namespace: gateway
answer: vip
views:
  default: refuse
  networks:
    - {cidr: 10.1.0.0/16, namespace: bank, proxy: false}
  pods_file: pods.yaml
state_dir: state
cache:
  octets: 2MiB
  ttl_max: 1h
  negative_ttl_max: 60
  failure_ttl: 2s
  stale_max: 3d
  stale_ttl: 10
  stale_after: 900ms
  stale_recheck: 20s
  prefetch_percent: 20
no_cache: false
workers: 2
admin: 127.0.0.1:15080
ttl: 60
negative_ttl: 10s
endpoints_ttl: 3
vips:
  key: "000102030405060708090a0b0c0d0e0f"
  pools: {names: [240.240.0.0/16], instances: 240.241.0.0/16}
  quarantine: 3d
  wildcards: true
mesh:
  discovery: exported
  links: [{from: east, to: west, discovery: all-services}, {discovery: config-only}]
  order: "cluster, region"
  members: pods
  name_templates: ["{{svc}}.{{ns}}.{{cluster}}.corp.example"]
  clusterset_domain: set.local
  root_namespace: mesh-system
  name_grace: 10m
  clusters:
    west: {domain: west.local, network: net2, locality: us-west/a, reachable_via: hub, served_by: east, trust_root: ab12}
    zone: {network: net3}
  networks: {net3: {reachable_via: west}, hub: {reachable_via: hub}}
health: health.yaml
log_level: info,agent=debug
log_format: json
limits: {forward_pending_max: 10, forward_waiters_max: 20, forward_client_percent: 50, forward_jostle: 300ms, tcp_connections_max: 30, tcp_connections_per_client_max: 40, tcp_idle: 5s, tcp_in_flight_max: 50}
"#;

#[test]
fn every_key_is_taken() {
    let config = config(FULL);
    assert_eq!(config.listen.len(), 2);
    assert_eq!(
        config.tables,
        [
            PathBuf::from("/etc/objects"),
            PathBuf::from("/srv/table.json")
        ]
    );
    assert_eq!(config.hosts, [PathBuf::from("/etc/hosts.txt")]);
    assert_eq!(config.clusters, Some("/etc/clusters".into()));
    assert_eq!(config.cluster.as_deref(), Some("east"));
    assert_eq!(config.state_dir, StateDir::Path("/etc/state".into()));
    assert_eq!(config.workers.get(), 2);
    let cache = CacheConfig {
        octets_max: 2 << 20,
        ttl_max_secs: 3_600,
        negative_ttl_max_secs: 60,
        failure_ttl_secs: 2,
        stale_max_secs: 3 * 86_400,
        stale_ttl_secs: 10,
        stale_recheck_secs: 20,
        prefetch_percent: 20,
    };
    assert_eq!(config.cache, Some(cache));
    assert_eq!(config.resolv_conf, PathBuf::from("/etc/resolv.conf"));
    assert_eq!(config.upstream_ca, Some("/etc/ca.pem".into()));
    assert_eq!(
        config.bootstrap,
        ["10.0.0.53:53", "10.0.0.54:5353"].map(|text| text.parse().unwrap())
    );
    assert_eq!(config.admin, Some("127.0.0.1:15080".parse().unwrap()));
    let expected = ResolverConfig {
        ttl_secs: 60,
        negative_ttl_secs: 10,
        endpoints_ttl_secs: 3,
        forward_budget_ms: 3_000,
        forward_retry_ms: 250,
        forward_attempts_max: 6,
        forward_pending_max: 10,
        forward_waiters_max: 20,
        forward_client_percent: 50,
        forward_jostle_ms: 300,
        forward_random_case: false,
        forward_cookies: false,
        forward_probe_ms: 2_000,
        stale_after_ms: 900,
    };
    assert_eq!(config.resolver, expected);
    let net = crate::net::NetLimits {
        tcp_connections_max: 30,
        tcp_connections_per_client_max: 40,
        tcp_idle_ms: 5_000,
        tcp_in_flight_max: 50,
        ..crate::net::NetLimits::default()
    };
    assert_eq!(config.net, net);
    assert_eq!(config.vips.ledger.hash_key[15], 15);
    assert_eq!(config.vips.ledger.quarantine_secs, 3 * 86_400);
    assert_eq!(config.vips.wildcards, WildcardVips::All);
    assert_eq!(config.log.filter.as_deref(), Some("info,agent=debug"));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.zones[0].to_string(), "global");
}

#[test]
fn views_take_from_the_top_what_they_leave_open() {
    let config = config(FULL);
    let pod = ViewSpec {
        namespace: Some("pod".into()),
        ..ViewSpec::default()
    };
    let views = config.views(&[("10.1.2.3".parse().unwrap(), pod)]);
    let view = |ip: &str| views.select(ip.parse().unwrap()).cloned();
    let network = view("10.1.9.9").unwrap();
    assert_eq!(network.namespace.as_deref(), Some("bank"));
    assert_eq!(network.domain.to_string(), "mesh.local");
    assert_eq!(network.search[0].to_string(), "bank.svc.mesh.local");
    assert_eq!(
        (network.families, network.answer),
        (Families::BOTH, AnswerMode::Endpoints)
    );
    assert_eq!(network.cluster.as_deref(), Some("east"));
    assert_eq!(view("10.1.2.3").unwrap().namespace.as_deref(), Some("pod"));
    assert!(view("192.0.2.1").is_none());
}

#[test]
fn flags_win_over_the_file_and_replace_its_lists() {
    let flags = AgentFlags {
        listen: vec!["127.0.0.1:9".into()],
        zone: vec!["a".into(), "b".into()],
        hosts: vec!["hosts".into()],
        state_dir: Some("none".into()),
        ..AgentFlags::default()
    };
    let config = load("listen: [bad]\nzones: [x, y, z]\nworkers: 7\n", &flags).unwrap();
    assert_eq!(config.listen, ["127.0.0.1:9".parse().unwrap()]);
    assert_eq!(config.zones.len(), 2);
    assert_eq!(config.hosts, [PathBuf::from("hosts")]);
    assert_eq!(
        (config.state_dir, config.workers.get()),
        (StateDir::None, 7)
    );
}

#[test]
fn a_bad_flag_is_told_apart_from_a_bad_file() {
    let flags = AgentFlags {
        workers: Some("many".into()),
        ..AgentFlags::default()
    };
    let error = load("", &flags).unwrap_err();
    assert!(error.is_of_flag());
    assert!(
        error
            .to_string()
            .starts_with("command line: workers: `many` is not a number")
    );
    let error = load("workers: many", &AgentFlags::default()).unwrap_err();
    assert!(!error.is_of_flag());
    let both = load("a: [", &flags).unwrap_err();
    assert_eq!(both.problems.len(), 2);
}

#[test]
fn the_state_folder_comes_from_the_first_variable_that_is_set() {
    let state_dir = |state: Option<&str>, xdg: Option<&str>, home: Option<&str>| {
        let environment = Environment {
            state_directory: state.map(Into::into),
            xdg_state_home: xdg.map(Into::into),
            home: home.map(Into::into),
            ..environment()
        };
        let config = Config::load(&AgentFlags::default(), &environment).unwrap();
        (config.state_dir, config.warnings.len())
    };
    let path = |path: &str| (StateDir::Path(path.into()), 0);
    assert_eq!(
        state_dir(Some("/var/lib/a:/b"), Some("/x"), Some("/h")),
        path("/var/lib/a")
    );
    assert_eq!(state_dir(None, Some("/x"), Some("/h")), path("/x/callsign"));
    assert_eq!(state_dir(None, None, None), (StateDir::None, 1));
}

#[test]
fn a_file_that_is_not_there_is_a_bad_configuration() {
    let flags = AgentFlags {
        config: Some("/nonexistent/c.yaml".into()),
        ..AgentFlags::default()
    };
    let error = Config::load(&flags, &environment()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nonexistent/c.yaml: cannot be read")
    );
    assert!(!error.is_of_flag());
}

#[test]
fn all_faults_are_reported_at_once() {
    let text =
        "listen: [nowhere, 127.0.0.1]\nzoness: [a]\nttl: long\nviews: {networks: [{cidr: x}]}\n";
    assert_eq!(problems_of(text).len(), 5);
}

#[test]
fn search_without_namespace_is_doubtful_and_no_error() {
    let problems = problems_of("search: [a.example]\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("/etc/c.yaml:1:9: warning: search: "));
}

#[test]
fn a_damaged_file_is_read_or_refused_with_its_place_and_never_ends_the_process() {
    let mut refused = 0;
    for at in (0..FULL.len()).step_by(4) {
        let (before, after) = FULL.split_at(at);
        let damaged = [
            before.to_owned(),
            format!("{before}{}", &after[1..]),
            format!("{before}\t{after}"),
            format!("{before}: {after}"),
            format!("{before}&a *a {after}"),
            format!("{before}[{{{after}"),
            format!("{before}\u{0}{after}"),
        ];
        for text in damaged {
            let Err(error) = load(&text, &AgentFlags::default()) else {
                continue;
            };
            refused += 1;
            assert!(error.problems.iter().any(Problem::is_error));
            for problem in &error.problems {
                assert!(
                    problem.at.line > 0 && problem.at.column > 0,
                    "{problem}\n{text}"
                );
                assert!(problem.to_string().starts_with("/etc/c.yaml:"), "{problem}");
            }
        }
    }
    assert!(refused >= 1_000, "{refused}");
}

#[test]
fn no_cache_is_off_whatever_the_cache_section_says() {
    assert_eq!(
        config("no_cache: true\ncache: {octets: 1MiB}\n").cache,
        None
    );
    let flags = AgentFlags {
        no_cache: true,
        ..AgentFlags::default()
    };
    assert_eq!(load("cache: {stale_max: 0}", &flags).unwrap().cache, None);
}
