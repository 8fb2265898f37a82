//! A bounded run of our binary over loopback against the ceilings of the same run.
//!
//! `proxy [local] [cache] [miss]`; all without words. `proxy --echo ADDR` and `proxy
//! --echo-forward ADDR UPSTREAM` are what it starts as ceilings and as upstream.

use benches::ceiling;
use benches::forwarding::append_question;
use benches::load::{Load, Report, Until};
use benches::process::{self, LOAD_CORE, Process, SERVER_CORE};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Names of the table, and names asked for in turn.
const NAMES: u64 = 10_000;
/// Times that server and ceiling are measured in turn; the median counts.
const ROUNDS: usize = 5;
/// One measurement.
const ROUND: Until = Until {
    questions: 2_000_000,
    time: Duration::from_millis(1_500),
};
/// Once through all names, so that they are in the cache.
const WARM_UP: Until = Until {
    questions: NAMES + 1_000,
    time: Duration::from_secs(5),
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match &words[..] {
        ["--echo", address] => parse(address).and_then(ceiling::echo),
        ["--echo-forward", address, upstream] => {
            parse(address).and_then(|address| ceiling::echo_forward(address, parse(upstream)?))
        }
        modes => match process::on_load_core() {
            Ok(Some(code)) => return ExitCode::from(u8::try_from(code).unwrap_or(1)),
            Ok(None) => measure(modes),
            Err(error) => Err(error),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(address: &str) -> io::Result<SocketAddr> {
    address.parse().map_err(io::Error::other)
}

/// What our binary is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// To answer from the table.
    Local,
    /// To answer what it has forwarded before.
    Cache,
    /// To forward.
    Miss,
}

impl Mode {
    const ALL: [Mode; 3] = [Mode::Local, Mode::Cache, Mode::Miss];

    fn label(self) -> &'static str {
        match self {
            Mode::Local => "local",
            Mode::Cache => "cache",
            Mode::Miss => "miss",
        }
    }

    /// Appends a question: of a name of the table, or of one that was never asked for.
    fn question(self, number: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\0\0\x01\0\0\x01\0\0\0\0\0\0");
        match self {
            // A stride that visits all names in an order that caches cannot guess.
            Mode::Local | Mode::Cache => append_question(number * 7_919 % NAMES, out),
            Mode::Miss => append_question(NAMES + number, out),
        }
    }

    fn arguments(self, hosts: &Path, upstream: SocketAddr) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["agent", "--listen", "{addr}", "--workers", "1"]
            .map(OsString::from)
            .to_vec();
        let mut add = |flag: &str, value: OsString| words.extend([flag.into(), value]);
        add("--state-dir", "none".into());
        match self {
            Mode::Local => {
                add("--hosts", hosts.into());
                add("--upstream", "none".into());
            }
            Mode::Cache | Mode::Miss => add("--upstream", upstream.to_string().into()),
        }
        if self == Mode::Miss {
            words.push("--no-cache".into());
        }
        words
    }
}

fn measure(words: &[&str]) -> io::Result<()> {
    if let Some(word) = words
        .iter()
        .find(|word| Mode::ALL.iter().all(|mode| mode.label() != **word))
    {
        return Err(io::Error::other(format!("no mode is called {word}")));
    }
    if !process::can_pin() {
        println!("one core, or no taskset: server and load share, read the ratios with care");
    }
    let callsign = process::callsign()?;
    let own = std::env::current_exe()?;
    let folder = tempfile::tempdir()?;
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, hosts_text())?;
    let probe = probe();
    let echo = |core| {
        let words: [OsString; 2] = ["--echo".into(), "{addr}".into()];
        Process::start(&own, &words, core, &probe)
    };
    let upstream = echo(LOAD_CORE)?;
    let echo = echo(SERVER_CORE)?;
    let words_of_forward = ["--echo-forward", "{addr}", &upstream.address.to_string()];
    let forward = Process::start(
        &own,
        &words_of_forward.map(OsString::from),
        SERVER_CORE,
        &probe,
    )?;
    println!(
        "{:<6} {:>10} {:>10} {:>6}  {:>7}",
        "mode", "us/query", "ceiling", "ratio", "answered"
    );
    for mode in Mode::ALL {
        if !words.is_empty() && !words.contains(&mode.label()) {
            continue;
        }
        let arguments = mode.arguments(&hosts, upstream.address);
        let server = Process::start(&callsign, &arguments, SERVER_CORE, &probe)?;
        let ceiling = if mode == Mode::Miss { &forward } else { &echo };
        compare(mode, &server, ceiling)?;
    }
    Ok(())
}

/// Measures both in turn and prints the medians.
fn compare(mode: Mode, server: &Process, ceiling: &Process) -> io::Result<()> {
    let mut number = 0;
    let mut question = |out: &mut Vec<u8>| {
        number += 1;
        mode.question(number, out);
    };
    let mut loads = [Load::new(server.address)?, Load::new(ceiling.address)?];
    for load in &mut loads {
        load.run(WARM_UP, &mut question)?;
    }
    let mut costs: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let mut total = Report::default();
    for _ in 0..ROUNDS {
        for (at, process) in [server, ceiling].into_iter().enumerate() {
            let before = process.cpu_ns()?;
            let report = loads[at].run(ROUND, &mut question)?;
            let spent = (process.cpu_ns()? - before) as f64;
            costs[at].push(spent / 1_000.0 / (report.good + report.other).max(1) as f64);
            if at == 0 {
                total.sent += report.sent;
                total.good += report.good;
            }
        }
    }
    let [ours, theirs] = costs.map(median);
    println!(
        "{:<6} {ours:>10.2} {theirs:>10.2} {:>6.2}  {:>7.4}",
        mode.label(),
        ours / theirs,
        total.good as f64 / total.sent.max(1) as f64
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The names of [`append_question`] as a hosts file.
fn hosts_text() -> String {
    let mut text = String::new();
    for number in 0..NAMES {
        let (high, low) = (number / 250, number % 250 + 1);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "10.1.{high}.{low} u{number:012x}.www.bench.test");
    }
    text
}

fn probe() -> Vec<u8> {
    let mut message = Vec::new();
    Mode::Local.question(1, &mut message);
    message
}
