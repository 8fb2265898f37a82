//! [`Health`]: what probes and watches found out, with times.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Consecutive failures that make a gateway dead unless it says otherwise: 3, as Linkerd has it.
pub const FAILURE_THRESHOLD: u32 = 3;

/// What probes and watches found out about clusters and gateways. Nothing is known of what it does
/// not name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Gateways by address and port, with the results of their probes, oldest first.
    pub gateways: BTreeMap<(IpAddr, u16), GatewayHealth>,
    /// What is known about clusters, by id.
    pub clusters: BTreeMap<Arc<str>, ClusterHealth>,
    /// Credentials for other clusters, by the cluster that uses them and the one they are for.
    pub credentials: BTreeMap<(Arc<str>, Arc<str>), Credential>,
    /// What may be read in which cluster, as far as somebody tried.
    pub permissions: BTreeMap<Permission, Access>,
    /// Roots of the clusters' certificates, as far as they were seen. Configuration beats them.
    pub trust_roots: BTreeMap<Arc<str>, Arc<str>>,
}

/// Probes of one gateway.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayHealth {
    /// Its cluster, where the document says it.
    pub cluster: Option<Arc<str>>,
    /// Results, oldest first.
    pub probes: Vec<Probe>,
    /// Consecutive failures that make it dead; default [`FAILURE_THRESHOLD`].
    pub failure_threshold: Option<u32>,
}

/// The result of one probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// When it ended, in milliseconds since 1970.
    pub at_ms: u64,
    /// How long it took in milliseconds; `None` is a failure.
    pub round_trip_ms: Option<u32>,
}

/// Whether a gateway can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayState {
    /// It answers.
    Alive {
        /// Round trip of the last probe that it answered, in milliseconds.
        latency_ms: u32,
    },
    /// Its last probes failed, as many in a row as its threshold says.
    Dead,
    /// Nobody knows: it was not probed, or never answered and has not failed often enough.
    Unknown,
}

/// What is known about a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterHealth {
    /// Whether its API answers: `up`, or the reason why not (`down`, `unauthorized`).
    pub api: Arc<str>,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
}

/// Credentials for another cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// `valid`, or why they are of no use (`expired`, `revoked`, `unauthorized`).
    pub state: Arc<str>,
    /// When that was found, in milliseconds since 1970.
    pub at_ms: u64,
}

/// Something to be read in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The cluster.
    pub cluster: Arc<str>,
    /// Kubernetes verb: list, watch, get.
    pub verb: Arc<str>,
    /// Kubernetes resource: services.
    pub resource: Arc<str>,
}

/// Whether something may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may.
    Allowed,
    /// It may not.
    Denied,
}

impl Health {
    /// Whether the gateway at that address and port can be used.
    pub fn gateway_state(&self, address: IpAddr, port: u16) -> GatewayState {
        self.gateways
            .get(&(address, port))
            .map_or(GatewayState::Unknown, GatewayHealth::state)
    }
}

impl GatewayHealth {
    /// Whether the gateway can be used, by its last probes.
    pub fn state(&self) -> GatewayState {
        if self.is_dead(None) {
            return GatewayState::Dead;
        }
        let answered = self.probes.iter().rev().find_map(|p| p.round_trip_ms);
        answered.map_or(GatewayState::Unknown, |latency_ms| GatewayState::Alive {
            latency_ms,
        })
    }

    /// Whether its last probes failed: as many as it says itself, else as many as given.
    pub(crate) fn is_dead(&self, failure_threshold: Option<u32>) -> bool {
        let threshold = self.failure_threshold.or(failure_threshold);
        let threshold = threshold.unwrap_or(FAILURE_THRESHOLD).max(1) as usize;
        let latest = self.probes.iter().rev();
        let failures = latest.take_while(|probe| probe.round_trip_ms.is_none());
        failures.take(threshold).count() == threshold
    }
}

impl ClusterHealth {
    /// Whether its API answers.
    pub fn is_up(&self) -> bool {
        &*self.api == "up"
    }
}

impl Credential {
    /// Whether they are of use.
    pub fn is_valid(&self) -> bool {
        &*self.state == "valid"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_after(results: &[Option<u32>], failure_threshold: Option<u32>) -> GatewayState {
        let probe = |(at, round_trip_ms): (usize, &Option<u32>)| Probe {
            at_ms: at as u64 * 3000,
            round_trip_ms: *round_trip_ms,
        };
        let gateway = GatewayHealth {
            cluster: None,
            probes: results.iter().enumerate().map(probe).collect(),
            failure_threshold,
        };
        let place = ("192.0.2.1".parse().unwrap(), 4180);
        let health = Health {
            gateways: [(place, gateway)].into(),
            ..Health::default()
        };
        health.gateway_state(place.0, place.1)
    }

    #[test]
    fn a_gateway_is_dead_after_as_many_failures_in_a_row_as_its_threshold() {
        let alive = GatewayState::Alive { latency_ms: 12 };
        assert_eq!(state_after(&[Some(12)], None), alive);
        assert_eq!(state_after(&[Some(12), None, None], None), alive);
        assert_eq!(
            state_after(&[Some(12), None, None, None], None),
            GatewayState::Dead
        );
        assert_eq!(state_after(&[Some(12), None], Some(1)), GatewayState::Dead);
        assert_eq!(state_after(&[None, None, None, Some(12)], None), alive);
    }

    #[test]
    fn a_gateway_that_never_answered_is_unknown_until_it_is_dead() {
        assert_eq!(state_after(&[], None), GatewayState::Unknown);
        assert_eq!(state_after(&[None, None], None), GatewayState::Unknown);
        assert_eq!(state_after(&[None, None, None], None), GatewayState::Dead);
        let nobody = Health::default().gateway_state("192.0.2.9".parse().unwrap(), 1);
        assert_eq!(nobody, GatewayState::Unknown);
    }
}
