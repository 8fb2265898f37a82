//! Endpoints of a ServiceEntry host.

use super::gateway::Gateway;
use super::objects::ClusterObjects;
use crate::input::{EntryEndpoint, Resolution, ServiceEntry, ServicePort};
use dns_core::{Endpoint, EndpointAddress, EndpointState, NameBuf, Via};
use std::sync::Arc;

/// Last label of the names that stand for a service of another cluster.
const GLOBAL_LABEL: &[u8] = b"global";

/// Port of an endpoint of an entry without ports, and of a unix socket.
const NO_PORT: u16 = 0;

/// The endpoints, one per port, in the order written. A host that DNS resolves and that names
/// no endpoint is its own.
pub(super) fn endpoints_of(
    cluster: &ClusterObjects<'_>,
    entry: &ServiceEntry,
    host: &NameBuf,
) -> Vec<Endpoint> {
    let own = own_endpoint(entry, host);
    let mut endpoints = Vec::new();
    for endpoint in entry.endpoints.iter().chain(&own) {
        let Some(address) = &endpoint.address else {
            continue;
        };
        let target = Target {
            address,
            endpoint,
            gateway: cluster.gateways.at(address),
            host,
        };
        if entry.ports.is_empty() {
            endpoints.push(target.endpoint(entry, None));
        }
        endpoints.extend(
            entry
                .ports
                .iter()
                .map(|port| target.endpoint(entry, Some(port))),
        );
    }
    endpoints
}

fn own_endpoint(entry: &ServiceEntry, host: &NameBuf) -> Option<EntryEndpoint> {
    let resolves = matches!(
        entry.resolution,
        Resolution::Dns | Resolution::DnsRoundRobin
    );
    let has_others = !entry.endpoints.is_empty() || entry.selects_workloads;
    (resolves && !has_others && !host.as_name().is_wildcard())
        .then(|| EntryEndpoint::at(EndpointAddress::Host(host.clone())))
}

/// An endpoint as written, with what its address says about it.
struct Target<'a> {
    address: &'a EndpointAddress,
    endpoint: &'a EntryEndpoint,
    gateway: Option<&'a Gateway>,
    host: &'a NameBuf,
}

impl Target<'_> {
    fn endpoint(&self, entry: &ServiceEntry, port: Option<&ServicePort>) -> Endpoint {
        let (number, state) = self.port(port);
        Endpoint {
            port_name: port.and_then(|port| port.name.clone()),
            cluster: self.gateway.and_then(|gateway| gateway.cluster.clone()),
            network: match self.gateway {
                Some(gateway) => Some(Arc::clone(&gateway.network)),
                None => self.endpoint.network.clone(),
            },
            locality: self.endpoint.locality.clone(),
            subset: self.endpoint.labels.clone(),
            via: if self.gateway.is_some() {
                Via::Gateway
            } else {
                Via::Direct
            },
            weight: self.endpoint.weight,
            state,
            authority: self
                .gateway
                .and_then(|gateway| authority(self.host, gateway)),
            identity: entry.subject_alt_names.clone(),
            ..Endpoint::new(self.address.clone(), number)
        }
    }

    /// What the user wrote for the port; for a `.global` name behind a gateway that says
    /// nothing, the gateway's mesh port, as the service's own port is not open there.
    fn port(&self, port: Option<&ServicePort>) -> (u16, EndpointState) {
        let Some(port) = port else {
            return (NO_PORT, EndpointState::Ready);
        };
        if matches!(self.address, EndpointAddress::Unix(_)) {
            return (NO_PORT, EndpointState::Ready);
        }
        let mapped = port
            .name
            .as_ref()
            .and_then(|name| self.endpoint.ports.get(name))
            .copied();
        if let Some(number) = mapped.or(port.target) {
            return (number, EndpointState::Ready);
        }
        match self.gateway.filter(|_| is_global(self.host)) {
            None => (port.number, EndpointState::Ready),
            Some(Gateway {
                mesh_port: Some(number),
                ..
            }) => (*number, EndpointState::Ready),
            Some(_) => (
                port.number,
                EndpointState::Unavailable("no-mesh-port".into()),
            ),
        }
    }
}

fn is_global(host: &NameBuf) -> bool {
    host.as_name().label_count() == 3
        && host.as_name().labels().last() == Some(GLOBAL_LABEL)
        && !host.as_name().is_wildcard()
}

/// Name that the service `a.b.global` has in the cluster behind the gateway.
fn authority(host: &NameBuf, gateway: &Gateway) -> Option<Arc<str>> {
    let mut labels = is_global(host).then(|| host.as_name().labels())?;
    let name = std::str::from_utf8(labels.next()?).ok()?;
    let namespace = std::str::from_utf8(labels.next()?).ok()?;
    Some(format!("{name}.{namespace}.svc.{}", gateway.domain).into())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{compiled, entry, place, service_entry};
    use super::*;

    const PORTS: &str = "  ports: [{name: http, number: 80, protocol: HTTP}]\n";

    fn endpoints(spec: &str) -> Vec<Endpoint> {
        let spec = format!("  hosts: [a.example]\n{spec}");
        entry(&compiled(&service_entry(&spec)), "a.example")
            .endpoints
            .clone()
    }

    /// Endpoints of a host while the gateway of net2, with those ports and labels, is at
    /// 198.51.100.20.
    fn behind_gateway(
        host: &str,
        endpoint: &str,
        gateway_ports: &str,
        labels: &str,
    ) -> Vec<Endpoint> {
        let gateway = format!(
            "---
apiVersion: v1
kind: Service
metadata: {{name: gw, labels: {{topology.istio.io/network: net2{labels}}}}}
spec: {{clusterIP: 10.0.0.1, ports: [{gateway_ports}]}}
status: {{loadBalancer: {{ingress: [{{ip: 198.51.100.20}}, {{hostname: gw.example.net}}]}}}}
"
        );
        let spec =
            format!("  hosts: [{host}]\n  resolution: DNS\n{PORTS}  endpoints: [{{{endpoint}}}]\n");
        entry(&compiled(&(service_entry(&spec) + &gateway)), host)
            .endpoints
            .clone()
    }

    #[test]
    fn a_port_is_the_mapped_one_else_the_target_else_its_own() {
        let ports = "  ports: [{name: a, number: 80}, {name: b, number: 81, targetPort: 8081}, {name: c, number: 82, targetPort: 8082}]\n";
        let found = endpoints(&format!(
            "  resolution: STATIC\n{ports}  endpoints: [{{address: 10.0.0.1, ports: {{c: 9}}}}]\n"
        ));
        let shown: Vec<_> = found.iter().map(place).collect();
        assert_eq!(
            shown,
            [
                "Ip(10.0.0.1):80 a",
                "Ip(10.0.0.1):8081 b",
                "Ip(10.0.0.1):9 c"
            ]
        );
    }

    #[test]
    fn endpoints_are_addresses_hosts_or_unix_sockets() {
        let found = endpoints(&format!(
            "  resolution: DNS\n{PORTS}  endpoints: [{{address: 10.0.0.1}}, {{address: B.example}}, {{address: 'unix:///run/x'}}]\n"
        ));
        let shown: Vec<_> = found.iter().map(place).collect();
        assert_eq!(
            shown,
            [
                "Ip(10.0.0.1):80 http",
                "Host(b.example):80 http",
                "Unix(\"/run/x\"):0 http"
            ]
        );
    }

    #[test]
    fn network_locality_labels_weight_and_identity_are_carried_along() {
        let found = endpoints(&format!(
            "  resolution: STATIC\n{PORTS}  subjectAltNames: [spiffe://x/a]\n  endpoints: \
             [{{address: 10.0.0.1, network: net9, locality: eu/eu-a, weight: 7, labels: {{version: v1}}}}, {{address: 10.0.0.2}}]\n"
        ));
        let first = &found[0];
        assert_eq!(first.network.as_deref(), Some("net9"));
        assert_eq!(first.locality.as_ref().unwrap().to_string(), "eu/eu-a");
        assert_eq!(first.weight, 7);
        assert_eq!(first.subset.get("version").map(|v| &**v), Some("v1"));
        assert_eq!(first.identity, [Arc::from("spiffe://x/a")]);
        assert_eq!((first.via, found[1].weight), (Via::Direct, 1));
    }

    #[test]
    fn the_network_label_of_an_endpoint_stands_in_for_its_network() {
        let found = endpoints(&format!(
            "  resolution: STATIC\n{PORTS}  endpoints: [{{address: 10.0.0.1, labels: {{topology.istio.io/network: net3}}}}]\n"
        ));
        assert_eq!(found[0].network.as_deref(), Some("net3"));
    }

    #[test]
    fn a_host_that_dns_resolves_is_its_own_endpoint() {
        let shown: Vec<_> = endpoints(&format!("  resolution: DNS\n{PORTS}"))
            .iter()
            .map(place)
            .collect();
        assert_eq!(shown, ["Host(a.example):80 http"]);
        assert_eq!(endpoints(&format!("  resolution: STATIC\n{PORTS}")), []);
        let selector = "  resolution: DNS\n  workloadSelector: {labels: {app: a}}\n";
        assert_eq!(endpoints(&format!("{selector}{PORTS}")), []);
    }

    #[test]
    fn an_entry_without_ports_still_has_its_endpoints() {
        let found = endpoints("  endpoints: [{address: 10.0.0.1}]\n");
        assert_eq!(
            found.iter().map(place).collect::<Vec<_>>(),
            ["Ip(10.0.0.1):0 -"]
        );
    }

    #[test]
    fn an_address_of_a_gateway_is_reached_through_it() {
        let found = behind_gateway(
            "foo.funns.global",
            "address: 198.51.100.20, network: other, ports: {http: 15443}",
            "{port: 15443}",
            "",
        );
        let endpoint = &found[0];
        assert_eq!((endpoint.via, endpoint.port), (Via::Gateway, 15443));
        assert_eq!(endpoint.network.as_deref(), Some("net2"));
        assert_eq!(endpoint.cluster.as_deref(), Some("cluster1"));
        assert_eq!(
            endpoint.authority.as_deref(),
            Some("foo.funns.svc.cluster.local")
        );
    }

    #[test]
    fn a_host_name_of_a_gateway_is_reached_through_it() {
        let found = behind_gateway(
            "foo.funns.global",
            "address: GW.example.net",
            "{port: 15443}",
            "",
        );
        assert_eq!((found[0].via, found[0].port), (Via::Gateway, 15443));
    }

    #[test]
    fn only_global_names_are_translated() {
        let found = behind_gateway(
            "pay.example.com",
            "address: 198.51.100.20",
            "{port: 15443}",
            "",
        );
        assert_eq!((found[0].via, found[0].port), (Via::Gateway, 80));
        assert_eq!(found[0].authority, None);
        let deeper = behind_gateway(
            "a.b.c.global",
            "address: 198.51.100.20",
            "{port: 15443}",
            "",
        );
        assert_eq!(deeper[0].authority, None);
    }

    #[test]
    fn a_global_name_uses_the_mesh_port_of_the_gateway_unless_it_names_another() {
        let port = |endpoint: &str, ports: &str, labels: &str| {
            let found = behind_gateway("foo.funns.global", endpoint, ports, labels);
            (found[0].port, found[0].state.clone())
        };
        let address = "address: 198.51.100.20";
        let label = ", networking.istio.io/gatewayPort: '15999'";
        assert_eq!(
            port(address, "{port: 15443}", ""),
            (15443, EndpointState::Ready)
        );
        assert_eq!(
            port(address, "{port: 15443}", label),
            (15999, EndpointState::Ready)
        );
        let mapped = "address: 198.51.100.20, ports: {http: 4}";
        assert_eq!(
            port(mapped, "{port: 15443}", label),
            (4, EndpointState::Ready)
        );
        let (_, state) = port(address, "{port: 443}", "");
        assert_eq!(state, EndpointState::Unavailable("no-mesh-port".into()));
    }

    #[test]
    fn external_addresses_count_when_a_gateway_has_no_ingress() {
        let gateway = "---
apiVersion: v1
kind: Service
metadata: {name: gw, labels: {topology.istio.io/network: net2}}
spec: {clusterIP: 10.0.0.1, externalIPs: [198.51.100.30], ports: [{port: 15443}]}
";
        let spec = format!(
            "  hosts: [a.example]\n  resolution: STATIC\n{PORTS}  endpoints: [{{address: 198.51.100.30}}]\n"
        );
        let compiled = compiled(&(service_entry(&spec) + gateway));
        assert_eq!(entry(&compiled, "a.example").endpoints[0].via, Via::Gateway);
    }
}
