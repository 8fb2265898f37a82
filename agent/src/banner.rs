//! The lines that a started agent prints: what it serves, where, and how to ask.

use crate::config::{Config, Upstreams};
use crate::status::Status;
use dns_core::{AddressOrigin, HostEntry};
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a started agent says.
pub(crate) struct Banner<'a> {
    /// What is served.
    pub(crate) status: &'a Status,
    /// Where.
    pub(crate) listen: &'a [SocketAddr],
    /// Where the admin server is, if there is one.
    pub(crate) admin: Option<SocketAddr>,
    /// What it was told.
    pub(crate) config: &'a Config,
}

impl Banner<'_> {
    /// Prints it to standard output. Nobody reading it is no reason to end.
    pub(crate) fn print(&self) {
        let mut out = std::io::stdout().lock();
        let _ = write!(out, "{self}").and_then(|()| out.flush());
    }

    /// A name to ask for: with a virtual address rather than without, and of hosts files only if
    /// there is no other. It is printed at every start, so that a million names are not sorted.
    fn example(&self) -> String {
        let table = self.status.table();
        let is_plain =
            |entry: &&Arc<HostEntry>| entry.is_answerable() && !entry.name.as_name().is_wildcard();
        let is_allotted = |entry: &HostEntry| {
            let mut addresses = entry.addresses.iter();
            addresses.any(|address| address.origin == AddressOrigin::Allotted)
        };
        let declared = table.declared().filter(is_plain);
        let best = declared.min_by_key(|entry| (!is_allotted(entry), &entry.name));
        let mut listed = table.hosts_lists().iter().flat_map(|list| list.names());
        best.map(|entry| entry.name.to_string())
            .or_else(|| listed.next().map(|name| name.to_string()))
            .unwrap_or_else(|| "example.com".to_owned())
    }
}

/// Five lines.
impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION");
        let (names, vips) = (self.status.table().len(), self.status.vips_active);
        let sources = self.status.sources.len();
        writeln!(
            f,
            "callsign {version} serves {names} names, {vips} virtual addresses, from {sources} source{}",
            if sources == 1 { "" } else { "s" }
        )?;
        writeln!(f, "listening on {} (udp, tcp)", join(self.listen))?;
        let zones = match self.config.zones.as_slice() {
            [] => "no zone".to_owned(),
            zones => format!("zone {}", join(zones)),
        };
        let upstreams = match &self.config.upstreams {
            Upstreams::None => "are refused".to_owned(),
            Upstreams::Servers(servers) => format!("go to {}", join(servers)),
            Upstreams::ResolvConf(path) if self.status.snapshot.forward.is_forwarding() => {
                format!("go to the servers of {}", path.display())
            }
            Upstreams::ResolvConf(path) => {
                format!("are refused: {} names no server", path.display())
            }
        };
        writeln!(
            f,
            "authority for {zones}; names that are not ours {upstreams}"
        )?;
        match self.admin {
            Some(admin) => writeln!(
                f,
                "admin at http://{admin}: /livez /readyz /metrics /cache /debug/table /debug/ndsz"
            )?,
            None => writeln!(f, "admin off; switch it on with --admin 127.0.0.1:15054")?,
        }
        let server = self.listen.first().map_or_else(String::new, |listen| {
            format!("@{} -p {}", listen.ip(), listen.port())
        });
        writeln!(f, "ask: dig {server} {}", self.example())
    }
}

fn join<T: fmt::Display>(items: &[T]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
