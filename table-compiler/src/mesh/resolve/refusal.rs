//! [`Refusal`]: why a claim of a name came to nothing.

use crate::mesh::config::Discovery;
use crate::mesh::gateways::Withheld;
use crate::mesh::report::ObjectRef;
use std::fmt;
use std::sync::Arc;

/// Why a claim of a name came to nothing for some clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mesh) enum Refusal {
    /// Discovery of its cluster does not show it.
    Hidden {
        cluster: Arc<str>,
        discovery: Discovery,
    },
    /// Discovery shows exported services only, and it is not exported.
    NotExported { cluster: Arc<str> },
    /// Clients are served the ServiceEntries of another cluster.
    OtherConfig,
    /// The name is below the domain of other clusters.
    OtherDomain,
    /// It says itself that it is not to be published.
    Withheld(Withheld),
    /// Hosts of gateways and products have no such names.
    Reserved,
    /// A NamePolicy does not let its namespace publish the name.
    Policy { policy: ObjectRef, rule: usize },
    /// The clients' cluster does not have its namespace.
    NoNamespace(Arc<str>),
    /// There is no Service of its name.
    NoService,
    /// Another cluster imports it, not the clients'.
    OtherImport,
    /// It is of another kind than the oldest of its name.
    OtherType(ObjectRef),
    /// Another object has the name.
    Shadowed { by: ObjectRef, rule: &'static str },
    /// A ProductName has the name, and lists other members.
    NotListed(ObjectRef),
    /// It gives the name nothing to answer with.
    Nothing,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Hidden { cluster, discovery } => {
                write!(
                    f,
                    "is hidden: discovery of {cluster} is {}",
                    discovery.label()
                )
            }
            Refusal::NotExported { cluster } => write!(
                f,
                "is hidden: discovery of {cluster} is exported, and it is not exported"
            ),
            Refusal::OtherConfig => {
                f.write_str("is of another cluster: clients see ServiceEntries of their own")
            }
            Refusal::OtherDomain => f.write_str("is not in the domain of the clients' cluster"),
            Refusal::Withheld(reason) => f.write_str(reason.reason()),
            Refusal::Reserved => f.write_str(
                "is not published: names of services, of one label and below arpa are not its to give",
            ),
            Refusal::Policy { policy, rule } => {
                write!(f, "may not publish the name: publish[{rule}] of {policy}")
            }
            Refusal::NoNamespace(namespace) => write!(
                f,
                "is not imported: the clients' cluster has no namespace {namespace}"
            ),
            Refusal::NoService => f.write_str("exports a Service that is not there"),
            Refusal::OtherImport => f.write_str("is an import of another cluster"),
            Refusal::OtherType(object) => {
                write!(f, "is of another type than the older {object}")
            }
            Refusal::Shadowed { by, rule } => write!(f, "is shadowed by {by}: {rule}"),
            Refusal::NotListed(product) => {
                write!(f, "is not among the members that {product} lists")
            }
            Refusal::Nothing => f.write_str("has no address to answer with"),
        }
    }
}
