//! Fuzz targets: functions that take any octets and panic when a rule is broken.
//!
//! ```text
//! corpus/<target>/ ──▶ Mutator ──▶ target(octets) ──▶ rules that hold for every input
//!                       libFuzzer ──▲
//! ```
//!
//! An input makes its own state, so what was run before never matters and a finding is one file.
//! `tests/` replays the corpus and seeded mutations of it on stable; `libfuzzer/` is the glue for
//! `cargo fuzz`.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a target tells a broken rule by panicking"
)]

mod differential;
mod frames;
pub mod message;
pub mod mutator;
mod names;
mod query;
mod reply;
pub mod rules;
pub mod seeds;
pub mod world;

/// A target: its name, which is that of its folder of the corpus, and the function.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Runs one input; panics when a rule is broken.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "query",
        run: query::run,
    },
    Target {
        name: "reply",
        run: reply::run,
    },
    Target {
        name: "frames",
        run: frames::run,
    },
    Target {
        name: "differential",
        run: differential::run,
    },
    Target {
        name: "names",
        run: names::run,
    },
];

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
