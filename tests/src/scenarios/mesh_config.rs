//! The mesh as the compiler's configuration.

use super::manifest::ROOT_NAMESPACE;
use super::world::World;
use dns_core::NameBuf;
use std::sync::Arc;
use table_compiler::{
    ClusterConfig, Discovery, Members, MeshConfig, NameTemplate, Order, OrderKey,
};

/// What the compiler must know about the mesh and no object says.
pub(super) fn mesh_config(world: &World) -> Result<MeshConfig, String> {
    let given = &world.given;
    let mut config = MeshConfig::new(name("cluster.local")?);
    config.root_namespace = ROOT_NAMESPACE.into();
    if let Some(text) = &given.discovery {
        let found = Discovery::ALL.into_iter().find(|mode| mode.label() == text);
        config.discovery = Some(found.ok_or_else(|| format!("given.discovery: {text}"))?);
    }
    if let Some(text) = &given.members {
        let found = Members::ALL
            .into_iter()
            .find(|members| members.label() == text);
        config.members = found.ok_or_else(|| format!("given.members: {text}"))?;
    }
    if let Some(text) = &given.order {
        config.order = order_of(text);
    }
    for text in &given.name_templates {
        let template = NameTemplate::parse(text);
        config
            .name_templates
            .push(template.map_err(|error| format!("given.name_templates: {text} {error}"))?);
    }
    if let Some(grace) = given.name_grace_s {
        config.name_grace_secs = grace;
    }
    for cluster in &given.clusters {
        let text = |text: &Option<String>| text.as_deref().map(Arc::<str>::from);
        let said = ClusterConfig {
            domain: cluster.cluster_domain.as_deref().map(name).transpose()?,
            reachable_via: text(&cluster.reachable_via),
            served_by: text(&cluster.served_by),
            trust_root: given
                .trust_roots
                .get(&cluster.id)
                .map(|root| root.as_str().into()),
            ..ClusterConfig::default()
        };
        config.clusters.insert(cluster.id.as_str().into(), said);
    }
    Ok(config)
}

/// Keys, `none`, or ids of clusters.
fn order_of(text: &str) -> Order {
    let key = |word: &str| match word {
        "cluster" => Some(OrderKey::Cluster),
        "network" => Some(OrderKey::Network),
        "region" => Some(OrderKey::Region),
        "zone" => Some(OrderKey::Zone),
        _ => None,
    };
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    let keys: Option<Vec<OrderKey>> = words.iter().map(|word| key(word)).collect();
    match keys {
        _ if words == ["none"] => Order::Keys(Vec::new()),
        Some(keys) => Order::Keys(keys),
        None => Order::Clusters(words.into_iter().map(Arc::from).collect()),
    }
}

pub(super) fn name(text: &str) -> Result<NameBuf, String> {
    NameBuf::parse(text).map_err(|error| format!("name {text}: {error:?}"))
}
