//! Why a name is answered as it is: it is resolved once more, and all that was met is told.

use super::classes::Viewpoint;
use super::endpoints::pods_of;
use super::names::service_of;
use super::report::{Explanation, MemberService, ObjectRef, Rejected};
use super::resolve::Resolution;
use super::uses::UsedService;
use super::{ClientKind, Compiler};
use dns_core::{EndpointState, NameBuf};

impl Compiler {
    /// Why clients of that kind are answered as they are for a name. `name` is a full one; a name
    /// that only a wildcard covers is explained by the wildcard. Entries are those of the table,
    /// best first; which of them a client sees by its namespace is for its view to say. `now_ms`
    /// is wall-clock time in milliseconds since 1970.
    pub fn explain(&self, name: &NameBuf, kind: &ClientKind, now_ms: u64) -> Explanation {
        let viewpoint = Viewpoint::of(kind.clone(), &self.ground, &self.config);
        let resolver = self.resolver(&viewpoint, now_ms);
        let covers = |candidate: &NameBuf| !self.claims.of(candidate).is_empty();
        let covering = std::iter::once(name.clone()).chain(wildcards_over(name));
        let name = covering
            .clone()
            .find(covers)
            .unwrap_or_else(|| name.clone());
        let Resolution {
            drafts,
            refused,
            uses,
            ..
        } = resolver.resolve(&name, &self.claimed(self.claims.of(&name)));
        let mut rejected: Vec<Rejected> = refused
            .into_iter()
            .map(|(object, refusal)| Rejected {
                object,
                reason: refusal.to_string(),
            })
            .collect();
        rejected.sort();
        rejected.dedup();
        let table = self.table(kind);
        let entries = table.and_then(|table| table.get(&name)).unwrap_or_default();
        Explanation {
            entries: entries.to_vec(),
            rules: drafts.iter().map(|draft| draft.rule).collect(),
            sources: drafts.into_iter().map(|draft| draft.sources).collect(),
            rejected,
            services: uses
                .iter()
                .filter_map(|used| self.member_service(used))
                .collect(),
            name,
        }
    }
}

impl Compiler {
    /// What is ready of a Service; `None` if there is no such one.
    fn member_service(&self, (id, key): &UsedService) -> Option<MemberService> {
        let (doc, service) = service_of(self.clusters.get(id)?, key)?;
        let pods = pods_of(&self.mesh(0), id, doc, service);
        let ready = pods.iter().filter(|pod| pod.state == EndpointState::Ready);
        Some(MemberService {
            service: ObjectRef::of(id, &doc.id),
            ready: ready.count(),
            total: pods.len(),
        })
    }
}

/// The wildcards that cover a name, the longest first.
fn wildcards_over(name: &NameBuf) -> impl Iterator<Item = NameBuf> + Clone {
    let parents = name.as_name().ancestors().skip(1);
    let wildcards: Vec<NameBuf> = parents
        .filter_map(|parent| parent.to_lower().child("*").ok())
        .collect();
    wildcards.into_iter()
}
