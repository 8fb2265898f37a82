//! [`Mesh`]: clusters with their compiler and ledger.

use super::fixture::{NOW_MS, addresses, config};
use crate::input::documents;
use crate::mesh::{ClientKind, Compiler, Discovery, MeshConfig, Outcome, Stale};
use dns_core::vip::{Ledger, VipConfig};
use dns_core::{HostEntry, NameBuf};
use std::sync::Arc;

/// A mesh with its ledger.
pub(super) struct Mesh {
    pub(super) compiler: Compiler,
    pub(super) ledger: Ledger,
    pub(super) now_ms: u64,
}

impl Mesh {
    pub(super) fn new(config: MeshConfig) -> Self {
        Mesh {
            compiler: Compiler::new(config),
            ledger: Ledger::new(VipConfig::default()),
            now_ms: NOW_MS,
        }
    }

    pub(super) fn with(discovery: Discovery) -> Self {
        Mesh::new(MeshConfig {
            discovery: Some(discovery),
            ..config()
        })
    }

    /// The mesh with these objects as all that the cluster has.
    pub(super) fn cluster(mut self, id: &str, yaml: &str) -> Self {
        self.set(id, yaml);
        self
    }

    pub(super) fn set(&mut self, id: &str, yaml: &str) -> Outcome {
        let parsed = documents(&format!("{id}.yaml"), yaml);
        assert_eq!(parsed.problems, []);
        self.compiler
            .set_cluster(&id.into(), &parsed.objects, Stale::None);
        self.compile()
    }

    pub(super) fn compile(&mut self) -> Outcome {
        self.compiler.compile(&mut self.ledger, self.now_ms)
    }

    pub(super) fn entries(&self, cluster: &str, name: &str) -> &[Arc<HostEntry>] {
        let table = self.compiler.table(&ClientKind::of_cluster(cluster));
        let name = NameBuf::parse(name).unwrap();
        table.and_then(|table| table.get(&name)).unwrap_or_default()
    }

    /// The addresses of the best variant of a name; none of a name that is not there.
    pub(super) fn answer(&self, cluster: &str, name: &str) -> Vec<String> {
        let entries = self.entries(cluster, name);
        entries
            .first()
            .map(|entry| addresses(entry))
            .unwrap_or_default()
    }

    pub(super) fn vip(&self, cluster: &str, name: &str) -> String {
        let answer = self.answer(cluster, name);
        assert_eq!(answer.len(), 2, "{cluster}: {name}: {answer:?}");
        assert!(answer[0].starts_with("250."), "{answer:?}");
        answer[0].clone()
    }
}

pub(super) fn service(name: &str, ip: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}\n\
         spec: {{clusterIP: {ip}, ports: [{{name: http, port: 80}}]}}\n"
    )
}

pub(super) fn gateway(name: &str, host: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: pay}}\n\
         spec:\n  selector: {{app: {name}}}\n  servers: [{{port: {{number: 443, name: tls, protocol: TLS}}, hosts: ['{host}']}}]\n"
    )
}

pub(super) fn network(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: istio-system, labels: {{topology.istio.io/network: {name}}}}}\n"
    )
}

pub(super) const REVIEWS: &str = "reviews.shop.svc.cluster.local";

pub(super) const PRODUCT: &str = "---
apiVersion: names.mesh/v1alpha1
kind: ProductName
metadata: {name: pay, namespace: pay}
spec:
  hosts: [pay.example.com]
  aliases: [pay.pay.global]
  ttl: 5
  vip: {v4: 240.240.7.9}
";
