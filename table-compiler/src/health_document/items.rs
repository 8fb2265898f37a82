//! The items of each section.

use super::Reader;
use crate::input::{Read, Yaml, YamlValue, seconds_of};
use crate::mesh::{Access, ClusterHealth, Credential, GatewayHealth, Permission, Probe};
use std::net::IpAddr;
use std::sync::Arc;

const TIMESTAMP: &str = "a timestamp such as 2024-01-31T12:00:00Z";

pub(super) fn gateway<'y>(
    reader: &mut Reader,
    root: &'y Yaml,
    item: &'y Yaml,
) -> Read<'y, ((IpAddr, u16), GatewayHealth)> {
    const KEYS: &[&str] = &["cluster", "address", "port", "failure_threshold", "probes"];
    reader.known_keys(root, item, KEYS)?;
    let address = item.required("address", "write the address that is probed")?;
    let port = item.required("port", "write the port that clients connect to")?;
    let mut probes = Vec::new();
    for found in item.list("probes")? {
        probes.push(probe(reader, root, found)?);
    }
    let threshold = item.field("failure_threshold")?;
    let failure_threshold = match threshold {
        None => None,
        Some(value) => match value.number("a number of failures, from 1")? {
            0 => return Err(value.is_not("a number of failures, from 1")),
            failures => Some(failures),
        },
    };
    let place = (address.parsed("an IP address")?, port.port()?);
    let found = GatewayHealth {
        cluster: item.name_field("cluster")?,
        probes,
        failure_threshold,
    };
    Ok((place, found))
}

fn probe<'y>(reader: &mut Reader, root: &'y Yaml, item: &'y Yaml) -> Read<'y, Probe> {
    reader.known_keys(root, item, &["at", "ok", "rtt_ms"])?;
    let at_ms = milliseconds(item.required("at", "write when it ended")?)?;
    let round_trip_ms = if required_flag(item, "ok", "write whether it was answered")? {
        let rtt = item.required("rtt_ms", "write how long it took, in milliseconds")?;
        Some(rtt.number("a number of milliseconds")?)
    } else {
        None
    };
    Ok(Probe {
        at_ms,
        round_trip_ms,
    })
}

pub(super) fn cluster<'y>(
    reader: &mut Reader,
    root: &'y Yaml,
    item: &'y Yaml,
) -> Read<'y, (Arc<str>, ClusterHealth)> {
    reader.known_keys(root, item, &["id", "api", "since"])?;
    let id = word(item, "id", "write the id of the cluster")?;
    let api = word(item, "api", "write up, or why it does not answer")?;
    let since_ms = time(item, "since")?;
    Ok((id, ClusterHealth { api, since_ms }))
}

/// The cluster that uses credentials, and the one that they are for.
type Ends = (Arc<str>, Arc<str>);

pub(super) fn credential<'y>(
    reader: &mut Reader,
    root: &'y Yaml,
    item: &'y Yaml,
) -> Read<'y, (Ends, Credential)> {
    reader.known_keys(root, item, &["from", "to", "state", "at"])?;
    let from = word(item, "from", "write the cluster that uses them")?;
    let to = word(item, "to", "write the cluster that they are for")?;
    let state = word(item, "state", "write valid, or why they are of no use")?;
    let at_ms = time(item, "at")?;
    Ok(((from, to), Credential { state, at_ms }))
}

pub(super) fn permission<'y>(
    reader: &mut Reader,
    root: &'y Yaml,
    item: &'y Yaml,
) -> Read<'y, (Permission, Access)> {
    reader.known_keys(root, item, &["cluster", "verb", "resource", "allowed"])?;
    let permission = Permission {
        cluster: word(item, "cluster", "write the id of the cluster")?,
        verb: word(item, "verb", "write list, watch or get")?,
        resource: word(item, "resource", "write a resource such as services")?,
    };
    let access = if required_flag(item, "allowed", "write true or false")? {
        Access::Allowed
    } else {
        Access::Denied
    };
    Ok((permission, access))
}

pub(super) fn trust_root<'y>(
    reader: &mut Reader,
    root: &'y Yaml,
    item: &'y Yaml,
) -> Read<'y, (Arc<str>, Arc<str>)> {
    reader.known_keys(root, item, &["cluster", "root"])?;
    let cluster = word(item, "cluster", "write the id of the cluster")?;
    let trust_root = word(item, "root", "write what tells the root from others")?;
    Ok((cluster, trust_root))
}

fn word<'y>(item: &'y Yaml, key: &'static str, hint: &'static str) -> Read<'y, Arc<str>> {
    let value = item.required(key, hint)?;
    match value.text()? {
        "" => Err(value.is_not("a name")),
        text => Ok(text.into()),
    }
}

fn required_flag<'y>(item: &'y Yaml, key: &'static str, hint: &'static str) -> Read<'y, bool> {
    let value = item.required(key, hint)?;
    match &value.value {
        YamlValue::Bool(flag) => Ok(*flag),
        _ => Err(value.is_not("true or false")),
    }
}

/// A time that may be left out: 0 then.
fn time<'y>(item: &'y Yaml, key: &str) -> Read<'y, u64> {
    item.field(key)?.map_or(Ok(0), milliseconds)
}

fn milliseconds(value: &Yaml) -> Read<'_, u64> {
    let secs = seconds_of(value.text()?).ok_or_else(|| value.is_not(TIMESTAMP))?;
    Ok(secs.saturating_mul(1000))
}
