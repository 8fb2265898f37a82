//! [`Claims`]: which objects have to do with which names.

use crate::input::ObjectId;
use dns_core::NameBuf;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who has to do with a name, and in which role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    pub(super) role: Role,
    pub(super) cluster: Arc<str>,
    pub(super) object: ObjectId,
}

/// What an object has to do with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// A Service: its name below its cluster's domain.
    Service,
    /// A Service: the name of one of its endpoints.
    Instance,
    /// A ServiceEntry: one of its hosts.
    Entry,
    /// A ProductName: one of its hosts.
    Product,
    /// A gateway: one of its hosts.
    Gateway,
    /// A ProductName: another name of its first host.
    Alias,
    /// A Service: the name that the template of that index makes.
    Mirror(u16),
    /// A Service: the name it shares with its like in other clusters.
    Federated,
    /// A ServiceExport: its name in the set of clusters.
    Export,
    /// A ServiceExport: the name of an endpoint of its headless Service.
    ExportInstance,
    /// A ServiceImport, or a slice that was imported for one: its name in the set of clusters.
    Import,
    /// A slice that was imported for a headless ServiceImport: the name of an endpoint.
    ImportInstance,
    /// None of its own, but it changes where the name leads.
    Mention,
}

/// The names that an object has to do with.
pub(super) type Names = Vec<(NameBuf, Role)>;

/// An object of a cluster.
pub(super) type ObjectKey = (Arc<str>, ObjectId);

/// Who claims which name, looked up both ways.
#[derive(Debug, Default)]
pub(super) struct Claims {
    by_name: BTreeMap<NameBuf, Vec<Claim>>,
    by_object: BTreeMap<ObjectKey, Names>,
}

impl Claims {
    /// The claims of a name: by role, then cluster and object.
    pub(super) fn of(&self, name: &NameBuf) -> &[Claim] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The names that an object has to do with.
    pub(super) fn names_of(&self, object: &ObjectKey) -> &[(NameBuf, Role)] {
        self.by_object.get(object).map_or(&[], Vec::as_slice)
    }

    /// Every claimed name with its claims, in the order of the names.
    pub(super) fn names(&self) -> impl Iterator<Item = (&NameBuf, &[Claim])> {
        self.by_name
            .iter()
            .map(|(name, claims)| (name, claims.as_slice()))
    }

    /// Builds all anew, which costs far less than one object after the other.
    pub(super) fn build(objects: impl Iterator<Item = (ObjectKey, Names)>) -> Self {
        let by_object: BTreeMap<ObjectKey, Names> =
            objects.filter(|(_, names)| !names.is_empty()).collect();
        let mut all: Vec<(NameBuf, Claim)> = Vec::with_capacity(by_object.len());
        for (object, names) in &by_object {
            all.extend(
                names
                    .iter()
                    .map(|(name, role)| (name.clone(), claim_of(object, *role))),
            );
        }
        all.sort_by_cached_key(|(name, _)| name.as_name().canonical_key());
        let mut by_name: Vec<(NameBuf, Vec<Claim>)> = Vec::with_capacity(all.len());
        for (name, claim) in all {
            match by_name.last_mut().filter(|(last, _)| *last == name) {
                Some((_, claims)) => claims.push(claim),
                None => by_name.push((name, vec![claim])),
            }
        }
        for (_, claims) in &mut by_name {
            claims.sort_unstable();
        }
        Claims {
            by_name: by_name.into_iter().collect(),
            by_object,
        }
    }

    /// Takes the names of an object in place of those it had; none takes it out. `touched` gets
    /// the names of both.
    pub(super) fn set(&mut self, object: ObjectKey, names: Names, touched: &mut BTreeSet<NameBuf>) {
        let before = self.by_object.remove(&object).unwrap_or_default();
        for (name, role) in &before {
            touched.insert(name.clone());
            if !names.contains(&(name.clone(), *role)) {
                self.withdraw(name, &claim_of(&object, *role));
            }
        }
        for entry in &names {
            touched.insert(entry.0.clone());
            if !before.contains(entry) {
                let claims = self.by_name.entry(entry.0.clone()).or_default();
                let claim = claim_of(&object, entry.1);
                if let Err(at) = claims.binary_search(&claim) {
                    claims.insert(at, claim);
                }
            }
        }
        if !names.is_empty() {
            self.by_object.insert(object, names);
        }
    }

    fn withdraw(&mut self, name: &NameBuf, claim: &Claim) {
        let Some(claims) = self.by_name.get_mut(name) else {
            return;
        };
        claims.retain(|known| known != claim);
        if claims.is_empty() {
            self.by_name.remove(name);
        }
    }
}

fn claim_of((cluster, object): &ObjectKey, role: Role) -> Claim {
    Claim {
        role,
        cluster: Arc::clone(cluster),
        object: object.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ObjectKind;

    fn object(name: &str) -> ObjectKey {
        let id = ObjectId::new(ObjectKind::ServiceEntry, "n", name);
        ("c1".into(), id)
    }

    fn names(texts: &[&str]) -> Names {
        let name = |text: &&str| (NameBuf::parse(text).unwrap(), Role::Entry);
        texts.iter().map(name).collect()
    }

    #[test]
    fn one_by_one_gives_what_all_at_once_gives() {
        let objects = [
            (object("a"), names(&["x.test", "y.test"])),
            (object("b"), names(&["y.test"])),
        ];
        let built = Claims::build(objects.clone().into_iter());
        let mut claims = Claims::default();
        let mut touched = BTreeSet::new();
        claims.set(object("a"), names(&["old.test", "y.test"]), &mut touched);
        for (object, names) in objects {
            claims.set(object, names, &mut touched);
        }
        assert_eq!(claims.by_name, built.by_name);
        assert_eq!(claims.by_object, built.by_object);
        assert_eq!(touched.len(), 3);
        assert_eq!(claims.of(&names(&["y.test"])[0].0).len(), 2);
    }

    #[test]
    fn an_object_without_names_leaves_nothing_behind() {
        let mut claims = Claims::default();
        let mut touched = BTreeSet::new();
        claims.set(object("a"), names(&["x.test"]), &mut touched);
        claims.set(object("a"), Vec::new(), &mut touched);
        assert_eq!(claims.names().count(), 0);
        assert!(claims.by_object.is_empty());
    }
}
