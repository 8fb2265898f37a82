//! Service locations of a host (RFC 2782, Kubernetes DNS specification sections 2.3.2 and 2.4.2).

use crate::answer::Srv;
use crate::table::update::{Endpoint, EndpointState, HostEntry, HostKind, Port, Via};
use alloc::vec::Vec;
use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// The locations of a host: of one port, or of all named ones. A headless service has one for
/// each ready endpoint and port, any other host one for each port.
pub(super) fn of_host<'e>(entry: &'e HostEntry, port: Option<&Port>) -> Vec<Srv<'e>> {
    let ports = entry.ports.iter().filter(|candidate| match port {
        Some(port) => *candidate == port,
        None => candidate.name.is_some(),
    });
    let (mut locations, mut known) = (Vec::new(), HashSet::default());
    for port in ports {
        match entry.kind {
            HostKind::Headless => {
                of_endpoints(entry, port, &mut known, &mut locations);
            }
            _ => locations.push(of_port(entry, port)),
        }
    }
    let share = u16::try_from(100 / locations.len().max(1))
        .unwrap_or(1)
        .max(1);
    for srv in &mut locations {
        srv.weight = share;
    }
    locations
}

fn of_port<'e>(entry: &'e HostEntry, port: &Port) -> Srv<'e> {
    Srv {
        port: port.number,
        hostname: None,
        host: &entry.name,
        weight: 0,
    }
}

/// `known` holds ports and hostnames of `locations`: a service may have thousands.
fn of_endpoints<'e>(
    entry: &'e HostEntry,
    port: &Port,
    known: &mut HashSet<(u16, Option<&'e str>), FixedState>,
    locations: &mut Vec<Srv<'e>>,
) {
    for endpoint in &entry.endpoints {
        let hostname = endpoint.hostname.as_deref();
        let is_ready = endpoint.state == EndpointState::Ready;
        if let Some(number) = dialled_port(endpoint, port)
            && is_ready
            && known.insert((number, hostname))
        {
            let host = &entry.name;
            locations.push(Srv {
                port: number,
                hostname,
                host,
                weight: 0,
            });
        }
    }
}

/// The port that clients dial for `port` at the address of that endpoint, if it serves it. Behind
/// a gateway the address is virtual, and has the ports of the service.
fn dialled_port(endpoint: &Endpoint, port: &Port) -> Option<u16> {
    let is_served = endpoint.port_name == port.name;
    match endpoint.via {
        Via::Direct => is_served.then_some(endpoint.port),
        Via::Gateway => (is_served || endpoint.port_name.is_none()).then_some(port.number),
    }
}
