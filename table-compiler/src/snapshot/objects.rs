//! Objects and what is carried over, as a snapshot has them.

use super::text::Text;
use super::{ClusterObjects, SnapshotError};
use crate::input::{ObjectDoc, object_from_value};
use crate::mesh::{Carried, CarriedProduct, ClientKind, ObjectRef, Stale};
use dns_core::{Locality, NameBuf};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredCluster {
    /// Whether all of it is from before its present state.
    stale: bool,
    objects: Vec<StoredObject>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredObject {
    file: Arc<str>,
    line: u32,
    /// Whether its present form is broken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    object: Arc<serde_json::Value>,
}

impl From<&ClusterObjects> for StoredCluster {
    fn from(cluster: &ClusterObjects) -> Self {
        let is_stale = |doc: &ObjectDoc| match &cluster.stale {
            Stale::None | Stale::All => false,
            Stale::Objects(ids) => ids.contains(&doc.id),
        };
        let object = |doc: &ObjectDoc| StoredObject {
            file: Arc::clone(&doc.file),
            line: doc.line,
            stale: is_stale(doc),
            object: Arc::clone(&doc.raw),
        };
        StoredCluster {
            stale: cluster.stale == Stale::All,
            objects: cluster.objects.iter().map(object).collect(),
        }
    }
}

impl StoredCluster {
    /// The objects; `id` is that of the cluster, for what is said of them.
    pub(super) fn restore(self, id: &str) -> Result<ClusterObjects, SnapshotError> {
        let mut objects = Vec::with_capacity(self.objects.len());
        let mut stale = std::collections::BTreeSet::new();
        for (index, stored) in self.objects.into_iter().enumerate() {
            let read = object_from_value(&stored.object, &stored.file, stored.line);
            let doc = read.map_err(|problem| {
                SnapshotError::field(&format!("clusters.{id}.objects[{index}]"), problem)
            })?;
            if stored.stale {
                stale.insert(doc.id.clone());
            }
            objects.push(doc);
        }
        let stale = match (self.stale, stale.is_empty()) {
            (true, _) => Stale::All,
            (false, true) => Stale::None,
            (false, false) => Stale::Objects(stale),
        };
        Ok(ClusterObjects { objects, stale })
    }
}

/// A product name that was served.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredProduct {
    source: StoredRef,
    alias_of: Option<Text<NameBuf>>,
    withdrawn_ms: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRef {
    cluster: Arc<str>,
    role: Arc<str>,
    namespace: Arc<str>,
    name: Arc<str>,
}

pub(super) type StoredCarried = BTreeMap<Text<NameBuf>, StoredProduct>;

pub(super) fn store_carried(carried: &Carried) -> StoredCarried {
    let Carried { products } = carried.clone();
    let stored = |(name, product): (NameBuf, CarriedProduct)| {
        let CarriedProduct {
            source,
            alias_of,
            withdrawn_ms,
        } = product;
        let ObjectRef {
            cluster,
            role,
            namespace,
            name: object,
        } = source;
        let source = StoredRef {
            cluster,
            role,
            namespace,
            name: object,
        };
        let product = StoredProduct {
            source,
            alias_of: alias_of.map(Text),
            withdrawn_ms,
        };
        (Text(name), product)
    };
    products.into_iter().map(stored).collect()
}

pub(super) fn restore_carried(stored: StoredCarried) -> Carried {
    let product = |(name, stored): (Text<NameBuf>, StoredProduct)| {
        let source = ObjectRef {
            cluster: stored.source.cluster,
            role: stored.source.role,
            namespace: stored.source.namespace,
            name: stored.source.name,
        };
        let product = CarriedProduct {
            source,
            alias_of: stored.alias_of.map(|name| name.0),
            withdrawn_ms: stored.withdrawn_ms,
        };
        (name.0, product)
    };
    Carried {
        products: stored.into_iter().map(product).collect(),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredKind {
    cluster: Arc<str>,
    network: Option<Arc<str>>,
    locality: Option<Text<Locality>>,
}

impl From<&ClientKind> for StoredKind {
    fn from(kind: &ClientKind) -> Self {
        let ClientKind {
            cluster,
            network,
            locality,
        } = kind.clone();
        StoredKind {
            cluster,
            network,
            locality: locality.map(Text),
        }
    }
}

impl From<StoredKind> for ClientKind {
    fn from(stored: StoredKind) -> Self {
        ClientKind {
            cluster: stored.cluster,
            network: stored.network,
            locality: stored.locality.map(|locality| locality.0),
        }
    }
}
