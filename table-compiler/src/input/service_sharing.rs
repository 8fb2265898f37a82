//! What labels and annotations of a Service say about sharing it with other clusters.

use super::service::Service;

const EXPORTED_LABEL: &str = "mirror.linkerd.io/exported";
const FEDERATED_LABEL: &str = "mirror.linkerd.io/federated";
const CILIUM_PREFIXES: [(&str, &str); 3] = [
    ("global", "global-service"),
    ("shared", "shared-service"),
    ("affinity", "service-affinity"),
];

/// How Linkerd exports a Service (label `mirror.linkerd.io/exported`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MirrorExport {
    None,
    /// `true`: by way of the gateway.
    Gateway,
    /// `remote-discovery`: by the addresses of its endpoints, in a flat network.
    RemoteDiscovery,
}

/// Which endpoints of a global Service Cilium prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CiliumAffinity {
    Local,
    Remote,
    None,
}

impl Service {
    pub(crate) fn export(&self) -> MirrorExport {
        match self.metadata.label(EXPORTED_LABEL).map(|value| &**value) {
            Some("true") => MirrorExport::Gateway,
            Some("remote-discovery") => MirrorExport::RemoteDiscovery,
            Some(_) | None => MirrorExport::None,
        }
    }

    /// Whether Linkerd joins it with the Services of its name in other clusters.
    pub(crate) fn is_federated_member(&self) -> bool {
        let label = self.metadata.label(FEDERATED_LABEL);
        label.is_some_and(|value| &**value == "member")
    }

    /// Whether Cilium joins it with the Services of its name in other clusters.
    pub(crate) fn cilium_global(&self) -> bool {
        self.cilium("global")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether its endpoints are offered to other clusters: if it is global and does not refuse.
    pub(crate) fn cilium_shared(&self) -> bool {
        let refuses = self
            .cilium("shared")
            .is_some_and(|value| value.eq_ignore_ascii_case("false"));
        self.cilium_global() && !refuses
    }

    #[cfg_attr(not(test), expect(dead_code, reason = "no rule of endpoints asks yet"))]
    pub(crate) fn cilium_affinity(&self) -> CiliumAffinity {
        match self.cilium("affinity") {
            Some("local") => CiliumAffinity::Local,
            Some("remote") => CiliumAffinity::Remote,
            Some(_) | None => CiliumAffinity::None,
        }
    }

    /// An annotation of Cilium: `service.cilium.io/NAME`, of old `io.cilium/OLD-NAME`.
    fn cilium(&self, name: &str) -> Option<&str> {
        let (_, old) = CILIUM_PREFIXES.iter().find(|(new, _)| *new == name)?;
        let annotations = &self.metadata.annotations;
        annotations
            .get(&*format!("service.cilium.io/{name}"))
            .or_else(|| annotations.get(&*format!("io.cilium/{old}")))
            .map(|value| &**value)
    }
}
