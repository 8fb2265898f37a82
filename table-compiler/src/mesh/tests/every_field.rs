//! Every kind and field that concerns names: a change of it is seen, in one mesh that has every
//! kind of name. How fast or in which order the objects come does not matter there either.

mod rows;

use super::fixture::{NOW_MS, config};
use crate::check::{CheckId, CheckInput, Verdict, check};
use crate::input::{ObjectDoc, ObjectId, ObjectKind, documents};
use crate::mesh::{ClientKind, Compiler, ObjectChange, ObjectRef, Stale};
use dns_core::vip::{Ledger, VipConfig};
use dns_core::{AddressOrigin, Answers, EndpointAddress, HostEntry, NameBuf, Visibility};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A field of a kind of object, and what is different when it is.
struct Row {
    kind: &'static str,
    field: &'static str,
    /// What the mesh has besides or in other words, before and after.
    given: &'static [Edit],
    change: Edit,
    /// What is looked at: `answers c1 NAME` and the like, see [`Lab::told`].
    question: &'static str,
    before: &'static str,
    after: &'static str,
}

/// A cluster, a text that its objects have once, and what is there instead. The end of the objects
/// stands for no text.
type Edit = (&'static str, &'static str, &'static str);

/// The objects of the clusters, as text.
#[derive(Clone)]
struct Texts(BTreeMap<&'static str, String>);

impl Texts {
    fn new() -> Self {
        let texts = [
            ("c1", include_str!("every_field/c1.yaml")),
            ("c2", include_str!("every_field/c2.yaml")),
            ("c3", include_str!("every_field/c3.yaml")),
        ];
        Texts(texts.map(|(id, text)| (id, text.to_owned())).into())
    }

    fn edited(mut self, edits: &[Edit]) -> Self {
        for (cluster, from, to) in edits {
            let text = self.0.get_mut(cluster).unwrap();
            if from.is_empty() {
                text.push_str("---\n");
                text.push_str(to);
            } else {
                assert_eq!(text.matches(from).count(), 1, "{cluster}: {from}");
                *text = text.replacen(from, to, 1);
            }
        }
        self
    }

    fn objects(&self) -> Objects {
        let parsed = self.0.iter().map(|(id, text)| {
            let parsed = documents(&format!("{id}.yaml"), text);
            assert_eq!(parsed.problems, [], "{id}");
            (*id, parsed.objects)
        });
        parsed.collect()
    }
}

type Objects = BTreeMap<&'static str, Vec<ObjectDoc>>;

/// A compiler with its ledger.
struct Lab {
    compiler: Compiler,
    ledger: Ledger,
}

impl Lab {
    fn of(objects: &Objects) -> Self {
        Lab::with(objects, Ledger::new(VipConfig::default()))
    }

    fn with(objects: &Objects, ledger: Ledger) -> Self {
        let mut lab = Lab {
            compiler: Compiler::new(config()),
            ledger,
        };
        lab.take(objects);
        lab
    }

    fn take(&mut self, objects: &Objects) {
        for (id, docs) in objects {
            self.compiler
                .set_cluster(&Arc::from(*id), docs, Stale::None);
        }
        self.compile();
    }

    fn compile(&mut self) {
        self.compiler.compile(&mut self.ledger, NOW_MS);
    }

    /// Every entry of every cluster's clients.
    fn tables(&self) -> BTreeMap<Arc<str>, Vec<Arc<HostEntry>>> {
        let ids = self.compiler.clusters();
        let table = |id: &Arc<str>| {
            let table = self.compiler.table(&ClientKind::of_cluster(id)).unwrap();
            (Arc::clone(id), table.entries().cloned().collect())
        };
        ids.map(table).collect()
    }

    fn entries(&self, cluster: &str, name: &str) -> &[Arc<HostEntry>] {
        let table = self.compiler.table(&ClientKind::of_cluster(cluster));
        let name = NameBuf::parse(name).unwrap();
        table.and_then(|table| table.get(&name)).unwrap_or_default()
    }

    /// What a question is answered by, in short. Of a name its best variant is told.
    fn told(&self, question: &str) -> String {
        let words: Vec<&str> = question.split(' ').collect();
        match words[..] {
            ["conflicts"] => self.conflicts(),
            ["check", id] => self.failures(id),
            [what, cluster, name] => match self.entries(cluster, name).first() {
                Some(entry) => self.told_of(what, entry),
                None => "miss".to_owned(),
            },
            _ => panic!("{question}"),
        }
    }

    fn told_of(&self, what: &str, entry: &HostEntry) -> String {
        match what {
            "answers" => self.answer(entry),
            "kind" => entry.kind.label().to_owned(),
            "authority" => joined(
                (entry.endpoints.iter())
                    .filter_map(|endpoint| endpoint.authority.as_ref())
                    .map(ToString::to_string),
            ),
            "leads" => joined(entry.endpoints.iter().map(|endpoint| {
                let address = match &endpoint.address {
                    EndpointAddress::Ip(ip) => ip.to_string(),
                    EndpointAddress::Host(host) => host.to_string(),
                    EndpointAddress::Unix(path) => path.to_string(),
                };
                format!("{address}:{}", endpoint.port)
            })),
            "ports" => joined(entry.ports.iter().map(|port| {
                let name = port.name.as_deref().unwrap_or("-");
                format!("{name}:{}", port.number)
            })),
            "seen-by" => match &entry.visibility {
                Visibility::Everyone => "everyone".to_owned(),
                Visibility::Namespaces(names) => joined(names.iter().map(ToString::to_string)),
            },
            "ttl" => format!("{:?}", entry.ttl_secs),
            "modes" => {
                let Answers {
                    mesh,
                    no_proxy,
                    outside,
                    is_withheld: _,
                } = entry.answers;
                format!("{mesh:?} {no_proxy:?} {outside:?}")
            }
            _ => panic!("{what}"),
        }
    }

    /// Its addresses; an allotted one is told by whose it is, and that of the second family not.
    fn answer(&self, entry: &HostEntry) -> String {
        if let Some(target) = &entry.cname {
            return format!("-> {target}");
        }
        joined(entry.addresses.iter().filter_map(|address| {
            let is_allotted = address.origin == AddressOrigin::Allotted;
            match self.ledger.record(address.ip) {
                Some(_) if is_allotted && address.ip.is_ipv6() => None,
                Some(record) if is_allotted => Some(format!("vip of {}", record.key)),
                _ => Some(address.ip.to_string()),
            }
        }))
    }

    fn conflicts(&self) -> String {
        let conflicts = self.compiler.conflicts().into_iter();
        joined(conflicts.map(|c| format!("{}: {} over {}", c.name, c.kept, c.shadowed)))
    }

    /// What fails of a check.
    fn failures(&self, id: &str) -> String {
        let input = CheckInput {
            compiler: &self.compiler,
            ledger: &self.ledger,
            problems: &[],
            lost: &[],
            health: None,
            process: None,
        };
        let lines = check(&input, &[CheckId::of(id).unwrap()]).into_iter();
        let failed = lines.filter(|line| line.verdict == Verdict::Failed);
        joined(failed.filter_map(|line| line.reason))
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.is_empty() {
        true => "nothing".to_owned(),
        false => items.join(", "),
    }
}

#[test]
fn every_field_that_concerns_names_changes_what_is_told() {
    let mut wrong = Vec::new();
    for row in rows::ROWS {
        let before = Texts::new().edited(row.given);
        let after = before.clone().edited(&[row.change]);
        let told = [&before, &after].map(|texts| Lab::of(&texts.objects()).told(row.question));
        if told != [row.before, row.after] {
            wrong.push(format!("{} {}: {told:?}", row.kind, row.field));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What follows a change object by object is what is made of all objects at once.
#[test]
fn every_field_is_followed_by_all_names_that_it_touches() {
    let mut wrong = Vec::new();
    for row in rows::ROWS {
        let before = Texts::new().edited(row.given);
        let after = before.clone().edited(&[row.change]).objects();
        let mut followed = Lab::of(&before.objects());
        let carried = followed.compiler.carried().clone();
        let ledger = followed.ledger.clone();
        followed.take(&after);
        let mut whole = Lab {
            compiler: Compiler::new(config()),
            ledger,
        };
        whole.compiler.carry(carried);
        whole.take(&after);
        for (cluster, entries) in whole.tables() {
            let own: BTreeSet<_> = followed.tables()[&cluster].iter().map(told).collect();
            let expected: BTreeSet<_> = entries.iter().map(told).collect();
            for entry in own.symmetric_difference(&expected) {
                wrong.push(format!("{} {}: {cluster}: {entry}", row.kind, row.field));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// An entry without the place of its object in a file, which an edit above it moves.
fn told(entry: &Arc<HostEntry>) -> String {
    let mut entry = (**entry).clone();
    entry.source.location = None;
    format!("{entry:?}")
}

#[test]
fn deleting_an_object_that_explain_cites_changes_the_entry() {
    let objects = Texts::new().objects();
    let lab = Lab::of(&objects);
    let mut cited: BTreeMap<ObjectRef, BTreeSet<(Arc<str>, NameBuf)>> = BTreeMap::new();
    for (cluster, entries) in lab.tables() {
        let kind = ClientKind::of_cluster(&cluster);
        for entry in entries {
            let explained = lab.compiler.explain(&entry.name, &kind, NOW_MS);
            assert!(!explained.sources.is_empty(), "{cluster}: {}", entry.name);
            let services = explained.services.into_iter().map(|member| member.service);
            for source in explained.sources.into_iter().flatten().chain(services) {
                let place = (Arc::clone(&cluster), entry.name.clone());
                cited.entry(source).or_default().insert(place);
            }
        }
    }
    assert!(cited.len() > 25, "{}", cited.len());
    for (object, names) in cited {
        let mut less = objects.clone();
        let docs = less.get_mut(&*object.cluster).unwrap();
        docs.retain(|doc| !is(&object, &doc.id));
        let without = Lab::with(&less, lab.ledger.clone());
        for (cluster, name) in names {
            let name = name.to_string();
            let entries = lab.entries(&cluster, &name);
            assert_ne!(
                entries,
                without.entries(&cluster, &name),
                "{cluster}: {name} without {object}"
            );
        }
    }
}

/// Whether a reference means an object; a Service is also referred to as an export.
fn is(object: &ObjectRef, id: &ObjectId) -> bool {
    let is_of_kind = id.kind.label() == &*object.role
        || id.kind == ObjectKind::Service && &*object.role == "export";
    is_of_kind && id.namespace == object.namespace && id.name == object.name
}

#[test]
fn objects_in_any_order_make_the_same_tables() {
    let objects = Texts::new().objects();
    let expected = Lab::of(&objects);
    let mut orders = Orders(1);
    for round in 0..20 {
        let mut lab = Lab {
            compiler: Compiler::new(config()),
            ledger: Ledger::new(VipConfig::default()),
        };
        let mut shuffled: Vec<(Arc<str>, Vec<ObjectDoc>)> = objects
            .iter()
            .map(|(id, docs)| (Arc::from(*id), docs.clone()))
            .collect();
        orders.shuffle(&mut shuffled);
        for (_, docs) in &mut shuffled {
            orders.shuffle(docs);
        }
        match round % 2 {
            0 => {
                for (id, docs) in &shuffled {
                    lab.compiler.set_cluster(id, docs, Stale::None);
                }
            }
            _ => {
                let mut changes: Vec<(Arc<str>, ObjectDoc)> = Vec::new();
                for (id, docs) in shuffled {
                    changes.extend(docs.into_iter().map(|doc| (Arc::clone(&id), doc)));
                }
                orders.shuffle(&mut changes);
                for (id, doc) in changes {
                    lab.compiler.change(&id, ObjectChange::Put(Box::new(doc)));
                }
            }
        }
        lab.compile();
        assert_eq!(lab.tables(), expected.tables());
        assert_eq!(lab.conflicts(), expected.conflicts());
    }
}

/// Object by object, with a compilation after each, from the addresses that the whole mesh has.
#[test]
fn objects_one_by_one_make_the_same_tables() {
    let objects = Texts::new().objects();
    let expected = Lab::of(&objects);
    let mut orders = Orders(7);
    for _ in 0..6 {
        let mut lab = Lab {
            compiler: Compiler::new(config()),
            ledger: expected.ledger.clone(),
        };
        let mut changes: Vec<(Arc<str>, &ObjectDoc)> = Vec::new();
        for (id, docs) in &objects {
            lab.compiler.set_cluster(&Arc::from(*id), &[], Stale::None);
            changes.extend(docs.iter().map(|doc| (Arc::from(*id), doc)));
        }
        orders.shuffle(&mut changes);
        for (id, doc) in changes {
            let change = ObjectChange::Put(Box::new(doc.clone()));
            lab.compiler.change(&id, change);
            lab.compile();
        }
        for (cluster, entries) in expected.tables() {
            let own: BTreeSet<_> = lab.tables()[&cluster].iter().map(told).collect();
            let expected: BTreeSet<_> = entries.iter().map(told).collect();
            let different: Vec<_> = own.symmetric_difference(&expected).collect();
            assert!(different.is_empty(), "{cluster}: {different:#?}");
        }
    }
}

/// Orders that look random and are the same in every run (xorshift64*).
struct Orders(u64);

impl Orders {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap() % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
