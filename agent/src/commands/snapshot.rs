//! `callsign snapshot`: all that a table depends on, in one file.

use super::data::{page, readiness, refused};
use super::{Data, Exit, data, look, print_json};
use crate::admin;
use crate::cli::{Output, SnapshotArgs};
use crate::config::Environment;
use crate::durable;
use crate::output::snapshot_of;
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use table_compiler::Snapshot;

/// The file that is standard output.
const STDOUT: &str = "-";

/// Writes the snapshot to its file, or to `out`, and what was written to `out`; what is wrong with
/// the inputs to standard error.
///
/// Exits with 1 when something is wrong with the inputs or the file cannot be written; with 2 when
/// a flag is at fault.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: &SnapshotArgs,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let (snapshot, exit) = match taken(args, environment) {
        Ok(taken) => taken,
        Err(exit) => return Ok(exit),
    };
    if args.out == Path::new(STDOUT) {
        return snapshot.write(&mut *out).map(|()| exit);
    }
    let written = durable::replace_with(&args.out, |file| {
        let mut file = BufWriter::new(file);
        snapshot.write(&mut file)?;
        file.flush()
    });
    if let Err(error) = written {
        let reason = format!("{}: {error}", args.out.display());
        return Ok(refused("snapshot", reason));
    }
    tell(&snapshot, args, out).map(|()| exit)
}

fn taken(args: &SnapshotArgs, environment: &Environment) -> Result<(Snapshot, Exit), Exit> {
    match data("snapshot", &args.data, environment)? {
        Data::Files(config) => {
            let (control, exit) = look(&config)?;
            Ok((snapshot_of(&control.insight()), exit))
        }
        Data::Process(address) => {
            let octets = page("snapshot", address, admin::SNAPSHOT)?;
            let snapshot = Snapshot::read(&octets).map_err(|error| refused("snapshot", error))?;
            Ok((snapshot, readiness(address)))
        }
    }
}

fn tell(snapshot: &Snapshot, args: &SnapshotArgs, out: &mut impl Write) -> io::Result<()> {
    let clusters = snapshot.clusters.values();
    let objects: usize = clusters.map(|cluster| cluster.objects.len()).sum();
    let clusters: Vec<&str> = snapshot.clusters.keys().map(AsRef::as_ref).collect();
    let addresses = snapshot.ledger.records().count();
    match args.output {
        Output::Text => writeln!(
            out,
            "{}: {objects} objects of {}, {addresses} records of virtual addresses",
            args.out.display(),
            clusters.join(", "),
        ),
        Output::Json => {
            let told = json!({
                "file": args.out,
                "clusters": clusters,
                "objects": objects,
                "vip_records": addresses,
                "cluster": &*snapshot.kind.cluster,
            });
            print_json(&told, out)
        }
    }
}
