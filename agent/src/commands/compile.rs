//! `callsign compile`: the table that the objects of many clusters make, or its hash.

use super::data::{page, readiness, refused};
use super::{Data, Exit, data, look, print_json};
use crate::admin;
use crate::cli::{CompileArgs, Output};
use crate::config::Environment;
use crate::input_file;
use crate::output::{one_line, write_compiled};
use dns_core::HostEntry;
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use table_compiler::{ClientKind, Compiler, Snapshot, table_hash};

/// Largest snapshot read, in octets: a mesh of a million objects.
const SNAPSHOT_OCTETS_MAX: u64 = 4 << 30;

/// Prints the table to `out`, or its hash, and what is wrong with its inputs to standard error.
///
/// Exits with 1 when something is wrong with the inputs, a snapshot is damaged, or the cluster is
/// not known; with 2 when a flag is at fault, or none says what to compile.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: &CompileArgs,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    match compiled(args, environment) {
        Ok((table, exit)) => table.print(args, out).map(|()| exit),
        Err(exit) => Ok(exit),
    }
}

/// A compiled table and whose it is.
struct CompiledTable {
    kind: ClientKind,
    entries: Vec<Arc<HostEntry>>,
}

impl CompiledTable {
    fn print(&self, args: &CompileArgs, out: &mut impl Write) -> io::Result<()> {
        let entries = || self.entries.iter().map(AsRef::as_ref);
        if !args.hash {
            return write_compiled(entries(), out);
        }
        let hash = table_hash(entries());
        match args.output {
            Output::Text => writeln!(out, "{hash}"),
            Output::Json => {
                let names = self.entries.chunk_by(|a, b| a.name == b.name).count();
                let told = json!({
                    "hash": hash.to_string(),
                    "generation": hash.short(),
                    "cluster": &*self.kind.cluster,
                    "names": names,
                });
                print_json(&told, out)
            }
        }
    }
}

fn compiled(args: &CompileArgs, environment: &Environment) -> Result<(CompiledTable, Exit), Exit> {
    let cluster = args.data.cluster.as_deref();
    if let Some(path) = &args.from {
        let snapshot = read_snapshot("compile", path)?;
        return Ok((of_snapshot(&snapshot, cluster)?, Exit::Fine));
    }
    match data("compile", &args.data, environment)? {
        Data::Files(config) => {
            let (control, exit) = look(&config)?;
            let insight = control.insight();
            Ok((table_of(insight.compiler, insight.kind.clone())?, exit))
        }
        Data::Process(address) => {
            let octets = page("compile", address, admin::SNAPSHOT)?;
            let snapshot = Snapshot::read(&octets).map_err(|error| refused("compile", error))?;
            let table = of_snapshot(&snapshot, cluster)?;
            Ok((table, readiness(address)))
        }
    }
}

/// Reads the snapshot in a file.
pub(super) fn read_snapshot(command: &str, path: &Path) -> Result<Snapshot, Exit> {
    let place = path.display();
    let octets = input_file::read(path, SNAPSHOT_OCTETS_MAX);
    let (octets, _) = octets.map_err(|error| refused(command, format!("{place}: {error}")))?;
    Snapshot::read(&octets).map_err(|error| refused(command, format!("{place}: {error}")))
}

fn of_snapshot(snapshot: &Snapshot, cluster: Option<&str>) -> Result<CompiledTable, Exit> {
    let recompiled = snapshot.compile();
    for (cluster, problem) in recompiled.compiler.problems() {
        eprintln!("{}", one_line(&format!("{cluster}: {problem}")));
    }
    table_of(&recompiled.compiler, kind_of(snapshot, cluster))
}

/// The clients that are meant: those of `cluster`, else those that the snapshot was taken for.
pub(super) fn kind_of(snapshot: &Snapshot, cluster: Option<&str>) -> ClientKind {
    match cluster {
        Some(cluster) if *cluster != *snapshot.kind.cluster => ClientKind::of_cluster(cluster),
        Some(_) | None => snapshot.kind.clone(),
    }
}

fn table_of(compiler: &Compiler, kind: ClientKind) -> Result<CompiledTable, Exit> {
    let Some(table) = compiler.table(&kind) else {
        let known: Vec<&str> = compiler.clusters().map(AsRef::as_ref).collect();
        let known = known.join(", ");
        let reason = format!("no cluster is {}; there is {known}", kind.cluster);
        return Err(refused("compile", reason));
    };
    let entries = table.entries().cloned().collect();
    Ok(CompiledTable { kind, entries })
}
