//! In which order the members of a name are tried.

use std::sync::Arc;

/// How members of a name are ranked for a client.
///
/// The default is by cluster, then network, then region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// By the first of these that a member shares with the client; one that shares none comes
    /// last. Empty makes all equal.
    Keys(Vec<OrderKey>),
    /// By the place of the member's cluster in this list; others come last.
    Clusters(Vec<Arc<str>>),
}

/// What a member may share with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderKey {
    /// The cluster.
    Cluster,
    /// The network.
    Network,
    /// The region of its locality.
    Region,
    /// Region and zone of its locality.
    Zone,
}

/// Word for no order at all.
const NONE: &str = "none";

impl Order {
    /// The order that is written as these items: keys (`cluster`, `network`, `region`, `zone`),
    /// the word `none` alone, or ids of clusters, which are all other words.
    ///
    /// # Errors
    /// What is wrong with the items.
    pub fn parse(items: &[&str]) -> Result<Order, String> {
        if items.is_empty() {
            return Err("is empty; write none if all members are equal".to_owned());
        }
        if let Some(twice) = (1..items.len()).find(|&i| items[..i].contains(&items[i])) {
            return Err(format!("names {:?} twice", items[twice]));
        }
        if items == [NONE] {
            return Ok(Order::Keys(Vec::new()));
        }
        if items.contains(&NONE) {
            return Err("has none beside other items; write it alone".to_owned());
        }
        let keys: Vec<OrderKey> = items.iter().filter_map(|item| OrderKey::of(item)).collect();
        if keys.len() == items.len() {
            return Ok(Order::Keys(keys));
        }
        if !keys.is_empty() {
            return Err(
                "mixes keys (cluster, network, region, zone) with ids of clusters".to_owned(),
            );
        }
        if items.contains(&"") {
            return Err("has an empty item".to_owned());
        }
        Ok(Order::Clusters(
            items.iter().map(|&item| item.into()).collect(),
        ))
    }
}

impl Default for Order {
    fn default() -> Self {
        Order::Keys(vec![OrderKey::Cluster, OrderKey::Network, OrderKey::Region])
    }
}

impl OrderKey {
    /// Fixed text, as objects and configuration write it.
    pub fn label(self) -> &'static str {
        match self {
            OrderKey::Cluster => "cluster",
            OrderKey::Network => "network",
            OrderKey::Region => "region",
            OrderKey::Zone => "zone",
        }
    }

    fn of(text: &str) -> Option<Self> {
        [
            OrderKey::Cluster,
            OrderKey::Network,
            OrderKey::Region,
            OrderKey::Zone,
        ]
        .into_iter()
        .find(|key| key.label() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_of_keys_or_of_clusters() {
        use OrderKey::{Cluster, Region, Zone};
        assert_eq!(
            Order::parse(&["cluster", "zone", "region"]),
            Ok(Order::Keys(vec![Cluster, Zone, Region]))
        );
        assert_eq!(Order::parse(&["none"]), Ok(Order::Keys(Vec::new())));
        assert_eq!(
            Order::parse(&["c1", "c2"]),
            Ok(Order::Clusters(vec!["c1".into(), "c2".into()]))
        );
        let written = ["cluster", "network", "region"];
        assert_eq!(Order::parse(&written), Ok(Order::default()));
    }

    #[test]
    fn what_is_no_order_is_refused_with_a_reason() {
        for (items, reason) in [
            (&[][..], "empty"),
            (&["cluster", "c1"], "mixes"),
            (&["none", "cluster"], "alone"),
            (&["c1", "none"], "alone"),
            (&["c1", "c1"], "twice"),
            (&[""], "empty item"),
        ] {
            let error = Order::parse(items).unwrap_err();
            assert!(error.contains(reason), "{items:?}: {error}");
        }
    }
}
