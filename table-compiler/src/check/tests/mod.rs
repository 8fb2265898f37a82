//! Each check with a mesh that passes it and one that fails it and nothing else.

mod lines;
mod links;
mod names;
mod networks;
mod policies;
mod vips;

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
