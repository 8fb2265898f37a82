//! Facts about reading Kubernetes' own kinds.

use super::document::documents;
use super::fixture::{EVERY_KIND, check_problems, sample, text_map, typed};
use super::object::Object;
use super::object_kind::ObjectKind;
use super::secret::SecretRole;
use super::service::{ServiceAddressing, ServiceType};
use super::service_sharing::{CiliumAffinity, MirrorExport};
use serde_json::json;
use std::net::IpAddr;

fn ips(ips: &[IpAddr]) -> Vec<String> {
    ips.iter().map(ToString::to_string).collect()
}

#[test]
fn a_node_has_addresses_pod_networks_and_a_place() {
    let Object::Node(node) = typed(ObjectKind::Node) else {
        panic!("another kind");
    };
    assert_eq!(ips(&node.internal_ips), ["192.168.0.4"]);
    assert_eq!(ips(&node.external_ips), ["198.51.100.7"]);
    let cidrs: Vec<_> = node.pod_cidrs.iter().map(ToString::to_string).collect();
    assert_eq!(cidrs, ["10.244.0.0/24", "fd00:244::/64"]);
    assert_eq!(&*node.locality().zone, "us-east-a");
    check_problems(
        ObjectKind::Node,
        &[
            (
                "/spec/podCIDRs/1",
                json!("10.0.0.0"),
                "spec.podCIDRs[1]",
                "\"10.0.0.0\" is not a CIDR such as 10.244.0.0/24",
            ),
            (
                "/status/addresses/1/address",
                json!("x"),
                "status.addresses[1].address",
                "\"x\" is not an IP address",
            ),
        ],
    );
}

#[test]
fn a_pod_has_addresses_a_network_and_a_name_of_its_own() {
    let Object::Pod(pod) = typed(ObjectKind::Pod) else {
        panic!("another kind");
    };
    assert_eq!(ips(&pod.ips), ["10.244.0.9", "fd00:244::9"]);
    assert_eq!(pod.network().map(|n| &**n), Some("net7"));
    assert_eq!(pod.hostname.as_deref(), Some("db-0"));
    assert_eq!(pod.subdomain.as_deref(), Some("db"));
    assert_eq!(pod.node.as_deref(), Some("node-1.internal"));
    check_problems(
        ObjectKind::Pod,
        &[
            (
                "/status/podIPs/0/ip",
                json!("10.0.0.256"),
                "status.podIPs[0].ip",
                "\"10.0.0.256\" is not an IP address",
            ),
            (
                "/spec/hostname",
                json!(7),
                "spec.hostname",
                "7 is not a string",
            ),
            (
                "/spec/containers",
                json!({}),
                "spec.containers",
                "a mapping is not a list",
            ),
        ],
    );
}

#[test]
fn a_pod_of_an_old_api_server_has_its_one_address() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {podIP: 10.0.0.1}}";
    let object = &documents("f", text).objects[0].object;
    assert!(matches!(object, Object::Pod(pod) if ips(&pod.ips) == ["10.0.0.1"]));
}

#[test]
fn a_namespace_is_checked_too() {
    check_problems(
        ObjectKind::Namespace,
        &[
            (
                "/spec",
                json!({"finalizers": 7}),
                "spec.finalizers",
                "7 is not a list",
            ),
            (
                "/metadata/labels/a",
                json!(7),
                "metadata.labels.a",
                "7 is not a string",
            ),
        ],
    );
}

#[test]
fn a_service_has_its_type_ports_selector_and_addresses() {
    let Object::Service(service) = typed(ObjectKind::Service) else {
        panic!("another kind");
    };
    assert_eq!(service.kind, ServiceType::NodePort);
    let ServiceAddressing::Cluster(cluster) = &service.addressing else {
        panic!("another form");
    };
    assert_eq!(ips(cluster), ["10.96.0.7", "fd00:96::7"]);
    let ports: Vec<_> = service
        .ports
        .iter()
        .map(|p| (p.number, p.target, p.node_port))
        .collect();
    assert_eq!(ports, [(80, Some(8080), Some(30080)), (53, None, None)]);
    assert_eq!(service.selector, text_map([("app", "web")]));
    assert_eq!(service.traffic_distribution.as_deref(), Some("PreferClose"));
    assert_eq!(ips(&service.external_ips), ["198.51.100.8"]);
    assert_eq!(ips(&service.load_balancer_ips), ["203.0.113.9"]);
    assert_eq!(service.load_balancer_hosts[0].to_string(), "lb.example.com");
}

#[test]
fn a_service_says_how_it_is_shared() {
    let with = |labels: &str, annotations: &str| {
        let text = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: a, labels: {{{labels}}}, annotations: {{{annotations}}}}}}}"
        );
        match &documents("f", &text).objects[0].object {
            Object::Service(service) => service.clone(),
            _ => panic!("another kind"),
        }
    };
    let Object::Service(service) = typed(ObjectKind::Service) else {
        panic!("another kind");
    };
    assert_eq!(service.export(), MirrorExport::Gateway);
    assert!(service.is_federated_member());
    assert!(service.cilium_global() && service.cilium_shared());
    assert_eq!(service.cilium_affinity(), CiliumAffinity::Local);

    let flat = with("mirror.linkerd.io/exported: remote-discovery", "");
    assert_eq!(flat.export(), MirrorExport::RemoteDiscovery);
    let none = with(
        "mirror.linkerd.io/exported: 'false'",
        "service.cilium.io/shared: 'true'",
    );
    assert_eq!(none.export(), MirrorExport::None);
    assert!(!none.is_federated_member() && !none.cilium_global() && !none.cilium_shared());
    assert_eq!(none.cilium_affinity(), CiliumAffinity::None);
    let old = with(
        "",
        "io.cilium/global-service: 'true', io.cilium/shared-service: 'false', io.cilium/service-affinity: remote",
    );
    assert!(old.cilium_global() && !old.cilium_shared());
    assert_eq!(old.cilium_affinity(), CiliumAffinity::Remote);
}

#[test]
fn bad_ports_of_a_service_are_named() {
    const PORT: &str = "is not a port number from 1 to 65535";
    check_problems(
        ObjectKind::Service,
        &[
            (
                "/spec/ports/1",
                json!({"name": "x"}),
                "spec.ports[1].port",
                "is missing",
            ),
            (
                "/spec/ports/0/port",
                json!(0),
                "spec.ports[0].port",
                &format!("0 {PORT}"),
            ),
            (
                "/spec/ports/0/targetPort",
                json!(70000),
                "spec.ports[0].targetPort",
                &format!("70000 {PORT}"),
            ),
            (
                "/spec/ports/0/nodePort",
                json!(-1),
                "spec.ports[0].nodePort",
                &format!("-1 {PORT}"),
            ),
            (
                "/spec/clusterIPs/1",
                json!("nowhere"),
                "spec.clusterIPs[1]",
                "\"nowhere\" is not an IP address or None",
            ),
            (
                "/metadata/labels/networking.istio.io~1gatewayPort",
                json!("0"),
                "metadata.labels.networking.istio.io/gatewayPort",
                &format!("\"0\" {PORT}"),
            ),
        ],
    );
}

#[test]
fn a_slice_says_where_it_was_imported_from_and_which_pods_it_names() {
    let Object::EndpointSlice(slice) = typed(ObjectKind::EndpointSlice) else {
        panic!("another kind");
    };
    assert_eq!(slice.source_cluster.as_deref(), Some("cluster2"));
    assert_eq!(slice.imported_service.as_deref(), Some("web"));
    assert_eq!(slice.endpoints[0].pod.as_deref(), Some("web-0"));
    assert_eq!(slice.endpoints[0].zone.as_deref(), Some("us-east-a"));
    assert_eq!(slice.ports[0].number, Some(8080));
    check_problems(
        ObjectKind::EndpointSlice,
        &[(
            "/endpoints/0/targetRef",
            json!([]),
            "endpoints[0].targetRef",
            "a list is not a mapping",
        )],
    );
}

#[test]
fn a_secret_of_istio_names_its_clusters() {
    let Object::Secret(secret) = typed(ObjectKind::Secret) else {
        panic!("another kind");
    };
    assert_eq!(
        secret.role,
        SecretRole::RemoteClusters(vec!["cluster2".into()])
    );
    assert_eq!(secret.keys, ["cluster2".into()]);
    let text = EVERY_KIND.replace("data:\n  cluster2: aHVzaGh1c2g=\n", "");
    let parsed = documents("f", &text);
    let secret = parsed.objects.iter().find_map(|o| match &o.object {
        Object::Secret(secret) => Some(secret),
        _ => None,
    });
    let expected = SecretRole::RemoteClusters(vec!["cluster2".into()]);
    assert_eq!(secret.unwrap().role, expected);
}

#[test]
fn a_secret_of_linkerd_names_the_domains_of_its_cluster() {
    let parsed = documents("f", EVERY_KIND);
    let name = "cluster-credentials-west";
    let doc = parsed.objects.iter().find(|o| &*o.id.name == name).unwrap();
    let Object::Secret(secret) = &doc.object else {
        panic!("another kind");
    };
    let SecretRole::LinkCredentials {
        cluster_domain,
        trust_domain,
    } = &secret.role
    else {
        panic!("another role");
    };
    let domain = cluster_domain.as_ref().map(ToString::to_string);
    assert_eq!(domain.as_deref(), Some("west.local"));
    assert_eq!(trust_domain.as_deref(), Some("west.trust"));
    assert_eq!(secret.keys, ["kubeconfig".into()]);
}

#[test]
fn no_value_of_a_secret_is_kept_or_told() {
    let parsed = documents("f", EVERY_KIND);
    let kept = format!("{:?}", parsed.objects);
    assert!(!kept.contains("hushhush") && !kept.contains("aHVzaGh1c2g"));
    assert_eq!(sample(ObjectKind::Secret).raw["data"]["cluster2"], "");
    for data in [
        "data: {a: [hushhush]}",
        "data: {a: hushhush}, extra: hushhush",
        "data: hushhush",
        "stringData: {a: 7}, data: [hushhush]",
        "data: {a: 1}, immutable: hushhush",
    ] {
        let text = format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: a, labels: {{istio/multiCluster: 'true'}}}}, {data}}}"
        );
        let parsed = documents("f", &text);
        assert!(!format!("{parsed:?}").contains("hushhush"), "{data}");
    }
}

#[test]
fn secrets_and_config_maps_that_say_nothing_about_names_are_passed_over() {
    let text = "\
{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: a}, data: {k: dg==}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-ca-root-cert}, data: {k: v}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-canary}, data: {mesh: 'trustDomain: td'}}
";
    let parsed = documents("f", text);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.skipped.values().sum::<usize>(), 2);
    assert_eq!(parsed.objects.len(), 1);
}
