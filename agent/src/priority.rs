//! Which threads go first.

use std::io;

/// Niceness of the control thread while it serves. Reading a million names keeps a core busy for
/// some hundred milliseconds; where cores are few, a worker that has a question goes first.
const CONTROL_NICENESS: i32 = 10;

/// Lets all other threads go before the one that calls it, and before those it starts.
///
/// # Errors
/// When the process was started with a higher niceness, which it may not lower.
pub(crate) fn yield_to_workers() -> io::Result<()> {
    // In Linux niceness is a thread's, against POSIX (sched(7)).
    Ok(rustix::process::setpriority_process(
        None,
        CONTROL_NICENESS,
    )?)
}
