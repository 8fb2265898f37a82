//! The walk over the `mesh` section.

use super::walk::{Field, Reason, Section, Walk};
use super::{ViewSpec, VipsConfig, WildcardVips, times, values, view_spec};
use crate::yaml::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use table_compiler::{
    ClusterConfig, Discovery, LinkConfig, Members, MeshConfig, NameTemplate, Order, OrderKey,
};

/// Longest grace of a product name, a week: one that is withdrawn for longer is meant to be gone.
const NAME_GRACE_MAX: Duration = Duration::from_secs(7 * 86_400);

/// What counts without the section, and what other sections say.
pub(super) fn defaults(view: &ViewSpec, vips: &VipsConfig) -> MeshConfig {
    let domain = view.domain.clone();
    MeshConfig {
        wildcard_vips: match vips.wildcards {
            WildcardVips::DynamicOnly => table_compiler::WildcardVips::Off,
            WildcardVips::All => table_compiler::WildcardVips::On,
        },
        ..MeshConfig::new(domain.unwrap_or_else(view_spec::default_domain))
    }
}

/// Reads the `mesh` section over the defaults.
pub(super) fn read(walk: &mut Walk, root: &Section<'_>, defaults: MeshConfig) -> MeshConfig {
    let Some(section) = root.field("mesh").and_then(|field| walk.section(&field)) else {
        return defaults;
    };
    let grace = times::duration(Duration::ZERO, NAME_GRACE_MAX);
    let clusters = read_clusters(walk, &section);
    let networks = read_networks(walk, &section);
    refuse_loops(walk, &clusters, &networks);
    MeshConfig {
        discovery: walk.optional(section.field("discovery"), discovery),
        links: read_links(walk, &section),
        order: read_order(walk, &section).unwrap_or(defaults.order),
        members: walk
            .optional(section.field("members"), members)
            .unwrap_or(defaults.members),
        name_templates: section
            .field("name_templates")
            .map(|field| walk.list(&field, template))
            .unwrap_or_default()
            .into_iter()
            .map(|template| template.value)
            .collect(),
        policy_clusters: section
            .field("policy_clusters")
            .map(|field| walk.list(&field, values::cluster_id))
            .unwrap_or_default()
            .into_iter()
            .map(|cluster| cluster.value)
            .collect(),
        clusterset_domain: walk
            .optional(section.field("clusterset_domain"), values::name)
            .unwrap_or(defaults.clusterset_domain),
        root_namespace: walk
            .optional(section.field("root_namespace"), values::namespace)
            .unwrap_or(defaults.root_namespace),
        name_grace_secs: walk
            .optional(section.field("name_grace"), grace)
            .map_or(defaults.name_grace_secs, |grace| grace.as_secs()),
        clusters: values_of(&clusters, |read| read.config.clone()),
        networks: values_of(&networks, |via| Arc::clone(&via.to)),
        domain: defaults.domain,
        wildcard_vips: defaults.wildcard_vips,
    }
}

fn values_of<K: Ord + Clone, T, V>(
    map: &BTreeMap<K, T>,
    value: impl Fn(&T) -> V,
) -> BTreeMap<K, V> {
    map.iter()
        .map(|(key, item)| (key.clone(), value(item)))
        .collect()
}

fn discovery(text: &str) -> Result<Discovery, Reason> {
    labelled(text, Discovery::ALL, Discovery::label)
}

fn members(text: &str) -> Result<Members, Reason> {
    labelled(text, Members::ALL, Members::label)
}

fn labelled<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    label: fn(T) -> &'static str,
) -> Result<T, Reason> {
    all.into_iter()
        .find(|value| label(*value) == text)
        .ok_or_else(|| {
            let known: Vec<&str> = all.into_iter().map(label).collect();
            Reason::new(
                format!("`{text}` is not known"),
                format!("write {}", known.join(", ")),
            )
        })
}

fn template(text: &str) -> Result<NameTemplate, Reason> {
    NameTemplate::parse(text).map_err(|reason| {
        let hint = "write for example {{svc}}-{{cluster}}.{{ns}}.svc.{{domain}}";
        Reason::new(format!("`{text}` {reason}"), hint)
    })
}

/// A list, or one text with commas.
fn read_order(walk: &mut Walk, mesh: &Section<'_>) -> Option<Order> {
    let field = mesh.field("order")?;
    let items: Vec<String> = match &field.node.value {
        Value::Scalar(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        _ => {
            let before = walk.problems.len();
            let items = walk.list(&field, |text| Ok(text.to_owned()));
            if walk.problems.len() > before {
                return None;
            }
            items.into_iter().map(|item| item.value).collect()
        }
    };
    order_of(&items)
        .map_err(|reason| walk.fault(&field, reason))
        .ok()
}

/// Keys, or `none` alone, or ids of clusters.
fn order_of(items: &[String]) -> Result<Order, Reason> {
    let hint = "write keys (cluster, network, region, zone), or ids of clusters, or none";
    let bad = |reason: String| Err(Reason::new(reason, hint));
    if let Some(twice) = (1..items.len()).find(|at| items[..*at].contains(&items[*at])) {
        return bad(format!("`{}` given twice", items[twice]));
    }
    let key_of = |item: &String| ORDER_KEYS.iter().find(|(label, _)| label == item);
    let keys: Vec<OrderKey> = items
        .iter()
        .filter_map(key_of)
        .map(|(_, key)| *key)
        .collect();
    match (keys.len(), items) {
        (0, []) => bad("an empty order".to_owned()),
        (0, [none]) if none == "none" => Ok(Order::Keys(Vec::new())),
        (all, items) if all == items.len() => Ok(Order::Keys(keys)),
        (0, items) if !items.iter().any(|item| item == "none") => {
            let ids = items.iter().map(|item| values::cluster_id(item));
            Ok(Order::Clusters(ids.collect::<Result<_, _>>()?))
        }
        _ => bad("keys, ids of clusters and none are mixed".to_owned()),
    }
}

const ORDER_KEYS: [(&str, OrderKey); 4] = [
    ("cluster", OrderKey::Cluster),
    ("network", OrderKey::Network),
    ("region", OrderKey::Region),
    ("zone", OrderKey::Zone),
];

fn read_links(walk: &mut Walk, mesh: &Section<'_>) -> Vec<LinkConfig> {
    let Some(field) = mesh.field("links") else {
        return Vec::new();
    };
    let mut links = Vec::new();
    for item in walk.items(&field) {
        let Some(section) = walk.section(&item) else {
            continue;
        };
        let (from, to) = (section.field("from"), section.field("to"));
        let from = walk.optional(from, values::cluster_id);
        let to = walk.optional(to, values::cluster_id);
        let seen = walk.required(&section, "discovery");
        if let Some(discovery) = walk.optional(seen, discovery) {
            links.push(LinkConfig {
                from,
                to,
                discovery,
            });
        }
    }
    links
}

/// What is said about a cluster.
struct Cluster<'n> {
    config: ClusterConfig,
    via: Option<Via<'n>>,
}

/// Whose gateways lead somewhere, and where that was written.
struct Via<'n> {
    to: Arc<str>,
    field: Field<'n>,
}

fn read_clusters<'n>(walk: &mut Walk, mesh: &Section<'n>) -> BTreeMap<Arc<str>, Cluster<'n>> {
    let Some(field) = mesh.field("clusters") else {
        return BTreeMap::new();
    };
    let mut clusters = BTreeMap::new();
    for (id, field) in walk.named(&field, values::cluster_id) {
        if let Some(section) = walk.section(&field) {
            clusters.insert(id, read_cluster(walk, &section));
        }
    }
    clusters
}

fn read_cluster<'n>(walk: &mut Walk, section: &Section<'n>) -> Cluster<'n> {
    let via = read_via(walk, section.field("reachable_via"));
    Cluster {
        config: ClusterConfig {
            domain: walk.optional(section.field("domain"), values::name),
            network: walk.optional(section.field("network"), values::word),
            locality: walk.optional(section.field("locality"), values::locality),
            reachable_via: via.as_ref().map(|via| Arc::clone(&via.to)),
            served_by: walk.optional(section.field("served_by"), values::cluster_id),
            trust_root: walk.optional(section.field("trust_root"), trust_root),
        },
        via,
    }
}

fn trust_root(text: &str) -> Result<Arc<str>, Reason> {
    if text.is_empty() {
        return Err(Reason::new(
            "an empty text",
            "write a fingerprint, or leave the key out",
        ));
    }
    Ok(text.into())
}

fn read_networks<'n>(walk: &mut Walk, mesh: &Section<'n>) -> BTreeMap<Arc<str>, Via<'n>> {
    let Some(field) = mesh.field("networks") else {
        return BTreeMap::new();
    };
    let mut networks = BTreeMap::new();
    for (id, field) in walk.named(&field, values::network_id) {
        let Some(section) = walk.section(&field) else {
            continue;
        };
        let via = walk.required(&section, "reachable_via");
        if let Some(via) = read_via(walk, via) {
            networks.insert(id, via);
        }
    }
    networks
}

fn read_via<'n>(walk: &mut Walk, field: Option<Field<'n>>) -> Option<Via<'n>> {
    let field = field?;
    let to = walk.scalar(&field, values::word)?;
    Some(Via { to, field })
}

/// Refuses ways that lead back to where they began. A name that is a cluster's and a network's is
/// the cluster's.
fn refuse_loops(
    walk: &mut Walk,
    clusters: &BTreeMap<Arc<str>, Cluster<'_>>,
    networks: &BTreeMap<Arc<str>, Via<'_>>,
) {
    let next = |name: &Arc<str>| match clusters.get(name) {
        Some(cluster) => cluster.via.as_ref(),
        None => networks.get(name),
    };
    let of_clusters = clusters
        .iter()
        .filter_map(|(id, cluster)| Some((id, cluster.via.as_ref()?)));
    // A network that is entered by the cluster of its own name is no loop.
    let of_networks = networks
        .iter()
        .filter(|(id, via)| !clusters.contains_key(*id) && via.to != **id);
    for (id, via) in of_clusters.chain(of_networks) {
        let mut way = vec![id, &via.to];
        while let Some(on) = next(way[way.len() - 1])
            && !way.contains(&&on.to)
        {
            way.push(&on.to);
        }
        let is_loop = via.to == *id || next(way[way.len() - 1]).is_some_and(|on| on.to == *id);
        if is_loop {
            way.push(id);
            let way: Vec<&str> = way.into_iter().map(|name| &**name).collect();
            let reason = format!("leads back to {id}: {}", way.join(", "));
            let hint = "name a cluster or network that can be reached without it";
            walk.fault(&via.field, Reason::new(reason, hint));
        }
    }
}
