//! [`ImportReport`]: what became of a map of virtual addresses.

use super::{columns, one_line};
use dns_core::vip::{ImportConflict, ImportOutcome, ImportRefusal};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What became of a map of virtual addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportReport {
    /// Addresses that were taken over, or would be.
    pub(crate) imported: usize,
    /// Addresses that were the name's already.
    pub(crate) unchanged: usize,
    /// Addresses that were not taken over.
    pub(crate) conflicts: Vec<ConflictRow>,
    /// Parts of the map that are no name with an address.
    #[serde(default)]
    pub(crate) skipped: Vec<String>,
    /// Whether nothing was written.
    pub(crate) dry_run: bool,
}

/// An address that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConflictRow {
    name: String,
    address: IpAddr,
    /// Fixed text: `not-a-host`, `held`, `resting`, `given-twice`, `second-address`.
    reason: String,
    /// The name or address that it conflicts with.
    with: Option<String>,
}

impl ImportReport {
    /// The report of what the ledger did.
    pub(crate) fn of(outcome: &ImportOutcome, dry_run: bool) -> Self {
        ImportReport {
            imported: outcome.imported,
            unchanged: outcome.unchanged,
            conflicts: outcome.conflicts.iter().map(conflict).collect(),
            skipped: Vec::new(),
            dry_run,
        }
    }

    /// Whether all of the map was taken over.
    pub(crate) fn is_whole(&self) -> bool {
        self.conflicts.is_empty() && self.skipped.is_empty()
    }

    /// For people: the numbers, then a line for whatever was not taken over.
    pub(crate) fn text(&self) -> String {
        let would = if self.dry_run { "would be " } else { "" };
        let mut text = format!(
            "{} {would}imported, {} unchanged, {} in conflict, {} left out\n",
            self.imported,
            self.unchanged,
            self.conflicts.len(),
            self.skipped.len()
        );
        if !self.conflicts.is_empty() {
            let row = |row: &ConflictRow| {
                let with = row.with.clone().unwrap_or_default();
                [
                    one_line(&row.name),
                    row.address.to_string(),
                    row.reason.clone(),
                    one_line(&with),
                ]
            };
            let head = ["NAME", "ADDRESS", "REASON", "WITH"].map(str::to_owned);
            let rows: Vec<_> = std::iter::once(head)
                .chain(self.conflicts.iter().map(row))
                .collect();
            text.push_str(&columns(&rows));
        }
        for line in &self.skipped {
            text.push_str(&one_line(line));
            text.push('\n');
        }
        text
    }
}

fn conflict(conflict: &ImportConflict) -> ConflictRow {
    let (reason, with) = match &conflict.reason {
        ImportRefusal::NotAHost => ("not-a-host", None),
        ImportRefusal::HeldBy(key) => ("held", Some(key.to_string())),
        ImportRefusal::Resting(key) => ("resting", Some(key.to_string())),
        ImportRefusal::GivenTwice(key) => ("given-twice", Some(key.to_string())),
        ImportRefusal::SecondAddress(address) => ("second-address", Some(address.to_string())),
    };
    ConflictRow {
        name: conflict.entry.key.to_string(),
        address: conflict.entry.address,
        reason: reason.to_owned(),
        with,
    }
}
