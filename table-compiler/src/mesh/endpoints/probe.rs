//! What probes say about a gateway.

use crate::mesh::health::Health;
use dns_core::EndpointAddress;

/// Whether the gateway is dead, by the probes of the first of the ports that was probed. One that
/// nobody probed is not.
pub(super) fn is_dead(
    health: &Health,
    address: &EndpointAddress,
    ports: [Option<u16>; 2],
    failure_threshold: Option<u32>,
) -> bool {
    let EndpointAddress::Ip(ip) = address else {
        return false;
    };
    if health.gateways.is_empty() {
        return false;
    }
    let mut probed = ports
        .into_iter()
        .flatten()
        .filter_map(|port| health.gateways.get(&(*ip, port)));
    probed
        .next()
        .is_some_and(|gateway| gateway.is_dead(failure_threshold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::health::{GatewayHealth, Probe};

    fn health(results: &str, failure_threshold: Option<u32>) -> Health {
        let probes = results.bytes().enumerate().map(|(i, result)| Probe {
            at_ms: i as u64,
            round_trip_ms: (result == b'+').then_some(12),
        });
        let gateway = GatewayHealth {
            probes: probes.collect(),
            failure_threshold,
            ..GatewayHealth::default()
        };
        let mut health = Health::default();
        health
            .gateways
            .insert(([192, 0, 2, 1].into(), 15443), gateway);
        health
    }

    #[test]
    fn a_gateway_is_dead_after_three_failures_in_a_row() {
        let gateway = EndpointAddress::Ip([192, 0, 2, 1].into());
        for (results, expected) in [
            ("", false),
            ("--", false),
            ("--+--+", false),
            ("+---", true),
            ("---+", false),
            ("-----", true),
        ] {
            let health = health(results, None);
            let ports = [None, Some(15443)];
            assert_eq!(
                is_dead(&health, &gateway, ports, None),
                expected,
                "{results}"
            );
        }
    }

    #[test]
    fn the_threshold_is_the_gateways_own_else_the_links() {
        let gateway = EndpointAddress::Ip([192, 0, 2, 1].into());
        let ports = [Some(15443), None];
        assert!(is_dead(&health("-", Some(1)), &gateway, ports, None));
        assert!(is_dead(&health("--", None), &gateway, ports, Some(2)));
        assert!(!is_dead(&health("---", Some(4)), &gateway, ports, Some(2)));
    }

    #[test]
    fn nobody_probed_another_port_or_address() {
        let other = EndpointAddress::Ip([192, 0, 2, 2].into());
        let gateway = EndpointAddress::Ip([192, 0, 2, 1].into());
        let dead = health("---", None);
        assert!(!is_dead(&dead, &other, [Some(15443), None], None));
        assert!(!is_dead(&dead, &gateway, [Some(443), None], None));
    }
}
