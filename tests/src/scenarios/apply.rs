//! Changes of the mesh.

use super::change::{
    Change, ClusterChange, Drawn, GatewayChange, LinkChange, MoveBackend, RawObject, ServiceChange,
    ServiceEntryAdd, ServiceEntryChange,
};
use super::given::{Gateway, Pod, RoutesTo, Service};
use super::manifest::NETWORK_LABEL;
use super::product::Product;
use super::world::World;

impl World {
    /// Makes the changes that are to the mesh; others are for the processes.
    pub(super) fn apply(&mut self, change: &Change) -> Result<(), String> {
        if let Some(service) = &change.service {
            self.change_service(service)?;
        }
        if let Some(service) = &change.service_add {
            self.given.services.push(service.clone());
        }
        if let Some(gone) = &change.service_delete {
            self.given
                .services
                .retain(|service| !is_service(service, &gone.cluster, &gone.namespace, &gone.name));
        }
        if let Some(gateway) = &change.gateway {
            self.change_gateway(gateway)?;
        }
        if let Some(gateway) = &change.gateway_add {
            self.given.gateways.push(gateway.clone());
        }
        if let Some(link) = &change.link {
            self.change_link(link)?;
        }
        if let Some(link) = &change.link_add {
            self.given.links.push(link.clone());
        }
        if let Some(target) = &change.link_delete {
            self.given.links.retain(|link| link.target != *target);
        }
        self.apply_names(change)?;
        self.apply_clusters(change)?;
        self.check_clusters()
    }

    fn apply_names(&mut self, change: &Change) -> Result<(), String> {
        if let Some(entry) = &change.service_entry {
            self.change_entry(entry)?;
        }
        match &change.service_entry_add {
            Some(ServiceEntryAdd::Written(entry)) => {
                self.given.service_entries.push((**entry).clone());
            }
            Some(ServiceEntryAdd::Drawn(drawn)) => self.draw_entries(drawn),
            None => {}
        }
        if let Some(drawn) = &change.service_entry_delete {
            self.drop_entries(drawn)?;
        }
        if let Some(product) = &change.product {
            self.overlay_product(product);
        }
        if let Some(name) = &change.policy_delete {
            let before = self.given.policies.len();
            self.given
                .policies
                .retain(|policy| policy.name.as_ref() != Some(name));
            if self.given.policies.len() == before {
                return Err(format!("change.policy_delete: there is no {name}"));
            }
        }
        if let Some(name) = &change.policy_update {
            // It is written again as it is: who has applied it is what is looked at.
            let mut policies = self.given.policies.iter();
            if !policies.any(|policy| policy.name.as_ref() == Some(name)) {
                return Err(format!("change.policy_update: there is no {name}"));
            }
        }
        if let Some(raw) = &change.raw_object {
            self.break_object(raw);
        }
        if let Some(moved) = &change.move_backend {
            self.move_backend(moved)?;
        }
        Ok(())
    }

    fn apply_clusters(&mut self, change: &Change) -> Result<(), String> {
        if let Some(cluster) = &change.cluster {
            self.change_cluster(cluster)?;
        }
        if let Some(labels) = &change.root_namespace_labels {
            let labels = labels.clone();
            self.given.root_namespace_labels.extend(labels);
        }
        if let Some(roots) = &change.trust_roots {
            self.given.trust_roots.extend(roots.clone());
        }
        if let Some(rbac) = &change.rbac {
            let (verb, resource) = rbac
                .deny
                .split_once(' ')
                .ok_or("change.rbac.deny: not VERB RESOURCE")?;
            let denied = (rbac.cluster.clone(), verb.to_owned(), resource.to_owned());
            self.denied.insert(denied);
        }
        if change.upstream_reply_size.is_some() {
            self.upstream_reply_size = change.upstream_reply_size;
        }
        Ok(())
    }

    fn change_service(&mut self, change: &ServiceChange) -> Result<(), String> {
        let services = &mut self.given.services;
        let service = services
            .iter_mut()
            .find(|s| is_service(s, &change.cluster, &change.namespace, &change.name))
            .ok_or_else(|| format!("change.service: there is no {}", change.name))?;
        if let Some(labels) = &change.labels {
            service.labels = Some(labels.clone());
        }
        if let Some(cluster_ip) = &change.cluster_ip {
            service.cluster_ip = Some(cluster_ip.clone());
        }
        let Some(ready) = change.ready else {
            return Ok(());
        };
        service.ready = Some(ready);
        let service = service.clone();
        if let Some(pods) = service.pods.clone() {
            let scaled = self.scaled(&service, pods, ready);
            let place = self.given.services.iter_mut();
            for place in
                place.filter(|s| is_service(s, &service.cluster, &service.namespace, &service.name))
            {
                place.pods = Some(scaled.clone());
            }
        }
        Ok(())
    }

    /// The pods of a service of which that many are ready: a StatefulSet has no others, of other
    /// services the rest is there and not ready.
    fn scaled(&mut self, service: &Service, mut pods: Vec<Pod>, ready: usize) -> Vec<Pod> {
        for (index, pod) in pods.iter_mut().enumerate() {
            pod.ready = index < ready;
        }
        if service.statefulset.is_some() {
            pods.truncate(ready);
        }
        for index in pods.len()..ready {
            pods.push(self.invented_pod(service, index));
        }
        pods
    }

    fn change_gateway(&mut self, change: &GatewayChange) -> Result<(), String> {
        let is_meant = |gateway: &Gateway| {
            gateway.cluster == change.cluster
                && (change.name.is_some() || change.network.is_some())
                && (change.name.is_none() || gateway.name == change.name)
                && (change.network.is_none() || gateway.network == change.network)
        };
        let gateways = &mut self.given.gateways;
        let gateway = gateways
            .iter_mut()
            .find(|gateway| is_meant(gateway))
            .ok_or_else(|| format!("change.gateway: there is none in {}", change.cluster))?;
        if let Some(hosts) = &change.hosts {
            gateway.hosts.clone_from(hosts);
        }
        if let Some(addresses) = &change.addresses {
            gateway.addresses.clone_from(addresses);
        }
        if change.health.is_some() {
            gateway.health.clone_from(&change.health);
        }
        if change.routes_to.is_some() {
            gateway.routes_to.clone_from(&change.routes_to);
        }
        Ok(())
    }

    fn change_link(&mut self, change: &LinkChange) -> Result<(), String> {
        let links = self.given.links.iter_mut();
        let mut meant = links
            .filter(|link| link.target == change.target)
            .filter(|link| {
                change
                    .cluster
                    .as_ref()
                    .is_none_or(|from| link.cluster == *from)
            })
            .peekable();
        if meant.peek().is_none() {
            return Err(format!("change.link: there is none to {}", change.target));
        }
        for link in meant {
            if let Some(gateway) = &change.gateway {
                link.gateway.clone_from(gateway);
            }
            if change.target_domain.is_some() {
                link.target_domain.clone_from(&change.target_domain);
            }
            if change.credentials.is_some() {
                link.credentials.clone_from(&change.credentials);
            }
            if change.health.is_some() {
                link.health.clone_from(&change.health);
                link.probe_results = None;
            }
            if change.rtt_ms.is_some() {
                link.rtt_ms = change.rtt_ms;
            }
            if change.probe_results.is_some() {
                link.probe_results.clone_from(&change.probe_results);
            }
        }
        Ok(())
    }

    fn change_entry(&mut self, change: &ServiceEntryChange) -> Result<(), String> {
        let mut entries = self.given.service_entries.iter_mut();
        let entry = entries
            .find(|entry| {
                entry.cluster == change.cluster
                    && entry.namespace == change.namespace
                    && entry.name == change.name
            })
            .ok_or_else(|| format!("change.service_entry: there is no {}", change.name))?;
        if let Some(addresses) = &change.addresses {
            entry.addresses.clone_from(addresses);
        }
        if let Some(hosts) = &change.hosts {
            entry.hosts.clone_from(hosts);
        }
        if change.resolution.is_some() {
            entry.resolution.clone_from(&change.resolution);
        }
        Ok(())
    }

    /// Adds ServiceEntries without addresses, for hosts that nobody has.
    pub(super) fn draw_entries(&mut self, drawn: &Drawn) {
        for _ in 0..drawn.count {
            self.drawn += 1;
            let mark = if drawn.random {
                self.draw() % 1_000_000
            } else {
                0
            };
            let host = format!("drawn{}x{mark}.example.net", self.drawn);
            self.add_entry("drawn", &host);
        }
    }

    fn drop_entries(&mut self, drawn: &Drawn) -> Result<(), String> {
        for _ in 0..drawn.count {
            let left = self.given.service_entries.len();
            if left == 0 {
                return Err("change.service_entry_delete: there is none".to_owned());
            }
            let place = if drawn.random {
                self.draw() as usize % left
            } else {
                left - 1
            };
            self.given.service_entries.remove(place);
        }
        Ok(())
    }

    /// Says more about the product of a host; one that there is not yet is made.
    fn overlay_product(&mut self, newer: &Product) {
        let shares_host =
            |product: &&mut Product| product.hosts.iter().any(|host| newer.hosts.contains(host));
        let Some(product) = self.given.products.iter_mut().find(shares_host) else {
            self.given.products.push(newer.clone());
            return;
        };
        let old = std::mem::take(product);
        *product = Product {
            cluster: newer.cluster.clone().or(old.cluster),
            namespace: newer.namespace.clone().or(old.namespace),
            name: newer.name.clone().or(old.name),
            hosts: newer.hosts.clone(),
            aliases: newer.aliases.clone().or(old.aliases),
            members: newer.members.clone().or(old.members),
            order: newer.order.clone().or(old.order),
            weights: newer.weights.clone().or(old.weights),
            failover: match (old.failover, &newer.failover) {
                (Some(old), Some(newer)) => Some(old.overlaid(newer)),
                (old, newer) => newer.clone().or(old),
            },
            answers: newer.answers.clone().or(old.answers),
            ttl: newer.ttl.or(old.ttl),
            vip: newer.vip.clone().or(old.vip),
        };
    }

    fn break_object(&mut self, raw: &RawObject) {
        let key = (
            raw.cluster.clone(),
            raw.kind.clone(),
            raw.namespace.clone(),
            raw.name.clone(),
        );
        self.faults.insert(key, raw.fault.clone());
    }

    fn move_backend(&mut self, moved: &MoveBackend) -> Result<(), String> {
        let split = |text: &str| {
            let parts = text.split_once('/');
            parts
                .map(|(namespace, service)| RoutesTo {
                    namespace: namespace.to_owned(),
                    service: service.to_owned(),
                })
                .ok_or_else(|| format!("change.move_backend: {text} is not NAMESPACE/SERVICE"))
        };
        let (from, to) = (split(&moved.from)?, split(&moved.to)?);
        let services = &mut self.given.services;
        let service = services
            .iter_mut()
            .find(|s| is_service(s, &moved.cluster, &from.namespace, &from.service))
            .ok_or_else(|| format!("change.move_backend: there is no {}", moved.from))?;
        service.namespace.clone_from(&to.namespace);
        service.name.clone_from(&to.service);
        if moved.gateway_route_updated {
            for gateway in &mut self.given.gateways {
                if gateway.cluster == moved.cluster && gateway.routes_to.as_ref() == Some(&from) {
                    gateway.routes_to = Some(to.clone());
                }
            }
        }
        Ok(())
    }

    fn change_cluster(&mut self, change: &ClusterChange) -> Result<(), String> {
        let mut clusters = self.given.clusters.iter_mut();
        let cluster = clusters
            .find(|cluster| cluster.id == change.id)
            .ok_or_else(|| format!("change.cluster: there is no {}", change.id))?;
        let labels = self.given.root_namespace_labels.get_mut(&change.id);
        if let (Some(labels), Some(network)) = (labels, &change.network) {
            labels.insert(NETWORK_LABEL.to_owned(), network.clone());
        }
        for (place, newer) in [
            (&mut cluster.network, &change.network),
            (&mut cluster.api, &change.api),
            (&mut cluster.cluster_domain, &change.cluster_domain),
            (&mut cluster.reachable_via, &change.reachable_via),
        ] {
            if newer.is_some() {
                place.clone_from(newer);
            }
        }
        Ok(())
    }
}

fn is_service(service: &Service, cluster: &str, namespace: &str, name: &str) -> bool {
    service.cluster == cluster && service.namespace == namespace && service.name == name
}
