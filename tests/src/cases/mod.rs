//! The data-driven cases: files of questions and expected answers, run against the built binary
//! or, where no input file can express the state of a case, against `dns-core`'s public API.
//!
//! ```text
//! file ──▶ suite by suite: given ──▶ process or resolver
//!                          query ──▶ reply ─┐
//!                          expect, overrides ┴▶ verdict
//! ```
//!
//! A case is read into a type of its suite that knows every key; a key that it does not know
//! fails the case.

mod agent;
mod agents;
mod autoalloc_v1;
mod autoalloc_v2;
mod document;
mod expect_text;
mod expectation;
mod kubernetes;
mod kubernetes_objects;
mod mesh_folder;
mod name_table;
mod nds;
mod overrides;
mod plugin;
mod prefix;
mod report;
mod server_addresses;
mod server_objects;
mod server_table;
mod table_case;
mod upstream_text;
mod ztunnel;
mod ztunnel_names;
mod ztunnel_state;

pub use report::{CaseLine, Report, Verdict};

use agents::Agents;
use document::{Document, Format};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Environment variable that names a folder of case files to run instead of the committed ones.
pub const FOLDER_VARIABLE: &str = "CALLSIGN_CASES";

/// Runs every `*.json` of `folder` that is of one of the two formats, in order of file name. With
/// a filter, only the cases whose id contains it.
///
/// # Errors
/// When the folder or a file cannot be read, or no file is of either format; a case that cannot be
/// read is a failure of that case.
pub fn run(folder: &Path, filter: Option<&str>) -> Result<Report, String> {
    let mut report = Report::default();
    let mut documents = 0;
    for path in case_files(folder)? {
        match Document::read(&path)? {
            Some(document) => {
                documents += 1;
                run_document(&document, filter, &mut report);
            }
            None => report.push(other_file(&path)),
        }
    }
    if documents == 0 {
        return Err(format!(
            "{}: no file of a format that is known here",
            folder.display()
        ));
    }
    Ok(report)
}

fn run_document(document: &Document, filter: Option<&str>, report: &mut Report) {
    let mut agents = Agents::default();
    for case in document.cases() {
        let id = document.id(case);
        if filter.is_none_or(|filter| id.contains(filter)) {
            let verdict = run_case(document, case, &mut agents);
            report.push(CaseLine {
                suite: document.suite(case).to_owned(),
                id,
                verdict,
            });
        }
    }
}

fn other_file(path: &Path) -> CaseLine {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let verdict = Verdict::Skipped("a file of no format that is known here".to_owned());
    CaseLine {
        suite: "other files".to_owned(),
        id: name,
        verdict,
    }
}

/// The committed cases.
pub fn committed_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn case_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    if files.is_empty() {
        Err(format!("{}: no *.json", folder.display()))
    } else {
        Ok(files)
    }
}

fn run_case(document: &Document, case: &Value, agents: &mut Agents) -> Verdict {
    let suite = document.suite(case);
    let outcome = match document.format {
        Format::Kubernetes => match document.level(suite) {
            Some("spec" | "mcs-spec") => kubernetes::run(document, case, agents),
            _ => return Verdict::Skipped(overrides::skip_level(document.level(suite))),
        },
        Format::Istio => match suite {
            "istio-agent" | "istio-agent-althosts" => agent::run(document, case, agents),
            "istio-server-nametable" => server_table::run(document, case),
            "istio-server-addresses" => server_addresses::run(document, case),
            "istio-autoalloc-v1" => autoalloc_v1::run(document, case),
            "istio-autoalloc-v2" => autoalloc_v2::run(document, case),
            "istio-nds" => nds::run(document, case),
            "istio-coredns-plugin" => plugin::run(document, case, agents),
            "ztunnel-lookup" => ztunnel::run(document, case),
            "ztunnel-header" | "ztunnel-size" => ztunnel::run_forwarding(document, case, agents),
            "ztunnel-aliases" | "ztunnel-wildcards" | "ztunnel-search" => {
                ztunnel_names::run(document, case)
            }
            _ => return Verdict::Skipped(overrides::skip_suite(suite)),
        },
    };
    outcome.unwrap_or_else(Verdict::Failed)
}
