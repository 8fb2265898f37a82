//! The table as it is printed: JSON with every field, columns for people, and Istio's name table.
//!
//! ```text
//! Snapshot ──▶ ServedTable ──▶ write_json ──▶ rows ──▶ table_text
//!                         └──▶ ndsz
//! ```

mod cached;
mod check_lines;
mod columns;
mod diff_report;
mod entry_json;
mod explanation;
mod export_rows;
mod import_report;
mod ndsz;
mod of_insight;
pub(crate) mod presentation;
mod served;
mod service_binding;
mod service_rows;
mod table_json;
mod table_text;
mod timestamp;
mod vip_rows;

pub(crate) use cached::{CacheListing, CachedEntry, Flushed};
pub(crate) use check_lines::{check_json, check_text, is_all_well};
pub(crate) use columns::columns;
pub(crate) use diff_report::DiffReport;
pub(crate) use explanation::{Explained, Explaining, NotExplained, explained_json, explained_text};
pub(crate) use export_rows::{exports_json, exports_text};
pub(crate) use import_report::ImportReport;
pub use ndsz::{debug_ndsz, ndsz};
pub(crate) use of_insight::{
    GenerationPage, MoveRow, answers_of_generation, migration_of, moves_text, snapshot_of, vips_of,
};
pub use served::{ServedTable, ViewChoice};
pub(crate) use service_rows::{services_json, services_text};
pub use table_json::{table_json, write_compiled, write_json};
pub use table_text::table_text;
pub(crate) use vip_rows::{VipFacts, VipRow, vip_rows, vips_text};

#[cfg(test)]
pub(crate) mod fixture;

/// Text on one line: names, paths and reasons come from files.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
