//! Kubernetes Secret (v1), as far as it says that another cluster is linked. Its values are never
//! kept.

use super::field::Read;
use super::metadata::{LAST_APPLIED_ANNOTATION, Metadata};
use super::place::Place;
use super::shape;
use super::yaml::{Yaml, YamlValue};
use dns_core::NameBuf;
use k8s_openapi::api::core::v1 as k8s;
use std::collections::BTreeSet;
use std::sync::Arc;

const REMOTE_CLUSTERS_LABEL: &str = "istio/multiCluster";
const CLUSTER_ANNOTATION: &str = "networking.istio.io/cluster";
const LINK_TYPE: &str = "mirror.linkerd.io/remote-kubeconfig";
const CLUSTER_DOMAIN_ANNOTATION: &str = "multicluster.linkerd.io/cluster-domain";
const TRUST_DOMAIN_ANNOTATION: &str = "multicluster.linkerd.io/trust-domain";

/// A Secret without its secrets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Secret {
    pub(crate) metadata: Metadata,
    pub(crate) role: SecretRole,
    /// Keys of `data` and `stringData`, sorted.
    pub(crate) keys: Vec<Arc<str>>,
}

/// What a Secret is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SecretRole {
    /// Istio's remote secret (label `istio/multiCluster: "true"`): a kubeconfig for each of these
    /// clusters.
    RemoteClusters(Vec<Arc<str>>),
    /// Linkerd's credentials of a Link (type `mirror.linkerd.io/remote-kubeconfig`).
    LinkCredentials {
        /// Annotation `multicluster.linkerd.io/cluster-domain`.
        cluster_domain: Option<NameBuf>,
        /// Annotation `multicluster.linkerd.io/trust-domain`.
        trust_domain: Option<Arc<str>>,
    },
}

/// Whether a Secret links a cluster. All others are passed over.
pub(crate) fn links_a_cluster(root: &Yaml) -> bool {
    is_remote_clusters(root) || is_link_credentials(root)
}

fn is_remote_clusters(root: &Yaml) -> bool {
    let label = root.text_at(&["metadata", "labels", REMOTE_CLUSTERS_LABEL]);
    label.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn is_link_credentials(root: &Yaml) -> bool {
    root.text_at(&["type"]) == Some(LINK_TYPE)
}

/// The Secret without its values: each is the empty text, at the place where it stood.
pub(crate) fn without_values(mut root: Yaml) -> Yaml {
    if let YamlValue::Map(fields) = &mut root.value {
        fields.retain(|(key, _)| {
            matches!(
                &**key,
                "apiVersion" | "kind" | "metadata" | "type" | "data" | "stringData"
            )
        });
        for (key, value) in fields {
            match &**key {
                "data" | "stringData" => empty_values(value),
                "metadata" => drop_copy(value),
                _ => {}
            }
        }
    }
    root
}

fn empty_values(values: &mut Yaml) {
    match &mut values.value {
        YamlValue::Map(fields) => {
            for (_, value) in fields {
                value.value = YamlValue::Text(String::new());
            }
        }
        YamlValue::Null => {}
        other => *other = YamlValue::Text(String::new()),
    }
}

fn drop_copy(metadata: &mut Yaml) {
    let YamlValue::Map(fields) = &mut metadata.value else {
        return;
    };
    let annotations = fields.iter_mut().find(|(key, _)| key == "annotations");
    if let Some((
        _,
        Yaml {
            value: YamlValue::Map(annotations),
            ..
        },
    )) = annotations
    {
        annotations.retain(|(key, _)| key != LAST_APPLIED_ANNOTATION);
    }
}

impl Secret {
    /// Reads a Secret that is [without its values](without_values).
    pub(crate) fn read(root: &Yaml, metadata: Metadata) -> Read<'_, Self> {
        let secret: k8s::Secret = shape::read_object(root)?;
        let data = secret.data.unwrap_or_default().into_keys();
        let data = data.chain(secret.string_data.unwrap_or_default().into_keys());
        let keys: BTreeSet<Arc<str>> = data.map(Arc::from).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let role = if is_link_credentials(root) {
            SecretRole::LinkCredentials {
                cluster_domain: cluster_domain(root, &metadata)?,
                trust_domain: metadata.annotation(TRUST_DOMAIN_ANNOTATION).cloned(),
            }
        } else {
            SecretRole::RemoteClusters(remote_clusters(&keys, &metadata))
        };
        Ok(Secret {
            metadata,
            role,
            keys,
        })
    }
}

/// The keys are the clusters; the annotation names one where there is no key to name it.
fn remote_clusters(keys: &[Arc<str>], metadata: &Metadata) -> Vec<Arc<str>> {
    match metadata.annotation(CLUSTER_ANNOTATION) {
        Some(cluster) if keys.is_empty() => vec![Arc::clone(cluster)],
        Some(_) | None => keys.to_vec(),
    }
}

fn cluster_domain<'a>(root: &'a Yaml, metadata: &Metadata) -> Read<'a, Option<NameBuf>> {
    let place = Place::of(root, "metadata");
    let place = place.key("annotations");
    let place = place.key(CLUSTER_DOMAIN_ANNOTATION);
    let domain = metadata.annotation(CLUSTER_DOMAIN_ANNOTATION);
    domain.map(|text| place.host(text)).transpose()
}
