//! Every target against its corpus and seeded mutations of it. A finding prints the seed, the
//! number of the mutation and the input, and fails.
//!
//! `CALLSIGN_FUZZ_SEED` and `CALLSIGN_FUZZ_MUTATIONS` change what is run.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use fuzz::mutator::Mutator;
use fuzz::{Target, seeds, target};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

/// Mutations of each target in an ordinary run.
const MUTATIONS: u64 = 1_000_000;
/// Seed of an ordinary run.
const SEED: u64 = 0x0dd5_eed5;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name)
}

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(folder(name)).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let octets = std::fs::read(&path).unwrap();
        (path, octets)
    };
    paths.into_iter().map(read).collect()
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn run(target: Target, input: &[u8], what: &str) {
    let run = AssertUnwindSafe(|| (target.run)(input));
    if let Err(cause) = panic::catch_unwind(run) {
        let hex: String = input.iter().map(|octet| format!("{octet:02x}")).collect();
        eprintln!("{} breaks on {what}: {hex}", target.name);
        panic::resume_unwind(cause);
    }
}

fn replay(name: &str) {
    let target = target(name).unwrap();
    for (path, octets) in corpus(name) {
        run(target, &octets, &path.display().to_string());
    }
}

fn mutate(name: &str) {
    let target = target(name).unwrap();
    let corpus: Vec<_> = corpus(name).into_iter().map(|(_, octets)| octets).collect();
    let seed = number("CALLSIGN_FUZZ_SEED", SEED);
    let mutations = number("CALLSIGN_FUZZ_MUTATIONS", MUTATIONS);
    println!("{name}: {mutations} mutations, CALLSIGN_FUZZ_SEED={seed}");
    let mut mutator = Mutator::new(seed);
    let mut input = Vec::new();
    for i in 0..mutations {
        mutator.next(&corpus, &mut input);
        run(target, &input, &format!("mutation {i} of seed {seed}"));
    }
}

macro_rules! targets {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn holds_for_the_corpus() {
                super::replay(stringify!($name));
            }

            #[test]
            fn holds_for_seeded_mutations() {
                super::mutate(stringify!($name));
            }
        }
    )*};
}

targets!(query reply frames differential names);

#[test]
fn every_target_is_run_here() {
    let named = ["query", "reply", "frames", "differential", "names"];
    assert_eq!(fuzz::TARGETS.map(|target| target.name), named);
}

#[test]
fn the_corpus_has_the_seeds() {
    for target in fuzz::TARGETS {
        for (name, octets) in seeds::of(target.name) {
            let path = folder(target.name).join(name);
            let kept = std::fs::read(&path).unwrap_or_default();
            assert_eq!(kept, octets, "{}: run the example `seeds`", path.display());
        }
    }
}
