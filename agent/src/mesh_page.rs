//! [`MeshPage`]: what commands show of the mesh, from files or, as a page of the admin server, from
//! a process.
//!
//! ```text
//! command ──▶ MeshPage ── files ──▶ Insight ─┐
//!                 └── --admin ──▶ page ──▶ Insight ──▶ body (JSON) ──▶ text
//! ```

mod checked;

use crate::cli::ClientPlace;
use crate::insight::Insight;
use crate::output::{
    Explained, Explaining, NotExplained, check_json, check_text, explained_json, explained_text,
    exports_json, exports_text, is_all_well, services_json, services_text,
};
use serde_json::Value;
use std::fmt;
use table_compiler::{CheckId, exports, services};

const SERVICES: &str = "/services";
const EXPORTS: &str = "/exports";
const CHECK: &str = "/check";
const EXPLAIN: &str = "/explain";

/// What is shown of the mesh.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MeshPage {
    /// The services of all clusters.
    Services,
    /// What other clusters export.
    Exports,
    /// The checks of these ids; all if there are none.
    Check(Vec<CheckId>),
    /// Why a name is answered as it is.
    Explain {
        /// The name, as a client asks it.
        name: String,
        /// The client.
        from: ClientPlace,
    },
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// Files, by a command.
    Files,
    /// This process, by its admin server.
    Process,
}

/// Why there is no such page, in words for whom asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoPage(String);

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MeshPage {
    /// The page that a request asks for, given the values of its parameters; `None` if the path
    /// is another's.
    ///
    /// # Errors
    /// A parameter that is missing or wrong.
    pub(crate) fn of_request<'v>(
        path: &str,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Option<Result<Self, NoPage>> {
        let needed = |key: &str| {
            value(key).ok_or_else(|| NoPage(format!("{key}: is missing; write ?{key}=VALUE")))
        };
        Some(match path {
            SERVICES => Ok(MeshPage::Services),
            EXPORTS => Ok(MeshPage::Exports),
            CHECK => value("id")
                .map_or_else(|| Ok(Vec::new()), |ids| check_ids(ids.split(',')))
                .map(MeshPage::Check)
                .map_err(|UnknownId(id)| NoPage(format!("id: {id} is not known"))),
            EXPLAIN => needed("name").and_then(|name| {
                let from = needed("from")?.parse();
                Ok(MeshPage::Explain {
                    name: name.to_owned(),
                    from: from.map_err(|reason| NoPage(format!("from: {reason}")))?,
                })
            }),
            _ => return None,
        })
    }

    /// The parameters that the page may have.
    pub(crate) fn parameters(&self) -> &'static [&'static str] {
        match self {
            MeshPage::Services | MeshPage::Exports => &[],
            MeshPage::Check(_) => &["id"],
            MeshPage::Explain { .. } => &["name", "from"],
        }
    }

    /// Path and parameters of the page.
    pub(crate) fn target(&self) -> String {
        let with_query = crate::admin::with_query;
        match self {
            MeshPage::Services => SERVICES.to_owned(),
            MeshPage::Exports => EXPORTS.to_owned(),
            MeshPage::Check(ids) if ids.is_empty() => CHECK.to_owned(),
            MeshPage::Check(ids) => {
                let ids: Vec<_> = ids.iter().map(|id| id.label()).collect();
                with_query(CHECK, &[("id", ids.join(","))])
            }
            MeshPage::Explain { name, from } => {
                let from = format!("{}/{}", from.cluster, from.namespace);
                with_query(EXPLAIN, &[("name", name.clone()), ("from", from)])
            }
        }
    }

    /// What there is to show.
    ///
    /// # Errors
    /// A name that is none, a cluster that there is not.
    pub(crate) fn body(&self, insight: &Insight<'_>, looked: Looked) -> Result<Value, NoPage> {
        Ok(match self {
            MeshPage::Services => services_json(&services(insight.compiler, insight.ledger)),
            MeshPage::Exports => exports_json(&exports(
                insight.compiler,
                &insight.kind.cluster,
                insight.now_ms,
            )),
            MeshPage::Check(ids) => check_json(&checked::lines(insight, looked, ids)),
            MeshPage::Explain { name, from } => explained_json(&explained(insight, name, from)?),
        })
    }

    /// What there is to show, for people.
    pub(crate) fn text(&self, body: &Value) -> String {
        match self {
            MeshPage::Services => services_text(body),
            MeshPage::Exports => exports_text(body),
            MeshPage::Check(_) => check_text(body),
            MeshPage::Explain { .. } => explained_text(body),
        }
    }

    /// Whether what is shown is good news: nothing fails, the name has an answer. A list is no news.
    pub(crate) fn is_fine(&self, body: &Value) -> bool {
        match self {
            MeshPage::Services | MeshPage::Exports => true,
            MeshPage::Check(_) => is_all_well(body),
            MeshPage::Explain { .. } => body["answer"]["result"] == "answered",
        }
    }
}

fn explained(insight: &Insight<'_>, name: &str, from: &ClientPlace) -> Result<Explained, NoPage> {
    let explaining = Explaining {
        compiler: insight.compiler,
        ledger: insight.ledger,
        snapshot: &insight.status.snapshot,
        kind: &insight.kind,
        resolver: &insight.config.resolver,
        now_ms: insight.now_ms,
    };
    Explained::of(&explaining, name, from).map_err(|error| match error {
        NotExplained::BadName(reason) => NoPage(format!("{name}: is no name: {reason}")),
        NotExplained::UnknownCluster(known) => {
            let known = known.join(", ");
            NoPage(format!(
                "{} is no cluster; there are: {known}",
                from.cluster
            ))
        }
    })
}

/// A text that is the id of no check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownId(pub(crate) String);

/// The checks of these ids.
///
/// # Errors
/// The first that is none.
pub(crate) fn check_ids<'t>(
    texts: impl IntoIterator<Item = &'t str>,
) -> Result<Vec<CheckId>, UnknownId> {
    let ids = texts.into_iter();
    ids.map(|text| CheckId::of(text).ok_or_else(|| UnknownId(text.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_again_by_its_target() {
        let from = ClientPlace {
            cluster: "cluster1".to_owned(),
            namespace: "shop".to_owned(),
        };
        let pages = [
            MeshPage::Services,
            MeshPage::Exports,
            MeshPage::Check(Vec::new()),
            MeshPage::Check(vec![CheckId::InputsValid, CheckId::LinksValid]),
            MeshPage::Explain {
                name: "reviews".to_owned(),
                from,
            },
        ];
        for page in pages {
            let target = page.target();
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            let parameters: Vec<(String, String)> = query
                .split('&')
                .filter_map(|part| part.split_once('='))
                .map(|(key, value)| {
                    let value = value.replace("%2F", "/").replace("%2C", ",");
                    (key.to_owned(), value)
                })
                .collect();
            let value = |key: &str| {
                let mut found = parameters.iter().filter(|(known, _)| known == key);
                found.next().map(|(_, value)| value.as_str())
            };
            let again = MeshPage::of_request(path, value).unwrap().unwrap();
            assert_eq!(again, page);
        }
    }

    #[test]
    fn a_parameter_that_is_missing_or_wrong_is_named() {
        let none = |_: &str| None;
        assert!(MeshPage::of_request("/debug/table", none).is_none());
        let refused = MeshPage::of_request(EXPLAIN, none).unwrap().unwrap_err();
        assert!(refused.to_string().starts_with("name: "), "{refused}");
        let value = |key: &str| (key == "id").then_some("inputs.vald");
        let refused = MeshPage::of_request(CHECK, value).unwrap().unwrap_err();
        assert_eq!(refused.to_string(), "id: inputs.vald is not known");
    }
}
