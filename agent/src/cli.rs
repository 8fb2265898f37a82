//! The command line: names of commands and flags. What the values mean is for the configuration
//! and the commands to say.

mod mesh;

pub use mesh::{
    ClientPlace, CompileArgs, ConfirmArgs, DataFlags, DiffArgs, ExplainArgs, InventoryArgs,
    MeshCheckArgs, SnapshotArgs, VipsArgs, VipsCommand, VipsImportArgs, VipsListArgs,
    VipsMigrateArgs,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// DNS for service meshes: answers mesh names from a table and forwards the rest.
#[derive(Clone, Debug, Parser)]
#[command(name = "callsign", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  callsign agent --config callsign.yaml
  callsign agent --table objects/ --hosts hosts.txt --namespace shop --zone global
  callsign query pay.example.com
  callsign query @127.0.0.1:15053 _http._tcp.web.shop.svc.cluster.local SRV --tcp
  callsign query -x 250.1.2.3
  callsign table --config callsign.yaml -o json
  callsign config check callsign.yaml
  callsign cache list --admin 127.0.0.1:15054
  callsign agent --clusters clusters/ --cluster cluster1
  callsign explain pay.example.com --from cluster1/shop --clusters clusters/
  callsign check --clusters clusters/ --cluster cluster1

Exit codes: 0 fine; 1 the answer is no, or the configuration or an input is bad; 2 a bad flag.";

/// What the binary can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve DNS until SIGTERM
    #[command(after_help = AGENT_EXAMPLES)]
    Agent(AgentArgs),
    /// Ask a DNS server, with the reading habits of dig
    #[command(after_help = QUERY_EXAMPLES)]
    Query(QueryArgs),
    /// Print the table that clients are served from
    #[command(after_help = TABLE_EXAMPLES)]
    Table(TableArgs),
    /// Look at the configuration
    Config(ConfigArgs),
    /// Look at the answers that a running agent keeps, or drop them
    #[command(after_help = CACHE_EXAMPLES)]
    Cache(CacheArgs),
    /// Print the table that the objects of many clusters make, as JSON, or its hash
    #[command(after_help = mesh::COMPILE_EXAMPLES)]
    Compile(CompileArgs),
    /// Write down all that a table depends on, to compile it again elsewhere
    #[command(after_help = mesh::SNAPSHOT_EXAMPLES)]
    Snapshot(SnapshotArgs),
    /// Say what differs between two tables: names_added, names_removed, vips_changed, names_total
    #[command(after_help = mesh::DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Release a change that is held because it takes away too much
    #[command(after_help = mesh::CONFIRM_EXAMPLES)]
    Confirm(ConfirmArgs),
    /// List virtual addresses: NAME, V4, V6, POOL, STATE, SINCE, FORMER
    #[command(after_help = mesh::VIPS_EXAMPLES)]
    Vips(VipsArgs),
    /// Say why a name is answered as it is
    #[command(after_help = mesh::EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// List the services of all clusters, one row a service
    #[command(after_help = mesh::SERVICES_EXAMPLES)]
    Services(InventoryArgs),
    /// List the services that clusters export, and what becomes of them
    #[command(after_help = mesh::EXPORTS_EXAMPLES)]
    Exports(InventoryArgs),
    /// Check the objects of all clusters; ids of checks are stable
    #[command(after_help = mesh::CHECK_EXAMPLES)]
    Check(MeshCheckArgs),
}

const AGENT_EXAMPLES: &str = "\
Examples:
  callsign agent --config examples/quickstart/callsign.yaml
  callsign agent --table nametable.json --upstream 10.0.0.10 --listen 0.0.0.0:53
  callsign agent --table objects/ --zone mesh.example.com --upstream none --state-dir none
  callsign agent --clusters clusters/ --cluster cluster1 --namespace shop";

const QUERY_EXAMPLES: &str = "\
Examples:
  callsign query pay.example.com
  callsign query @10.0.0.10 web.shop.svc.cluster.local AAAA
  callsign query @[::1]:15053 db.global TXT --tcp -o json
  callsign query -x 250.1.2.3";

const TABLE_EXAMPLES: &str = "\
Examples:
  callsign table --table objects/ --namespace shop
  callsign table --config callsign.yaml -o json
  callsign table --clusters clusters/ --cluster cluster1
  callsign table --admin 127.0.0.1:15054 -o ndsz";

const CACHE_EXAMPLES: &str = "\
Examples:
  callsign cache list --admin 127.0.0.1:15054
  callsign cache list --suffix example.com --type AAAA --config callsign.yaml
  callsign cache dump web.example.com --admin 127.0.0.1:15054 -o json
  callsign cache flush web.example.com --admin 127.0.0.1:15054
  callsign cache flush --suffix example.com --admin 127.0.0.1:15054";

/// Arguments of `callsign agent`.
#[derive(Clone, Debug, Args)]
pub struct AgentArgs {
    /// What is served and how.
    #[command(flatten)]
    pub flags: AgentFlags,
}

/// What is served and how: the flags of `agent`, shared by the commands that look at the same
/// data. Each has the key of the same name in the file, with `_` for `-`, and wins over it.
#[derive(Clone, Debug, Default, Args)]
pub struct AgentFlags {
    /// Configuration file (YAML); flags win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve UDP and TCP here [default: 127.0.0.1:15053]; repeatable
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// NameTable as istiod prints it, or a file or folder of objects; repeatable
    #[arg(long, value_name = "PATH")]
    pub table: Vec<String>,
    /// Folder with one folder of objects per cluster: DIR/CLUSTER/*.yaml, served as seen from
    /// --cluster
    #[arg(long, value_name = "DIR")]
    pub clusters: Option<String>,
    /// The cluster that clients run in and that the objects are of
    #[arg(long, value_name = "ID")]
    pub cluster: Option<String>,
    /// File in the format of hosts(5); repeatable
    #[arg(long, value_name = "FILE")]
    pub hosts: Vec<String>,
    /// Server for other names: ADDR, ADDR:PORT or a host name, with udp://, tcp:// or tls:// before
    /// it, or none [default: resolv.conf]; repeatable
    #[arg(long, value_name = "SERVER")]
    pub upstream: Vec<String>,
    /// Namespace of the clients; without one there are no short names
    #[arg(long, value_name = "NS")]
    pub namespace: Option<String>,
    /// Cluster domain [default: cluster.local]
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Search domain of the clients [default: derived from both]; repeatable
    #[arg(long, value_name = "DOMAIN")]
    pub search: Vec<String>,
    /// Zone to be the authority for: what the tables lack there does not exist; repeatable
    #[arg(long, value_name = "NAME")]
    pub zone: Vec<String>,
    /// Folder of the journal of virtual addresses and of last good inputs, or none
    /// [default: $STATE_DIRECTORY, $XDG_STATE_HOME/callsign or ~/.local/state/callsign]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<String>,
    /// Keep no answers of upstreams, and no memory of their failures
    #[arg(long)]
    pub no_cache: bool,
    /// Threads that serve clients [default: one a core]
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
    /// Admin server: agent listens there, other commands ask the process there
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<String>,
    /// error, warn, info, debug, trace, off, or filter directives [default: $RUST_LOG, else info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Arguments of `callsign query`.
#[derive(Clone, Debug, Args)]
pub struct QueryArgs {
    /// What to ask, and whom: ADDR or ADDR:PORT, 127.0.0.1:15053 unless given
    #[arg(value_name = "[@SERVER] NAME [TYPE]", num_args = 0..=4)]
    pub terms: Vec<String>,
    /// Reverse lookup of an address
    #[arg(short = 'x', long, value_name = "ADDR")]
    pub reverse: Option<IpAddr>,
    /// Ask over TCP
    #[arg(long)]
    pub tcp: bool,
    /// How long to wait for the answer, for example 2s
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = timeout)]
    pub timeout: Duration,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `callsign table`.
#[derive(Clone, Debug, Args)]
pub struct TableArgs {
    /// Where the table comes from: files, or with `--admin` a running process.
    #[command(flatten)]
    pub flags: AgentFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: TableOutput,
}

/// Arguments of `callsign config`.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What can be done with a configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every problem of the file and of the files it names, with file:line:column
    Check(CheckArgs),
}

/// Arguments of `callsign config check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The file; the same as --config
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub file: Option<PathBuf>,
    /// Flags to check along with the file.
    #[command(flatten)]
    pub flags: AgentFlags,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

impl CheckArgs {
    /// The flags, with the file in its place.
    pub fn into_flags(self) -> AgentFlags {
        let config = self.file.or(self.flags.config);
        AgentFlags {
            config,
            ..self.flags
        }
    }
}

/// Arguments of `callsign cache`.
#[derive(Clone, Debug, Args)]
pub struct CacheArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: CacheCommand,
}

/// What can be done with a cache.
#[derive(Clone, Debug, Subcommand)]
pub enum CacheCommand {
    /// Print one row an entry: NAME, TYPE, STATE (fresh, negative, stale, failure), TTL (below 0:
    /// ended), OCTETS, GROUP (suffix of the route), FLAGS of the question
    List(CacheShowArgs),
    /// Print the records of each entry as in a zone file
    Dump(CacheShowArgs),
    /// Drop entries; all of them unless NAME, --suffix or --type is given
    Flush(CacheSelection),
}

impl CacheCommand {
    /// Which entries of which process are meant.
    pub fn selection(&self) -> &CacheSelection {
        match self {
            CacheCommand::List(args) | CacheCommand::Dump(args) => &args.selection,
            CacheCommand::Flush(selection) => selection,
        }
    }
}

/// Arguments of `callsign cache list` and `callsign cache dump`.
#[derive(Clone, Debug, Default, Args)]
pub struct CacheShowArgs {
    /// What is printed.
    #[command(flatten)]
    pub selection: CacheSelection,
    /// Most entries printed, up to 10000 [default: 1000]
    #[arg(long, value_name = "N", value_parser = crate::admin::cache_limit)]
    pub limit: Option<usize>,
}

/// Which entries of which process are meant.
#[derive(Clone, Debug, Default, Args)]
pub struct CacheSelection {
    /// Entries of that name
    #[arg(value_name = "NAME", conflicts_with = "suffix")]
    pub name: Option<String>,
    /// Entries of that name and of all names below it
    #[arg(long, value_name = "NAME")]
    pub suffix: Option<String>,
    /// Entries of that type
    #[arg(long = "type", value_name = "TYPE")]
    pub rtype: Option<String>,
    /// Admin server of the agent
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<String>,
    /// Configuration of the agent, which says where its admin server is
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Output
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// How a command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// For scripts
    Json,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableOutput {
    /// For people
    #[default]
    Text,
    /// Every field
    Json,
    /// As istiod's debug endpoint prints it
    Ndsz,
}

/// Longest time that `query` waits: a minute.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

fn timeout(text: &str) -> Result<Duration, String> {
    let read = crate::config::times::duration(Duration::from_millis(1), TIMEOUT_MAX);
    read(text).map_err(|reason| format!("{}; {}", reason.reason, reason.hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_agent_is_a_key_of_the_file() {
        let agent = Cli::command().find_subcommand("agent").cloned().unwrap();
        let flags = agent.get_arguments().filter_map(|flag| flag.get_long());
        for flag in flags.filter(|flag| !["config", "help"].contains(flag)) {
            let text = format!("{}: x\n", flag.replace('-', "_"));
            let problems = crate::config::tests::problems_of(&text);
            assert!(
                problems.iter().all(|line| !line.contains("unknown key")),
                "{flag}"
            );
        }
    }

    #[test]
    fn repeatable_flags_are_lists() {
        let cli =
            parse("callsign agent --listen 127.0.0.1:1 --listen 127.0.0.1:2 --zone a --no-cache");
        let Command::Agent(args) = cli.unwrap().command else {
            panic!("agent")
        };
        assert_eq!(args.flags.listen, ["127.0.0.1:1", "127.0.0.1:2"]);
        assert!(args.flags.no_cache);
    }

    #[test]
    fn a_name_of_the_cache_is_an_argument_and_excludes_a_suffix() {
        let Command::Cache(args) = parse("callsign cache dump a.example --type AAAA -o json")
            .unwrap()
            .command
        else {
            panic!("cache")
        };
        let selection = args.command.selection();
        assert_eq!(selection.name.as_deref(), Some("a.example"));
        assert_eq!(selection.rtype.as_deref(), Some("AAAA"));
        assert!(parse("callsign cache list a.example --suffix example").is_err());
    }

    #[test]
    fn a_limit_is_for_what_is_printed_and_a_flush_refuses_it() {
        for command in ["list", "dump"] {
            let cli = parse(&format!("callsign cache {command} --limit 5"));
            let Command::Cache(CacheArgs {
                command: CacheCommand::List(args) | CacheCommand::Dump(args),
            }) = cli.unwrap().command
            else {
                panic!("cache {command}")
            };
            assert_eq!(args.limit, Some(5));
        }
        for refused in ["flush --limit 5", "list --limit 0", "dump --limit 10001"] {
            let refused = parse(&format!("callsign cache {refused}")).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
        }
    }

    #[test]
    fn bad_flags_exit_with_2_and_help_with_0() {
        for line in [
            "callsign agent --lisen x",
            "callsign qery a",
            "callsign",
            "callsign query --timeout 5 a",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        for line in [
            "callsign --help",
            "callsign --version",
            "callsign agent --help",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
        }
    }

    #[test]
    fn the_file_of_config_check_is_an_argument_or_a_flag_not_both() {
        for line in [
            "callsign config check f.yaml",
            "callsign config check --config f.yaml",
        ] {
            let Command::Config(args) = parse(line).unwrap().command else {
                panic!("config")
            };
            let ConfigCommand::Check(args) = args.command;
            assert_eq!(args.into_flags().config, Some(PathBuf::from("f.yaml")));
        }
        assert!(parse("callsign config check a.yaml --config b.yaml").is_err());
    }
}
