//! [`ServedTable`]: what clients of one view are served.

use super::entry_json::Shown;
use crate::held::Held;
use dns_core::{
    HostEntry, HostRecord, NameBuf, ResolverConfig, Snapshot, View, answered_addresses,
    answered_ttl_secs, virtual_addresses,
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
pub struct ServedTable<'s> {
    view: Arc<View>,
    resolver: ResolverConfig,
    /// Entries of objects and name tables.
    declared: Vec<Arc<HostEntry>>,
    /// Names of hosts files, of which there may be millions: each is an entry only while it is
    /// looked at.
    hosts: Vec<HostRecord<'s>>,
    held: Arc<Held>,
}

impl<'s> ServedTable<'s> {
    /// The table of the view that `choice` means, as a resolver so configured answers from it;
    /// `None` if such a client is refused.
    pub fn of(
        snapshot: &'s Snapshot,
        resolver: &ResolverConfig,
        choice: ViewChoice,
    ) -> Option<Self> {
        let view = match choice {
            ViewChoice::Default => snapshot
                .views
                .default_view()
                .cloned()
                .unwrap_or_else(public),
            ViewChoice::Of(client) => Arc::clone(snapshot.views.select(client)?),
        };
        let mut hosts: Vec<_> = snapshot.table.hosts_records().collect();
        hosts.sort_unstable_by(|a, b| a.name.canonical_cmp(b.name));
        Some(ServedTable {
            declared: snapshot.table.declared_for(&view),
            hosts,
            view,
            resolver: resolver.clone(),
            held: Arc::default(),
        })
    }

    /// The same with word of what is held back.
    #[must_use]
    pub fn with_held(self, held: Arc<Held>) -> Self {
        ServedTable { held, ..self }
    }

    /// Whether an entry is served from a source that is held.
    pub fn is_held(&self, entry: &HostEntry) -> bool {
        self.held.is_of(entry)
    }

    /// The entries, in order of their names.
    pub fn entries(&self) -> impl Iterator<Item = Arc<HostEntry>> + '_ {
        let mut declared = self.declared.iter().peekable();
        let mut hosts = self.hosts.iter().peekable();
        let both = std::iter::from_fn(move || {
            let is_declared = match (declared.peek(), hosts.peek()) {
                (Some(entry), Some(record)) => {
                    let name = entry.name.as_name();
                    name.canonical_cmp(record.name).is_lt()
                }
                (next, _) => next.is_some(),
            };
            if is_declared {
                declared.next().cloned()
            } else {
                hosts.next().map(|record| Arc::new(record.to_entry()))
            }
        });
        both.filter(|entry| answered_addresses(entry, &self.view).is_some())
    }

    /// What is shown of an entry: VIPs and TTL that the view is answered with.
    pub(super) fn shown(&self, entry: &HostEntry) -> Shown {
        Shown {
            vips: virtual_addresses(entry, &self.view),
            ttl_secs: answered_ttl_secs(entry, &self.view, &self.resolver),
            is_held: self.is_held(entry),
        }
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
    use dns_core::{
        AddressOrigin, AnswerMode, Completeness, HostAddress, HostKind, TableUpdate, TableWriter,
        Views, Visibility,
    };

    fn names(table: &ServedTable<'_>) -> Vec<String> {
        table
            .entries()
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
            served.shown(&served.entries().next().unwrap()).vips,
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
            served.shown(&served.entries().next().unwrap()).vips,
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
    fn names_of_hosts_files_are_among_the_others_in_order() {
        let declared = ["b.example.com", "d.example.com", "a.example.net"];
        let declared = declared.map(|name| with_address(name, "192.0.2.1", AddressOrigin::Pinned));
        let hosts = "192.0.2.2 c.example.com a.example.com b.example.com a.example.org\n";
        let mut writer = TableWriter::new(7);
        writer.set_hosts(vec![Arc::new(
            table_compiler::hosts_file("hosts", hosts).list,
        )]);
        let update = TableUpdate::Replace(declared.to_vec());
        let snapshot = Snapshot {
            table: writer.apply(update, Completeness::Complete),
            ..snapshot(Vec::new())
        };
        let served = fixture::served(&snapshot);
        assert_eq!(
            names(&served),
            [
                "a.example.com",
                "b.example.com",
                "c.example.com",
                "d.example.com",
                "a.example.net",
                "a.example.org"
            ]
        );
        let kinds: Vec<_> = served.entries().map(|e| e.source.kind.clone()).collect();
        assert_eq!(&*kinds[0], "hosts");
        assert_eq!(&*kinds[1], "ServiceEntry", "an entry hides the line");
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
