//! Names of Services: `<service>.<namespace>.svc.<domain>`.

use super::cluster::ServiceKey;
use dns_core::NameBuf;
use std::sync::Arc;

/// Third label of the name of a Service.
const SERVICE_LABEL: &[u8] = b"svc";

/// The Service of a name of the form `<service>.<namespace>.svc` with any domain.
pub(super) fn service_of_name(name: &NameBuf) -> Option<ServiceKey> {
    let mut labels = name.as_name().labels();
    let (service, namespace) = (labels.next()?, labels.next()?);
    (labels.next()? == SERVICE_LABEL).then_some(())?;
    Some(ServiceKey {
        namespace: text(namespace)?,
        name: text(service)?,
    })
}

/// The Service that an Istio object of that namespace means by a host: a name without a dot is a
/// Service of the namespace.
pub(super) fn service_of_host(host: &str, namespace: &Arc<str>) -> Option<ServiceKey> {
    if host.is_empty() || host.contains('.') {
        return service_of_name(&NameBuf::parse(host).ok()?);
    }
    Some(ServiceKey {
        namespace: Arc::clone(namespace),
        name: host.into(),
    })
}

/// `<service>.<namespace><suffix>`, for a suffix as `.svc.cluster.local`.
pub(super) fn service_text(service: &ServiceKey, suffix: &str) -> String {
    let (name, namespace) = (&*service.name, &*service.namespace);
    let mut text = String::with_capacity(name.len() + namespace.len() + suffix.len() + 1);
    for part in [name, ".", namespace, suffix] {
        text.push_str(part);
    }
    text
}

fn text(label: &[u8]) -> Option<Arc<str>> {
    std::str::from_utf8(label).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_a_dot_is_a_service_of_the_namespace() {
        let namespace: Arc<str> = "shop".into();
        let shown = |host: &str| {
            service_of_host(host, &namespace).map(|key| format!("{}/{}", key.namespace, key.name))
        };
        assert_eq!(shown("cart").as_deref(), Some("shop/cart"));
        assert_eq!(shown("a.b.svc.west.local").as_deref(), Some("b/a"));
        assert_eq!(shown("api.example.com"), None);
    }
}
