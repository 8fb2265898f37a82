//! The walk over the clusters of `examples/multicluster`: the script, run with the built binary,
//! and what each of its commands has printed.

use crate::callsign::binary;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

/// The script, from the folder of this crate.
const SCRIPT: &str = "../examples/multicluster/walk.sh";
/// Where the ports of a walk are, counted from its first: agents, then their admin servers.
const PORTS: [u16; 6] = [0, 1, 2, 10, 11, 12];
/// Walks that have ports of their own, by the id of the process that runs them; below the ports
/// that systems give away by themselves.
const RANGES: u16 = 400;
/// First port of all of them.
const FIRST_PORT: u16 = 20_000;
/// Ports that one of them takes up.
const RANGE: u16 = 20;

/// What a run of the script has printed.
#[derive(Debug)]
pub struct Walk {
    /// Its commands, in order.
    pub steps: Vec<Step>,
}

/// A command of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// As the script prints it.
    pub command: String,
    /// What it printed on standard output.
    pub output: String,
    /// Its exit code.
    pub code: i32,
}

impl Walk {
    /// Runs the script to its end.
    ///
    /// # Errors
    /// When the binary is not built, no ports are free, or the script fails: with all it said.
    pub fn run() -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
        let output = Command::new("sh")
            .arg(script)
            .env("CALLSIGN", binary()?)
            .env("WALK_PORT", free_range()?.to_string())
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot run the walk: {error}"))?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}\n{stdout}\n{stderr}", output.status));
        }
        Ok(Walk {
            steps: steps_of(&stdout),
        })
    }

    /// The steps after the one whose command has this in it.
    ///
    /// # Panics
    /// When there is none.
    pub fn after(&self, part: &str) -> &[Step] {
        let at = self
            .steps
            .iter()
            .position(|step| step.command.contains(part));
        let at = at.unwrap_or_else(|| panic!("no step with {part}: {self:#?}"));
        &self.steps[at + 1..]
    }
}

/// The first step whose command has this in it.
///
/// # Panics
/// When there is none.
pub fn step<'s>(steps: &'s [Step], part: &str) -> &'s Step {
    let found = steps.iter().find(|step| step.command.contains(part));
    found.unwrap_or_else(|| panic!("no step with {part}: {steps:#?}"))
}

/// The steps in a text of the form that the script prints: lines that begin with `$ ` are commands,
/// and `# ` begins a chapter.
pub fn steps_of(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                output: String::new(),
                code: 0,
            });
        } else if let Some(step) = steps.last_mut().filter(|_| !line.starts_with("# ")) {
            match line
                .strip_prefix("exit ")
                .and_then(|code| code.parse().ok())
            {
                Some(code) => step.code = code,
                None => step.output.extend([line, "\n"]),
            }
        }
    }
    steps
}

/// The first port of a range that nobody uses.
fn free_range() -> Result<u16, String> {
    let own = u16::try_from(std::process::id() % u32::from(RANGES)).unwrap_or(0);
    let ranges = (0..RANGES).map(|i| FIRST_PORT + (own + i) % RANGES * RANGE);
    let mut free = ranges.filter(|first| PORTS.iter().all(|port| is_free(first + port)));
    free.next().ok_or_else(|| "no free ports".to_owned())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_cut_into_commands() {
        let text = "\n# One.\n\n$ a b\nx\n\n# Two.\n\n$ c\nexit 1\n";
        let step = |command: &str, output: &str, code| Step {
            command: command.to_owned(),
            output: output.to_owned(),
            code,
        };
        assert_eq!(
            steps_of(text),
            [step("a b", "x\n\n\n", 0), step("c", "", 1)]
        );
    }
}
