//! What one file holds, read or restored.

use super::fingerprint::Fingerprint;
use dns_core::{HostEntry, HostList, HostsFreshness, NameBuf};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use table_compiler::{
    ObjectDoc, Parsed, Problem, Scope, documents, hosts_file, name_table, object_from_value,
};

/// What one file holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Objects of Kubernetes and Istio.
    Objects(Vec<ObjectDoc>),
    /// A name table as istiod prints it: its entries and its text.
    NameTable(Vec<HostEntry>, Arc<str>),
    /// Lines of hosts(5).
    Hosts(Hosts),
}

/// The names of a hosts file.
#[derive(Clone, Debug)]
pub struct Hosts {
    list: Arc<HostList>,
    /// The same, marked to be from before: always the same one, so that the table knows it again.
    stale: Arc<HostList>,
    /// How many different names there are.
    names: usize,
    /// The version of the file they were read from; none if from the state folder, which has them.
    version: Option<Fingerprint>,
}

impl Hosts {
    /// The names with their addresses.
    pub fn list(&self, freshness: HostsFreshness) -> &Arc<HostList> {
        match freshness {
            HostsFreshness::Current => &self.list,
            HostsFreshness::Stale => &self.stale,
        }
    }
}

/// A content as it is kept in the state folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredContent {
    /// Objects as they were written.
    Objects(Vec<StoredObject>),
    /// The text of a name table.
    NameTable(Arc<str>),
}

/// An object as it was written, and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredObject {
    line: u32,
    object: Arc<serde_json::Value>,
}

/// A content with what is wrong with it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) content: Content,
    pub(super) problems: Vec<Problem>,
    /// Kinds of objects that are not read, with how many there were.
    pub(super) skipped: Vec<(String, usize)>,
}

impl Content {
    /// Reads a text of objects or of a name table: a JSON object without `kind` is the latter.
    pub(super) fn read_table(path: &str, text: &str, domain: &NameBuf) -> Read {
        if looks_like_name_table(text) {
            let read = name_table(domain, path, text);
            let content = Content::NameTable(read.entries, text.into());
            return Read {
                content,
                problems: read.problems,
                skipped: Vec::new(),
            };
        }
        Self::read_documents(path, text)
    }

    /// Reads a text of objects of a cluster.
    pub(super) fn read_objects(path: &str, text: &str) -> Read {
        if looks_like_name_table(text) {
            let problem = Problem {
                file: path.into(),
                line: 1,
                column: 1,
                object: None,
                field: None,
                reason: "is no object: it has no kind".to_owned(),
                hint: Some("serve a name table with `tables`".to_owned()),
                scope: Scope::File,
            };
            return Read {
                content: Content::Objects(Vec::new()),
                problems: vec![problem],
                skipped: Vec::new(),
            };
        }
        Self::read_documents(path, text)
    }

    fn read_documents(path: &str, text: &str) -> Read {
        let Parsed {
            objects,
            problems,
            skipped,
            ..
        } = documents(path, text);
        Read {
            content: Content::Objects(objects),
            problems,
            skipped: skipped.into_iter().collect(),
        }
    }

    /// Reads a text of hosts(5), which that version of the file has; none if from the state folder.
    pub(super) fn read_hosts(path: &str, text: &str, version: Option<Fingerprint>) -> Read {
        let read = hosts_file(path, text);
        let content = Content::Hosts(Hosts {
            stale: Arc::new(read.list.with_freshness(HostsFreshness::Stale)),
            list: Arc::new(read.list),
            names: read.names,
            version,
        });
        Read {
            content,
            problems: read.problems,
            skipped: Vec::new(),
        }
    }

    /// Number of objects or names.
    pub fn items(&self) -> usize {
        match self {
            Content::Objects(objects) => objects.len(),
            Content::NameTable(entries, _) => entries.len(),
            Content::Hosts(hosts) => hosts.names,
        }
    }

    /// The version of the hosts file it was read from.
    pub(super) fn version(&self) -> Option<&Fingerprint> {
        match self {
            Content::Hosts(hosts) => hosts.version.as_ref(),
            Content::Objects(_) | Content::NameTable(..) => None,
        }
    }

    /// The form that is kept in the state folder; hosts files are [kept](super::kept_hosts) as they
    /// are.
    pub(super) fn store(&self) -> Option<StoredContent> {
        match self {
            Content::Objects(objects) => Some(StoredContent::Objects(
                objects
                    .iter()
                    .map(|doc| StoredObject {
                        line: doc.line,
                        object: Arc::clone(&doc.raw),
                    })
                    .collect(),
            )),
            Content::NameTable(_, text) => Some(StoredContent::NameTable(Arc::clone(text))),
            Content::Hosts(_) => None,
        }
    }

    /// Reads a stored content again, through the same checks; what they refuse is left out.
    pub(super) fn restore(path: &Path, stored: &StoredContent, domain: &NameBuf) -> Self {
        let path = path.to_string_lossy();
        match stored {
            StoredContent::Objects(objects) => Content::Objects(
                objects
                    .iter()
                    .filter_map(|stored| object_from_value(&stored.object, &path, stored.line).ok())
                    .collect(),
            ),
            StoredContent::NameTable(text) => {
                Content::NameTable(name_table(domain, &path, text).entries, Arc::clone(text))
            }
        }
    }
}

/// A brace before anything but a JSON string opens a flow mapping of YAML.
fn looks_like_name_table(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let Some(members) = text.strip_prefix('{').map(str::trim_start) else {
        return false;
    };
    let is_json = members.is_empty() || members.starts_with(['"', '}']);
    is_json && !has_key(members, "\"kind\"")
}

/// Whether the quoted word is a key somewhere; a namespace may be called so, too.
fn has_key(json: &str, quoted: &str) -> bool {
    json.match_indices(quoted)
        .any(|(at, _)| json[at + quoted.len()..].trim_start().starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_object_without_a_kind_is_a_name_table() {
        assert!(looks_like_name_table("\u{feff} {\"table\": {}}"));
        assert!(looks_like_name_table("{"));
        assert!(looks_like_name_table(
            "{\"table\": {\"a.kind.svc.cluster.local\": {\"namespace\": \"kind\", \"ips\": []}}}"
        ));
        assert!(!looks_like_name_table(
            "{\"kind\": \"List\", \"items\": []}"
        ));
        assert!(!looks_like_name_table(
            "{\"spec\": {}, \"kind\" : \"Service\"}"
        ));
        assert!(!looks_like_name_table("kind: Service"));
        assert!(!looks_like_name_table("{kind: Service, spec: {}}"));
        assert!(!looks_like_name_table(""));
    }
}
