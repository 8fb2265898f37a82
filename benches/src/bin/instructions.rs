//! Counts the instructions of the engine's operations and fails when one is over its bound.
//!
//! `instructions` counts all; `instructions NAME...` those; `instructions --run NAME TIMES` is
//! what it has valgrind run: an operation that many times. The cost of getting ready is taken off
//! by counting two runs of different length.

use benches::instructions::{BOUNDS, Bound};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &words[..] {
        ["--run", name, times] => run(name, times),
        names => gate(names),
    }
}

fn run(name: &str, times: &str) -> ExitCode {
    let (Some(bound), Ok(times)) = (Bound::named(name), times.parse()) else {
        eprintln!("no operation {name}, or no number {times}");
        return ExitCode::from(2);
    };
    bound.run(times);
    ExitCode::SUCCESS
}

fn gate(names: &[&str]) -> ExitCode {
    let mut is_within = true;
    println!("{:<18} {:>12} {:>8}", "operation", "instructions", "bound");
    for bound in BOUNDS {
        if !names.is_empty() && !names.contains(&bound.name) {
            continue;
        }
        match count(&bound) {
            Ok(counted) => {
                let verdict = if counted <= bound.instructions {
                    ""
                } else {
                    "OVER"
                };
                is_within &= counted <= bound.instructions;
                println!(
                    "{:<18} {counted:>12} {:>8} {verdict}",
                    bound.name, bound.instructions
                );
            }
            Err(error) => {
                eprintln!("{}: {error}", bound.name);
                return ExitCode::FAILURE;
            }
        }
    }
    if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Instructions of one run of an operation.
fn count(bound: &Bound) -> Result<u64, String> {
    let short = bound.times / 10;
    let first = counted_run(bound.name, short)?;
    let second = counted_run(bound.name, short + bound.times)?;
    Ok(second.saturating_sub(first) / u64::from(bound.times))
}

/// Instructions of a process that runs an operation that many times.
fn counted_run(name: &str, times: u32) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        .arg(own)
        .args(["--run", name, &times.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(said.into_owned());
    }
    references(&said).ok_or_else(|| format!("no count in: {said}"))
}

/// The number in the line `I refs: 1,234,567`.
fn references(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.windows(2).any(|pair| pair == ["I", "refs:"])
    })?;
    let (_, number) = line.rsplit_once(':')?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}
