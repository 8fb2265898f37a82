//! A small mesh to test with: one zone, and a folder of objects whose hosts have virtual addresses.

use crate::callsign::Launch;
use crate::objects::{documents, service_entry};
use std::fmt::Display;

/// Both families, the zone `mesh.test`, the objects of the folder `mesh`, and nobody to ask.
pub const CONFIG: &str = "\
tables: [mesh]
families: [ipv4, ipv6]
zones: [mesh.test]
upstreams: none
";

/// A launch with that configuration, in `callsign.yaml`, and a state folder of its own.
///
/// # Errors
/// When the files cannot be written.
pub fn configured(config: &str) -> Result<Launch, String> {
    let launch = Launch::agent()?;
    let file = launch.write("callsign.yaml", config)?;
    Ok(launch.flag("--config", file))
}

/// The host of a name.
pub fn host(name: impl Display) -> String {
    format!("{name}.mesh.test")
}

/// A file with a ServiceEntry for the host of each name.
pub fn entries<N: Display>(names: impl IntoIterator<Item = N>) -> String {
    let entry = |name: N| service_entry(&format!("entry-{name}"), &host(name));
    documents(names.into_iter().map(entry))
}
