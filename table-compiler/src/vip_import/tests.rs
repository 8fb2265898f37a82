//! Which maps are read, and as what.

use super::*;

fn read(text: &str) -> VipMap {
    parse_vip_map("map", text).unwrap()
}

fn names(text: &str) -> Vec<String> {
    let names = read(text).names.into_iter();
    names
        .map(|entry| format!("{} {}", entry.name, entry.address))
        .collect()
}

#[test]
fn consul_catalog_health_agent_and_snapshot_lists_are_read() {
    let catalog = r#"[{"ServiceName": "web", "ServiceTaggedAddresses":
        {"lan": {"Address": "10.0.0.1"}, "consul-virtual": {"Address": "240.0.0.1", "Port": 80}}},
        {"ServiceName": "web", "ServiceTaggedAddresses":
        {"consul-virtual": {"Address": "240.0.0.1", "Port": 80}}},
        {"ServiceName": "plain", "ServiceTaggedAddresses": {}}]"#;
    assert_eq!(read(catalog).shape, VipMapShape::Consul);
    assert_eq!(names(catalog), ["web.virtual.consul 240.0.0.1"]);

    let health = r#"[{"Node": {"Node": "n1"}, "Service": {"Service": "web-sidecar-proxy",
        "Proxy": {"DestinationServiceName": "web"}, "PeerName": "east",
        "TaggedAddresses": {"consul-virtual": {"Address": "240.0.0.2"}}}, "Checks": []}]"#;
    assert_eq!(names(health), ["web.virtual.east.consul 240.0.0.2"]);

    let agent = r#"{"web-1": {"Service": "web", "Namespace": "shop",
        "TaggedAddresses": {"consul-virtual": {"Address": "240.0.0.3"}}}}"#;
    assert_eq!(names(agent), ["web.virtual.shop.ns.consul 240.0.0.3"]);

    let snapshot = r#"[
        {"Service": {"ServiceName": {"Name": "web"}, "Peer": ""}, "IP": "0.0.1.4"},
        {"Service": {"Name": "api", "Namespace": "default"}, "IP": "240.0.0.9"},
        {"Service": {"Name": "old"}, "IP": "", "ManualIPs": ["172.20.0.5", "172.20.0.6"]}]"#;
    assert_eq!(
        names(snapshot),
        [
            "api.virtual.consul 240.0.0.9",
            "old.virtual.consul 172.20.0.5",
            "web.virtual.consul 240.0.1.4"
        ]
    );
    let manual = r#"{"Service": "web", "ManualVIPs": ["10.96.0.7"]}"#;
    assert_eq!(names(manual), ["web.virtual.consul 10.96.0.7"]);
}

#[test]
fn kuma_maps_of_all_versions_are_read() {
    let config_map = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: kuma-default-dns-vips, namespace: kuma-system}
data:
  config: '{"0:web_shop_svc_80": {"address": "240.0.0.1", "outbounds": [{"Port": 80}]},
    "1:httpbin.org": {"address": "240.0.0.2"}, "2:web.shop.svc.80.mesh": {"address": "240.0.0.3"}}'
"#;
    assert_eq!(read(config_map).shape, VipMapShape::Kuma);
    assert_eq!(
        names(config_map),
        [
            "web.shop.svc.80.mesh 240.0.0.3",
            "web_shop_svc_80.mesh 240.0.0.1",
            "httpbin.org 240.0.0.2"
        ]
    );
    let typed = r#"{"type": "Config", "name": "kuma-default-dns-vips",
        "config": "{\"0:web\": \"240.0.0.1\"}"}"#;
    assert_eq!(names(typed), ["web.mesh 240.0.0.1"]);
    assert_eq!(names(r#"{"web": "240.0.0.1"}"#), ["web.mesh 240.0.0.1"]);
}

#[test]
fn admirals_store_is_read_inside_its_config_map_and_alone() {
    let store = "entry-addresses:\n  stage.web.global-se: 240.0.10.1\naddresses:\n- 240.0.10.1\n";
    assert_eq!(read(store).shape, VipMapShape::Admiral);
    assert_eq!(names(store), ["stage.web.global 240.0.10.1"]);
    let indented = store.replace('\n', "\n    ");
    let config_map = format!(
        "kind: ConfigMap\nmetadata: {{name: se-address-configmap}}\n\
         data:\n  serviceEntryAddressStore: |\n    {indented}\n"
    );
    assert_eq!(names(&config_map), names(store));
    let list = format!(
        "kind: List\nitems:\n- {}\n",
        r#"{"entryAddresses": {"a.global": "240.0.10.2"}}"#
    );
    assert_eq!(names(&list), ["a.global 240.0.10.2"]);
}

#[test]
fn our_own_listing_is_read_back() {
    let listing = r#"[
        {"name": "Pay.example.com", "v4": "250.1.2.3", "v6": "2001:2:0:8000::7", "pool": "names",
         "state": "allotted", "since": 1, "former": []},
        {"name": "old.example.com", "v4": "250.1.2.4", "v6": null, "state": "released"},
        {"name": "db-0.db.shop@east", "v4": "251.1.2.5", "v6": null, "pool": "instances",
         "state": "allotted"}]"#;
    assert_eq!(read(listing).shape, VipMapShape::Callsign);
    assert_eq!(
        names(listing),
        [
            "pay.example.com 250.1.2.3",
            "pay.example.com 2001:2:0:8000::7"
        ]
    );
    let problems = read(listing).problems;
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].to_string().contains("[2].v4"),
        "{}",
        problems[0]
    );
}

#[test]
fn an_entry_that_is_no_name_or_address_is_left_out_and_named() {
    let map = read("entry-addresses: {a..b: 240.0.0.1, c: none, d.global: 240.0.0.4}");
    assert_eq!((map.names.len(), map.problems.len()), (1, 2));
    assert!(
        map.problems
            .iter()
            .all(|problem| problem.scope == Scope::Field)
    );
}

#[test]
fn what_is_no_map_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        "a: b",
        "a: [",
        "- 1\n- 2\n",
        "kind: Service\nspec: {}\n",
    ] {
        assert!(parse_vip_map("map", text).is_err(), "{text:?}");
    }
    let both = "{\"web\": \"240.0.0.1\"}\n---\nentry-addresses: {}\n";
    assert!(parse_vip_map("map", both).is_err());
}

#[test]
fn the_status_of_service_entries_is_read_host_by_host() {
    let text = "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: two, namespace: shop}
spec: {hosts: [a.example.com, b.example.com]}
status:
  addresses:
  - {host: a.example.com, value: 240.240.0.1}
  - {host: a.example.com, value: '2001:2::1'}
  - {value: 240.240.0.9}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: one, namespace: shop}
spec: {hosts: [c.example.com]}
status: {addresses: [{value: 240.240.0.2}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: none, namespace: shop}
spec: {hosts: [d.example.com], addresses: [240.0.0.1]}
";
    assert_eq!(read(text).shape, VipMapShape::Istio);
    assert_eq!(
        names(text),
        [
            "a.example.com 240.240.0.1",
            "a.example.com 2001:2::1",
            "c.example.com 240.240.0.2"
        ]
    );
    let problems = read(text).problems;
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .to_string()
            .contains("shop/two: status.addresses[2]"),
        "{}",
        problems[0]
    );
}
