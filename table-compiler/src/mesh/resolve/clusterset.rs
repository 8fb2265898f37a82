//! Names of exported services in the set of clusters (Multi-Cluster Services, KEP-1645).

use super::service::{Provider, with_origin};
use super::{Claimed, Refusal, Resolution, Resolver, reference};
use crate::input::{ImportAddressing, Object, ServiceAddressing, ServiceImport};
use crate::mesh::claims::Role;
use crate::mesh::cluster::ServiceKey;
use crate::mesh::draft::{Draft, Families};
use crate::mesh::report::{Conflict, ObjectRef};
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{AddressOrigin, HostEntry, HostKind, NameBuf};

/// Rule of an exported service.
const EXPORTED: &str = "exported to the set of clusters";
/// Rule of a service that somebody else has imported.
const IMPORTED: &str = "import of the own cluster";

impl<'a> Resolver<'a> {
    /// The entry of an exported service. The oldest export says of which type it is.
    pub(super) fn clusterset(
        &self,
        name: &NameBuf,
        exports_and_imports: &[Claimed<'a>],
        resolution: &mut Resolution,
    ) {
        let exports: Vec<Claimed<'a>> = exports_and_imports
            .iter()
            .filter(|seen| seen.claim.role == Role::Export)
            .copied()
            .collect();
        let import = exports_and_imports
            .iter()
            .find_map(|seen| match &seen.doc.object {
                Object::ServiceImport(import) => Some((*seen, import)),
                _ => None,
            });
        let mut providers = self.exported(&exports);
        self.part_types(name, &mut providers, resolution);
        let draft = match (providers.first(), import) {
            (Some(_), import) => Some(self.export_draft(name, &providers, import)),
            (None, Some((seen, import))) => {
                let mut draft = self.import_draft(name, seen, import);
                self.add_imported(&mut draft, exports_and_imports);
                Some(draft)
            }
            (None, None) => None,
        };
        resolution.drafts.extend(draft);
    }

    /// The Services of exports, the oldest export's first.
    fn exported(&self, exports: &[Claimed<'a>]) -> Vec<Provider<'a>> {
        let mut providers: Vec<(u64, Provider<'a>)> = Vec::new();
        for export in exports {
            let Some(cluster) = self.view.mesh.clusters.get(&export.claim.cluster) else {
                continue;
            };
            let Some(doc) = cluster.service(&ServiceKey::of(&export.doc.id)) else {
                continue;
            };
            let seen = Claimed { doc, ..*export };
            let created = export.doc.created_secs().unwrap_or(u64::MAX);
            providers.extend(self.providers(&[seen]).into_iter().map(|p| (created, p)));
        }
        providers.sort_by_key(|(created, provider)| (*created, provider.cluster()));
        providers
            .into_iter()
            .map(|(_, provider)| provider)
            .collect()
    }

    /// Leaves the exports that are of the type of the oldest, and reports the others.
    fn part_types(
        &self,
        name: &NameBuf,
        providers: &mut Vec<Provider<'a>>,
        resolution: &mut Resolution,
    ) {
        let Some(first) = providers.first().copied() else {
            return;
        };
        let kept = export_of(&first);
        providers.retain(|provider| {
            let is_alike = is_headless(provider) == is_headless(&first);
            if !is_alike {
                let shadowed = export_of(provider);
                resolution.conflicts.push(Conflict {
                    name: name.clone(),
                    kept: kept.clone(),
                    shadowed: shadowed.clone(),
                    rule: "the oldest export says of which type a service is",
                });
                let refusal = Refusal::OtherType(kept.clone());
                resolution.refused.push((shadowed, refusal));
            }
            is_alike
        });
    }

    fn export_draft(
        &self,
        name: &NameBuf,
        providers: &[Provider<'a>],
        import: Option<(Claimed<'a>, &ServiceImport)>,
    ) -> Draft {
        let mut draft = self.provided(name, providers, EXPORTED);
        draft.sources = providers.iter().map(export_of).collect();
        draft.entry.canonical = true;
        if is_headless(&providers[0]) {
            for provider in providers {
                let at = draft.entry.endpoints.len();
                self.add_pods(&mut draft, std::slice::from_ref(provider));
                self.qualify(provider, &mut draft.entry.endpoints[at..]);
            }
            return draft;
        }
        self.lead(&mut draft, providers);
        match import {
            Some((seen, import)) if !import.ips.is_empty() => {
                draft.entry.addresses = with_origin(&import.ips, AddressOrigin::Cluster);
                draft.sources.push(reference(seen.claim));
            }
            _ => draft.want(VipKey::of_name(name), PoolKind::Names, Families::BOTH),
        }
        draft
    }

    /// Names endpoints by their clusters too: `<hostname>.<cluster id>`.
    fn qualify(&self, provider: &Provider<'a>, endpoints: &mut [dns_core::Endpoint]) {
        let Some(ground) = self.view.mesh.ground.clusters.get(provider.cluster()) else {
            return;
        };
        let id = ground.clusterset_label(provider.cluster());
        for endpoint in endpoints {
            if let Some(hostname) = &endpoint.hostname {
                endpoint.hostname = Some(format!("{hostname}.{id}").into());
            }
        }
    }

    fn import_draft(&self, name: &NameBuf, seen: Claimed<'a>, import: &ServiceImport) -> Draft {
        let id = &seen.doc.id;
        let entry = HostEntry {
            namespace: Some(std::sync::Arc::clone(&id.namespace)),
            ports: super::service::ports_of([import.ports.as_slice()].into_iter()),
            canonical: true,
            created_secs: import.metadata.created_secs,
            ..HostEntry::new(name.clone(), HostKind::Service, self.source_of(seen))
        };
        let mut draft = Draft::new(entry, IMPORTED, vec![reference(seen.claim)]);
        match import.addressing {
            ImportAddressing::ClusterSetIp => {
                draft.entry.addresses = with_origin(&import.ips, AddressOrigin::Cluster);
            }
            ImportAddressing::Headless => draft.entry.kind = HostKind::Headless,
        }
        draft
    }

    /// The entry of an endpoint of an exported headless service,
    /// `<hostname>.<cluster id>.<service>.<namespace>.svc.<domain>`.
    pub(super) fn clusterset_instance(
        &self,
        name: &NameBuf,
        seen: &[Claimed<'a>],
    ) -> Option<Draft> {
        let hostname = std::str::from_utf8(name.as_name().first_label()?).ok()?;
        let provider = self.exported(seen).into_iter().next()?;
        let mut draft = self.instance_of(name, hostname, &provider)?;
        draft.entry.short_names = false;
        draft.sources = vec![export_of(&provider)];
        Some(draft)
    }
}

fn is_headless(provider: &Provider<'_>) -> bool {
    provider.service.addressing == ServiceAddressing::Headless
}

/// The export that a provider was found by.
fn export_of(provider: &Provider<'_>) -> ObjectRef {
    reference(provider.seen.claim)
}
