//! Names, exports and mirrors.

use super::*;

#[test]
fn an_export_without_ready_endpoints_fails() {
    let mesh = Mesh::with_west_where("ready: true", "ready: false");
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::ExportsHaveEndpoints);
    assert_eq!(line.object.as_deref(), Some("Service shop/web"));
    assert!(line.reason.unwrap().contains("0 of 1"));
}

#[test]
fn a_mirror_whose_service_is_gone_fails() {
    let mirror = "apiVersion: v1\nkind: Service\nmetadata:\n  name: cart-west\n  namespace: shop\n  \
         labels: {mirror.linkerd.io/mirrored-service: 'true', mirror.linkerd.io/cluster-name: west}\n  \
         annotations: {mirror.linkerd.io/remote-svc-fq-name: cart.shop.svc.cluster.local}\n\
         spec: {clusterIP: 10.96.3.9, ports: [{port: 80}]}\n";
    let line = Mesh::with_east(mirror).only_failure();
    assert_eq!(line.id, CheckId::MirrorsOrphaned);
    assert_eq!(
        line.reason.as_deref(),
        Some("west has no Service shop/cart")
    );
    let original = mirror
        .replace("cart.shop", "web.shop")
        .replace("cart-west", "web-w");
    assert_eq!(Mesh::with_east(&original).failed(), []);
    let unlinked = original.replace("cluster-name: west", "cluster-name: south");
    let line = Mesh::with_east(&unlinked).only_failure();
    assert_eq!(line.reason.as_deref(), Some("no Link to south is left"));
}

#[test]
fn a_template_that_makes_no_name_of_a_service_fails() {
    let long = "x".repeat(63);
    let mesh = Mesh::with_west(&format!(
        "apiVersion: v1\nkind: Service\n\
         metadata: {{name: {long}, namespace: shop, labels: {{mirror.linkerd.io/exported: 'true'}}}}\n\
         spec: {{clusterIP: 10.112.3.4, ports: [{{port: 80}}]}}\n\
         ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
         metadata: {{name: long-1, namespace: shop, labels: {{kubernetes.io/service-name: {long}}}}}\n\
         addressType: IPv4\nports: [{{port: 80}}]\n\
         endpoints: [{{addresses: [10.2.0.4], conditions: {{ready: true}}}}]\n"
    ));
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::TemplatesValid);
    assert_eq!(line.cluster.as_deref(), Some("west"));
}

#[test]
fn two_objects_that_claim_one_name_are_both_named() {
    let entry = |name: &str, created: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: {name}, namespace: {name}, creationTimestamp: {created}}}\n\
             spec: {{hosts: [foo.global], resolution: STATIC, \
             ports: [{{name: http, number: 80, protocol: HTTP}}], \
             endpoints: [{{address: 192.0.2.1}}]}}\n"
        )
    };
    let mesh = Mesh::with_east(&format!(
        "{}---\n{}",
        entry("late", "2024-02-01T00:00:00Z"),
        entry("early", "2024-01-01T00:00:00Z")
    ));
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::NamesConflicts);
    assert_eq!(
        line.objects,
        [
            "ServiceEntry east/early/early (kept)",
            "ServiceEntry east/late/late (shadowed)"
        ]
    );
    assert_eq!(line.name.as_deref(), Some("foo.global"));
}

#[test]
fn a_service_that_bears_the_name_of_a_mirror_is_a_conflict() {
    let mesh = Mesh::with_east(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web-west, namespace: shop}\n\
         spec: {clusterIP: 10.96.3.200, ports: [{name: http, port: 80}]}\n",
    );
    let line = mesh.only_failure();
    assert_eq!(line.id, CheckId::NamesConflicts);
    assert_eq!(
        line.objects,
        [
            "Service east/shop/web-west (kept)",
            "export west/shop/web (shadowed)"
        ]
    );
}
