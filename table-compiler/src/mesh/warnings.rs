//! Parts of objects that are left out, and why.

use crate::input::{EntryAddress, Object, ObjectDoc, Problem, Scope, ServiceEntry};
use dns_core::NameError;
use std::net::IpAddr;

/// What of an object is left out: names that are too long, and what cannot be used of a
/// ServiceEntry.
pub(super) fn warnings_of(doc: &ObjectDoc, errors: &[NameError]) -> Vec<Problem> {
    let mut warnings: Vec<Problem> = errors
        .iter()
        .map(|error| warning(doc, format!("one of its names {error}")))
        .collect();
    warnings.dedup();
    if let Object::ServiceEntry(entry) = &doc.object {
        warn_of_entry(doc, entry, &mut warnings);
    }
    warnings
}

fn warn_of_entry(doc: &ObjectDoc, entry: &ServiceEntry, warnings: &mut Vec<Problem>) {
    for (i, address) in entry.addresses.iter().enumerate() {
        if *address == EntryAddress::Network {
            let reason = "is a network of several addresses, which no name is answered with";
            let field = format!("spec.addresses[{i}]");
            warnings.push(warning(doc, reason.to_owned()).with_field(field));
        }
    }
    for (i, (_, value)) in entry.status_addresses.iter().enumerate() {
        if value.parse::<IpAddr>().is_err() {
            let reason = format!("\"{value}\" is not an IP address");
            let field = format!("status.addresses[{i}].value");
            warnings.push(warning(doc, reason).with_field(field));
        }
    }
    for (i, endpoint) in entry.endpoints.iter().enumerate() {
        if endpoint.address.is_none() {
            let reason = "has a network but no address, so it is left out";
            let field = format!("spec.endpoints[{i}]");
            warnings.push(warning(doc, reason.to_owned()).with_field(field));
        }
    }
}

fn warning(doc: &ObjectDoc, reason: String) -> Problem {
    Problem::new(&doc.file, doc.line, 0, reason)
        .with_object(&doc.id)
        .with_scope(Scope::Field)
}
