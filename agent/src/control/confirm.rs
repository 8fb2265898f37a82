//! Letting through what is held.

use super::Control;
use super::rebuild::Scope;
use crate::generations::{Generation, GenerationId};
use crate::sources::Holds;
use std::fmt;
use std::time::Instant;

/// Why nothing was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotConfirmed {
    /// Nothing is held.
    NothingHeld,
    /// Something else is held: this.
    Other(GenerationId),
}

impl fmt::Display for NotConfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotConfirmed::NothingHeld => f.write_str("nothing is held"),
            NotConfirmed::Other(held) => write!(f, "what is held is {held}"),
        }
    }
}

impl std::error::Error for NotConfirmed {}

impl Control {
    /// Lets through what is held, if it is the generation that `word` means as
    /// [`Generations::find`](crate::generations::Generations::find) reads it: what somebody has
    /// looked at, and nothing that came since. It is served when this returns.
    ///
    /// # Errors
    /// Another generation is held, or none.
    pub fn confirm(&mut self, word: &str) -> Result<GenerationId, NotConfirmed> {
        self.refresh(Holds::Keep);
        let held = self.generations.held().map(|held| held.id);
        let held = held.ok_or(NotConfirmed::NothingHeld)?;
        let meant = self.generations.find(word);
        if meant.map(|Generation { id, .. }| id) != Some(held) {
            return Err(NotConfirmed::Other(held));
        }
        let began = Instant::now();
        tracing::info!(generation = %held, "what was held is confirmed");
        self.inputs.release(self.clock.elapsed());
        self.rebuild(Scope::Changed);
        self.publish(began);
        self.settle();
        Ok(held)
    }
}
