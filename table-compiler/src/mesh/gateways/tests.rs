//! What the objects of a cluster say about its gateways.

use super::*;
use crate::mesh::endpoints::fixture::{GATEWAY_PORTS, name, product_gateway, state};
use dns_core::EndpointAddress;
use std::collections::BTreeMap;

/// The gateways with hosts that these objects make, as `NAME HOSTS ADDRESSES MESH/OUTSIDE`.
fn products(text: &str) -> Vec<String> {
    let gateways = gateways(text);
    let shown = gateways.values().map(|gateway| {
        let hosts: Vec<_> = gateway.hosts.iter().map(ToString::to_string).collect();
        format!(
            "{} {} {} {:?}/{:?}",
            gateway.source.name,
            hosts.join(","),
            addresses(&gateway.addresses),
            gateway.mesh_port.unwrap_or(0),
            gateway.outside_port.unwrap_or(0),
        )
    });
    shown.collect()
}

fn gateways(text: &str) -> BTreeMap<crate::input::ObjectId, ProductGateway> {
    let state = state("a", text);
    let docs = state.of_kind(crate::input::ObjectKind::Namespace);
    let namespaces = docs
        .map(|doc| (doc.id.name.clone(), doc.object.metadata().labels.clone()))
        .collect();
    product_gateways(&state, &namespaces)
}

fn addresses(addresses: &[EndpointAddress]) -> String {
    let shown = addresses.iter().map(|address| match address {
        EndpointAddress::Ip(ip) => ip.to_string(),
        EndpointAddress::Host(host) => host.to_string(),
        EndpointAddress::Unix(path) => path.to_string(),
    });
    shown.collect::<Vec<_>>().join(",")
}

fn routes(gateway: &ProductGateway, host: &str) -> Vec<String> {
    let routes = gateway.routes.get(&name(host));
    let shown = routes.into_iter().flatten().map(|route| {
        format!(
            "{}/{}:{} w{}",
            route.service.namespace,
            route.service.name,
            route.port.unwrap_or(0),
            route.weight
        )
    });
    shown.collect()
}

fn virtual_service(name: &str, year: u16, hosts: &str, http: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: payments, creationTimestamp: '{year}-01-01T00:00:00Z'}}
spec:
  hosts: [{hosts}]
  gateways: [gw]
  http: [{http}]
"
    )
}

#[test]
fn explicit_hosts_of_servers_are_exposed_and_wildcards_are_not() {
    let text = product_gateway(
        "gw",
        "203.0.113.1",
        "pay.example.com, '*.example.com', '*/api.example.com', '~/no.example.com'",
        GATEWAY_PORTS,
    );
    assert_eq!(
        products(&text),
        ["gw api.example.com,pay.example.com 203.0.113.1 15443/443"]
    );
    let text = product_gateway("gw", "203.0.113.1", "'*.example.com'", GATEWAY_PORTS);
    assert_eq!(products(&text), [""; 0]);
}

#[test]
fn virtual_services_name_hosts_below_the_wildcards_of_their_gateway() {
    let route = "{route: [{destination: {host: pay-api}}]}";
    let text = product_gateway("gw", "203.0.113.1", "'*.example.com'", GATEWAY_PORTS)
        + &virtual_service(
            "v",
            2024,
            "pay.example.com, '*.example.com', a.example.net",
            route,
        );
    assert_eq!(
        products(&text),
        ["gw pay.example.com 203.0.113.1 15443/443"]
    );
    let elsewhere = text.replace("gateways: [gw]", "gateways: [other/gw]");
    assert_eq!(products(&elsewhere), [""; 0]);
}

#[test]
fn the_route_that_takes_all_traffic_of_a_host_says_what_is_behind_it() {
    let matched = "{match: [{uri: {prefix: /v2}}], route: [{destination: {host: v2}}]}";
    let whole = "{route: [{destination: {host: pay-api, port: {number: 443}}, weight: 90}, \
                 {destination: {host: old.ledger.svc.cluster.local}, weight: 10}, \
                 {destination: {host: www.example.net}}]}";
    let text = product_gateway("gw", "203.0.113.1", "pay.example.com", GATEWAY_PORTS)
        + &virtual_service(
            "v1",
            2024,
            "pay.example.com",
            &format!("{matched}, {whole}"),
        )
        + &virtual_service("v2", 2023, "other.example.com", whole);
    let gateways = gateways(&text);
    let gateway = gateways.values().next().unwrap();
    assert_eq!(
        routes(gateway, "pay.example.com"),
        ["payments/pay-api:443 w90", "ledger/old:0 w10"]
    );
}

#[test]
fn an_exact_host_of_a_virtual_service_beats_a_wildcard_and_an_older_one_a_younger() {
    let to = |host: &str| format!("{{route: [{{destination: {{host: {host}}}}}]}}");
    let text = product_gateway("gw", "203.0.113.1", "pay.example.com", GATEWAY_PORTS)
        + &virtual_service("v3", 2022, "'*.example.com'", &to("wild"))
        + &virtual_service("v4", 2024, "pay.example.com", &to("young"))
        + &virtual_service("v5", 2023, "pay.example.com", &to("older"));
    let gateways = gateways(&text);
    assert_eq!(
        routes(gateways.values().next().unwrap(), "pay.example.com"),
        ["payments/older:0 w100"]
    );
}

#[test]
fn a_gateway_is_reached_by_the_services_before_its_workloads() {
    let text = product_gateway("gw", "203.0.113.1", "pay.example.com", GATEWAY_PORTS);
    let by_labels = text
        .replace(
            "selector: {app: gw}, ports",
            "selector: {role: edge}, ports",
        )
        .replace(
            "metadata: {name: gw, namespace: payments}\nspec: {type",
            "metadata: {name: gw, namespace: payments, labels: {app: gw}}\nspec: {type",
        );
    for text in [&text, &by_labels] {
        assert_eq!(products(text), ["gw pay.example.com 203.0.113.1 15443/443"]);
    }
    let other = text.replace(
        "selector: {app: gw}, ports",
        "selector: {role: edge}, ports",
    );
    assert_eq!(products(&other), ["gw pay.example.com  0/443"]);
}

#[test]
fn labels_withhold_the_hosts_of_a_gateway_or_of_a_namespace() {
    let text = product_gateway("gw", "203.0.113.1", "pay.example.com", GATEWAY_PORTS);
    let withheld = |text: &str| gateways(text).values().next().unwrap().withheld;
    assert_eq!(withheld(&text), None);
    let own = text.replacen(
        "namespace: payments}",
        "namespace: payments, labels: {names.mesh/publish: 'false'}}",
        1,
    );
    assert_eq!(withheld(&own), Some(Withheld::Gateway));
    let namespace = text
        + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: payments, labels: {names.mesh/publish: 'false'}}\n";
    assert_eq!(withheld(&namespace), Some(Withheld::Namespace));
}

const KUBERNETES: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: payments}
spec:
  gatewayClassName: istio
  listeners:
  - {name: web, hostname: 'pay.example.com', port: 443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: c}]}}
  - {name: all, port: 8443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: c}]}}
  - {name: mesh, hostname: '*.example.com', port: 15443, protocol: TLS, tls: {mode: Passthrough}}
";

fn http_route(parent: &str, hostnames: &str, backend: &str) -> String {
    format!(
        "---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: payments}}
spec:
  parentRefs: [{{name: edge, {parent}}}]
  hostnames: [{hostnames}]
  rules: [{{backendRefs: [{{name: {backend}, port: 80}}]}}]
"
    )
}

#[test]
fn listeners_and_their_routes_say_which_hosts_a_kubernetes_gateway_exposes() {
    let status = "status: {addresses: [{type: IPAddress, value: 203.0.113.7}]}\n";
    let text = KUBERNETES.to_owned()
        + status
        + &http_route(
            "sectionName: mesh",
            "cart.example.com, cart.example.net",
            "cart",
        );
    assert_eq!(
        products(&text),
        ["edge cart.example.com,pay.example.com 203.0.113.7 15443/443"]
    );
    let gateways = gateways(&text);
    let gateway = gateways.values().next().unwrap();
    assert_eq!(routes(gateway, "cart.example.com"), ["payments/cart:80 w1"]);
    assert_eq!(routes(gateway, "pay.example.com"), [""; 0]);
}

#[test]
fn a_route_for_another_section_gateway_or_kind_of_parent_binds_nothing() {
    for parent in [
        "sectionName: web",
        "namespace: other",
        "kind: Service, group: ''",
        "port: 1",
    ] {
        let text = KUBERNETES.to_owned() + &http_route(parent, "cart.example.com", "cart");
        assert_eq!(
            products(&text),
            ["edge pay.example.com  15443/443"],
            "{parent}"
        );
    }
}

#[test]
fn a_route_without_hostnames_has_those_of_its_listener() {
    let text = KUBERNETES.to_owned() + &http_route("sectionName: web", "", "pay");
    let gateways = gateways(&text);
    assert_eq!(
        routes(gateways.values().next().unwrap(), "pay.example.com"),
        ["payments/pay:80 w1"]
    );
}

#[test]
fn a_kubernetes_gateway_without_addresses_is_at_the_service_made_for_it() {
    let made = |metadata: &str| {
        format!(
            "{KUBERNETES}---
apiVersion: v1
kind: Service
metadata: {{namespace: payments, {metadata}}}
spec: {{type: LoadBalancer, ports: [{{port: 443}}]}}
status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.8}}]}}}}
"
        )
    };
    for metadata in [
        "name: edge-istio",
        "name: x, labels: {gateway.networking.k8s.io/gateway-name: edge}",
    ] {
        assert_eq!(
            products(&made(metadata)),
            ["edge pay.example.com 203.0.113.8 15443/443"]
        );
    }
}

/// The gateways into networks that these objects make, as `NETWORK ADDRESSES PORT`.
fn networks(text: &str) -> Vec<String> {
    let gateways = network_gateways(&state("a", text));
    let shown = gateways.iter().map(|gateway| {
        let addresses = addresses(&gateway.addresses);
        format!(
            "{} {addresses} {}",
            gateway.network,
            gateway.port.unwrap_or(0)
        )
    });
    shown.collect()
}

fn labelled(spec: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: gw, namespace: istio-system, labels: {{topology.istio.io/network: net2}}}}
{spec}
"
    )
}

#[test]
fn a_network_gateway_is_at_its_load_balancer_else_where_the_service_says() {
    let ports = "ports: [{port: 15443, nodePort: 31443}]";
    let balanced =
        "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: lb.example.net}]}}";
    let nodes = "---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {edge: 'yes'}}
status: {addresses: [{type: ExternalIP, address: 192.0.2.7}, {type: InternalIP, address: 10.0.0.7}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: ExternalIP, address: 192.0.2.8}]}
";
    for (spec, expected) in [
        (
            format!("spec: {{type: LoadBalancer, externalIPs: [192.0.2.9], {ports}}}\n{balanced}"),
            "net2 192.0.2.1,lb.example.net 15443",
        ),
        (
            format!("spec: {{externalIPs: [192.0.2.9], {ports}}}"),
            "net2 192.0.2.9 15443",
        ),
        (
            format!("spec: {{type: LoadBalancer, {ports}}}"),
            "net2  15443",
        ),
        (
            format!("spec: {{type: NodePort, {ports}}}\n{nodes}"),
            "net2 192.0.2.7,192.0.2.8 31443",
        ),
        (
            format!("spec: {{type: LoadBalancer, ports: [{{port: 443}}]}}\n{balanced}"),
            "net2 192.0.2.1,lb.example.net 0",
        ),
    ] {
        assert_eq!(networks(&labelled(&spec)), [expected]);
    }
}

#[test]
fn an_annotation_picks_the_nodes_of_a_node_port() {
    let text = labelled("spec: {type: NodePort, ports: [{port: 15443, nodePort: 31443}]}").replace(
        "labels:",
        "annotations: {traffic.istio.io/nodeSelector: '{\"edge\": \"yes\"}'}, labels:",
    ) + "---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {edge: 'yes'}}
status: {addresses: [{type: InternalIP, address: 10.0.0.7}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 10.0.0.8}]}
";
    assert_eq!(networks(&text), ["net2 10.0.0.7 31443"]);
}

#[test]
fn a_kubernetes_gateway_with_the_label_leads_into_its_network() {
    let text = "---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: remote, namespace: istio-system, labels: {topology.istio.io/network: net3}}
spec:
  gatewayClassName: istio-remote
  addresses: [{type: IPAddress, value: 198.51.100.30}]
  listeners:
  - {name: cross, port: 15443, protocol: TLS, tls: {mode: Passthrough}}
";
    assert_eq!(networks(text), ["net3 198.51.100.30 15443"]);
    assert_eq!(products(text), [""; 0]);
}
