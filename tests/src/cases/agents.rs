//! Running processes, one for all cases that start from the same state, and the asking of them.

use super::expectation::{Expectation, Seen};
use crate::callsign::{Callsign, Launch};
use crate::client::{Question, REPLY_MAX, Reply, SILENCE, exchange};
use crate::script::Script;
use crate::upstream::Upstream;
use dns_core::Transport;
use serde::Deserialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Instant;

/// Tries of a case that bounds the time of its answer: a machine that is busy elsewhere may be
/// late once.
const TIMED_TRIES: u8 = 3;

/// Whoever can be asked.
pub(super) trait Asked {
    /// Sends the question and reports what came back. `silence`: no reply is expected.
    fn ask(
        &mut self,
        question: &Question,
        transport: Transport,
        silence: bool,
    ) -> Result<Seen, String>;
}

/// A process and the servers it forwards to.
pub(super) struct Agent {
    callsign: Callsign,
    upstreams: Vec<Upstream>,
}

impl Agent {
    /// Starts the servers, then the process with their addresses.
    pub(super) fn start(launch: &Launch, scripts: Vec<Script>) -> Result<Self, String> {
        let upstreams: Vec<_> = scripts
            .into_iter()
            .map(Upstream::start)
            .collect::<Result<_, _>>()?;
        let mut launch = launch.clone();
        for upstream in &upstreams {
            launch = launch.flag("--upstream", upstream.address().to_string());
        }
        Ok(Agent {
            callsign: launch.start()?,
            upstreams,
        })
    }
}

impl Asked for Agent {
    fn ask(
        &mut self,
        question: &Question,
        transport: Transport,
        silence: bool,
    ) -> Result<Seen, String> {
        let asked = |upstreams: &[Upstream]| -> usize {
            upstreams
                .iter()
                .map(|upstream| upstream.asked(&question.name, question.rtype))
                .sum()
        };
        let before = asked(&self.upstreams);
        let time = if silence { SILENCE } else { REPLY_MAX };
        let start = Instant::now();
        let bytes = exchange(
            self.callsign.address(),
            transport,
            &question.to_bytes()?,
            time,
        )
        .map_err(|error| format!("{error}\n{}", self.callsign.said()))?;
        let reply = bytes
            .map(|bytes| Reply::parse(bytes, start.elapsed()))
            .transpose()?;
        Ok(Seen {
            reply,
            upstream_asked: asked(&self.upstreams) > before,
        })
    }
}

/// The processes of one file of cases, by the state they were started from. A start that failed is
/// remembered, so that its cases fail at once.
#[derive(Default)]
pub(super) struct Agents {
    running: HashMap<String, Result<Agent, String>>,
}

impl Agents {
    /// The process of that state, started by `start` if there is none.
    pub(super) fn of(
        &mut self,
        state: String,
        start: impl FnOnce() -> Result<Agent, String>,
    ) -> Result<&mut Agent, String> {
        let agent = match self.running.entry(state) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(start()),
        };
        agent.as_mut().map_err(|error| error.clone())
    }
}

/// `proto` of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Proto {
    Udp,
    Tcp,
}

impl From<Proto> for Transport {
    fn from(proto: Proto) -> Self {
        match proto {
            Proto::Udp => Transport::Udp,
            Proto::Tcp => Transport::Tcp,
        }
    }
}

/// `query` of a case of the Istio format.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueryText {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) rtype: String,
    pub(super) proto: Vec<Proto>,
    pub(super) edns_udp_size: Option<u16>,
}

impl QueryText {
    /// The question it asks.
    pub(super) fn question(&self) -> Result<Question, String> {
        let question = Question::new(&self.name, &self.rtype)?;
        Ok(Question {
            edns_udp_size: self.edns_udp_size,
            ..question
        })
    }

    /// Transports it is asked over.
    pub(super) fn transports(&self) -> Vec<Transport> {
        self.proto.iter().copied().map(Transport::from).collect()
    }
}

/// Asks over each transport and gives what differs from the expectation.
pub(super) fn check(
    asked: &mut dyn Asked,
    question: &Question,
    transports: &[Transport],
    expectation: &Expectation,
) -> Result<(), String> {
    for &transport in transports {
        let mut found = differences(asked, question, transport, expectation)?;
        for _ in 1..TIMED_TRIES {
            if expectation.elapsed_ms.is_some() && !found.is_empty() {
                found = differences(asked, question, transport, expectation)?;
            }
        }
        if !found.is_empty() {
            let (name, rtype, over) = (&question.name, question.rtype, transport.label());
            return Err(format!("{name} {rtype} over {over}: {}", found.join("; ")));
        }
    }
    Ok(())
}

fn differences(
    asked: &mut dyn Asked,
    question: &Question,
    transport: Transport,
    expectation: &Expectation,
) -> Result<Vec<String>, String> {
    let seen = asked.ask(question, transport, expectation.silence)?;
    Ok(expectation.differences(question, &seen))
}
