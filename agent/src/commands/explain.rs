//! `callsign explain`: why a name is answered as it is.

use super::Exit;
use super::show::show;
use crate::cli::{DataFlags, ExplainArgs};
use crate::config::Environment;
use crate::mesh_page::MeshPage;
use dns_core::NameBuf;
use std::io::{self, Write};

/// Prints it to `out`. Exits with 1 when the name has no answer, with 2 when it is no name.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: &ExplainArgs,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    if let Err(error) = NameBuf::parse(&args.name) {
        eprintln!("callsign explain: {}: is no name: {error}", args.name);
        return Ok(Exit::BadFlag);
    }
    let page = MeshPage::Explain {
        name: args.name.clone(),
        from: args.from.clone(),
    };
    let flags = DataFlags {
        cluster: cluster_of(args),
        ..args.data.clone()
    };
    show("explain", &page, &flags, args.output, environment, out)
}

/// Whose table is looked at. Where files do not say whose agent it is, it is the client's.
fn cluster_of(args: &ExplainArgs) -> Option<String> {
    let given = args.data.cluster.clone();
    let is_said = args.data.config.is_some() || args.data.admin.is_some();
    given.or_else(|| (!is_said).then(|| args.from.cluster.clone()))
}
