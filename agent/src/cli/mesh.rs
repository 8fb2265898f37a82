//! Arguments of the commands that look at the names of many clusters.

use super::{AgentFlags, Output};
use clap::{ArgGroup, Args, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;

/// What a command looks at: files, opened for reading only, or with `--admin` a running process.
/// Each is the flag of `agent` of the same name.
#[derive(Clone, Debug, Default, Args)]
pub struct DataFlags {
    /// Configuration file (YAML); flags win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder with one folder of objects per cluster: DIR/CLUSTER/*.yaml
    #[arg(long, value_name = "DIR")]
    pub clusters: Option<String>,
    /// The cluster that clients run in: the table is as seen from there
    #[arg(long, value_name = "ID")]
    pub cluster: Option<String>,
    /// NameTable as istiod prints it, or a file or folder of objects of one cluster; repeatable
    #[arg(long, value_name = "PATH")]
    pub table: Vec<String>,
    /// File in the format of hosts(5); repeatable
    #[arg(long, value_name = "FILE")]
    pub hosts: Vec<String>,
    /// Domain of clusters that do not say theirs [default: cluster.local]
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Folder of the journal of virtual addresses and of last good inputs, or none
    /// [default: $STATE_DIRECTORY, $XDG_STATE_HOME/callsign or ~/.local/state/callsign]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<String>,
    /// Ask the process whose admin server is there, instead of reading files
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<String>,
}

impl DataFlags {
    /// The same as flags of `agent`.
    pub fn to_agent_flags(&self) -> AgentFlags {
        AgentFlags {
            config: self.config.clone(),
            clusters: self.clusters.clone(),
            cluster: self.cluster.clone(),
            table: self.table.clone(),
            hosts: self.hosts.clone(),
            domain: self.domain.clone(),
            state_dir: self.state_dir.clone(),
            admin: self.admin.clone(),
            ..AgentFlags::default()
        }
    }

    /// Whether a flag says where the data is.
    pub fn names_data(&self) -> bool {
        self.config.is_some()
            || self.clusters.is_some()
            || self.admin.is_some()
            || !self.table.is_empty()
            || !self.hosts.is_empty()
    }
}

pub(super) const COMPILE_EXAMPLES: &str = "\
The hash is SHA-256 over every field of every entry in the order of the names. Times of creation,
files and lines are left out, so it is equal wherever the same objects and ledger are compiled.

Examples:
  callsign compile --clusters clusters/ --cluster cluster1
  callsign compile --clusters clusters/ --cluster cluster1 --hash
  callsign compile --from snapshot.json --hash
  callsign compile --from snapshot.json --cluster cluster2";

pub(super) const SNAPSHOT_EXAMPLES: &str = "\
A snapshot holds all that a table depends on: objects, ledger of virtual addresses, what was carried
over, health and time, with the configuration of both. `compile --from` makes the same table of it
on any machine. Secrets never enter it.

Examples:
  callsign snapshot --clusters clusters/ --cluster cluster1 --out snapshot.json
  callsign snapshot --admin 127.0.0.1:15054 --out - | gzip > snapshot.json.gz";

pub(super) const DIFF_EXAMPLES: &str = "\
A and B are generations that the state folder or the process knows (`current`, `previous`, `held`,
or the beginning of an id, 8 characters at least), snapshots, or tables as `compile` prints them.
names_total counts the names of A. The first 1000 names of each list are shown; the numbers count
all. Exit 0 whatever differs.

Examples:
  callsign diff --generations previous,current --admin 127.0.0.1:15054
  callsign diff current held --config callsign.yaml -o json
  callsign diff monday.json tuesday.json --cluster cluster1";

pub(super) const CONFIRM_EXAMPLES: &str = "\
A change that takes away a whole source, or more than half and more than 100 of its names, is held:
the table from before is served. `confirm` lets it through, if it is still the one that was looked
at: GENERATION is its id, of which the first 8 characters suffice, or `held`. With --admin the
running agent does it; otherwise the state folder is written, which no agent may be using then.

Examples:
  callsign diff current held --admin 127.0.0.1:15054
  callsign confirm 6f1d2c3b4a596877 --admin 127.0.0.1:15054
  callsign confirm held --config callsign.yaml";

pub(super) const VIPS_EXAMPLES: &str = "\
States: pinned (an object or an import says so), imported (status.addresses, or an import),
allotted, unrecorded (allotted, and the journal cannot be written), exhausted (wanted, the pool is
full), released (nobody has it; it rests for the quarantine, then it may go to another name).

Examples:
  callsign vips --clusters clusters/ --cluster cluster1
  callsign vips --name pay.example.com --admin 127.0.0.1:15054 -o json
  callsign vips import consul-virtual-ips.json --dry-run --config callsign.yaml
  callsign vips migrate --plan --config callsign.yaml";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  callsign explain pay.example.com --from cluster1/shop --clusters clusters/
  callsign explain reviews --from cluster2/default --admin 127.0.0.1:15054 -o json";

pub(super) const SERVICES_EXAMPLES: &str = "\
Examples:
  callsign services --clusters clusters/ --cluster cluster1
  callsign services --admin 127.0.0.1:15054 -o json";

pub(super) const EXPORTS_EXAMPLES: &str = "\
Examples:
  callsign exports --clusters clusters/ --cluster east
  callsign exports --config callsign.yaml -o json";

pub(super) const CHECK_EXAMPLES: &str = "\
Exit 0 when nothing fails, 1 when something does; what was not run (ok: null) does not count.

Examples:
  callsign check --clusters clusters/ --cluster cluster1
  callsign check --id names.conflicts --config callsign.yaml -o json";

/// Arguments of `callsign compile`.
#[derive(Clone, Debug, Default, Args)]
pub struct CompileArgs {
    /// What is compiled.
    #[command(flatten)]
    pub data: DataFlags,
    /// Compile what a snapshot holds; --cluster says for whose clients, unless for those it was
    /// taken for
    #[arg(long, value_name = "SNAPSHOT", conflicts_with_all = ["config", "clusters", "table", "hosts", "domain", "state_dir", "admin"])]
    pub from: Option<PathBuf>,
    /// Print the hash of the table only: 64 hexadecimal digits
    #[arg(long)]
    pub hash: bool,
    /// Output; the table is JSON in either
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign snapshot`.
#[derive(Clone, Debug, Default, Args)]
pub struct SnapshotArgs {
    /// What is taken.
    #[command(flatten)]
    pub data: DataFlags,
    /// File to write, `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How what was written is told
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign diff`.
#[derive(Clone, Debug, Default, Args)]
#[command(group = ArgGroup::new("sides").args(["tables", "generations"]).required(true))]
pub struct DiffArgs {
    /// The two tables: generations, snapshots, or tables in JSON
    #[arg(value_names = ["A", "B"], num_args = 2)]
    pub tables: Vec<String>,
    /// Two generations, the earlier first
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1)]
    pub generations: Vec<String>,
    /// Where generations are known.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign confirm`.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfirmArgs {
    /// The generation that is held
    #[arg(value_name = "GENERATION")]
    pub generation: String,
    /// Where it is held.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign vips`.
#[derive(Clone, Debug, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct VipsArgs {
    /// What to do; none lists them.
    #[command(subcommand)]
    pub command: Option<VipsCommand>,
    /// Which are listed, and from where.
    #[command(flatten)]
    pub list: VipsListArgs,
}

/// Arguments of `callsign vips` without more words.
#[derive(Clone, Debug, Default, Args)]
pub struct VipsListArgs {
    /// Only the addresses of that name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where they are recorded.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// What can be done with virtual addresses.
#[derive(Clone, Debug, Subcommand)]
pub enum VipsCommand {
    /// Take over the addresses that another allocator gave: Consul's, Kuma's or Admiral's map,
    /// ServiceEntries with status.addresses, or what `callsign vips -o json` prints
    Import(VipsImportArgs),
    /// Say which addresses a change of the pools would move; nothing is moved
    Migrate(VipsMigrateArgs),
}

/// Arguments of `callsign vips import`.
#[derive(Clone, Debug, Default, Args)]
pub struct VipsImportArgs {
    /// The map, JSON or YAML
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Say what would be taken over; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Whose ledger takes it: a state folder that no agent is using, or a running agent.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign vips migrate`.
#[derive(Clone, Debug, Default, Args)]
pub struct VipsMigrateArgs {
    /// Print the plan; there is nothing else to ask for
    #[arg(long, required = true)]
    pub plan: bool,
    /// The ledger, and with --config the pools to move to.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The name, as a client would ask it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The client: its cluster and namespace
    #[arg(long, value_name = "CLUSTER/NAMESPACE")]
    pub from: ClientPlace,
    /// What is looked at.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign services` and `callsign exports`.
#[derive(Clone, Debug, Default, Args)]
pub struct InventoryArgs {
    /// What is looked at.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign check`.
#[derive(Clone, Debug, Default, Args)]
pub struct MeshCheckArgs {
    /// Only the check of that id; repeatable
    #[arg(long, value_name = "ID")]
    pub id: Vec<String>,
    /// What is looked at.
    #[command(flatten)]
    pub data: DataFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Where a client is: its cluster, and its namespace there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPlace {
    /// Its cluster.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
}

impl FromStr for ClientPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((cluster, namespace))
                if !cluster.is_empty() && !namespace.is_empty() && !namespace.contains('/') =>
            {
                Ok(ClientPlace {
                    cluster: cluster.to_owned(),
                    namespace: namespace.to_owned(),
                })
            }
            _ => Err("write CLUSTER/NAMESPACE, as cluster1/shop"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.command)
    }

    #[test]
    fn a_diff_takes_two_tables_or_two_generations() {
        for line in [
            "callsign diff 41 42 -o json",
            "callsign diff --generations previous,current --cluster cluster1",
        ] {
            let Command::Diff(args) = parse(line).unwrap() else {
                panic!("diff")
            };
            assert_eq!(args.tables.len() + args.generations.len(), 2, "{line}");
        }
        for line in [
            "callsign diff",
            "callsign diff 41",
            "callsign diff 41 42 43",
            "callsign diff 41 42 --generations a,b",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn vips_lists_unless_told_more() {
        let Command::Vips(args) = parse("callsign vips --name a.example -o json").unwrap() else {
            panic!("vips")
        };
        assert!(args.command.is_none());
        assert_eq!(args.list.name.as_deref(), Some("a.example"));
        let Command::Vips(args) = parse("callsign vips import f.json --dry-run").unwrap() else {
            panic!("vips")
        };
        assert!(matches!(args.command, Some(VipsCommand::Import(args)) if args.dry_run));
        assert!(parse("callsign vips migrate").is_err());
        assert!(parse("callsign vips migrate --plan").is_ok());
    }

    #[test]
    fn a_snapshot_is_compiled_instead_of_files() {
        assert!(parse("callsign compile --from s.json --cluster c2 --hash").is_ok());
        assert!(parse("callsign compile --from s.json --clusters d").is_err());
    }

    #[test]
    fn a_client_is_a_cluster_and_a_namespace() {
        assert!(parse("callsign explain a.example --from c1/shop").is_ok());
        for place in ["c1", "c1/", "/shop", "c1/shop/pod"] {
            let line = format!("callsign explain a.example --from {place}");
            assert_eq!(parse(&line).unwrap_err().exit_code(), 2, "{place}");
        }
    }
}
