//! A mesh to look at endpoints in: YAML of clusters, and what is seen of it.

use super::{GatewayMember, Leads, Member, ServiceMember, Subject, leads_of};
use crate::input::{MemberWeight, Object, Order, documents};
use crate::mesh::cluster::{ClusterState, ServiceKey};
use crate::mesh::config::MeshConfig;
use crate::mesh::ground::Ground;
use crate::mesh::health::{GatewayHealth, Health, Probe};
use crate::mesh::kind::ClientKind;
use crate::mesh::mesh_view::{Mesh, MeshView};
use crate::mesh::relations::relations_of;
use dns_core::{Endpoint, EndpointAddress, EndpointState, NameBuf};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

/// A mesh of clusters.
pub(in crate::mesh) struct World {
    pub(in crate::mesh) config: MeshConfig,
    pub(in crate::mesh) clusters: BTreeMap<Arc<str>, ClusterState>,
    pub(in crate::mesh) ground: Ground,
    pub(in crate::mesh) health: Health,
}

impl World {
    /// Clusters by id with their objects, by the defaults.
    pub(in crate::mesh) fn new(clusters: &[(&str, String)]) -> Self {
        World::with(clusters, |_| ())
    }

    /// Clusters by id with their objects, with something else said.
    pub(in crate::mesh) fn with(
        clusters: &[(&str, String)],
        change: impl FnOnce(&mut MeshConfig),
    ) -> Self {
        let mut config = MeshConfig::new(name("cluster.local"));
        change(&mut config);
        let clusters: BTreeMap<Arc<str>, ClusterState> = clusters
            .iter()
            .map(|(id, text)| (Arc::from(*id), state(id, text)))
            .collect();
        World {
            ground: Ground::of(&clusters, &config),
            config,
            clusters,
            health: Health::default(),
        }
    }

    /// Results of the probes of a gateway, oldest first: `+` or `-`.
    pub(in crate::mesh) fn probed(mut self, ip: &str, port: u16, results: &str) -> Self {
        let probes = results.bytes().enumerate().map(|(i, result)| Probe {
            at_ms: i as u64 * 3000,
            round_trip_ms: (result == b'+').then_some(12),
        });
        let gateway = GatewayHealth {
            probes: probes.collect(),
            failure_threshold: None,
            ..GatewayHealth::default()
        };
        let ip: IpAddr = ip.parse().unwrap();
        self.health.gateways.insert((ip, port), gateway);
        self
    }

    pub(in crate::mesh) fn mesh(&self) -> Mesh<'_> {
        Mesh {
            config: &self.config,
            clusters: &self.clusters,
            ground: &self.ground,
            health: &self.health,
            now_ms: 0,
        }
    }

    /// The member that a Service of a cluster is.
    pub(in crate::mesh) fn service(&self, cluster: &str, service: &str) -> ServiceMember<'_> {
        let (cluster, state) = self.clusters.get_key_value(cluster).unwrap();
        let (namespace, name) = service.split_once('/').unwrap();
        let key = ServiceKey {
            namespace: namespace.into(),
            name: name.into(),
        };
        let doc = state.service(&key).unwrap();
        let Object::Service(service) = &doc.object else {
            panic!("not a Service")
        };
        ServiceMember::new(&self.mesh(), cluster, doc, service)
    }

    /// A Service as a member, of each of these clusters.
    pub(in crate::mesh) fn services(&self, clusters: &[&str], service: &str) -> Vec<Member<'_>> {
        let of = |cluster: &&str| Member::Service(self.service(cluster, service));
        clusters.iter().map(of).collect()
    }

    /// The gateways of all clusters that expose a host.
    pub(in crate::mesh) fn gateways(&self, host: &str) -> Vec<Member<'_>> {
        let mesh = self.mesh();
        let mut members = Vec::new();
        for (cluster, ground) in &self.ground.clusters {
            for gateway in ground.product_gateways.values() {
                if let Some(host) = gateway.hosts.get(&name(host)) {
                    members.push(Member::Gateway(GatewayMember::new(
                        &mesh, cluster, gateway, host,
                    )));
                }
            }
        }
        members
    }

    /// What clients of a cluster are led to.
    pub(in crate::mesh) fn leads(
        &self,
        from: &str,
        members: &[Member<'_>],
        order: &Order,
        weights: &[MemberWeight],
    ) -> Leads {
        self.leads_of_kind(&ClientKind::of_cluster(from), members, order, weights)
    }

    /// What clients of a kind are led to.
    pub(in crate::mesh) fn leads_of_kind(
        &self,
        kind: &ClientKind,
        members: &[Member<'_>],
        order: &Order,
        weights: &[MemberWeight],
    ) -> Leads {
        let relations = relations_of(kind, &self.ground, &self.config);
        let view = MeshView {
            mesh: self.mesh(),
            relations: &relations,
        };
        leads_of(
            &view,
            &Subject {
                name: &name("asked.example"),
                members,
                order,
                weights,
            },
        )
    }

    /// What clients of a cluster are led to, in the usual order, as lines.
    pub(in crate::mesh) fn seen(&self, from: &str, members: &[Member<'_>]) -> Vec<String> {
        shown(&self.leads(from, members, &Order::default(), &[]).endpoints)
    }
}

pub(in crate::mesh) fn name(text: &str) -> NameBuf {
    NameBuf::parse(text).unwrap()
}

/// The objects of a cluster.
pub(in crate::mesh) fn state(id: &str, text: &str) -> ClusterState {
    let parsed = documents("mesh.yaml", text);
    assert_eq!(parsed.problems, [], "{text}");
    let mut state = ClusterState::new(&id.into());
    for doc in parsed.objects {
        state.put(Arc::new(doc));
    }
    state
}

/// Endpoints as `PRIORITY ADDRESS:PORT wWEIGHT CLUSTER VIA [AUTHORITY] [transit CLUSTER] [subset]`,
/// or with the reason in front.
pub(in crate::mesh) fn shown(endpoints: &[Endpoint]) -> Vec<String> {
    let line = |endpoint: &Endpoint| {
        let mut line = match &endpoint.state {
            EndpointState::Ready => endpoint.priority.to_string(),
            EndpointState::Unavailable(reason) => reason.to_string(),
        };
        match &endpoint.address {
            EndpointAddress::Ip(ip) => write!(line, " {ip}:{}", endpoint.port).unwrap(),
            EndpointAddress::Host(host) => write!(line, " {host}:{}", endpoint.port).unwrap(),
            EndpointAddress::Unix(path) => write!(line, " {path}").unwrap(),
        }
        write!(line, " w{}", endpoint.weight).unwrap();
        write!(line, " {}", endpoint.cluster.as_deref().unwrap_or("-")).unwrap();
        write!(line, " {}", endpoint.via.label()).unwrap();
        if let Some(authority) = &endpoint.authority {
            write!(line, " {authority}").unwrap();
        }
        if let Some(transit) = &endpoint.transit {
            write!(line, " transit {transit}").unwrap();
        }
        line
    };
    endpoints.iter().map(line).collect()
}

/// Root namespace labelled with a network, and a node in a zone.
pub(in crate::mesh) fn place(network: &str, region: &str, zone: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Namespace
metadata: {{name: istio-system, labels: {{topology.istio.io/network: {network}}}}}
---
apiVersion: v1
kind: Node
metadata: {{name: node-1, labels: {{topology.kubernetes.io/region: {region}, topology.kubernetes.io/zone: {zone}}}}}
"
    )
}

/// A Service with a slice of these pods; a pod that begins with `!` is not ready.
pub(in crate::mesh) fn service(service: &str, ip: &str, port: u16, pods: &[&str]) -> String {
    let (namespace, name) = service.split_once('/').unwrap();
    let mut text = format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{clusterIP: {ip}, ports: [{{name: http, port: {port}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: http, port: {port}}}]
endpoints:
"
    );
    for pod in pods {
        let (address, is_ready) = match pod.strip_prefix('!') {
            Some(address) => (address, false),
            None => (*pod, true),
        };
        let dashed = address.replace('.', "-");
        writeln!(
            text,
            "- {{addresses: [{address}], conditions: {{ready: {is_ready}}}, nodeName: node-1, \
             hostname: pod-{dashed}, targetRef: {{kind: Pod, name: pod-{dashed}}}}}"
        )
        .unwrap();
    }
    if pods.is_empty() {
        text.push_str("  []\n");
    }
    text
}

/// The Pod at an address, with a label.
pub(in crate::mesh) fn pod(namespace: &str, ip: &str, label: &str) -> String {
    let dashed = ip.replace('.', "-");
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: pod-{dashed}, namespace: {namespace}, labels: {{{label}}}}}
status: {{podIP: {ip}}}
"
    )
}

/// An east-west gateway of a network at these addresses.
pub(in crate::mesh) fn network_gateway(network: &str, ips: &[&str]) -> String {
    let ingress: Vec<String> = ips.iter().map(|ip| format!("{{ip: {ip}}}")).collect();
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: eastwest-{network}, namespace: istio-system, labels: {{topology.istio.io/network: {network}}}}}
spec: {{type: LoadBalancer, clusterIP: 10.0.255.1, ports: [{{name: tls, port: 15443}}]}}
status: {{loadBalancer: {{ingress: [{}]}}}}
",
        ingress.join(", ")
    )
}

/// A product gateway of Istio with its Service at an address, its hosts, and the ports of the
/// Service.
pub(in crate::mesh) fn product_gateway(name: &str, ip: &str, hosts: &str, ports: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: payments}}
spec:
  selector: {{app: {name}}}
  servers:
  - {{port: {{number: 443, name: https, protocol: HTTPS}}, tls: {{mode: SIMPLE, credentialName: c}}, hosts: [{hosts}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: payments}}
spec: {{type: LoadBalancer, clusterIP: 10.0.255.9, selector: {{app: {name}}}, ports: [{ports}]}}
status: {{loadBalancer: {{ingress: [{{ip: {ip}}}]}}}}
"
    )
}

/// Ports of the Service of a gateway that is in the mesh.
pub(in crate::mesh) const GATEWAY_PORTS: &str =
    "{name: https, port: 443}, {name: tls, port: 15443}";

/// A VirtualService that sends a host of a gateway to a Service of its namespace.
pub(in crate::mesh) fn bound(gateway: &str, host: &str, service: &str, port: u16) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {service}, namespace: payments}}
spec:
  hosts: [{host}]
  gateways: [payments/{gateway}]
  http:
  - route: [{{destination: {{host: {service}, port: {{number: {port}}}}}}}]
"
    )
}

/// Linkerd's Link to a cluster, with its gateway.
pub(in crate::mesh) fn link(target: &str, domain: &str, gateway: &str, port: u16) -> String {
    format!(
        "---
apiVersion: multicluster.linkerd.io/v1alpha3
kind: Link
metadata: {{name: {target}, namespace: linkerd-multicluster}}
spec:
  targetClusterName: {target}
  targetClusterDomain: {domain}
  targetClusterLinkerdNamespace: linkerd
  clusterCredentialsSecret: cluster-credentials-{target}
  gatewayAddress: {gateway}
  gatewayPort: \"{port}\"
  gatewayIdentity: gateway.linkerd-multicluster.serviceaccount.identity.linkerd.{domain}
  probeSpec: {{path: /ready, port: \"4191\", period: 3s}}
  selector: {{matchLabels: {{mirror.linkerd.io/exported: \"true\"}}}}
  remoteDiscoverySelector: {{matchLabels: {{mirror.linkerd.io/exported: remote-discovery}}}}
"
    )
}
