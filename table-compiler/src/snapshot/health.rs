//! What probes found, as a snapshot has it.

use super::text::Text;
use crate::mesh::{Access, ClusterHealth, Credential, GatewayHealth, Health, Permission, Probe};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredHealth {
    gateways: Vec<StoredGateway>,
    clusters: Vec<StoredClusterHealth>,
    credentials: Vec<StoredCredential>,
    permissions: Vec<StoredPermission>,
    trust_roots: BTreeMap<Arc<str>, Arc<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGateway {
    address: IpAddr,
    port: u16,
    cluster: Option<Arc<str>>,
    failure_threshold: Option<u32>,
    probes: Vec<StoredProbe>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredProbe {
    at_ms: u64,
    round_trip_ms: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredClusterHealth {
    id: Arc<str>,
    api: Arc<str>,
    since_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCredential {
    from: Arc<str>,
    to: Arc<str>,
    state: Arc<str>,
    at_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPermission {
    cluster: Arc<str>,
    verb: Arc<str>,
    resource: Arc<str>,
    access: Text<Access>,
}

impl From<&Health> for StoredHealth {
    fn from(health: &Health) -> Self {
        let Health {
            gateways,
            clusters,
            credentials,
            permissions,
            trust_roots,
        } = health.clone();
        StoredHealth {
            gateways: gateways.into_iter().map(store_gateway).collect(),
            clusters: clusters.into_iter().map(store_cluster).collect(),
            credentials: credentials.into_iter().map(store_credential).collect(),
            permissions: permissions.into_iter().map(store_permission).collect(),
            trust_roots,
        }
    }
}

fn store_gateway(((address, port), gateway): ((IpAddr, u16), GatewayHealth)) -> StoredGateway {
    let GatewayHealth {
        cluster,
        probes,
        failure_threshold,
    } = gateway;
    let probe = |Probe {
                     at_ms,
                     round_trip_ms,
                 }| StoredProbe {
        at_ms,
        round_trip_ms,
    };
    StoredGateway {
        address,
        port,
        cluster,
        failure_threshold,
        probes: probes.into_iter().map(probe).collect(),
    }
}

fn store_cluster((id, cluster): (Arc<str>, ClusterHealth)) -> StoredClusterHealth {
    let ClusterHealth { api, since_ms } = cluster;
    StoredClusterHealth { id, api, since_ms }
}

fn store_credential(
    ((from, to), credential): ((Arc<str>, Arc<str>), Credential),
) -> StoredCredential {
    let Credential { state, at_ms } = credential;
    StoredCredential {
        from,
        to,
        state,
        at_ms,
    }
}

fn store_permission((permission, access): (Permission, Access)) -> StoredPermission {
    let Permission {
        cluster,
        verb,
        resource,
    } = permission;
    StoredPermission {
        cluster,
        verb,
        resource,
        access: Text(access),
    }
}

impl From<StoredHealth> for Health {
    fn from(stored: StoredHealth) -> Self {
        Health {
            gateways: stored.gateways.into_iter().map(gateway).collect(),
            clusters: stored.clusters.into_iter().map(cluster).collect(),
            credentials: stored.credentials.into_iter().map(credential).collect(),
            permissions: stored.permissions.into_iter().map(permission).collect(),
            trust_roots: stored.trust_roots,
        }
    }
}

fn gateway(stored: StoredGateway) -> ((IpAddr, u16), GatewayHealth) {
    let probe = |probe: StoredProbe| Probe {
        at_ms: probe.at_ms,
        round_trip_ms: probe.round_trip_ms,
    };
    let gateway = GatewayHealth {
        cluster: stored.cluster,
        probes: stored.probes.into_iter().map(probe).collect(),
        failure_threshold: stored.failure_threshold,
    };
    ((stored.address, stored.port), gateway)
}

fn cluster(stored: StoredClusterHealth) -> (Arc<str>, ClusterHealth) {
    let StoredClusterHealth { id, api, since_ms } = stored;
    (id, ClusterHealth { api, since_ms })
}

fn credential(stored: StoredCredential) -> ((Arc<str>, Arc<str>), Credential) {
    let StoredCredential {
        from,
        to,
        state,
        at_ms,
    } = stored;
    ((from, to), Credential { state, at_ms })
}

fn permission(stored: StoredPermission) -> (Permission, Access) {
    let permission = Permission {
        cluster: stored.cluster,
        verb: stored.verb,
        resource: stored.resource,
    };
    (permission, stored.access.0)
}
