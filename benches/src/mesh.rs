//! Objects of many clusters, made from a number: what the table compiler is measured with.

use dns_core::NameBuf;
use dns_core::vip::{Ledger, VipConfig};
use std::fmt::Write as _;
use std::sync::Arc;
use table_compiler::{Compiler, Discovery, MeshConfig, ObjectChange, ObjectDoc, Stale, documents};

/// Clusters of the mesh, each a kind of client.
pub const CLUSTERS: u32 = 20;
/// Wall-clock time of all compilations, in milliseconds since 1970.
pub const NOW_MS: u64 = 1_700_000_000_000;

/// The parsed objects of every cluster.
#[derive(Debug)]
pub struct Mesh {
    clusters: Vec<(Arc<str>, Vec<ObjectDoc>)>,
}

impl Mesh {
    /// A mesh with so many Services of different names, evenly over its clusters, each with one
    /// EndpointSlice; every cluster has a network and a gateway of its own.
    pub fn of(services: u32) -> Self {
        let cluster = |id: u32| {
            let own = (0..services).filter(|service| service % CLUSTERS == id);
            let mut text = cluster_text(id);
            own.for_each(|service| text.push_str(&service_text(id, service)));
            let parsed = documents("objects.yaml", &text);
            assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
            (cluster_id(id), parsed.objects)
        };
        Mesh {
            clusters: (0..CLUSTERS).map(cluster).collect(),
        }
    }

    /// A compiler with all objects that has compiled nothing yet, and an empty ledger.
    pub fn compiler(&self) -> (Compiler, Ledger) {
        let domain = NameBuf::parse("cluster.local").expect("it is a name");
        let mut compiler = Compiler::new(MeshConfig {
            discovery: Some(Discovery::AllServices),
            ..MeshConfig::new(domain)
        });
        for (id, objects) in &self.clusters {
            compiler.set_cluster(id, objects, Stale::None);
        }
        (compiler, Ledger::new(VipConfig::default()))
    }
}

/// The change by which a service has one endpoint more or less than before.
pub fn endpoint_change(turn: u32, services: u32) -> (Arc<str>, ObjectChange) {
    let service = turn % services;
    let id = service % CLUSTERS;
    let text = slice_text(id, service, 1 + turn / services % 2);
    let parsed = documents("objects.yaml", &text);
    let doc = parsed
        .objects
        .into_iter()
        .next()
        .expect("it has one object");
    (cluster_id(id), ObjectChange::Put(Box::new(doc)))
}

fn cluster_id(id: u32) -> Arc<str> {
    format!("cluster{id:02}").into()
}

fn cluster_text(id: u32) -> String {
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: istio-system, labels: {{topology.istio.io/network: net{id}}}}}
---
apiVersion: v1
kind: Node
metadata: {{name: n1, labels: {{topology.kubernetes.io/region: r{region}, topology.kubernetes.io/zone: z{id}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: gateway, namespace: istio-system, labels: {{topology.istio.io/network: net{id}}}}}
spec: {{type: LoadBalancer, clusterIP: 10.255.0.{id}, ports: [{{name: tls, port: 15443}}]}}
status: {{loadBalancer: {{ingress: [{{ip: 198.51.100.{id}}}]}}}}
",
        region = id % 4
    )
}

fn service_text(id: u32, service: u32) -> String {
    let address = std::net::Ipv4Addr::from(0x0a00_0000 + service);
    let namespace = service % 100;
    let mut text = String::new();
    let _ = write!(
        text,
        "---
apiVersion: v1
kind: Service
metadata: {{name: service-{service}, namespace: ns-{namespace}}}
spec: {{clusterIP: {address}, ports: [{{name: http, port: 80}}]}}
"
    );
    text + &slice_text(id, service, 2)
}

fn slice_text(id: u32, service: u32, endpoints: u32) -> String {
    let namespace = service % 100;
    let endpoint = |i: u32| {
        let address = std::net::Ipv4Addr::from(0xac10_0000 + service * 4 + i);
        format!("{{addresses: [{address}], nodeName: n1, zone: z{id}}}")
    };
    let endpoints: Vec<String> = (0..endpoints).map(endpoint).collect();
    format!(
        "---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: service-{service}-1, namespace: ns-{namespace}, labels: {{kubernetes.io/service-name: service-{service}}}}}
addressType: IPv4
endpoints: [{}]
ports: [{{name: http, port: 8080}}]
",
        endpoints.join(", ")
    )
}
