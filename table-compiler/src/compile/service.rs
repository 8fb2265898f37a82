//! Entries of Kubernetes Services: the service itself and the instances of headless ones.

use super::Compiled;
use super::instance::{add_instances, named_endpoints, ready_addresses};
use super::objects::{ClusterObjects, visibility, warning};
use super::service_endpoint::endpoints_of;
use crate::host_addresses::keep_first_of_each;
use crate::input::{ObjectDoc, Service, ServiceAddressing, ServicePort};
use dns_core::{AddressOrigin, HostAddress, HostEntry, HostKind, NameBuf, NameError, Port};
use std::net::IpAddr;
use std::sync::Arc;

pub(super) fn compile(cluster: &ClusterObjects<'_>, compiled: &mut Compiled) {
    for (doc, service) in &cluster.services {
        if let Err(error) = add_service(cluster, doc, service, compiled) {
            compiled
                .problems
                .push(warning(doc, format!("its name below the domain {error}")));
        }
    }
}

fn add_service(
    cluster: &ClusterObjects<'_>,
    doc: &ObjectDoc,
    service: &Service,
    compiled: &mut Compiled,
) -> Result<(), NameError> {
    let namespace = cluster.service_domain.child(&doc.id.namespace)?;
    let name = namespace.child(&doc.id.name)?;
    let entry = base_entry(cluster, doc, service, name);
    let entry = match &service.addressing {
        ServiceAddressing::Cluster(addresses) => HostEntry {
            addresses: with_origin(addresses, AddressOrigin::Cluster),
            endpoints: endpoints_of(cluster, doc, service),
            ..entry
        },
        ServiceAddressing::External(target) => HostEntry {
            cname: Some(target.clone()),
            ..entry
        },
        ServiceAddressing::Headless => {
            let endpoints = named_endpoints(endpoints_of(cluster, doc, service));
            HostEntry {
                kind: HostKind::Headless,
                addresses: ready_addresses(&endpoints),
                ports: headless_ports(cluster, doc, service),
                endpoints,
                ..entry
            }
        }
    };
    add_instances(doc, &entry, compiled);
    compiled.entries.push(entry);
    Ok(())
}

fn base_entry(
    cluster: &ClusterObjects<'_>,
    doc: &ObjectDoc,
    service: &Service,
    name: NameBuf,
) -> HostEntry {
    HostEntry {
        namespace: Some(Arc::clone(&doc.id.namespace)),
        ports: table_ports(&service.ports),
        short_names: true,
        canonical: true,
        visibility: visibility(&service.metadata.export_to, &doc.id.namespace),
        created_secs: service.metadata.created_secs,
        ..HostEntry::new(name, HostKind::Service, cluster.source_of(doc))
    }
}

/// The Service's ports and those that only its slices name: a headless Service need not declare
/// any, and its SRV records come from the endpoints.
fn headless_ports(cluster: &ClusterObjects<'_>, doc: &ObjectDoc, service: &Service) -> Vec<Port> {
    let mut ports = table_ports(&service.ports);
    for port in cluster.slices_of(doc).iter().flat_map(|slice| &slice.ports) {
        let Some(number) = port.number else { continue };
        let is_known = |known: &Port| known.name == port.name && known.transport == port.transport;
        if !ports.iter().any(is_known) {
            ports.push(Port {
                name: port.name.clone(),
                number,
                transport: port.transport,
                app_protocol: port.app_protocol.clone(),
            });
        }
    }
    ports
}

/// Each address once, as written.
pub(super) fn with_origin(ips: &[IpAddr], origin: AddressOrigin) -> Vec<HostAddress> {
    let of = |ip: &IpAddr| HostAddress::new(*ip, origin);
    let mut addresses: Vec<HostAddress> = ips.iter().map(of).collect();
    keep_first_of_each(&mut addresses);
    addresses
}

pub(super) fn table_ports(ports: &[ServicePort]) -> Vec<Port> {
    let table_port = |port: &ServicePort| Port {
        name: port.name.clone(),
        number: port.number,
        transport: port.transport,
        app_protocol: port.app_protocol.clone(),
    };
    ports.iter().map(table_port).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{addresses, compiled, entry, service};
    use super::*;

    #[test]
    fn a_service_answers_with_its_cluster_addresses_in_order() {
        let compiled = compiled(&service(
            "{clusterIPs: ['2001:db8::a', 10.96.0.7], clusterIP: '2001:db8::a'}",
        ));
        let entry = entry(&compiled, "web.shop.svc.cluster.local");
        assert_eq!(addresses(entry), ["2001:db8::a", "10.96.0.7"]);
        assert_eq!(entry.addresses[0].origin, AddressOrigin::Cluster);
        assert_eq!(entry.kind, HostKind::Service);
        assert!(entry.short_names && entry.canonical);
        assert_eq!(entry.namespace.as_deref(), Some("shop"));
    }

    #[test]
    fn a_service_without_cluster_address_has_an_entry_that_answers_nothing() {
        let compiled = compiled(&service("{ports: [{port: 80}]}"));
        assert!(!entry(&compiled, "web.shop.svc.cluster.local").is_answerable());
    }

    #[test]
    fn an_external_name_is_a_cname() {
        let compiled = compiled(&service(
            "{type: ExternalName, externalName: Db.Example.COM}",
        ));
        let entry = entry(&compiled, "web.shop.svc.cluster.local");
        assert_eq!(entry.cname, Some(NameBuf::parse("db.example.com").unwrap()));
        assert!(entry.short_names && entry.addresses.is_empty());
    }

    #[test]
    fn ports_carry_name_transport_and_application_protocol() {
        let compiled = compiled(&service(
            "{clusterIP: 10.0.0.1, ports: [{name: dns, port: 53, protocol: UDP}, {port: 80, appProtocol: http}]}",
        ));
        let ports = &entry(&compiled, "web.shop.svc.cluster.local").ports;
        let shown: Vec<_> = ports
            .iter()
            .map(|p| {
                (
                    p.name.as_deref(),
                    p.number,
                    p.transport.label(),
                    p.app_protocol.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (Some("dns"), 53, "udp", None),
                (None, 80, "tcp", Some("http"))
            ]
        );
    }

    #[test]
    fn a_service_whose_name_does_not_fit_is_left_out_with_a_warning() {
        let long = "x".repeat(63);
        let domain = NameBuf::parse(&[&*long, &long, &long].join(".")).unwrap();
        let parsed = crate::documents(
            "a.yaml",
            &service("{clusterIP: 10.0.0.1}").replace("web", &long),
        );
        let compiled = crate::compile(&crate::Options::new(domain), &parsed.objects);
        assert_eq!(compiled.entries, []);
        assert!(
            compiled.problems[0]
                .to_string()
                .ends_with("is longer than 255 octets")
        );
    }
}
