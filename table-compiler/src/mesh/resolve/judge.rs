//! Which claims clients see.

use super::{Refusal, Resolver};
use crate::input::{MirrorExport, Object, ObjectDoc, Service};
use crate::mesh::claims::{Claim, Role};
use crate::mesh::cluster::ServiceKey;
use crate::mesh::config::Discovery;
use crate::mesh::names::service_of;
use crate::mesh::relation::Relation;
use dns_core::NameBuf;
use std::sync::Arc;

impl Resolver<'_> {
    /// Whether the clients see a claim.
    pub(super) fn judge(
        &self,
        name: &NameBuf,
        claim: &Claim,
        doc: &ObjectDoc,
    ) -> Result<(), Refusal> {
        let Some(relation) = self.view.relations.get(&claim.cluster) else {
            return Err(hidden(claim, Discovery::ConfigOnly));
        };
        let withheld = self
            .policies
            .withholds(name, &claim.cluster, &claim.object.namespace);
        if let Some((policy, rule)) = withheld {
            let policy = policy.clone();
            return Err(Refusal::Policy { policy, rule });
        }
        match claim.role {
            Role::Service | Role::Instance => self.judge_service(name, claim, doc, relation),
            Role::Entry if relation.is_config_source => Ok(()),
            Role::Entry => Err(Refusal::OtherConfig),
            Role::Gateway if self.naming.is_of_services(name) || is_reserved(name) => {
                Err(Refusal::Reserved)
            }
            Role::Gateway => self.judge_gateway(claim, relation),
            Role::Product | Role::Alias if is_reserved(name) => Err(Refusal::Reserved),
            Role::Product | Role::Alias | Role::Mention => Ok(()),
            Role::Mirror(_) | Role::Federated => self.judge_mirror(name, claim, doc, relation),
            Role::Export | Role::ExportInstance => self.judge_export(claim),
            Role::Import | Role::ImportInstance if relation.is_own => Ok(()),
            Role::Import | Role::ImportInstance => Err(Refusal::OtherImport),
        }
    }

    fn judge_service(
        &self,
        name: &NameBuf,
        claim: &Claim,
        doc: &ObjectDoc,
        relation: &Relation,
    ) -> Result<(), Refusal> {
        if !self.is_in_own_domain(name) {
            return Err(Refusal::OtherDomain);
        }
        let is_shared = || matches!(&doc.object, Object::Service(s) if s.cilium_shared());
        match relation.discovery {
            _ if relation.is_own => Ok(()),
            Discovery::AllServices => Ok(()),
            Discovery::Exported if is_shared() => Ok(()),
            discovery => Err(hidden(claim, discovery)),
        }
    }

    fn judge_gateway(&self, claim: &Claim, relation: &Relation) -> Result<(), Refusal> {
        let ground = self.view.mesh.ground.clusters.get(&claim.cluster);
        let gateway = ground.and_then(|ground| ground.product_gateways.get(&claim.object));
        if let Some(reason) = gateway.and_then(|gateway| gateway.withheld) {
            return Err(Refusal::Withheld(reason));
        }
        match relation.discovery {
            _ if relation.is_own => Ok(()),
            Discovery::AllServices | Discovery::GatewaysOnly => Ok(()),
            discovery => Err(hidden(claim, discovery)),
        }
    }

    fn judge_mirror(
        &self,
        name: &NameBuf,
        claim: &Claim,
        doc: &ObjectDoc,
        relation: &Relation,
    ) -> Result<(), Refusal> {
        let Object::Service(service) = &doc.object else {
            return Err(Refusal::NoService);
        };
        if self.naming.is_below_some_domain(name) && !self.is_in_own_domain(name) {
            return Err(Refusal::OtherDomain);
        }
        let is_exported = match claim.role {
            Role::Federated => self.is_federated(service, relation),
            _ => self.is_offered(service, relation),
        };
        // A service has the names of templates at home where others see all services.
        let is_open = !relation.is_own || self.view.mesh.config.is_open();
        let is_for_all =
            is_open && self.naming.has_own_templates() && claim.role != Role::Federated;
        match (relation.is_own, relation.discovery) {
            (true, _) | (_, Discovery::AllServices) if is_exported || is_for_all => Ok(()),
            (_, Discovery::Exported) if is_exported => Ok(()),
            (true, _) | (_, Discovery::AllServices | Discovery::Exported) => {
                Err(Refusal::NotExported {
                    cluster: Arc::clone(&claim.cluster),
                })
            }
            (false, discovery) => Err(hidden(claim, discovery)),
        }
    }

    fn judge_export(&self, claim: &Claim) -> Result<(), Refusal> {
        let cluster = self.view.mesh.clusters.get(&claim.cluster);
        let key = ServiceKey::of(&claim.object);
        if cluster
            .and_then(|cluster| service_of(cluster, &key))
            .is_none()
        {
            return Err(Refusal::NoService);
        }
        let namespaces = self.view.mesh.ground.clusters.get(self.client);
        let namespaces = namespaces.map(|ground| &ground.namespaces);
        // A cluster whose namespaces are not known may have it.
        let is_there =
            namespaces.is_none_or(|known| known.is_empty() || known.contains_key(&key.namespace));
        if is_there {
            Ok(())
        } else {
            Err(Refusal::NoNamespace(key.namespace))
        }
    }

    fn is_in_own_domain(&self, name: &NameBuf) -> bool {
        self.naming.is_of_domain(name, self.domain)
    }

    fn is_federated(&self, service: &Service, relation: &Relation) -> bool {
        let link = relation.link.as_ref();
        match link.and_then(|key| self.view.mesh.ground.link(key)) {
            Some(link) => link.is_federated(service),
            None => service.is_federated_member(),
        }
    }

    /// Whether a service is exported to clients with that relation to its cluster.
    fn is_offered(&self, service: &Service, relation: &Relation) -> bool {
        let link = relation.link.as_ref();
        match link.and_then(|key| self.view.mesh.ground.link(key)) {
            Some(link) => link.mode(service).is_some(),
            None => service.export() != MirrorExport::None,
        }
    }
}

/// Names that are nobody's to publish: top-level domains, reverse names, and the version of the
/// names of clustersets.
fn is_reserved(name: &NameBuf) -> bool {
    let mut labels = name.as_name().labels();
    let first = labels.next();
    let last = labels.last();
    last.is_none_or(|last| last == b"arpa") || first == Some(b"dns-version".as_slice())
}

fn hidden(claim: &Claim, discovery: Discovery) -> Refusal {
    Refusal::Hidden {
        cluster: Arc::clone(&claim.cluster),
        discovery,
    }
}
