//! What a compilation tells besides the tables: [`ObjectRef`], [`Conflict`], [`Explanation`].

use crate::input::ObjectId;
use dns_core::{HostEntry, NameBuf};
use std::fmt;
use std::sync::Arc;

/// An object of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its cluster.
    pub cluster: Arc<str>,
    /// Its kind, or `export` for a Service in its role as an exported one.
    pub role: Arc<str>,
    /// Its namespace; empty for kinds that have none.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl ObjectRef {
    /// The object of that id in that cluster.
    pub fn of(cluster: &Arc<str>, id: &ObjectId) -> Self {
        ObjectRef {
            cluster: Arc::clone(cluster),
            role: id.kind.text(),
            namespace: Arc::clone(&id.namespace),
            name: Arc::clone(&id.name),
        }
    }
}

/// `ServiceEntry cluster1/funns/foo-global`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/", self.role, self.cluster)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// Two objects that claim one name of one audience.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The name.
    pub name: NameBuf,
    /// The object that has it.
    pub kept: ObjectRef,
    /// The object that lost it.
    pub shadowed: ObjectRef,
    /// Which rule decided.
    pub rule: &'static str,
}

/// Why a name is answered as it is.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The name as the table has it (a wildcard for a name that it covers), or as it was asked.
    pub name: NameBuf,
    /// The variants of the table, best first; none is a miss.
    pub entries: Vec<Arc<HostEntry>>,
    /// For each variant the rule that made it.
    pub rules: Vec<&'static str>,
    /// For each variant the objects that it is made of, the owner first.
    pub sources: Vec<Vec<ObjectRef>>,
    /// Objects that claim the name and are not used, with the reason.
    pub rejected: Vec<Rejected>,
    /// Services that members of the name stand for: behind gateways, or listed by a ProductName.
    pub services: Vec<MemberService>,
}

/// A service that a member of a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberService {
    /// The Service.
    pub service: ObjectRef,
    /// Its ready endpoints.
    pub ready: usize,
    /// All of its endpoints.
    pub total: usize,
}

/// An object that claims a name and is not used for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejected {
    /// The object.
    pub object: ObjectRef,
    /// Why, as a sentence without a subject: `is hidden: discovery of cluster2 is gateways-only`.
    pub reason: String,
}
