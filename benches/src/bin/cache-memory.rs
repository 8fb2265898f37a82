//! Ten million distinct names through the cache of our binary: its memory must stay within what
//! it had before, and 1.15 times what the cache may take.
//!
//! `cache-memory [NAMES]`. `cache-memory --echo ADDR` is what it starts as upstream.

use benches::ceiling;
use benches::forwarding::append_question;
use benches::load::{Load, Report, Until};
use benches::process::{self, LOAD_CORE, Process, Resident, SERVER_CORE};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

/// Distinct names without another word.
const NAMES: u64 = 10_000_000;
/// Octets that the cache may take.
const CACHE_OCTETS: u64 = 32 * 1024 * 1024;
/// Percent of that by which the process may grow: allocators round up.
const GROWTH_MAX_PERCENT: u64 = 115;
/// Names asked for before memory is read for the first time, so that every buffer is there. Their
/// entries are the cache's and are not taken off: they are under a tenth of a percent of it.
const WARM_UP_NAMES: u64 = 100;
/// Longest time for all names.
const TIME_MAX: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match &words[..] {
        ["--echo", address] => address
            .parse()
            .map_err(io::Error::other)
            .and_then(ceiling::echo)
            .map(|()| true),
        [] => measure(NAMES),
        [names] => names.parse().map_err(io::Error::other).and_then(measure),
        _ => Err(io::Error::other("usage: cache-memory [NAMES]")),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether memory stayed within its bound and all names were answered.
fn measure(names: u64) -> io::Result<bool> {
    let mut probe = Vec::new();
    question(0, &mut probe);
    let own = std::env::current_exe()?;
    let words = ["--echo", "{addr}"].map(OsString::from);
    let upstream = Process::start(&own, &words, LOAD_CORE, &probe)?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("callsign.yaml");
    std::fs::write(&config, format!("cache:\n  octets: {CACHE_OCTETS}\n"))?;
    let mut words = [
        "agent",
        "--listen",
        "{addr}",
        "--workers",
        "1",
        "--state-dir",
        "none",
    ]
    .map(OsString::from)
    .to_vec();
    words.extend(["--upstream".into(), upstream.address.to_string().into()]);
    words.extend(["--config".into(), config.into()]);
    let server = Process::start(&process::callsign()?, &words, SERVER_CORE, &probe)?;
    let mut load = Load::new(server.address)?;
    let mut number = 0;
    let mut next = |out: &mut Vec<u8>| {
        number += 1;
        question(number, out);
    };
    let until = |questions| Until {
        questions,
        time: TIME_MAX,
    };
    load.run(until(WARM_UP_NAMES), &mut next)?;
    let before = server.resident()?;
    let report = load.run(until(names), &mut next)?;
    let after = server.resident()?;
    Ok(judge(names, report, before, after))
}

fn question(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\0\0\x01\0\0\x01\0\0\0\0\0\0");
    append_question(number, out);
}

fn judge(names: u64, report: Report, before: Resident, after: Resident) -> bool {
    const MIB: f64 = 1_048_576.0;
    let growth = after.peak.saturating_sub(before.now);
    let bound = CACHE_OCTETS * GROWTH_MAX_PERCENT / 100;
    println!(
        "{} names, {} answered, {} lost",
        report.sent, report.good, report.lost
    );
    println!(
        "resident {:.1} MiB before, {:.1} after, {:.1} at most; grown by {:.1} of {:.1} MiB",
        before.now as f64 / MIB,
        after.now as f64 / MIB,
        after.peak as f64 / MIB,
        growth as f64 / MIB,
        bound as f64 / MIB
    );
    if report.sent < names {
        println!("only {} of {names} names in {TIME_MAX:?}", report.sent);
    }
    // Losses of a full socket buffer are no matter here, as long as the cache was filled.
    let is_filled = report.sent == names && report.good * 100 >= names * 99;
    is_filled && growth <= bound
}
