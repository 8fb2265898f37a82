//! Links, gateways, identities and what may be read.

use super::*;

#[test]
fn a_link_that_cannot_be_followed_fails_alone() {
    let mesh = Mesh::with_east_where("34.16.55.9", "not-an-address");
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::LinksValid);
    assert_eq!(line.cluster.as_deref(), Some("east"));
}

#[test]
fn credentials_have_a_line_a_link_and_fail_by_it() {
    let mesh = Mesh::with_health(|health| {
        for (to, state) in [("west", "expired"), ("north", "valid")] {
            let state = Credential {
                state: state.into(),
                at_ms: 0,
            };
            health.credentials.insert(("east".into(), to.into()), state);
        }
    });
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::LinksCredentials);
    assert_eq!(line.target.as_deref(), Some("west"));
    let lines = mesh.check(&[CheckId::LinksCredentials]);
    let north = lines
        .iter()
        .find(|line| line.target.as_deref() == Some("north"));
    assert_eq!(north.unwrap().verdict, Verdict::Passed);
}

#[test]
fn a_gateway_that_answers_no_probe_fails() {
    let mesh = Mesh::with_health(|health| {
        let gateway = health.gateways.values_mut().next().unwrap();
        let failure = |at_ms| Probe {
            at_ms,
            round_trip_ms: None,
        };
        gateway.probes.extend([1, 2, 3].map(failure));
    });
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::GatewaysProbe);
    assert_eq!(line.target.as_deref(), Some("west"));
    assert!(line.reason.unwrap().contains("34.16.55.9:4180"));
}

#[test]
fn a_gateway_that_was_not_probed_is_not_run() {
    let mesh = Mesh::with_health(|health| {
        let place = ("192.0.2.7".parse().unwrap(), 4180);
        health.gateways.insert(place, GatewayHealth::default());
    });
    assert_eq!(mesh.failed(), []);
    let lines = mesh.check(&[CheckId::GatewaysProbe]);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].verdict, Verdict::NotRun);
}

#[test]
fn clusters_without_a_common_root_are_named() {
    let mut mesh = Mesh::with_health(|health| {
        health.trust_roots = [("east".into(), "a".into()), ("west".into(), "b".into())].into();
    });
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::IdentitySharedRoot);
    assert_eq!(names(&line.clusters), ["east", "west"]);
    let said = ClusterConfig {
        trust_root: Some("a".into()),
        ..ClusterConfig::default()
    };
    mesh.config.clusters.insert("west".into(), said);
    assert_eq!(mesh.failed(), [], "configuration beats what was seen");
}

#[test]
fn what_may_not_be_read_fails() {
    let mesh = Mesh::with_health(|health| {
        let permission = |verb: &str| Permission {
            cluster: "west".into(),
            verb: verb.into(),
            resource: "services".into(),
        };
        health
            .permissions
            .insert(permission("list"), Access::Denied);
        health
            .permissions
            .insert(permission("watch"), Access::Allowed);
    });
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::PermissionsListWatch);
    assert!(line.reason.unwrap().starts_with("list services"));
}

#[test]
fn a_cluster_that_is_not_seen_fails_once() {
    let mut mesh = Mesh::with_health(|health| {
        let down = ClusterHealth {
            api: "down".into(),
            since_ms: 0,
        };
        health.clusters.insert("west".into(), down);
    });
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::ClustersReachable);
    assert_eq!(
        line.reason.as_deref(),
        Some("its API is down: it is served as it was")
    );
    mesh.stale = Stale::All;
    mesh.lost = vec![("west".into(), "the source is gone".to_owned())];
    let line = mesh.only_failure();
    assert_eq!(line.reason.as_deref(), Some("the source is gone"));
}
