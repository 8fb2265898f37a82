//! Objects of Kubernetes and Istio as text.

/// A ServiceEntry in the namespace `shop` for one host that has no address of its own, and so
/// gets a virtual one.
pub fn service_entry(name: &str, host: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\n\
         kind: ServiceEntry\n\
         metadata:\n  \
           name: {name}\n  \
           namespace: shop\n\
         spec:\n  \
           hosts: [{host}]\n  \
           resolution: STATIC\n  \
           ports:\n  \
           - {{name: http, number: 80, protocol: HTTP}}\n  \
           endpoints:\n  \
           - address: 192.0.2.10\n"
    )
}

/// The same with that address.
pub fn service_entry_at(name: &str, host: &str, address: &str) -> String {
    service_entry(name, host) + &format!("  addresses: [{address}]\n")
}

/// A Service in the namespace `shop` with that cluster address.
pub fn service(name: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\n\
         kind: Service\n\
         metadata:\n  \
           name: {name}\n  \
           namespace: shop\n\
         spec:\n  \
           clusterIP: {address}\n  \
           ports:\n  \
           - {{name: http, port: 80}}\n"
    )
}

/// Documents of one file.
pub fn documents(objects: impl IntoIterator<Item = String>) -> String {
    objects.into_iter().collect::<Vec<_>>().join("---\n")
}
