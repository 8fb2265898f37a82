//! Names that templates make of Services: `<service>-<cluster>` and the like.

use super::service::Provider;
use super::{Claimed, Resolver};
use crate::input::ServiceAddressing;
use crate::mesh::draft::{Draft, Families};
use dns_core::vip::{PoolKind, VipKey};
use dns_core::{HostKind, NameBuf};

/// Rule of a name that a template makes.
const MIRROR: &str = "mirror of an exported Service";
/// Rule of a name that the Services of several clusters share.
const FEDERATED: &str = "Services of several clusters as one";

impl<'a> Resolver<'a> {
    /// The entry of one Service of one cluster by its further name: a virtual address everywhere,
    /// also in its own cluster.
    pub(super) fn mirror(&self, name: &NameBuf, seen: Claimed<'a>) -> Option<Draft> {
        let providers = self.providers(&[seen]);
        let provider = providers.first()?;
        Some(self.further_name(name, &providers, provider, MIRROR))
    }

    /// The entry that the Services of several clusters share.
    pub(super) fn federated(&self, name: &NameBuf, seen: &[Claimed<'a>]) -> Option<Draft> {
        let mut providers = self.providers(seen);
        // Linkerd does not federate headless services.
        providers.retain(|p| p.service.addressing != ServiceAddressing::Headless);
        let first = *providers.first()?;
        Some(self.further_name(name, &providers, &first, FEDERATED))
    }

    fn further_name(
        &self,
        name: &NameBuf,
        providers: &[Provider<'a>],
        first: &Provider<'a>,
        rule: &'static str,
    ) -> Draft {
        let mut draft = self.provided(name, providers, rule);
        draft.entry.kind = HostKind::Mirror;
        draft.entry.short_names = self.is_service_name(name);
        match &first.service.addressing {
            ServiceAddressing::External(target) => draft.entry.cname = Some(target.clone()),
            ServiceAddressing::Headless => {
                self.add_pods(&mut draft, providers);
                draft.entry.kind = HostKind::Mirror;
            }
            ServiceAddressing::Cluster(_) => {
                self.lead(&mut draft, providers);
                draft.want(VipKey::of_name(name), PoolKind::Names, Families::BOTH);
            }
        }
        draft
    }
}
