//! Facts about reading the kinds of the Gateway API.

use super::document::documents;
use super::fixture::{EVERY_KIND, check_problems, typed};
use super::kubernetes_gateway::ListenerTlsMode;
use super::object::Object;
use super::object_kind::ObjectKind;
use super::route::{Route, RuleScope};
use serde_json::json;

fn route(kind: ObjectKind) -> Route {
    match typed(kind) {
        Object::Route(route) => route,
        _ => panic!("another kind"),
    }
}

#[test]
fn a_gateway_has_listeners_addresses_and_a_network() {
    let Object::KubernetesGateway(gateway) = typed(ObjectKind::KubernetesGateway) else {
        panic!("another kind");
    };
    assert_eq!(&*gateway.class, "istio-remote");
    assert_eq!(gateway.network().map(|n| &**n), Some("net2"));
    assert_eq!(gateway.requested.hosts[0].to_string(), "gw.example.net");
    assert_eq!(
        gateway.addresses().ips,
        ["203.0.113.12".parse::<std::net::IpAddr>().unwrap()]
    );
    let [web, cross] = gateway.listeners.as_slice() else {
        panic!("another number of listeners");
    };
    assert_eq!(web.hostname.to_string(), "*.shop.example.com");
    assert_eq!(web.tls_mode, Some(ListenerTlsMode::Terminate));
    assert_eq!(cross.hostname.to_string(), "*");
    assert_eq!((cross.port, &*cross.protocol), (15443, "TLS"));
    assert_eq!(cross.tls_mode, Some(ListenerTlsMode::Passthrough));
    assert_eq!(cross.tls_terminate_mode.as_deref(), Some("ISTIO_MUTUAL"));
}

#[test]
fn gateways_of_two_groups_may_have_one_name() {
    let text = "\
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: a}, spec: {}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}, spec: {gatewayClassName: istio}}
";
    let objects = documents("f", text).objects;
    assert_ne!(objects[0].id, objects[1].id);
    assert_eq!(objects[0].id.to_string(), objects[1].id.to_string());
}

#[test]
fn bad_fields_of_a_gateway_are_named() {
    check_problems(
        ObjectKind::KubernetesGateway,
        &[
            (
                "/spec/gatewayClassName",
                json!(null),
                "spec.gatewayClassName",
                "is missing",
            ),
            (
                "/spec/listeners/0/hostname",
                json!("a..b"),
                "spec.listeners[0].hostname",
                "\"a..b\" has an empty label",
            ),
            (
                "/spec/listeners/1/tls/mode",
                json!("Open"),
                "spec.listeners[1].tls.mode",
                "\"Open\" is not Terminate or Passthrough",
            ),
            (
                "/status/addresses/0/value",
                json!("x"),
                "status.addresses[0].value",
                "\"x\" is not an IP address",
            ),
            (
                "/spec/listeners/1/port",
                json!(0),
                "spec.listeners[1].port",
                "0 is not a port number from 1 to 65535",
            ),
        ],
    );
}

#[test]
fn a_route_sends_hosts_of_its_parents_to_backends() {
    let web = route(ObjectKind::HttpRoute);
    assert_eq!(web.hostnames[0].to_string(), "web.shop.example.com");
    let [gateway, service] = web.parent_refs.as_slice() else {
        panic!("another number of parents");
    };
    assert_eq!(
        (&*gateway.group, &*gateway.kind),
        ("gateway.networking.k8s.io", "Gateway")
    );
    assert_eq!(gateway.section_name.as_deref(), Some("web"));
    assert_eq!(
        (&*service.group, &*service.kind, service.port),
        ("", "Service", Some(80))
    );
    assert_eq!(service.namespace.as_deref(), Some("shop"));
    let scopes: Vec<_> = web.rules.iter().map(|rule| rule.scope).collect();
    assert_eq!(scopes, [RuleScope::Matched, RuleScope::All]);
    let backends = &web.rules[1].backends;
    assert_eq!((&*backends[0].name, backends[0].weight), ("web", 9));
    assert_eq!(backends[1].namespace.as_deref(), Some("shop2"));
}

#[test]
fn routes_of_tls_and_grpc_are_read_alike() {
    let pay = route(ObjectKind::TlsRoute);
    let backend = &pay.rules[0].backends[0];
    assert_eq!(
        (
            &*backend.group,
            &*backend.kind,
            &*backend.name,
            backend.weight
        ),
        ("multicluster.x-k8s.io", "ServiceImport", "pay", 1)
    );
    let grpc = route(ObjectKind::GrpcRoute);
    assert_eq!(grpc.rules[0].backends[0].port, Some(9000));
    let kinds = documents("f", EVERY_KIND).objects;
    for label in ["HTTPRoute", "TLSRoute", "GRPCRoute"] {
        assert!(kinds.iter().any(|object| object.id.kind.label() == label));
    }
}

#[test]
fn bad_fields_of_routes_are_named() {
    for kind in [
        ObjectKind::HttpRoute,
        ObjectKind::TlsRoute,
        ObjectKind::GrpcRoute,
    ] {
        check_problems(
            kind,
            &[
                (
                    "/spec/parentRefs/0",
                    json!({}),
                    "spec.parentRefs[0].name",
                    "is missing",
                ),
                (
                    "/spec/rules/0/backendRefs/0/weight",
                    json!("x"),
                    "spec.rules[0].backendRefs[0].weight",
                    "\"x\" is not a weight",
                ),
                (
                    "/spec/hostnames",
                    json!([7]),
                    "spec.hostnames[0]",
                    "7 is not a string",
                ),
            ],
        );
    }
}
