//! Entries of ServiceEntry hosts.

use super::Compiled;
use super::host_answer::addresses_of;
use super::objects::{ClusterObjects, visibility, warning};
use super::service::table_ports;
use super::service_entry_endpoint::endpoints_of;
use crate::input::{EntryAddress, ObjectDoc, ServiceEntry};
use dns_core::{HostEntry, HostKind, NameBuf};
use std::net::IpAddr;
use std::sync::Arc;

pub(super) fn compile(cluster: &ClusterObjects<'_>, compiled: &mut Compiled) {
    for (doc, entry) in &cluster.service_entries {
        warn_of_unusable_parts(doc, entry, compiled);
        for host in &entry.hosts {
            compiled.entries.push(host_entry(cluster, doc, entry, host));
        }
    }
}

fn host_entry(
    cluster: &ClusterObjects<'_>,
    doc: &ObjectDoc,
    entry: &ServiceEntry,
    host: &NameBuf,
) -> HostEntry {
    let endpoints = endpoints_of(cluster, entry, host);
    let answer = addresses_of(cluster, entry, host, &endpoints);
    HostEntry {
        namespace: Some(Arc::clone(&doc.id.namespace)),
        addresses: answer.addresses,
        vip_wanted: answer.vip_wanted,
        vip_state: answer.vip_state,
        ports: table_ports(&entry.ports),
        endpoints,
        short_names: is_service_name(cluster, host),
        visibility: visibility(&entry.export_to, &doc.id.namespace),
        created_secs: entry.metadata.created_secs,
        ..HostEntry::new(host.clone(), HostKind::External, cluster.source_of(doc))
    }
}

/// Whether the host is of the form `<name>.<namespace>.svc.<domain>`.
fn is_service_name(cluster: &ClusterObjects<'_>, host: &NameBuf) -> bool {
    let (name, domain) = (host.as_name(), cluster.service_domain.as_name());
    name.ends_with(domain) && name.label_count() == domain.label_count() + 2 && !name.is_wildcard()
}

fn warn_of_unusable_parts(doc: &ObjectDoc, entry: &ServiceEntry, compiled: &mut Compiled) {
    for (i, address) in entry.addresses.iter().enumerate() {
        if *address == EntryAddress::Network {
            let reason = "is a network of several addresses, which no name is answered with";
            compiled
                .problems
                .push(warning(doc, reason.to_owned()).with_field(format!("spec.addresses[{i}]")));
        }
    }
    for (i, (_, value)) in entry.status_addresses.iter().enumerate() {
        if value.parse::<IpAddr>().is_err() {
            compiled.problems.push(
                warning(doc, format!("\"{value}\" is not an IP address"))
                    .with_field(format!("status.addresses[{i}].value")),
            );
        }
    }
    for (i, endpoint) in entry.endpoints.iter().enumerate() {
        if endpoint.address.is_none() {
            compiled.problems.push(
                warning(
                    doc,
                    "has a network but no address, so it is left out".to_owned(),
                )
                .with_field(format!("spec.endpoints[{i}]")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{compiled, entry, service_entry};

    #[test]
    fn every_host_of_an_entry_is_an_entry_of_its_own_and_counts_once() {
        let compiled = compiled(&service_entry(
            "  hosts: [b.example, A.example, a.example.]\n  resolution: DNS\n",
        ));
        let names: Vec<_> = compiled
            .entries
            .iter()
            .map(|e| e.name.to_string())
            .collect();
        assert_eq!(names, ["a.example", "b.example"]);
    }

    #[test]
    fn only_hosts_of_service_form_have_short_names() {
        for (host, expected) in [
            ("a.b.svc.cluster.local", true),
            ("a.b.c.svc.cluster.local", false),
            ("a.svc.cluster.local", false),
            ("'*.b.svc.cluster.local'", false),
            ("a.b.xsvc.cluster.local", false),
            ("a.example", false),
        ] {
            let compiled = compiled(&service_entry(&format!("  hosts: [{host}]\n")));
            assert_eq!(compiled.entries[0].short_names, expected, "{host}");
        }
    }

    #[test]
    fn an_endpoint_without_address_is_left_out_with_a_warning() {
        let compiled = compiled(&service_entry(
            "  hosts: [a.example]\n  resolution: STATIC\n  endpoints: [{network: net2}]\n",
        ));
        assert_eq!(entry(&compiled, "a.example").endpoints, []);
        assert_eq!(
            compiled.problems[0].field.as_deref(),
            Some("spec.endpoints[0]")
        );
    }
}
