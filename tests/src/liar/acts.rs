//! What a lying server does with a query.

use crate::lies::Draft;
use dns_core::Transport;
use std::collections::HashMap;

/// A query as the server sees it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'q> {
    /// Its octets.
    pub query: &'q [u8],
    /// How it came.
    pub transport: Transport,
    /// How often the name was asked for before, over the same transport.
    pub before: usize,
}

/// What the server does with a query, one step after the other; no step is silence.
pub type Act = Box<dyn Fn(&Asked<'_>) -> Vec<Step> + Send + Sync>;

/// One thing that the server does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends a message.
    Say(Vec<u8>),
    /// Sends a datagram from a port that was not asked.
    SayElsewhere(Vec<u8>),
    /// Sends octets as they are: over TCP without a length in front.
    Raw(Vec<u8>),
    /// Sends a message when the test says so, by [`Liar::release`](super::Liar::release).
    Hold(Vec<u8>),
    /// Closes the connection.
    Close,
}

/// Acts by name.
#[derive(Default)]
pub struct Acts {
    by_name: HashMap<String, Act>,
    otherwise: Option<Act>,
}

impl Acts {
    /// With an act for a name, which is in lower case and has no final dot.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        act: impl Fn(&Asked<'_>) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        self.by_name.insert(name.into(), Box::new(act));
        self
    }

    /// With an act for all other names, which is the truth if none is given.
    #[must_use]
    pub fn otherwise(
        mut self,
        act: impl Fn(&Asked<'_>) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        self.otherwise = Some(Box::new(act));
        self
    }

    pub(super) fn play(&self, name: &str, asked: &Asked<'_>) -> Vec<Step> {
        match self.by_name.get(name).or(self.otherwise.as_ref()) {
            Some(act) => act(asked),
            None => truth(asked),
        }
    }
}

/// The true answer.
pub fn truth(asked: &Asked<'_>) -> Vec<Step> {
    vec![Step::Say(Draft::truth(asked.query).octets())]
}

/// Nothing.
pub fn silence(_: &Asked<'_>) -> Vec<Step> {
    Vec::new()
}
