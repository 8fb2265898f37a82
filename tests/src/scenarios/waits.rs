//! What is not tried yet, and the part of the product it waits for. Decided by what a step uses.

use super::document::{Level, Scenario, Step};
use super::given::Given;

/// Parts that are still to come.
mod part {
    pub(super) const ROLLOUTS: &str = "staged rollouts of tables";
    pub(super) const CENTRAL: &str = "a compiler apart from the agents";
    pub(super) const AGENTS: &str = "the state of all agents of a mesh in one place";
    pub(super) const CLUSTERS: &str = "the list of clusters with their state";
    pub(super) const GATEWAYS: &str = "the list of gateways with their state";
    pub(super) const PICKS: &str = "picks of endpoints";
    pub(super) const CONSUMERS: &str = "counts of who asks for a name";
    pub(super) const METRICS: &str = "metrics of gateways";
}

/// Commands that are not there yet.
const COMMANDS: [(&str, &str); 7] = [
    ("status", part::AGENTS),
    ("clusters", part::CLUSTERS),
    ("gateways", part::GATEWAYS),
    ("pick", part::PICKS),
    ("rollout", part::ROLLOUTS),
    ("consumers", part::CONSUMERS),
    ("unused", part::CONSUMERS),
];

/// Why none of a scenario is tried.
pub(super) fn of_scenario(scenario: &Scenario) -> Option<&'static str> {
    let tried = [Level::Compiler, Level::Core, Level::Cli];
    if !tried.iter().any(|level| scenario.has_level(*level)) {
        return Some(part::AGENTS);
    }
    of_given(&scenario.given)
}

fn of_given(given: &Given) -> Option<&'static str> {
    let is_down = |state: &Option<String>| state.as_deref().is_some_and(|state| state != "up");
    let has_lost_compiler = given
        .clusters
        .iter()
        .any(|cluster| is_down(&cluster.compiler));
    if given.topology.is_some() || has_lost_compiler {
        return Some(part::CENTRAL);
    }
    let is_rolled_out = given.rollout.is_some()
        || given.generations.is_some()
        || given.current_generation.is_some();
    is_rolled_out.then_some(part::ROLLOUTS)
}

/// Why a step and all after it are not tried: it changes what there is not.
pub(super) fn of_change(step: &Step) -> Option<&'static str> {
    let change = step.change.as_ref()?;
    if change.compiler.is_some() {
        return Some(part::CENTRAL);
    }
    let is_rollout = change.rollout_approve.is_some() || change.agent_nack.is_some();
    is_rollout.then_some(part::ROLLOUTS)
}

/// Why what a step asks is not tried; what it changes is changed.
pub(super) fn of_query(step: &Step) -> Option<&'static str> {
    let query = step.query.as_ref()?;
    if query.pick.is_some() {
        return Some(part::PICKS);
    }
    if query.metric.is_some() {
        return Some(part::METRICS);
    }
    if query
        .invariant
        .as_deref()
        .is_some_and(|text| text.starts_with("agents "))
    {
        return Some(part::ROLLOUTS);
    }
    let command = query.command.as_ref()?;
    if command.iter().any(|word| word == "--from-agent") {
        return Some(part::AGENTS);
    }
    let name = command.get(1)?;
    let known = COMMANDS.iter().find(|(known, _)| known == name);
    known.map(|(_, part)| *part)
}
