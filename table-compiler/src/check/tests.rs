//! Each check with a mesh that passes it and one that fails it and nothing else.

use super::*;
use crate::input::documents;
use crate::mesh::{
    Access, ClientKind, ClusterConfig, ClusterHealth, Credential, GatewayHealth, MeshConfig,
    Permission, Probe, Stale,
};
use crate::{HealthFile, health_document};
use dns_core::NameBuf;
use dns_core::vip::VipConfig;

const EAST: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: east}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.3.3, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [10.1.0.3], conditions: {ready: true}}]
---
apiVersion: multicluster.linkerd.io/v1alpha2
kind: Link
metadata: {name: west, namespace: linkerd-multicluster}
spec:
  targetClusterName: west
  targetClusterDomain: cluster.local
  clusterCredentialsSecret: cluster-credentials-west
  gatewayAddress: 34.16.55.9
  gatewayPort: '4180'
  selector: {matchLabels: {mirror.linkerd.io/exported: 'true'}}
";

const WEST: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: west}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {mirror.linkerd.io/exported: 'true'}}
spec: {clusterIP: 10.112.3.3, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [10.2.0.3], conditions: {ready: true}}]
";

const HEALTH: &str = "\
gateways:
- {address: 34.16.55.9, port: 4180, probes: [{at: 2026-01-01T10:00:00Z, ok: true, rtt_ms: 12}]}
clusters: [{id: east, api: up}, {id: west, api: up}]
credentials: [{from: east, to: west, state: valid}]
";

/// Two linked clusters in which all is well, and ways to break them.
struct Mesh {
    east: String,
    west: String,
    config: MeshConfig,
    health: Option<Health>,
    stale: Stale,
    lost: Vec<(Arc<str>, String)>,
    process: Option<ServingProcess>,
    vips: VipConfig,
}

impl Mesh {
    fn sound() -> Self {
        let HealthFile { health, problems } = health_document("health.yaml", HEALTH);
        assert_eq!(problems, []);
        Mesh {
            east: EAST.to_owned(),
            west: WEST.to_owned(),
            config: MeshConfig::new(NameBuf::parse("cluster.local").unwrap()),
            health: Some(health),
            stale: Stale::None,
            lost: Vec::new(),
            process: None,
            vips: VipConfig::default(),
        }
    }

    fn with_east(object: &str) -> Self {
        let mut mesh = Mesh::sound();
        mesh.east += &format!("---\n{object}");
        mesh
    }

    fn with_west(object: &str) -> Self {
        let mut mesh = Mesh::sound();
        mesh.west += &format!("---\n{object}");
        mesh
    }

    fn with_west_where(from: &str, to: &str) -> Self {
        let mut mesh = Mesh::sound();
        assert!(mesh.west.contains(from), "{from}");
        mesh.west = mesh.west.replace(from, to);
        mesh
    }

    fn with_east_where(from: &str, to: &str) -> Self {
        let mut mesh = Mesh::sound();
        assert!(mesh.east.contains(from), "{from}");
        mesh.east = mesh.east.replace(from, to);
        mesh
    }

    fn with_health(change: impl FnOnce(&mut Health)) -> Self {
        let mut mesh = Mesh::sound();
        change(mesh.health.as_mut().unwrap());
        mesh
    }

    fn check(&self, ids: &[CheckId]) -> Vec<CheckLine> {
        let mut compiler = Compiler::new(self.config.clone());
        let mut problems = Vec::new();
        for (id, text) in [("east", &self.east), ("west", &self.west)] {
            let id: Arc<str> = id.into();
            let parsed = documents(&format!("{id}.yaml"), text);
            let found = parsed.problems.into_iter();
            problems.extend(found.map(|problem| (Some(Arc::clone(&id)), problem)));
            let stale = if &*id == "west" {
                self.stale.clone()
            } else {
                Stale::None
            };
            compiler.set_cluster(&id, &parsed.objects, stale);
        }
        compiler.set_health(self.health.clone().unwrap_or_default());
        let mut ledger = Ledger::new(self.vips.clone());
        compiler.compile(&mut ledger, 0);
        assert!(compiler.table(&ClientKind::of_cluster("east")).is_some());
        let input = CheckInput {
            compiler: &compiler,
            ledger: &ledger,
            problems: &problems,
            lost: &self.lost,
            health: self.health.as_ref(),
            process: self.process.as_ref(),
        };
        check(&input, ids)
    }

    fn failed(&self) -> Vec<CheckLine> {
        let mut lines = self.check(&[]);
        lines.retain(|line| line.verdict == Verdict::Failed);
        lines
    }

    /// The only line that fails.
    #[track_caller]
    fn only_failure(&self) -> CheckLine {
        let failed = self.failed();
        assert_eq!(failed.len(), 1, "{failed:#?}");
        failed.into_iter().next().unwrap()
    }
}

fn names(ids: &[Arc<str>]) -> Vec<&str> {
    ids.iter().map(|id| &**id).collect()
}

#[test]
fn every_line_passes_where_all_is_well() {
    let lines = Mesh::sound().check(&[]);
    let odd: Vec<_> = lines
        .iter()
        .filter(|line| line.verdict != Verdict::Passed)
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    for id in [
        CheckId::InputsValid,
        CheckId::NamesConflicts,
        CheckId::LinksCredentials,
        CheckId::GatewaysProbe,
        CheckId::PermissionsListWatch,
    ] {
        assert!(lines.iter().any(|line| line.id == id), "{id}");
    }
}

#[test]
fn what_needs_the_health_document_is_not_run_without_it() {
    let mut mesh = Mesh::sound();
    mesh.health = None;
    let lines = mesh.check(&[]);
    let not_run = lines.iter().filter(|line| line.verdict == Verdict::NotRun);
    let ids: Vec<_> = not_run.map(|line| line.id).collect();
    assert_eq!(
        ids,
        [
            CheckId::GatewaysProbe,
            CheckId::LinksCredentials,
            CheckId::PermissionsListWatch
        ]
    );
    assert_eq!(mesh.failed(), []);
}

#[test]
fn what_has_nothing_to_check_has_a_line_only_when_it_is_asked_for() {
    let mesh = Mesh::sound();
    let all = mesh.check(&[]);
    assert!(all.iter().all(|line| line.id != CheckId::AgentAnswers));
    let asked = mesh.check(&[CheckId::AgentAnswers]);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].verdict, Verdict::NotRun);
    assert!(asked[0].reason.is_some());
}

#[test]
fn a_broken_object_is_named_with_its_field() {
    let mesh = Mesh::with_west(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {name: pay-gw, namespace: payments}\n\
         spec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: 7}]}\n",
    );
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::InputsValid);
    assert_eq!(line.cluster.as_deref(), Some("west"));
    assert_eq!(line.object.as_deref(), Some("Gateway payments/pay-gw"));
    assert_eq!(line.field.as_deref(), Some("spec.servers[0].hosts"));
    assert!(line.location.unwrap().starts_with("west.yaml:"));
}

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
fn an_export_without_ready_endpoints_fails() {
    let mesh = Mesh::with_west_where("ready: true", "ready: false");
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::ExportsHaveEndpoints);
    assert_eq!(line.object.as_deref(), Some("Service shop/web"));
    assert!(line.reason.unwrap().contains("0 of 1"));
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

#[test]
fn a_cluster_without_network_beside_others_is_told_how_to_have_one() {
    let mesh = Mesh::with_west_where("labels: {topology.istio.io/network: west}", "labels: {}");
    let failed = mesh.failed();
    let line = failed
        .iter()
        .find(|line| line.id == CheckId::NetworksLabelled);
    let line = line.unwrap();
    assert_eq!(names(&line.clusters), ["west"]);
    assert_eq!(
        line.hint.as_deref(),
        Some("label the mesh root namespace with topology.istio.io/network")
    );
}

#[test]
fn addresses_of_one_network_may_not_overlap_and_those_of_two_may() {
    let overlapping = ("10.112.3.3", "10.96.3.3");
    let mesh = Mesh::with_west_where(overlapping.0, overlapping.1);
    assert!(
        mesh.failed()
            .iter()
            .all(|line| line.id != CheckId::NetworksOverlap)
    );
    let mut mesh = Mesh::with_west_where("network: west", "network: east");
    mesh.west = mesh.west.replace(overlapping.0, overlapping.1);
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::NetworksOverlap);
    assert_eq!(names(&line.clusters), ["east", "west"]);
    assert_eq!(line.network.as_deref(), Some("east"));
}

#[test]
fn one_network_of_all_is_a_note() {
    let mesh = Mesh::with_west_where("network: west", "network: east");
    let lines = mesh.check(&[CheckId::NetworksSingle]);
    assert_eq!(lines[0].verdict, Verdict::Passed);
    assert!(lines[0].note.as_ref().unwrap().contains("network east"));
}

#[test]
fn a_pool_that_holds_an_address_of_a_cluster_fails() {
    let mesh = Mesh::with_west(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n\
         spec: {podCIDRs: [250.7.0.0/16]}\n",
    );
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::VipsPoolsOverlap);
    assert_eq!(line.object.as_deref(), Some("Node n1"));
    assert!(line.reason.unwrap().contains("250.0.0.0/8"));
}

#[test]
fn hosts_pinned_to_one_address_and_port_fail_and_other_ports_do_not() {
    let entry = |name: &str, port: u16| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: shop}}\n\
             spec: {{hosts: [{name}.global], addresses: [240.0.0.9], resolution: STATIC, \
             ports: [{{name: http, number: {port}, protocol: HTTP}}], \
             endpoints: [{{address: 192.0.2.1}}]}}\n"
        )
    };
    let apart = Mesh::with_east(&format!("{}---\n{}", entry("a", 80), entry("b", 81)));
    assert_eq!(apart.failed(), []);
    let mesh = Mesh::with_east(&format!("{}---\n{}", entry("a", 80), entry("b", 80)));
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::VipsSharedPins);
    assert_eq!(
        line.objects,
        ["ServiceEntry east/shop/a", "ServiceEntry east/shop/b"]
    );
}

#[test]
fn a_mirror_whose_service_is_gone_fails() {
    let mirror = "apiVersion: v1\nkind: Service\nmetadata:\n  name: cart-west\n  namespace: shop\n  \
         labels: {mirror.linkerd.io/mirrored-service: 'true', mirror.linkerd.io/cluster-name: west}\n  \
         annotations: {mirror.linkerd.io/remote-svc-fq-name: cart.shop.svc.cluster.local}\n\
         spec: {clusterIP: 10.96.3.9, ports: [{port: 80}]}\n";
    let line = Mesh::with_east(mirror).only_failure();
    assert_eq!(line.id, CheckId::MirrorsOrphaned);
    assert_eq!(
        line.reason.as_deref(),
        Some("west has no Service shop/cart")
    );
    let original = mirror
        .replace("cart.shop", "web.shop")
        .replace("cart-west", "web-w");
    assert_eq!(Mesh::with_east(&original).failed(), []);
    let unlinked = original.replace("cluster-name: west", "cluster-name: south");
    let line = Mesh::with_east(&unlinked).only_failure();
    assert_eq!(line.reason.as_deref(), Some("no Link to south is left"));
}

const POLICY: &str = "apiVersion: names.mesh/v1alpha1\nkind: NamePolicy\nmetadata: {name: teams}\n\
     spec:\n  publish: [{hosts: ['*.example.com'], from: [{cluster: '*', namespace: payments}]}]\n  \
     change: [{subjects: [team-a], verbs: [weights], clusters: [east]}]\n";

#[test]
fn a_host_that_a_policy_keeps_for_others_fails_with_the_rule() {
    let gateway = |namespace: &str| {
        format!(
            "{POLICY}---\napiVersion: networking.istio.io/v1\nkind: Gateway\n\
             metadata: {{name: gw, namespace: {namespace}}}\n\
             spec: {{servers: [{{port: {{number: 443, name: https, protocol: HTTPS}}, \
             hosts: [pay.example.com]}}]}}\n"
        )
    };
    assert_eq!(Mesh::with_east(&gateway("payments")).failed(), []);
    let line = Mesh::with_east(&gateway("thieves")).only_failure();
    assert_eq!(line.id, CheckId::PoliciesPublish);
    assert_eq!(line.field.as_deref(), Some("spec.servers[0].hosts[0]"));
    assert_eq!(
        line.rule.as_deref(),
        Some("NamePolicy east/teams spec.publish[0]")
    );
}

#[test]
fn a_part_that_its_editor_may_not_change_fails_with_the_rule() {
    let product = |subject: &str, cluster: &str| {
        format!(
            "{POLICY}---\napiVersion: names.mesh/v1alpha1\nkind: ProductName\n\
             metadata: {{name: pay, namespace: payments, \
             annotations: {{names.mesh/changed-by: {subject}}}}}\n\
             spec: {{hosts: [pay.example.com], \
             weights: [{{match: {{cluster: {cluster}}}, weight: 75}}]}}\n"
        )
    };
    assert_eq!(Mesh::with_east(&product("team-a", "east")).failed(), []);
    for (subject, cluster) in [("team-a", "west"), ("team-b", "east")] {
        let line = Mesh::with_east(&product(subject, cluster)).only_failure();
        assert_eq!(line.id, CheckId::PoliciesChange);
        assert_eq!(line.subject.as_deref(), Some(subject));
        assert_eq!(line.target.as_deref(), Some(cluster));
        assert_eq!(line.field.as_deref(), Some("spec.weights[0]"));
        assert_eq!(
            line.rule.as_deref(),
            Some("NamePolicy east/teams spec.change[0]")
        );
    }
    let nameless = product("team-a", "west").replace("names.mesh/changed-by", "other");
    let lines = Mesh::with_east(&nameless).check(&[CheckId::PoliciesChange]);
    assert_eq!(lines[0].verdict, Verdict::NotRun);
}

#[test]
fn a_template_that_makes_no_name_of_a_service_fails() {
    let long = "x".repeat(63);
    let mesh = Mesh::with_west(&format!(
        "apiVersion: v1\nkind: Service\n\
         metadata: {{name: {long}, namespace: shop, labels: {{mirror.linkerd.io/exported: 'true'}}}}\n\
         spec: {{clusterIP: 10.112.3.4, ports: [{{port: 80}}]}}\n\
         ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
         metadata: {{name: long-1, namespace: shop, labels: {{kubernetes.io/service-name: {long}}}}}\n\
         addressType: IPv4\nports: [{{port: 80}}]\n\
         endpoints: [{{addresses: [10.2.0.4], conditions: {{ready: true}}}}]\n"
    ));
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::TemplatesValid);
    assert_eq!(line.cluster.as_deref(), Some("west"));
}

#[test]
fn a_process_fails_by_what_it_says_of_itself() {
    let mut mesh = Mesh::sound();
    mesh.process = Some(ServingProcess {
        stale: vec!["west: held: gone".to_owned()],
        ..ServingProcess::default()
    });
    assert_eq!(mesh.only_failure().id, CheckId::AgentTableFresh);
    mesh.process = Some(ServingProcess {
        not_ready: vec!["table: not every source has been read yet".to_owned()],
        ..ServingProcess::default()
    });
    assert_eq!(mesh.only_failure().id, CheckId::AgentAnswers);
    mesh.process = Some(ServingProcess {
        journal: Some("read-only file system".to_owned()),
        ..ServingProcess::default()
    });
    assert_eq!(mesh.only_failure().id, CheckId::AgentJournal);
    mesh.process = Some(ServingProcess::default());
    assert_eq!(mesh.failed(), []);
}

#[test]
fn ids_are_found_by_their_labels_and_none_is_twice() {
    for id in CheckId::ALL {
        assert_eq!(CheckId::of(id.label()), Some(id));
    }
    assert_eq!(CheckId::of("names"), None);
}

#[test]
fn the_page_of_checks_has_every_id_in_order_and_no_other() {
    const PAGE: &str = include_str!("../../../docs/checks.md");
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let written: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let known: Vec<&str> = CheckId::ALL.iter().map(|id| id.label()).collect();
    assert_eq!(written, known);
}

#[test]
fn two_objects_that_claim_one_name_are_both_named() {
    let entry = |name: &str, created: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: {name}, creationTimestamp: {created}}}\n\
             spec: {{hosts: [foo.global], resolution: STATIC, \
             ports: [{{name: http, number: 80, protocol: HTTP}}], \
             endpoints: [{{address: 192.0.2.1}}]}}\n"
        )
    };
    let mesh = Mesh::with_east(&format!(
        "{}---\n{}",
        entry("late", "2024-02-01T00:00:00Z"),
        entry("early", "2024-01-01T00:00:00Z")
    ));
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::NamesConflicts);
    assert_eq!(
        line.objects,
        [
            "ServiceEntry east/early/early (kept)",
            "ServiceEntry east/late/late (shadowed)"
        ]
    );
    assert_eq!(line.name.as_deref(), Some("foo.global"));
}

#[test]
fn a_service_that_bears_the_name_of_a_mirror_is_a_conflict() {
    let mesh = Mesh::with_east(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web-west, namespace: shop}\n\
         spec: {clusterIP: 10.96.3.200, ports: [{name: http, port: 80}]}\n",
    );
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::NamesConflicts);
    assert_eq!(
        line.objects,
        [
            "Service east/shop/web-west (kept)",
            "export west/shop/web (shadowed)"
        ]
    );
}

#[test]
fn a_network_that_is_looked_into_needs_a_gateway_and_a_port_there() {
    let mut mesh = Mesh::sound();
    mesh.config.discovery = Some(crate::mesh::Discovery::AllServices);
    mesh.east = mesh
        .east
        .split("---\napiVersion: multicluster")
        .next()
        .unwrap()
        .to_owned();
    mesh.east = mesh
        .east
        .replace("metadata: {name: web, ", "metadata: {name: own, ");
    mesh.west = mesh
        .west
        .replace(", labels: {mirror.linkerd.io/exported: 'true'}", "");
    let failed = mesh.failed();
    let lines: Vec<_> = failed
        .iter()
        .filter(|line| line.network.as_deref() == Some("west"))
        .collect();
    assert_eq!(lines.len(), 1, "{failed:#?}");
    assert_eq!(lines[0].id, CheckId::GatewaysPresent);
    assert_eq!(
        lines[0].hint.as_deref(),
        Some("expose port 15443 on a Service labelled topology.istio.io/network=west")
    );
    assert!(
        failed
            .iter()
            .all(|line| line.id == CheckId::GatewaysPresent)
    );
}

#[test]
fn a_name_that_finds_its_pool_full_fails() {
    use dns_core::vip::{Pool, PoolKind, Pools};
    let mut mesh = Mesh::sound();
    let names = Pool::new(["250.0.0.0/30".parse().unwrap()]).unwrap();
    mesh.vips.pools = Pools::new(names, Pool::default_for(PoolKind::Instances)).unwrap();
    let entry = |name: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: shop}}\n\
             spec: {{hosts: [{name}.global], resolution: STATIC, \
             ports: [{{name: http, number: 80, protocol: HTTP}}], \
             endpoints: [{{address: 192.0.2.1}}]}}\n"
        )
    };
    mesh.east += &["a", "b", "c"].map(entry).concat();
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::VipsExhausted);
}
