//! What signals ask of the process.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that the process heeds: SIGHUP, SIGTERM and SIGINT.
pub(crate) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

/// What a signal asks for.
pub(crate) enum Wish {
    /// Read everything again.
    Reload,
    /// Finish what is in flight and exit.
    End,
}

impl Signals {
    /// Heeds them from here on, in place of their default actions.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Signals {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// What the next signal asks for.
    pub(crate) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.hangup.recv() => Wish::Reload,
            _ = self.terminate.recv() => Wish::End,
            _ = self.interrupt.recv() => Wish::End,
        }
    }

    /// Waits for a signal that asks for the end.
    pub(crate) async fn end(&mut self) {
        while matches!(self.next().await, Wish::Reload) {}
    }
}
