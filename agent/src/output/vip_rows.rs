//! [`VipRow`]: the virtual addresses of a name, as they are printed.

use super::timestamp::rfc3339;
use super::{columns, one_line};
use dns_core::NameBuf;
use dns_core::vip::{Family, Ledger, Origin, PoolKind, Record, RecordState, VipKey};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const HEADINGS: [&str; 7] = ["NAME", "V4", "V6", "POOL", "STATE", "SINCE", "FORMER"];

/// The virtual addresses of a name or of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VipRow {
    /// The name in DNS.
    pub(crate) name: String,
    /// The name in the ledger; an instance's is `<hostname>.<service>.<namespace>@<cluster>`.
    pub(crate) key: String,
    /// Cluster of an instance.
    cluster: Option<String>,
    pub(crate) v4: Option<IpAddr>,
    pub(crate) v6: Option<IpAddr>,
    /// All addresses that it holds: a user may write several.
    addresses: Vec<IpAddr>,
    /// The pool that they count for; none for addresses of no pool.
    pool: Option<String>,
    pub(crate) state: VipRowState,
    /// Since when, as RFC 3339.
    since: Option<String>,
    /// Addresses that it had and that are still remembered, latest first.
    pub(crate) former: Vec<IpAddr>,
}

/// How a name stands with its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VipRowState {
    /// A user wrote them.
    Pinned,
    /// Another allocator gave them.
    Imported,
    /// The ledger allotted them.
    Allotted,
    /// The ledger allotted them, and they are not on disk.
    Unrecorded,
    /// Wanted, and the pool is full.
    Exhausted,
    /// Nobody wants them any more.
    Released,
}

impl VipRowState {
    fn label(self) -> &'static str {
        match self {
            VipRowState::Pinned => "pinned",
            VipRowState::Imported => "imported",
            VipRowState::Allotted => "allotted",
            VipRowState::Unrecorded => "unrecorded",
            VipRowState::Exhausted => "exhausted",
            VipRowState::Released => "released",
        }
    }
}

/// What rows are made of, besides the ledger.
#[derive(Debug)]
pub(crate) struct VipFacts<'a> {
    /// The ledger.
    pub(crate) ledger: &'a Ledger,
    /// Domain of the names of instances.
    pub(crate) domain: &'a NameBuf,
    /// Addresses that objects give to names, in a pool or not.
    pub(crate) given: BTreeSet<(VipKey, IpAddr, Origin)>,
    /// Names that found their pool full.
    pub(crate) exhausted: BTreeSet<VipKey>,
    /// Allotted addresses that are not on disk.
    pub(crate) unrecorded: BTreeSet<IpAddr>,
    /// Further addresses that names had, latest first.
    pub(crate) earlier: BTreeMap<VipKey, Vec<IpAddr>>,
}

/// What is known of one key.
#[derive(Default)]
struct Known<'a> {
    active: Vec<&'a Record>,
    released: Vec<&'a Record>,
    moved: Vec<&'a Record>,
    given: Vec<(IpAddr, Origin)>,
    is_exhausted: bool,
}

/// The rows, in the order of the keys.
pub(crate) fn vip_rows(facts: &VipFacts<'_>) -> Vec<VipRow> {
    let mut keys: BTreeMap<&VipKey, Known<'_>> = BTreeMap::new();
    for record in facts.ledger.records() {
        let known = keys.entry(&record.key).or_default();
        match record.state {
            RecordState::Active => known.active.push(record),
            RecordState::Released => known.released.push(record),
            RecordState::Moved | RecordState::Contested => known.moved.push(record),
            RecordState::Tombstone | RecordState::Forgotten => {}
        }
    }
    for (key, address, origin) in &facts.given {
        let known = keys.entry(key).or_default();
        if known.active.iter().all(|record| record.address != *address) {
            known.given.push((*address, *origin));
        }
    }
    for key in &facts.exhausted {
        keys.entry(key).or_default().is_exhausted = true;
    }
    keys.into_iter()
        .filter_map(|(key, known)| row(facts, key, known))
        .collect()
}

fn row(facts: &VipFacts<'_>, key: &VipKey, mut known: Known<'_>) -> Option<VipRow> {
    let latest_first = |a: &&Record, b: &&Record| b.changed_ms.cmp(&a.changed_ms);
    known.released.sort_by(latest_first);
    known.moved.sort_by(latest_first);
    let mut held: Vec<(Origin, IpAddr)> = known
        .active
        .iter()
        .map(|record| (record.origin, record.address))
        .chain(
            known
                .given
                .iter()
                .map(|(address, origin)| (*origin, *address)),
        )
        .collect();
    held.sort_unstable();
    let is_live = !held.is_empty() || known.is_exhausted;
    let shown: Vec<IpAddr> = if is_live {
        held.iter().map(|(_, address)| *address).collect()
    } else {
        known.released.iter().map(|record| record.address).collect()
    };
    let first = |family| shown.iter().copied().find(|ip| Family::of(*ip) == family);
    let (v4, v6) = (first(Family::V4), first(Family::V6));
    if shown.is_empty() && !known.is_exhausted {
        return None;
    }
    let state = match held.first() {
        Some((origin, address)) => state_of(*origin, facts.unrecorded.contains(address)),
        None if known.is_exhausted => VipRowState::Exhausted,
        None => VipRowState::Released,
    };
    let (name, cluster) = named(key, facts.domain);
    let records = known.active.iter().chain(&known.released);
    let first_shown = v4.or(v6);
    let record = records
        .into_iter()
        .find(|record| Some(record.address) == first_shown);
    let pools = &facts.ledger.config().pools;
    let pool = record
        .map(|record| record.pool)
        .or_else(|| first_shown.and_then(|ip| pools.kind_of(ip)));
    Some(VipRow {
        name,
        key: key.to_string(),
        cluster,
        v4,
        v6,
        pool: pool.map(|pool: PoolKind| pool.label().to_owned()),
        state,
        since: record.map(|record| rfc3339(record.changed_ms / 1000)),
        former: former(facts, key, &known, &[v4, v6], is_live),
        addresses: if is_live { shown } else { Vec::new() },
    })
}

fn state_of(origin: Origin, is_unrecorded: bool) -> VipRowState {
    match origin {
        Origin::Pinned => VipRowState::Pinned,
        Origin::Status | Origin::Imported => VipRowState::Imported,
        Origin::Allotted if is_unrecorded => VipRowState::Unrecorded,
        Origin::Allotted => VipRowState::Allotted,
    }
}

/// Addresses that the key had, latest first, without those that are shown as its own.
fn former(
    facts: &VipFacts<'_>,
    key: &VipKey,
    known: &Known<'_>,
    own: &[Option<IpAddr>],
    is_live: bool,
) -> Vec<IpAddr> {
    let of_ledger = known.moved.iter().chain(&known.released);
    let earlier = facts.earlier.get(key).into_iter().flatten().copied();
    let mut former: Vec<IpAddr> = Vec::new();
    for address in of_ledger.map(|record| record.address).chain(earlier) {
        let is_held = is_live
            && (known.active.iter().any(|record| record.address == address)
                || known.given.iter().any(|(given, _)| *given == address));
        if !is_held && !own.contains(&Some(address)) && !former.contains(&address) {
            former.push(address);
        }
    }
    former
}

/// The name in DNS that a key is for, and the cluster of an instance.
fn named(key: &VipKey, domain: &NameBuf) -> (String, Option<String>) {
    match instance(key.as_str()) {
        Some((instance, cluster)) => (format!("{instance}.svc.{domain}"), Some(cluster.to_owned())),
        None => (key.to_string(), None),
    }
}

/// An instance and its cluster. In a name an `@` is written `\@`.
fn instance(key: &str) -> Option<(&str, &str)> {
    let is_bare = |(at, _): &(usize, &str)| !key[..*at].ends_with('\\');
    let (at, _) = key.match_indices('@').find(is_bare)?;
    Some((&key[..at], &key[at + 1..]))
}

/// Rows in columns, for people.
pub(crate) fn vips_text(rows: &[VipRow]) -> String {
    let text = |ip: &Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    let row = |row: &VipRow| {
        let name = match &row.cluster {
            Some(cluster) => format!("{} ({cluster})", row.name),
            None => row.name.clone(),
        };
        let former: Vec<_> = row.former.iter().map(ToString::to_string).collect();
        [
            one_line(&name),
            text(&row.v4),
            text(&row.v6),
            row.pool.clone().unwrap_or_default(),
            row.state.label().to_owned(),
            row.since.clone().unwrap_or_default(),
            former.join(","),
        ]
    };
    let head = std::iter::once(HEADINGS.map(str::to_owned));
    columns(&head.chain(rows.iter().map(row)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::vip::{Given, GivenBy, VipConfig, Want};

    fn key(text: &str) -> VipKey {
        VipKey::of_name(&NameBuf::parse(text).unwrap())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn want(key: VipKey, family: Family, pool: PoolKind) -> Want {
        Want { key, family, pool }
    }

    fn given(pins: &[(&str, &str)]) -> BTreeMap<IpAddr, Given> {
        let pin = |(address, name): &(&str, &str)| {
            let given = Given {
                key: key(name),
                by: GivenBy::User,
            };
            (ip(address), given)
        };
        pins.iter().map(pin).collect()
    }

    fn rows_of(ledger: &Ledger, change: impl FnOnce(&mut VipFacts<'_>)) -> Vec<VipRow> {
        let domain = NameBuf::parse("cluster.local").unwrap();
        let mut facts = VipFacts {
            ledger,
            domain: &domain,
            given: BTreeSet::new(),
            exhausted: BTreeSet::new(),
            unrecorded: BTreeSet::new(),
            earlier: BTreeMap::new(),
        };
        change(&mut facts);
        vip_rows(&facts)
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger::new(VipConfig::default());
        let instance = VipKey::of_instance("mysql-1", "mysql", "db", "cluster2").unwrap();
        let wants = [
            want(key("a.x"), Family::V4, PoolKind::Names),
            want(key("a.x"), Family::V6, PoolKind::Names),
            want(key("gone.x"), Family::V4, PoolKind::Names),
            want(instance, Family::V4, PoolKind::Instances),
        ];
        ledger.assign(1_000, wants.clone(), &given(&[("250.9.9.9", "pin.x")]));
        let later = wants.into_iter().filter(|want| want.key != key("gone.x"));
        ledger.assign(5_000, later, &given(&[("250.9.9.9", "pin.x")]));
        ledger
    }

    #[test]
    fn every_name_has_one_row_with_its_addresses_and_its_state() {
        let ledger = ledger();
        let rows = rows_of(&ledger, |_| {});
        let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(rows.len(), 4);
        let a = row("a.x");
        assert_eq!(a.v4, ledger.address_of(&key("a.x"), Family::V4));
        assert_eq!(a.v6, ledger.address_of(&key("a.x"), Family::V6));
        assert_eq!((a.state, a.addresses.len()), (VipRowState::Allotted, 2));
        assert_eq!(a.since.as_deref(), Some("1970-01-01T00:00:01Z"));
        let gone = row("gone.x");
        assert_eq!(gone.state, VipRowState::Released);
        assert!(gone.v4.is_some() && gone.former.is_empty());
        assert_eq!(gone.since.as_deref(), Some("1970-01-01T00:00:05Z"));
        assert_eq!(row("pin.x").state, VipRowState::Pinned);
        assert_eq!(row("pin.x").v4, Some(ip("250.9.9.9")));
        let instance = row("mysql-1.mysql.db.svc.cluster.local");
        assert_eq!(instance.key, "mysql-1.mysql.db@cluster2");
        assert_eq!(instance.pool.as_deref(), Some("instances"));
    }

    #[test]
    fn a_pin_outside_the_pools_has_a_row_with_what_it_was_before() {
        let ledger = Ledger::new(VipConfig::default());
        let rows = rows_of(&ledger, |facts| {
            let pin = (key("foo.global"), ip("240.0.0.3"), Origin::Pinned);
            facts.given.insert(pin);
            let before = vec![ip("240.0.0.3"), ip("240.0.0.2")];
            facts.earlier.insert(key("foo.global"), before);
        });
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].v4, Some(ip("240.0.0.3")));
        assert_eq!(rows[0].state, VipRowState::Pinned);
        assert_eq!(rows[0].pool, None);
        assert_eq!(rows[0].former, [ip("240.0.0.2")]);
    }

    #[test]
    fn a_pin_that_moves_a_name_leaves_its_address_among_the_former() {
        let mut ledger = Ledger::new(VipConfig::default());
        let wants = [want(key("a.x"), Family::V4, PoolKind::Names)];
        ledger.assign(1_000, wants.clone(), &BTreeMap::new());
        let before = ledger.address_of(&key("a.x"), Family::V4).unwrap();
        ledger.assign(2_000, [], &given(&[("250.9.9.9", "a.x")]));
        let rows = rows_of(&ledger, |_| {});
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].v4, rows[0].state),
            (Some(ip("250.9.9.9")), VipRowState::Pinned)
        );
        assert_eq!(rows[0].former, [before]);
    }

    #[test]
    fn a_full_pool_and_a_disk_that_cannot_be_written_are_states() {
        let ledger = ledger();
        let address = ledger.address_of(&key("a.x"), Family::V4).unwrap();
        let rows = rows_of(&ledger, |facts| {
            facts.exhausted.insert(key("full.x"));
            facts.unrecorded.insert(address);
        });
        let state = |name: &str| rows.iter().find(|row| row.name == name).unwrap().state;
        assert_eq!(state("full.x"), VipRowState::Exhausted);
        assert_eq!(state("a.x"), VipRowState::Unrecorded);
    }

    #[test]
    fn an_at_sign_in_a_name_makes_no_instance() {
        assert_eq!(instance(r"a\@b.x"), None);
        assert_eq!(instance("a.b.c@x@y"), Some(("a.b.c", "x@y")));
    }

    #[test]
    fn columns_are_aligned_and_rows_are_read_again() {
        let rows = rows_of(&ledger(), |_| {});
        let text = vips_text(&rows);
        assert!(text.starts_with("NAME "), "{text}");
        assert_eq!(text.lines().count(), 5);
        assert!(
            text.contains("mysql-1.mysql.db.svc.cluster.local (cluster2)"),
            "{text}"
        );
        let json = serde_json::to_string(&rows).unwrap();
        assert_eq!(serde_json::from_str::<Vec<VipRow>>(&json).unwrap(), rows);
    }
}
