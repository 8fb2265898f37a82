//! The table as it is printed: JSON with every field, columns for people, and Istio's name table.
//!
//! ```text
//! Snapshot ──▶ ServedTable ──▶ write_json ──▶ rows ──▶ table_text
//!                         └──▶ ndsz
//! ```

mod cached;
mod columns;
mod entry_json;
mod ndsz;
pub(crate) mod presentation;
mod served;
mod service_binding;
mod table_json;
mod table_text;
mod timestamp;

pub(crate) use cached::{CacheListing, CachedEntry, Flushed};
pub(crate) use columns::columns;
pub use ndsz::{debug_ndsz, ndsz};
pub use served::{ServedTable, ViewChoice};
pub use table_json::{table_json, write_json};
pub use table_text::table_text;

#[cfg(test)]
pub(crate) mod fixture;

/// Text on one line: names, paths and reasons come from files.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
