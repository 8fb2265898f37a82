//! [`ServedTable`]: what clients of one view are served.

use dns_core::{
    HostEntry, NameBuf, ResolverConfig, Snapshot, View, answered_addresses, answered_ttl_secs,
    virtual_addresses,
};
use std::net::IpAddr;
use std::sync::Arc;

/// Whose table is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewChoice {
    /// That of clients that no narrower view is for. Where those are refused, that of a client
    /// without namespace: what all namespaces may see.
    Default,
    /// That of a client with this address.
    Of(IpAddr),
}

/// What clients of one view are served: of each name the variant they see, in order of the names.
#[derive(Clone, Debug)]
pub struct ServedTable {
    view: Arc<View>,
    resolver: ResolverConfig,
    entries: Vec<Arc<HostEntry>>,
}

impl ServedTable {
    /// The table of the view that `choice` means, as a resolver so configured answers from it;
    /// `None` if such a client is refused.
    pub fn of(snapshot: &Snapshot, resolver: &ResolverConfig, choice: ViewChoice) -> Option<Self> {
        let view = match choice {
            ViewChoice::Default => snapshot
                .views
                .default_view()
                .cloned()
                .unwrap_or_else(public),
            ViewChoice::Of(client) => Arc::clone(snapshot.views.select(client)?),
        };
        let mut entries = snapshot.table.entries_for(&view);
        entries.retain(|entry| answered_addresses(entry, &view).is_some());
        Some(ServedTable {
            view,
            resolver: resolver.clone(),
            entries,
        })
    }

    /// The entries, in order of their names.
    pub fn entries(&self) -> &[Arc<HostEntry>] {
        &self.entries
    }

    /// The virtual addresses of an entry that the view is answered with.
    pub(super) fn vips(&self, entry: &HostEntry) -> Vec<IpAddr> {
        virtual_addresses(entry, &self.view)
    }

    /// The TTL in seconds of what the view is answered with for an entry.
    pub(super) fn ttl_secs(&self, entry: &HostEntry) -> u32 {
        answered_ttl_secs(entry, &self.view, &self.resolver)
    }

    /// The addresses that the view is answered with for an entry.
    pub(super) fn answers(&self, entry: &Arc<HostEntry>) -> Vec<IpAddr> {
        answered_addresses(entry, &self.view).unwrap_or_default()
    }
}

fn public() -> Arc<View> {
    let domain = NameBuf::parse("cluster.local").expect("a constant name parses");
    Arc::new(View::new(domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, host, snapshot};
    use dns_core::{AddressOrigin, AnswerMode, HostAddress, HostKind, Views, Visibility};

    fn names(table: &ServedTable) -> Vec<String> {
        table
            .entries()
            .iter()
            .map(|entry| entry.name.to_string())
            .collect()
    }

    fn with_address(name: &str, ip: &str, origin: AddressOrigin) -> HostEntry {
        HostEntry {
            addresses: vec![HostAddress::new(ip.parse().unwrap(), origin)],
            ..host(name, HostKind::External)
        }
    }

    #[test]
    fn a_view_is_served_what_it_may_see_and_its_own_variant() {
        let private = HostEntry {
            visibility: Visibility::Namespaces(["shop".into()].into()),
            ..with_address("private.example.com", "192.0.2.1", AddressOrigin::Pinned)
        };
        let public = with_address("a.example.com", "192.0.2.2", AddressOrigin::Pinned);
        let own = HostEntry {
            namespace: Some("shop".into()),
            ..with_address("a.example.com", "192.0.2.3", AddressOrigin::Pinned)
        };
        let mut snapshot = snapshot(vec![private, public, own]);
        let served = fixture::served(&snapshot);
        assert_eq!(names(&served), ["a.example.com"]);
        assert_eq!(
            served.vips(&served.entries()[0]),
            ["192.0.2.2".parse::<IpAddr>().unwrap()]
        );
        let domain = NameBuf::parse("cluster.local").unwrap();
        let view = View {
            namespace: Some("shop".into()),
            ..View::new(domain)
        };
        snapshot.views = Views::single(view);
        let served = fixture::served(&snapshot);
        assert_eq!(names(&served), ["a.example.com", "private.example.com"]);
        assert_eq!(
            served.vips(&served.entries()[0]),
            ["192.0.2.3".parse::<IpAddr>().unwrap()]
        );
    }

    #[test]
    fn a_client_without_view_has_no_table_and_one_that_forwards_an_empty_one() {
        let entry = with_address("a.example.com", "192.0.2.1", AddressOrigin::Pinned);
        let mut snapshot = snapshot(vec![entry]);
        let domain = NameBuf::parse("cluster.local").unwrap();
        let view = View {
            answer: AnswerMode::Forward,
            ..View::new(domain)
        };
        snapshot.views = Views::new([], [("10.0.0.0/8".parse().unwrap(), Arc::new(view))], None);
        let of = |choice| {
            ServedTable::of(&snapshot, &ResolverConfig::default(), choice)
                .map(|served| names(&served))
        };
        let client = |text: &str| ViewChoice::Of(text.parse().unwrap());
        assert_eq!(of(ViewChoice::Default).unwrap(), ["a.example.com"]);
        assert_eq!(of(client("192.0.2.1")), None);
        assert_eq!(of(client("10.1.2.3")), Some(Vec::new()));
    }

    #[test]
    fn a_view_that_dials_has_no_names_with_nothing_to_dial() {
        let entries = vec![
            with_address("allotted.example.com", "250.1.2.3", AddressOrigin::Allotted),
            with_address("pinned.example.com", "192.0.2.1", AddressOrigin::Pinned),
        ];
        let mut snapshot = snapshot(entries);
        let domain = NameBuf::parse("cluster.local").unwrap();
        let view = View {
            answer: AnswerMode::Endpoints,
            ..View::new(domain)
        };
        snapshot.views = Views::single(view);
        let served = fixture::served(&snapshot);
        assert_eq!(names(&served), ["pinned.example.com"]);
    }
}
