//! Facts about reading Istio's kinds.

use super::fixture::{check_problems, text_map, typed};
use super::gateway::ServerTlsMode;
use super::gateway_address::GatewayAddress;
use super::mesh_config_map::{NetworkEndpoints, NetworkGatewayPlace};
use super::object::Object;
use super::object_kind::ObjectKind;
use super::route::RuleScope;
use super::scoped_host::{HostNamespaces, ScopedHost};
use super::service_entry::Location;
use super::virtual_service::RouteProtocol;
use dns_core::EndpointAddress;
use serde_json::json;

fn hosts(hosts: &[ScopedHost]) -> Vec<(HostNamespaces, String)> {
    let written = hosts.iter();
    written
        .map(|host| (host.namespaces.clone(), host.name.to_string()))
        .collect()
}

#[test]
fn a_gateway_exposes_hosts_of_some_namespaces() {
    let Object::Gateway(gateway) = typed(ObjectKind::Gateway) else {
        panic!("another kind");
    };
    assert_eq!(gateway.selector, text_map([("istio", "ingressgateway")]));
    let server = &gateway.servers[0];
    assert_eq!(
        hosts(&server.hosts),
        [
            (HostNamespaces::All, "pay.example.com".to_owned()),
            (HostNamespaces::Own, "*.own.example.com".to_owned()),
            (HostNamespaces::All, "all.example.com".to_owned()),
            (HostNamespaces::One("shop".into()), "*".to_owned()),
        ]
    );
    assert_eq!((server.port, &*server.protocol), (443, "TLS"));
    assert_eq!(server.port_name.as_deref(), Some("tls"));
    assert_eq!(server.tls_mode, Some(ServerTlsMode::AutoPassthrough));
    assert_eq!(gateway.servers[1].tls_mode, None);
}

#[test]
fn bad_fields_of_a_gateway_are_named() {
    check_problems(
        ObjectKind::Gateway,
        &[
            (
                "/spec/servers/0/hosts",
                json!(7),
                "spec.servers[0].hosts",
                "7 is not a list",
            ),
            (
                "/spec/servers/0/hosts",
                json!([]),
                "spec.servers[0].hosts",
                "is empty",
            ),
            (
                "/spec/servers/0/hosts/0",
                json!(7),
                "spec.servers[0].hosts[0]",
                "7 is not a string",
            ),
            (
                "/spec/servers/0/hosts/1",
                json!("a b/x"),
                "spec.servers[0].hosts[1]",
                "\"a b\" is not a namespace",
            ),
            (
                "/spec/servers/0/hosts/1",
                json!("a/b/c"),
                "spec.servers[0].hosts[1]",
                "\"b/c\" has the character '/'",
            ),
            (
                "/spec/servers/1/port",
                json!({}),
                "spec.servers[1].port.number",
                "is missing",
            ),
            (
                "/spec/servers/0/tls/mode",
                json!("OPEN"),
                "spec.servers[0].tls.mode",
                "\"OPEN\" is not PASSTHROUGH, SIMPLE, MUTUAL, AUTO_PASSTHROUGH, ISTIO_MUTUAL or OPTIONAL_MUTUAL",
            ),
            (
                "/spec/selector",
                json!([]),
                "spec.selector",
                "a list is not a mapping",
            ),
        ],
    );
}

#[test]
fn a_workload_entry_is_an_endpoint_with_the_labels_of_both_places() {
    let Object::WorkloadEntry(entry) = typed(ObjectKind::WorkloadEntry) else {
        panic!("another kind");
    };
    let endpoint = &entry.endpoint;
    let address = EndpointAddress::Ip("172.16.0.5".parse().unwrap());
    assert_eq!(endpoint.address, Some(address));
    assert_eq!(endpoint.labels, text_map([("app", "vm"), ("tier", "new")]));
    assert_eq!(endpoint.ports.get("tls"), Some(&8443));
    assert_eq!(endpoint.network.as_deref(), Some("vm-net"));
    assert_eq!(endpoint.weight, 3);
    let locality = endpoint.locality.as_ref().unwrap();
    assert_eq!(
        (&*locality.region, &*locality.zone),
        ("us-east", "us-east-a")
    );
    check_problems(
        ObjectKind::WorkloadEntry,
        &[
            (
                "/spec/address",
                json!("a..b"),
                "spec.address",
                "\"a..b\" has an empty label",
            ),
            (
                "/spec/ports/tls",
                json!("x"),
                "spec.ports.tls",
                "\"x\" is not a port number from 1 to 65535",
            ),
        ],
    );
}

#[test]
fn a_service_entry_selects_workloads_and_has_a_location() {
    let Object::ServiceEntry(entry) = typed(ObjectKind::ServiceEntry) else {
        panic!("another kind");
    };
    assert_eq!(entry.location, Location::Internal);
    assert_eq!(entry.workload_selector, Some(text_map([("app", "vm")])));
    check_problems(
        ObjectKind::ServiceEntry,
        &[
            (
                "/spec/location",
                json!("HERE"),
                "spec.location",
                "\"HERE\" is not a location",
            ),
            (
                "/spec/workloadSelector",
                json!({"labels": {"a": 1}}),
                "spec.workloadSelector.labels.a",
                "1 is not a string",
            ),
        ],
    );
}

#[test]
fn a_virtual_service_sends_hosts_to_weighted_destinations() {
    let Object::VirtualService(service) = typed(ObjectKind::VirtualService) else {
        panic!("another kind");
    };
    let written: Vec<_> = service.hosts.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["reviews", "*.reviews.example.com"]);
    assert_eq!(service.gateways, ["mesh".into(), "payments/pay-gw".into()]);
    let routes: Vec<_> = service
        .routes
        .iter()
        .map(|r| (r.protocol, r.scope))
        .collect();
    assert_eq!(
        routes,
        [
            (RouteProtocol::Http, RuleScope::Matched),
            (RouteProtocol::Http, RuleScope::All),
            (RouteProtocol::Tls, RuleScope::Matched),
        ]
    );
    assert_eq!(service.routes[0].destinations[0].weight, 100);
    let shares: Vec<_> = service.routes[1]
        .destinations
        .iter()
        .map(|d| (&*d.host, d.subset.as_deref(), d.port, d.weight))
        .collect();
    assert_eq!(
        shares,
        [
            ("reviews", Some("v1"), Some(9080), 75),
            ("reviews", Some("v3"), None, 25),
        ]
    );
    assert_eq!(
        service.routes[2].sni_hosts[0].to_string(),
        "reviews.example.com"
    );
}

#[test]
fn bad_fields_of_a_virtual_service_are_named() {
    check_problems(
        ObjectKind::VirtualService,
        &[
            (
                "/spec/hosts/0",
                json!("a b"),
                "spec.hosts[0]",
                "\"a b\" has the character ' '",
            ),
            (
                "/spec/http/1/route/0/weight",
                json!(-1),
                "spec.http[1].route[0].weight",
                "-1 is not a weight",
            ),
            (
                "/spec/http/1/route/0",
                json!({"weight": 1}),
                "spec.http[1].route[0].destination",
                "is missing",
            ),
            (
                "/spec/tls/0/match/0/sniHosts",
                json!("x"),
                "spec.tls[0].match[0].sniHosts",
                "\"x\" is not a list",
            ),
        ],
    );
}

#[test]
fn a_destination_rule_has_subsets_and_an_order_of_localities() {
    let Object::DestinationRule(rule) = typed(ObjectKind::DestinationRule) else {
        panic!("another kind");
    };
    assert_eq!(&*rule.host, "reviews");
    assert!(rule.has_outlier_detection);
    assert_eq!(rule.subsets[0].labels, text_map([("version", "v1")]));
    let locality = rule.locality_lb.unwrap();
    assert_eq!(locality.enabled, Some(true));
    assert_eq!(&*locality.failover[0].to, "us-west");
    assert_eq!(
        locality.failover_priority,
        ["topology.istio.io/network".into()]
    );
    assert_eq!(locality.distribute[0].to.get("us-west/*"), Some(&20));
    const SETTING: &str = "spec.trafficPolicy.loadBalancer.localityLbSetting";
    check_problems(
        ObjectKind::DestinationRule,
        &[
            ("/spec/host", json!(""), "spec.host", "is empty"),
            (
                "/spec/subsets/0",
                json!({}),
                "spec.subsets[0].name",
                "is missing",
            ),
            (
                "/spec/trafficPolicy/loadBalancer/localityLbSetting/distribute/0/to/us-east~1*",
                json!("x"),
                &format!("{SETTING}.distribute[0].to.us-east/*"),
                "\"x\" is not a share",
            ),
        ],
    );
}

#[test]
fn a_sidecar_names_the_hosts_that_its_workloads_see() {
    let Object::Sidecar(sidecar) = typed(ObjectKind::Sidecar) else {
        panic!("another kind");
    };
    assert_eq!(sidecar.workload_selector, Some(text_map([("app", "web")])));
    assert_eq!(
        hosts(&sidecar.egress_hosts.unwrap()),
        [
            (HostNamespaces::Own, "*".to_owned()),
            (HostNamespaces::One("istio-system".into()), "*".to_owned()),
            (HostNamespaces::All, "pay.example.com".to_owned()),
            (HostNamespaces::None, "*".to_owned()),
        ]
    );
    check_problems(
        ObjectKind::Sidecar,
        &[(
            "/spec/egress/0/hosts/1",
            json!("pay.example.com"),
            "spec.egress[0].hosts[1]",
            "\"pay.example.com\" has no namespace",
        )],
    );
}

#[test]
fn the_mesh_configuration_names_networks_and_their_gateways() {
    let Object::MeshConfigMap(mesh) = typed(ObjectKind::ConfigMap) else {
        panic!("another kind");
    };
    assert_eq!(mesh.trust_domain.as_deref(), Some("td.example"));
    assert_eq!(mesh.root_namespace.as_deref(), Some("istio-system"));
    let network = &mesh.networks["net2"];
    assert_eq!(
        network.endpoints,
        [
            NetworkEndpoints::Registry("cluster2".into()),
            NetworkEndpoints::Cidr("10.112.0.0/16".parse().unwrap()),
        ]
    );
    let ip = GatewayAddress::Ip("198.51.100.20".parse().unwrap());
    assert_eq!(network.gateways[0].place, NetworkGatewayPlace::Address(ip));
    assert_eq!(network.gateways[0].port, 15443);
    let service = "gw.istio-system.svc.cluster.local".into();
    assert_eq!(
        network.gateways[1].place,
        NetworkGatewayPlace::RegistryService(service)
    );
}

#[test]
fn what_is_wrong_inside_the_mesh_configuration_is_told_with_its_line() {
    check_problems(
        ObjectKind::ConfigMap,
        &[
            (
                "/data/meshNetworks",
                json!("networks:\n  net2:\n    gateways: [{address: a..b, port: 1}]\n"),
                "data.meshNetworks",
                "networks.net2.gateways[0].address: \"a..b\" has an empty label, in line 3 of the text",
            ),
            (
                "/data/mesh",
                json!("a: [\n"),
                "data.mesh",
                "unclosed bracket '[' in line 1 of the text",
            ),
            ("/data/mesh", json!(7), "data.mesh", "7 is not a string"),
        ],
    );
}
