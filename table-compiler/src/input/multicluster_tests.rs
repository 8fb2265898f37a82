//! Facts about reading the kinds that join clusters: MCS, Linkerd, SMI and cluster facts.

use super::cluster_property::ClusterFact;
use super::document::documents;
use super::endpoint_slice::Condition;
use super::fixture::{check_problems, text_map, typed};
use super::gateway_address::GatewayAddress;
use super::object::Object;
use super::object_kind::ObjectKind;
use super::service_import::ImportAddressing;
use super::status_condition::ConditionState;
use serde_json::json;

#[test]
fn a_link_names_cluster_gateway_probe_and_selectors() {
    let Object::Link(link) = typed(ObjectKind::Link) else {
        panic!("another kind");
    };
    assert_eq!(&*link.target_cluster_name, "west");
    assert_eq!(link.target_cluster_domain.to_string(), "west.local");
    let [GatewayAddress::Ip(ip), GatewayAddress::Host(host)] = link.gateway_addresses.as_slice()
    else {
        panic!("other addresses");
    };
    assert_eq!(
        (ip.to_string(), host.to_string()),
        ("34.16.55.9".to_owned(), "gw.west.example".to_owned())
    );
    assert_eq!(link.gateway_port, Some(4180));
    assert_eq!(link.gateway_identity.as_deref(), Some("gw.west.identity"));
    let probe = link.probe_spec.as_ref().unwrap();
    assert_eq!((&*probe.path, probe.port), ("/ready", 4191));
    assert_eq!(
        (
            probe.period_secs,
            probe.failure_threshold,
            probe.timeout_secs
        ),
        (5, 4, 20)
    );
    assert_eq!(
        link.credentials_secret.as_deref(),
        Some("cluster-credentials-west")
    );
    assert_eq!(link.excluded_labels, ["secret-label".into()]);
    assert_eq!(link.excluded_annotations, ["secret-annotation".into()]);
}

#[test]
fn a_selector_of_a_link_selects_services_by_their_labels() {
    const EXPORTED: &str = "mirror.linkerd.io/exported";
    let Object::Link(link) = typed(ObjectKind::Link) else {
        panic!("another kind");
    };
    let (by_gateway, flat) = (
        text_map([(EXPORTED, "true")]),
        text_map([(EXPORTED, "remote-discovery")]),
    );
    assert!(link.selector.selects(&by_gateway) && !link.selector.selects(&flat));
    let discovery = &link.remote_discovery_selector;
    assert!(discovery.selects(&flat) && !discovery.selects(&by_gateway));
    let hidden = text_map([(EXPORTED, "remote-discovery"), ("hidden", "")]);
    assert!(!discovery.selects(&hidden));
    assert!(!super::LabelSelector::default().selects(&by_gateway));
}

#[test]
fn a_link_into_a_flat_network_has_no_gateway() {
    let text = "\
apiVersion: multicluster.linkerd.io/v1alpha1
kind: Link
metadata: {name: flat}
spec: {targetClusterName: flat, targetClusterDomain: cluster.local, gatewayAddress: '', gatewayPort: '0', probeSpec: {path: '', port: '', period: 0s}}
";
    let parsed = documents("f", text);
    assert_eq!(parsed.problems, []);
    assert!(matches!(
        &parsed.objects[0].object,
        Object::Link(link) if link.gateway_addresses.is_empty()
            && link.gateway_port.is_none()
            && link.probe_spec.is_none()
    ));
}

#[test]
fn bad_fields_of_a_link_are_named() {
    check_problems(
        ObjectKind::Link,
        &[
            (
                "/spec/targetClusterName",
                json!(""),
                "spec.targetClusterName",
                "is empty",
            ),
            (
                "/spec/targetClusterDomain",
                json!("*.a"),
                "spec.targetClusterDomain",
                "\"*.a\" is a wildcard",
            ),
            (
                "/spec/gatewayAddress",
                json!("10.0.0.1,a..b"),
                "spec.gatewayAddress",
                "\"a..b\" has an empty label",
            ),
            (
                "/spec/gatewayPort",
                json!("x"),
                "spec.gatewayPort",
                "\"x\" is not a port number from 1 to 65535",
            ),
            (
                "/spec/probeSpec/period",
                json!("3"),
                "spec.probeSpec.period",
                "\"3\" is not a duration",
            ),
            (
                "/spec/remoteDiscoverySelector/matchExpressions/0/operator",
                json!("Is"),
                "spec.remoteDiscoverySelector.matchExpressions[0].operator",
                "\"Is\" is not In, NotIn, Exists or DoesNotExist",
            ),
        ],
    );
}

#[test]
fn an_external_workload_has_addresses_and_readiness() {
    let Object::ExternalWorkload(workload) = typed(ObjectKind::ExternalWorkload) else {
        panic!("another kind");
    };
    assert_eq!(workload.ips[0].to_string(), "172.16.0.6");
    assert_eq!(workload.ports[0].number, Some(8080));
    assert_eq!(workload.identity.as_deref(), Some("spiffe://root/vm-2"));
    assert_eq!(workload.condition, Condition::Ready);
    check_problems(
        ObjectKind::ExternalWorkload,
        &[
            (
                "/spec/workloadIPs/0/ip",
                json!("vm"),
                "spec.workloadIPs[0].ip",
                "\"vm\" is not an IP address",
            ),
            (
                "/spec/ports/0/port",
                json!(0),
                "spec.ports[0].port",
                "0 is not a port number from 1 to 65535",
            ),
        ],
    );
}

#[test]
fn a_service_export_has_labels_and_conditions() {
    let Object::ServiceExport(export) = typed(ObjectKind::ServiceExport) else {
        panic!("another kind");
    };
    assert_eq!(export.exported_labels, text_map([("team", "shop")]));
    assert_eq!(export.exported_annotations, text_map([("note", "hello")]));
    let condition = &export.conditions[0];
    assert_eq!(
        (&*condition.name, condition.state),
        ("Conflict", ConditionState::True)
    );
    assert_eq!(condition.reason.as_deref(), Some("PortConflict"));
    assert_eq!(export.metadata.created_secs, Some(1_706_702_400));
    check_problems(
        ObjectKind::ServiceExport,
        &[
            (
                "/spec/exportedLabels",
                json!(["a"]),
                "spec.exportedLabels",
                "a list is not a mapping",
            ),
            (
                "/status/conditions/0/status",
                json!("Maybe"),
                "status.conditions[0].status",
                "\"Maybe\" is not True, False or Unknown",
            ),
        ],
    );
}

#[test]
fn a_service_import_has_a_type_addresses_and_ports() {
    let Object::ServiceImport(import) = typed(ObjectKind::ServiceImport) else {
        panic!("another kind");
    };
    assert_eq!(import.addressing, ImportAddressing::ClusterSetIp);
    assert_eq!(import.ips[0].to_string(), "10.42.0.7");
    assert_eq!(
        (import.ports[0].name.as_deref(), import.ports[0].number),
        (Some("http"), 80)
    );
    assert_eq!(import.session_affinity.as_deref(), Some("ClientIP"));
    assert_eq!(import.clusters, ["cluster1".into(), "cluster2".into()]);
    check_problems(
        ObjectKind::ServiceImport,
        &[
            (
                "/spec/type",
                json!("ClusterIP"),
                "spec.type",
                "\"ClusterIP\" is not ClusterSetIP or Headless",
            ),
            (
                "/spec/ips/0",
                json!("x"),
                "spec.ips[0]",
                "\"x\" is not an IP address",
            ),
            (
                "/spec/ports/0/port",
                json!("http"),
                "spec.ports[0].port",
                "\"http\" is not a whole number",
            ),
        ],
    );
}

#[test]
fn names_that_become_labels_of_names_have_no_dots() {
    for (api, kind) in [
        ("multicluster.x-k8s.io/v1beta1", "ServiceExport"),
        ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
    ] {
        let text = format!("{{apiVersion: {api}, kind: {kind}, metadata: {{name: a.b}}}}");
        let problem = &documents("f", &text).problems[0];
        assert_eq!(problem.field.as_deref(), Some("metadata.name"), "{kind}");
    }
}

#[test]
fn a_cluster_says_its_id_and_that_of_its_set() {
    let Object::ClusterProperty(property) = typed(ObjectKind::ClusterProperty) else {
        panic!("another kind");
    };
    assert_eq!(
        (property.fact, &*property.value),
        (ClusterFact::ClusterId, "cluster1")
    );
    for (name, expected) in [
        ("id.k8s.io", ClusterFact::ClusterId),
        ("clusterset.k8s.io", ClusterFact::ClusterSet),
        ("mine.example.com", ClusterFact::Other),
    ] {
        let text = format!(
            "{{apiVersion: about.k8s.io/v1alpha1, kind: ClusterProperty, metadata: {{name: {name}}}, spec: {{value: x}}}}"
        );
        let object = &documents("f", &text).objects[0];
        assert_eq!(object.id.to_string(), format!("ClusterProperty {name}"));
        assert!(matches!(&object.object, Object::ClusterProperty(p) if p.fact == expected));
    }
    check_problems(
        ObjectKind::ClusterProperty,
        &[("/spec/value", json!(""), "spec.value", "is empty")],
    );
}

#[test]
fn a_cluster_profile_has_properties() {
    let Object::ClusterProfile(profile) = typed(ObjectKind::ClusterProfile) else {
        panic!("another kind");
    };
    assert_eq!(profile.display_name.as_deref(), Some("first"));
    let expected = text_map([("cluster.clusterset.k8s.io", "cluster1")]);
    assert_eq!(profile.properties, expected);
    check_problems(
        ObjectKind::ClusterProfile,
        &[(
            "/status/properties/0",
            json!({"value": "x"}),
            "status.properties[0].name",
            "is missing",
        )],
    );
}

#[test]
fn a_traffic_split_has_weights_in_thousandths() {
    let Object::TrafficSplit(split) = typed(ObjectKind::TrafficSplit) else {
        panic!("another kind");
    };
    assert_eq!(&*split.service, "backend");
    let shares: Vec<_> = split
        .backends
        .iter()
        .map(|b| (&*b.service, b.weight_milli))
        .collect();
    assert_eq!(shares, [("backend", 500), ("backend-west", 1000)]);
    let primary = split
        .metadata
        .annotation("failover.linkerd.io/primary-service");
    assert_eq!(primary.map(|name| &**name), Some("backend"));
    check_problems(
        ObjectKind::TrafficSplit,
        &[
            ("/spec/service", json!(null), "spec.service", "is missing"),
            (
                "/spec/backends/1/weight",
                json!("half"),
                "spec.backends[1].weight",
                "\"half\" is not a weight such as 50 or \"500m\"",
            ),
        ],
    );
}
