//! Further names of products: aliases, and hosts that share the address of the first.

use super::{EXPOSED, OLDER};
use crate::input::Object;
use crate::mesh::claims::Role;
use crate::mesh::draft::Draft;
use crate::mesh::policy::intersection;
use crate::mesh::report::ObjectRef;
use crate::mesh::resolve::{Claimed, Refusal, Resolution, Resolver, reference};
use dns_core::{HostKind, NameBuf, Visibility};

/// Rule of an alias.
const ALIAS: &str = "alias of a product";
/// Why a gateway loses a host that a ProductName gives the address of another.
const SHARED: &str = "a ProductName has the host share an address";

impl<'a> Resolver<'a> {
    /// Adds an alias: what its product answers, under another name.
    pub(in crate::mesh::resolve) fn add_alias(
        &self,
        name: &NameBuf,
        alias: Claimed<'a>,
        resolution: &mut Resolution,
    ) {
        let Object::ProductName(product) = &alias.doc.object else {
            return;
        };
        let Some(target) = product.hosts.first().filter(|target| *target != name) else {
            return;
        };
        let mut of_target = self.resolve_target(target);
        let own = reference(alias.claim);
        let is_own = |draft: &Draft| draft.sources.contains(&own);
        match of_target.drafts.iter().position(is_own) {
            Some(at) => {
                let mut draft = of_target.drafts.swap_remove(at);
                draft.entry.name = name.clone();
                draft.entry.kind = HostKind::Alias;
                draft.entry.alias_of = Some(target.clone());
                draft.entry.short_names = self.is_service_name(name);
                draft.rule = ALIAS;
                let audience = (self.policies).audience(target, self.client, self.view.mesh.ground);
                let visibility =
                    std::mem::replace(&mut draft.entry.visibility, Visibility::Everyone);
                draft.entry.visibility = intersection(visibility, &audience);
                if product.hosts.contains(name) {
                    displace_gateways(&own, resolution);
                }
                resolution.drafts.push(draft);
            }
            None => {
                let by = of_target
                    .drafts
                    .first()
                    .and_then(|draft| draft.sources.first());
                let refusal = by.map_or(Refusal::Nothing, |by| Refusal::Shadowed {
                    by: by.clone(),
                    rule: OLDER,
                });
                resolution.refused.push((own, refusal));
            }
        }
    }

    /// The target of an alias, without its own aliases: an alias of an alias is refused.
    fn resolve_target(&self, target: &NameBuf) -> Resolution {
        let mut resolution = Resolution::default();
        let claims = self.claims_of(target);
        let seen = self.seen(target, &claims, &mut resolution);
        let of = |role: fn(Role) -> bool| -> Vec<Claimed<'a>> {
            let of_role = seen.iter().filter(|seen| role(seen.claim.role));
            of_role.copied().collect()
        };
        let services = of(|role| role == Role::Service);
        resolution.drafts.extend(self.service(target, &services));
        let products = of(|role| matches!(role, Role::Product | Role::Gateway));
        self.add_product(target, &products, &services, &mut resolution);
        resolution
    }
}

/// Takes out what gateways alone made of a name that a ProductName has.
fn displace_gateways(by: &ObjectRef, resolution: &mut Resolution) {
    let of_gateways = |draft: &mut Draft| draft.rule == EXPOSED;
    let displaced: Vec<Draft> = resolution.drafts.extract_if(.., of_gateways).collect();
    for object in displaced.into_iter().flat_map(|draft| draft.sources) {
        let by = by.clone();
        let refusal = Refusal::Shadowed { by, rule: SHARED };
        resolution.refused.push((object, refusal));
    }
}
