//! One scenario, step by step.

use super::bindings::{Bindings, Family};
use super::change::Change;
use super::document::{Level, Scenario, Step};
use super::lab::{Lab, mode_of};
use super::live::{Live, SETTLE_MAX};
use super::place::{Asker, Mode, Place};
use super::report::StepVerdict;
use super::settings::Blocks;
use super::waits;
use super::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Commands that look at what an agent has written down.
const STATEFUL: [&str; 4] = ["vips", "diff", "snapshot", "confirm"];
/// Of a step that is repeated the binary is asked every so many times, and the first and last.
const BINARY_EVERY: usize = 100;

/// One scenario in work.
pub(super) struct Session {
    pub(super) world: World,
    pub(super) lab: Lab,
    pub(super) live: Live,
    pub(super) bindings: Bindings,
    /// What was bound to names.
    pub(super) kept: BTreeMap<String, Value>,
    /// SERVFAILs so far.
    pub(super) servfails: usize,
    pub(super) mode: Mode,
    /// When the mesh was changed last, for the processes.
    changed: Option<Instant>,
    /// Whether processes are asked: not about what only the runner's clock can bring about, nor
    /// in scenarios about the compiler alone.
    pub(super) are_processes_asked: bool,
    /// Tables before the change of the step, by where they were seen.
    pub(super) tables_before: BTreeMap<Where, Value>,
}

/// Where a step is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Where {
    Lab,
    Live,
}

/// What a step found: what differs from what was expected.
pub(super) type Found = Result<Vec<String>, String>;

/// Runs a scenario to its end or its first failure.
pub(super) fn run(scenario: &Scenario) -> Result<Vec<StepVerdict>, String> {
    let steps = scenario.steps();
    let mut session = Session::begin(scenario, &steps)?;
    let mut verdicts = Vec::new();
    let mut waits_for = None;
    for step in &steps {
        if step.query.is_none() && step.change.is_none() {
            continue;
        }
        waits_for = waits_for.or_else(|| waits::of_change(step));
        let verdict = match waits_for {
            Some(part) => StepVerdict::Waits(part),
            None => session.run_step(step),
        };
        let is_failure = matches!(verdict, StepVerdict::Failed(_));
        verdicts.push(verdict);
        if is_failure {
            return Ok(verdicts);
        }
    }
    let has_held = verdicts.contains(&StepVerdict::Held);
    if let Some(error) = has_held
        .then(|| session.check_file_order())
        .and_then(Result::err)
    {
        verdicts.push(StepVerdict::Failed(format!("at the end: {error}")));
    }
    Ok(verdicts)
}

impl Session {
    fn begin(scenario: &Scenario, steps: &[Step]) -> Result<Self, String> {
        let blocks = Blocks::of(scenario.given.pools.as_ref())?;
        let mut world = World::new(scenario.given.clone())?;
        let mode = mode_of(&world);
        let askers = askers(&world, mode, steps);
        let mut lab = Lab::new(&world, &blocks)?;
        lab.settle(&mut world)?;
        let mut live = Live::new(&mut world, &blocks, askers)?;
        let processes = [Level::Core, Level::Cli, Level::E2e, Level::Agent];
        let are_processes_asked = processes.iter().any(|level| scenario.has_level(*level));
        let command = |step: &Step| step.query.as_ref().and_then(|query| query.command.clone());
        let is_stateful = |command: Vec<String>| {
            command
                .get(1)
                .is_some_and(|name| STATEFUL.contains(&name.as_str()))
        };
        if are_processes_asked && steps.iter().filter_map(command).any(is_stateful) {
            live.agent(&default_cluster(&world), mode)?;
        }
        Ok(Session {
            lab,
            live,
            bindings: Bindings::new(blocks),
            kept: BTreeMap::new(),
            servfails: 0,
            changed: None,
            mode,
            are_processes_asked,
            tables_before: BTreeMap::new(),
            world,
        })
    }

    fn run_step(&mut self, step: &Step) -> StepVerdict {
        let before = self.world.clone();
        let times = step.repeat.unwrap_or(1);
        let mut verdict = StepVerdict::Held;
        for time in 0..times {
            let is_binary_asked = time == 0 || time + 1 == times || time % BINARY_EVERY == 0;
            verdict = self.run_once(step, is_binary_asked);
            if verdict != StepVerdict::Held {
                break;
            }
        }
        if step.reset {
            self.world = before;
            if let Err(error) = self.take_effect(true) {
                return StepVerdict::Failed(format!("reset: {error}"));
            }
        }
        verdict
    }

    fn run_once(&mut self, step: &Step, is_binary_asked: bool) -> StepVerdict {
        let part = waits::of_query(step);
        if part.is_none() {
            self.tables_before = self.tables_of(step);
        }
        if let Some(change) = &step.change
            && let Err(error) = self.change(change, is_binary_asked)
        {
            return StepVerdict::Failed(error);
        }
        if let Some(part) = part {
            return StepVerdict::Waits(part);
        }
        match self.try_step(step, is_binary_asked) {
            Ok(found) if found.is_empty() => StepVerdict::Held,
            Ok(found) => StepVerdict::Failed(found.join("; ")),
            Err(error) => StepVerdict::Failed(error),
        }
    }

    fn change(&mut self, change: &Change, is_binary_asked: bool) -> Result<(), String> {
        self.world.apply(change)?;
        if let Some(seconds) = change.clock_advance_s {
            self.lab.now_ms += seconds * 1000;
            self.are_processes_asked = false;
        }
        for asked in change.queries.iter().flatten() {
            self.ask_often(asked)?;
        }
        if let Some(restart) = &change.restart {
            let keeps_state = restart.keep_state.unwrap_or(true);
            // A mesh's files are there before its processes start again.
            self.live.write(&mut self.world)?;
            for cluster in restart.compiler.iter().chain(&restart.agents) {
                self.world.check_cluster(cluster)?;
                self.live.restart(cluster, keeps_state);
            }
            if restart.compiler.is_some() {
                self.lab.restart(&self.world, keeps_state)?;
            }
        }
        self.take_effect(is_binary_asked)
    }

    /// Lets the world as it is meant to be come about.
    fn take_effect(&mut self, is_binary_asked: bool) -> Result<(), String> {
        self.lab.settle(&mut self.world)?;
        if is_binary_asked {
            self.lab.check_arrangement(&self.world)?;
            self.live.write(&mut self.world)?;
            self.changed = Some(Instant::now());
        }
        Ok(())
    }

    /// Tries a step wherever it can be.
    fn try_step(&mut self, step: &Step, is_binary_asked: bool) -> Found {
        let (Some(query), Some(expect)) = (&step.query, &step.expect) else {
            return Ok(Vec::new());
        };
        expect.check_fits(query)?;
        if let Some(cluster) = query.from.as_ref().and_then(|from| from.cluster.as_ref()) {
            self.world.check_cluster(cluster)?;
        }
        let is_changed = step.change.is_some();
        let of_place = query.qname.is_some() || query.table.is_some();
        if of_place {
            let found = self.attempt(|session| session.look(Where::Lab, query, expect))?;
            if !found.is_empty() {
                return Ok(marked(self.lab.label(), found));
            }
            if !self.are_processes_asked {
                return Ok(Vec::new());
            }
            let found = self.wait_for(is_changed, expect.within_ms, |session| {
                session.look(Where::Live, query, expect)
            })?;
            return Ok(marked(self.live.label(), found));
        }
        if query.command.is_some() && !is_binary_asked {
            return self.look_at_ledger(expect);
        }
        self.wait_for(
            is_changed && self.are_processes_asked,
            expect.within_ms,
            |session| session.look_otherwise(query, expect),
        )
    }

    /// Tries until it holds: as long as the step says, otherwise until the last change must have
    /// settled.
    fn wait_for(
        &mut self,
        is_changed: bool,
        within_ms: Option<u64>,
        mut look: impl FnMut(&mut Self) -> Found,
    ) -> Found {
        let changed = self.changed.filter(|_| self.are_processes_asked);
        let time = within_ms.map_or(SETTLE_MAX, Duration::from_millis);
        let end = changed.map(|changed| changed + time);
        if is_changed && changed.is_some() && within_ms.is_none() {
            self.live.notice();
        }
        loop {
            let is_last = end.is_none_or(|end| Instant::now() >= end);
            let found = self.attempt(&mut look);
            match &found {
                Ok(differences) if differences.is_empty() => return found,
                _ if is_last => return found,
                _ => self.live.pause(),
            }
        }
    }

    /// Tries once; what does not hold binds nothing.
    fn attempt(&mut self, mut look: impl FnMut(&mut Self) -> Found) -> Found {
        let bindings = self.bindings.clone();
        let found = look(self);
        if !matches!(&found, Ok(found) if found.is_empty()) {
            self.bindings = bindings;
        }
        found
    }

    /// The place to ask.
    pub(super) fn place(&mut self, place: Where) -> &mut dyn Place {
        match place {
            Where::Lab => &mut self.lab,
            Where::Live => &mut self.live,
        }
    }

    /// The client that a query is asked by.
    pub(super) fn asker(&self, query: &super::query::Query) -> Asker {
        let first = self.world.first_cluster();
        Asker::of(query.from.as_ref(), query.client, self.mode, &first)
    }
}

fn marked(label: &str, found: Vec<String>) -> Vec<String> {
    found
        .into_iter()
        .map(|what| format!("{label}: {what}"))
        .collect()
}

/// The cluster that commands speak of which name none: where the first link is, else the first.
pub(super) fn default_cluster(world: &World) -> String {
    let link = world.given.links.first();
    link.map_or_else(|| world.first_cluster(), |link| link.cluster.clone())
}

/// All clients of a scenario, and one of the default namespace for every cluster.
fn askers(world: &World, mode: Mode, steps: &[Step]) -> Vec<Asker> {
    let mut askers = BTreeSet::new();
    let first = world.first_cluster();
    for step in steps {
        if let Some(query) = &step.query {
            askers.insert(Asker::of(query.from.as_ref(), query.client, mode, &first));
        }
        for asked in step
            .change
            .iter()
            .flat_map(|change| change.queries.iter().flatten())
        {
            askers.insert(Asker::of(Some(&asked.from), None, mode, &first));
        }
    }
    let mut ordered: Vec<Asker> = Vec::new();
    for cluster in &world.given.clusters {
        let from = super::query::From {
            cluster: Some(cluster.id.clone()),
            namespace: Some("default".to_owned()),
            ..super::query::From::default()
        };
        ordered.push(Asker::of(Some(&from), None, mode, &first));
    }
    ordered.extend(
        askers
            .into_iter()
            .filter(|asker| !ordered.contains(asker))
            .collect::<Vec<_>>(),
    );
    ordered
}

/// The type of question for addresses of a family.
pub(super) fn address_type(family: Family) -> &'static str {
    match family {
        Family::V4 => "A",
        Family::V6 => "AAAA",
    }
}
