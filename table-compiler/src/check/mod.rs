//! [`check`]: whether what clusters say of themselves and of each other holds together.
//!
//! ```text
//! Compiler, ledger, problems, health ─▶ one function a CheckId ─▶ Outcome ─▶ CheckLines
//! ```
//!
//! A broken precondition fails the lines of its own id and no others.

mod clusters;
mod exports;
mod gateways;
mod id;
mod inputs;
mod line;
mod links;
mod names;
mod networks;
mod policies;
mod process;
#[cfg(test)]
mod tests;
mod vips;

pub use id::CheckId;
pub use line::{CheckLine, Verdict};

use crate::input::Problem;
use crate::inventory::ClusterFacts;
use crate::mesh::{Compiler, Health};
use dns_core::vip::Ledger;
use std::sync::Arc;

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct CheckInput<'a> {
    /// The objects and the tables made of them.
    pub compiler: &'a Compiler,
    /// Who holds which virtual address.
    pub ledger: &'a Ledger,
    /// What is wrong with the inputs, with the cluster of each that is of one.
    pub problems: &'a [(Option<Arc<str>>, Problem)],
    /// Clusters whose source is gone or held, with the reason.
    pub lost: &'a [(Arc<str>, String)],
    /// The health document; `None` without one: what needs it is not run.
    pub health: Option<&'a Health>,
    /// The process that serves this; `None` when files are looked at.
    pub process: Option<&'a ServingProcess>,
}

/// What a running process says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServingProcess {
    /// Why what it serves is not what its inputs say at this time; none is fresh.
    pub stale: Vec<String>,
    /// Why it does not answer from a whole table; none is fine.
    pub not_ready: Vec<String>,
    /// Why virtual addresses are not recorded; `None` is fine.
    pub journal: Option<String>,
}

/// What came of one check.
enum Outcome {
    /// There is nothing of its kind to check: no line, unless it is asked for.
    Absent(&'static str),
    /// It lacks what it needs.
    NotRun(&'static str),
    /// These lines; none that fails is a pass.
    Ran(Vec<CheckLine>),
}

/// Runs the checks of these ids, all if there are none, in the order of [`CheckId::ALL`].
///
/// Every check that ran has a line: those that fail, or one that passes. One that lacks what it
/// needs has a line that says so. One with nothing to check has a line only when it is asked for.
pub fn check(input: &CheckInput<'_>, ids: &[CheckId]) -> Vec<CheckLine> {
    let clusters = ClusterFacts::of_all(input.compiler);
    let wanted = CheckId::ALL
        .into_iter()
        .filter(|id| ids.is_empty() || ids.contains(id));
    wanted
        .flat_map(|id| match run(id, input, &clusters) {
            Outcome::Absent(_) if ids.is_empty() => Vec::new(),
            Outcome::Absent(reason) | Outcome::NotRun(reason) => {
                vec![CheckLine::not_run(id, reason)]
            }
            Outcome::Ran(lines) => with_pass(id, lines),
        })
        .collect()
}

fn with_pass(id: CheckId, mut lines: Vec<CheckLine>) -> Vec<CheckLine> {
    if lines.is_empty() {
        lines.push(CheckLine::passed(id));
    }
    lines.sort();
    lines.dedup();
    lines
}

fn run(id: CheckId, input: &CheckInput<'_>, clusters: &[ClusterFacts<'_>]) -> Outcome {
    match id {
        CheckId::InputsValid => inputs::valid(input),
        CheckId::TemplatesValid => names::templates(input, clusters),
        CheckId::NamesConflicts => names::conflicts(input),
        CheckId::NetworksLabelled => networks::labelled(clusters),
        CheckId::NetworksSingle => networks::single(clusters),
        CheckId::NetworksOverlap => networks::overlap(clusters),
        CheckId::GatewaysPresent => gateways::present(input),
        CheckId::GatewaysMeshPort => gateways::mesh_port(input),
        CheckId::GatewaysProbe => gateways::probe(input, clusters),
        CheckId::LinksValid => links::valid(input, clusters),
        CheckId::LinksCredentials => links::credentials(input, clusters),
        CheckId::ClustersReachable => clusters::reachable(input),
        CheckId::PermissionsListWatch => clusters::permissions(input),
        CheckId::IdentitySharedRoot => clusters::shared_root(input),
        CheckId::ExportsHaveEndpoints => exports::have_endpoints(clusters),
        CheckId::ExportsNamespace => exports::namespace(input, clusters),
        CheckId::MirrorsOrphaned => exports::orphaned_mirrors(clusters),
        CheckId::PoliciesPublish => policies::publish(input, clusters),
        CheckId::PoliciesChange => policies::change(clusters),
        CheckId::VipsPoolsOverlap => vips::pools_overlap(input, clusters),
        CheckId::VipsSharedPins => vips::shared_pins(clusters),
        CheckId::VipsExhausted => vips::exhausted(input),
        CheckId::AgentTableFresh => process::table_fresh(input),
        CheckId::AgentAnswers => process::answers(input),
        CheckId::AgentJournal => process::journal(input),
    }
}
