//! Products in their grace, in the state folder, so that a restart does not cut it short.

use crate::{durable, input_file};
use dns_core::NameBuf;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use table_compiler::{Carried, CarriedProduct, ObjectRef};

/// File in the state folder.
const FILE: &str = "carried.json";
/// Version of its form; another one is not read.
const VERSION: u32 = 1;
/// Longest file read, in octets: a million products.
const OCTETS_MAX: u64 = 1 << 30;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    products: BTreeMap<String, StoredProduct>,
}

#[derive(Serialize, Deserialize)]
struct StoredProduct {
    cluster: String,
    role: String,
    namespace: String,
    name: String,
    alias_of: Option<String>,
    withdrawn_ms: Option<u64>,
}

/// What a state folder has; nothing if there is no file.
///
/// # Errors
/// When the file is there and cannot be used.
pub(crate) fn load(state_dir: &Path) -> io::Result<Carried> {
    let text = match input_file::read(&state_dir.join(FILE), OCTETS_MAX) {
        Ok((text, _)) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Carried::default()),
        Err(error) => return Err(error),
    };
    let stored: Stored = serde_json::from_slice(&text)?;
    if stored.version != VERSION {
        let reason = format!("is of version {}, not {VERSION}", stored.version);
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let products = stored.products.into_iter().filter_map(|(name, product)| {
        let name = NameBuf::parse(&name).ok()?;
        Some((name, restore(product)))
    });
    Ok(Carried {
        products: products.collect(),
    })
}

fn restore(stored: StoredProduct) -> CarriedProduct {
    CarriedProduct {
        source: ObjectRef {
            cluster: stored.cluster.into(),
            role: stored.role.into(),
            namespace: stored.namespace.into(),
            name: stored.name.into(),
        },
        alias_of: stored.alias_of.and_then(|name| NameBuf::parse(&name).ok()),
        withdrawn_ms: stored.withdrawn_ms,
    }
}

/// Keeps it, in place of what was kept.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn save(state_dir: &Path, carried: &Carried) -> io::Result<()> {
    let products = carried.products.iter().map(|(name, product)| {
        let stored = StoredProduct {
            cluster: product.source.cluster.to_string(),
            role: product.source.role.to_string(),
            namespace: product.source.namespace.to_string(),
            name: product.source.name.to_string(),
            alias_of: product.alias_of.as_ref().map(ToString::to_string),
            withdrawn_ms: product.withdrawn_ms,
        };
        (name.to_string(), stored)
    });
    let stored = Stored {
        version: VERSION,
        products: products.collect(),
    };
    let text = serde_json::to_vec(&stored).map_err(io::Error::other)?;
    durable::replace(&state_dir.join(FILE), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_goes_on_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).unwrap(), Carried::default());
        let source = ObjectRef {
            cluster: "west".into(),
            role: "Gateway".into(),
            namespace: "pay".into(),
            name: "pay-gateway".into(),
        };
        let product = CarriedProduct {
            source,
            alias_of: NameBuf::parse("pay.global").ok(),
            withdrawn_ms: Some(7),
        };
        let name = NameBuf::parse("pay.example.com").unwrap();
        let carried = Carried {
            products: BTreeMap::from([(name, product)]),
        };
        save(folder.path(), &carried).unwrap();
        assert_eq!(load(folder.path()).unwrap(), carried);
    }
}
