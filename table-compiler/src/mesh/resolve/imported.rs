//! Names of the set of clusters whose endpoints another controller has imported.

use super::service::ready_address;
use super::{Claimed, Resolver, reference};
use crate::input::Object;
use crate::mesh::draft::Draft;
use crate::mesh::endpoints::imported_endpoints;
use dns_core::{Endpoint, HostEntry, HostKind, NameBuf};

/// Rule of an endpoint in an imported slice.
const IMPORTED_INSTANCE: &str = "endpoint of an import of the own cluster";

impl<'a> Resolver<'a> {
    /// Has an imported entry lead to the endpoints of its slices; a headless one answers them.
    pub(super) fn add_imported(&self, draft: &mut Draft, seen: &[Claimed<'a>]) {
        let endpoints = self.imported(seen);
        if draft.entry.kind == HostKind::Headless {
            add_addresses(&mut draft.entry, &endpoints);
        }
        draft.entry.endpoints = endpoints;
        let slices = seen.iter().filter(|seen| is_slice(seen));
        draft
            .sources
            .extend(slices.map(|seen| reference(seen.claim)));
    }

    /// The entry of an endpoint of an imported headless service,
    /// `<hostname>.<cluster id>.<service>.<namespace>.svc.<domain>`.
    pub(super) fn imported_instance(&self, name: &NameBuf, seen: &[Claimed<'a>]) -> Option<Draft> {
        let first = seen.first()?;
        let mut labels = name.as_name().labels();
        let mut label = || std::str::from_utf8(labels.next()?).ok();
        let hostname = format!("{}.{}", label()?, label()?);
        let mut endpoints = self.imported(seen);
        endpoints.retain(|endpoint| {
            ready_address(endpoint).is_some() && endpoint.hostname.as_deref() == Some(&*hostname)
        });
        let mut entry = HostEntry {
            namespace: Some(std::sync::Arc::clone(&first.doc.id.namespace)),
            created_secs: first.doc.created_secs(),
            ..HostEntry::new(name.clone(), HostKind::Instance, self.source_of(*first))
        };
        add_addresses(&mut entry, &endpoints);
        entry.endpoints = endpoints;
        let sources = seen.iter().map(|seen| reference(seen.claim)).collect();
        let draft = Draft::new(entry, IMPORTED_INSTANCE, sources);
        draft.will_answer().then_some(draft)
    }

    /// Endpoints of imported slices that the clients can reach.
    fn imported(&self, seen: &[Claimed<'a>]) -> Vec<Endpoint> {
        let slices = seen.iter().filter_map(|seen| match &seen.doc.object {
            Object::EndpointSlice(slice) => Some(slice),
            _ => None,
        });
        let mut endpoints: Vec<Endpoint> = slices
            .flat_map(|slice| imported_endpoints(&self.view.mesh, slice))
            .collect();
        endpoints.retain(|endpoint| self.is_reached(endpoint));
        endpoints
    }

    /// Of a cluster that nothing else is known of, an importer imports what can be reached.
    fn is_reached(&self, endpoint: &Endpoint) -> bool {
        let cluster = endpoint.cluster.as_ref();
        let relation = cluster.and_then(|cluster| self.view.relations.get(cluster));
        relation.is_none_or(|relation| relation.is_same_network(endpoint.network.as_ref()))
    }
}

fn is_slice(seen: &Claimed<'_>) -> bool {
    matches!(seen.doc.object, Object::EndpointSlice(_))
}

/// The addresses of the ready endpoints, each once.
fn add_addresses(entry: &mut HostEntry, endpoints: &[Endpoint]) {
    for address in endpoints.iter().filter_map(ready_address) {
        if !entry.addresses.contains(&address) {
            entry.addresses.push(address);
        }
    }
}
