//! Runs of the built binary that end by themselves.

use crate::callsign::binary;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// How a command ended and what it printed.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `callsign` to its end. Its home is the folder of temporary files, so that what it says does
/// not depend on whose environment the tests run in.
///
/// # Errors
/// When it is not built or cannot be run.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Ended, String> {
    let output = Command::new(binary()?)
        .args(arguments)
        .env_remove("STATE_DIRECTORY")
        .env_remove("XDG_STATE_HOME")
        .env("HOME", std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run callsign: {error}"))?;
    Ok(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
