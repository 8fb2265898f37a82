//! Questions to the control task, from those who wait for an answer: the admin pages.
//!
//! ```text
//! page ── ask(|control| …) ──▶ bounded channel ──▶ control, between two looks at its inputs
//!   ▲                                                 │
//!   └────────────────── the answer ───────────────────┘
//! ```
//!
//! What changes with time only is in the published [`Status`](crate::status::Status) and needs no
//! question. The compiler and the ledger stay with the one task that may change them.

use crate::control::Control;
use std::fmt;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Most questions that wait. The admin server has
/// [`CONNECTIONS_MAX`](crate::admin::CONNECTIONS_MAX) connections; half of them may be waiting here.
const WAITING_MAX: usize = 16;
/// How long an answer may take, waiting included: several times what a full compilation takes, and
/// below [`CONNECTION_TIME`](crate::admin::CONNECTION_TIME), so that who asks hears of it.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// What a question does: it looks at the control task, or changes something, and sends the answer.
type Question = Box<dyn FnOnce(&mut Control) + Send>;

/// Where questions are asked. Clones ask the same task.
#[derive(Clone, Debug)]
pub struct Questions(mpsc::Sender<Question>);

/// Where the control task takes questions from.
pub struct Inbox(mpsc::Receiver<Question>);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Too many wait, or it takes too long. Whether the question is still answered is not known.
    Busy,
    /// The control task has ended.
    Ended,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoAnswer::Busy => "the process is busy with its inputs; try again",
            NoAnswer::Ended => "the process is going down",
        })
    }
}

impl std::error::Error for NoAnswer {}

/// Both ends of a channel of questions.
pub fn channel() -> (Questions, Inbox) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (Questions(sender), Inbox(receiver))
}

impl Questions {
    /// Has the control task run `answer`, and gives what it returns. The task answers nobody else
    /// and reads no input meanwhile, so `answer` should take no longer than a compilation.
    ///
    /// # Errors
    /// [`NoAnswer::Busy`] after ten seconds or when sixteen wait already, [`NoAnswer::Ended`].
    pub async fn ask<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&mut Control) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let (sender, receiver) = oneshot::channel();
        let question: Question = Box::new(move |control| {
            // Who has asked may have gone, and wants nothing changed any more.
            if !sender.is_closed() {
                let _ = sender.send(answer(control));
            }
        });
        self.0.try_send(question).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NoAnswer::Busy,
            mpsc::error::TrySendError::Closed(_) => NoAnswer::Ended,
        })?;
        match timeout(ANSWER_TIME, receiver).await {
            Ok(answered) => answered.map_err(|_| NoAnswer::Ended),
            Err(_) => Err(NoAnswer::Busy),
        }
    }
}

impl Inbox {
    /// The next question; never, when nobody can ask any more.
    pub(crate) async fn next(&mut self) -> Asked {
        match self.0.recv().await {
            Some(question) => Asked(question),
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inbox")
    }
}

/// A question that waits for its answer.
pub(crate) struct Asked(Question);

impl Asked {
    /// Answers it.
    pub(crate) fn answer(self, control: &mut Control) {
        (self.0)(control);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn questions_of_a_task_that_has_ended_have_no_answer() {
        let (questions, inbox) = channel();
        drop(inbox);
        assert_eq!(questions.ask(|_| ()).await, Err(NoAnswer::Ended));
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_questions_are_turned_away_and_the_others_wait_for_their_time() {
        let (questions, _inbox) = channel();
        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let questions = questions.clone();
                tokio::spawn(async move { questions.ask(|_| ()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(questions.ask(|_| ()).await, Err(NoAnswer::Busy));
        for one in waiting {
            assert_eq!(one.await.unwrap(), Err(NoAnswer::Busy));
        }
    }
}
