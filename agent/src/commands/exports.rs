//! `callsign exports`: services that clusters export, and what becomes of them.

use super::Exit;
use super::show::show;
use crate::cli::InventoryArgs;
use crate::config::Environment;
use crate::mesh_page::MeshPage;
use std::io::{self, Write};

/// Prints them to `out`: of files, whose problems go to standard error, or of a process.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: &InventoryArgs,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let page = MeshPage::Exports;
    show("exports", &page, &args.data, args.output, environment, out)
}
