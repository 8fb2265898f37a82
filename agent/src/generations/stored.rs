//! Generations as they are in the state folder: JSON, replaced whole.

use super::{Answers, Earlier, Generation, GenerationId, Generations, NamedAnswers};
use crate::input_file;
use dns_core::NameBuf;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::Path;

/// Version of the form below; another one is not read.
const VERSION: u32 = 1;
/// Longest file read, in octets: ten generations of a million names that have nothing in common.
const OCTETS_MAX: u64 = 2 << 30;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    current: Option<StoredGeneration>,
    earlier: Vec<StoredEarlier>,
}

#[derive(Serialize, Deserialize)]
struct StoredGeneration {
    id: String,
    since_ms: u64,
    names: BTreeMap<String, StoredAnswers>,
}

#[derive(Serialize, Deserialize)]
struct StoredEarlier {
    id: String,
    since_ms: u64,
    undo: BTreeMap<String, Option<StoredAnswers>>,
}

#[derive(Serialize, Deserialize)]
struct StoredAnswers {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cname: Option<String>,
}

pub(super) fn text_of(generations: &Generations) -> serde_json::Result<Vec<u8>> {
    let current = generations
        .current
        .as_ref()
        .map(|current| StoredGeneration {
            id: current.id.to_string(),
            since_ms: current.since_ms,
            names: current
                .names
                .iter()
                .map(|(name, answers)| (name.to_string(), store(answers)))
                .collect(),
        });
    let earlier = generations.earlier.iter().map(|earlier| StoredEarlier {
        id: earlier.id.to_string(),
        since_ms: earlier.since_ms,
        undo: earlier
            .undo
            .iter()
            .map(|(name, answers)| (name.to_string(), answers.as_ref().map(store)))
            .collect(),
    });
    serde_json::to_vec(&Stored {
        version: VERSION,
        current,
        earlier: earlier.collect(),
    })
}

fn store(answers: &Answers) -> StoredAnswers {
    StoredAnswers {
        addresses: answers.addresses.clone(),
        cname: answers.cname.as_ref().map(ToString::to_string),
    }
}

pub(super) fn load(file: &Path) -> io::Result<Generations> {
    let text = match input_file::read(file, OCTETS_MAX) {
        Ok((text, _)) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Generations::default()),
        Err(error) => return Err(error),
    };
    let stored: Stored = serde_json::from_slice(&text)?;
    if stored.version != VERSION {
        let reason = format!("is of version {}, not {VERSION}", stored.version);
        return Err(damaged(reason));
    }
    let current = stored.current.map(generation).transpose()?;
    Ok(Generations {
        current,
        earlier: stored
            .earlier
            .into_iter()
            .map(earlier)
            .collect::<io::Result<_>>()?,
        held: None,
        is_unsaved: false,
    })
}

fn generation(stored: StoredGeneration) -> io::Result<Generation> {
    let names = stored.names.into_iter();
    let pair = |(text, answers): (String, StoredAnswers)| Ok((name(&text)?, restore(answers)?));
    Ok(Generation {
        id: id(&stored.id)?,
        since_ms: stored.since_ms,
        names: names.map(pair).collect::<io::Result<NamedAnswers>>()?,
    })
}

fn earlier(stored: StoredEarlier) -> io::Result<Earlier> {
    let undo = stored.undo.into_iter();
    let pair = |(text, answers): (String, Option<StoredAnswers>)| {
        Ok((name(&text)?, answers.map(restore).transpose()?))
    };
    Ok(Earlier {
        id: id(&stored.id)?,
        since_ms: stored.since_ms,
        undo: undo.map(pair).collect::<io::Result<_>>()?,
    })
}

fn restore(stored: StoredAnswers) -> io::Result<Answers> {
    Ok(Answers {
        addresses: stored.addresses,
        cname: stored.cname.as_deref().map(name).transpose()?,
    })
}

fn id(text: &str) -> io::Result<GenerationId> {
    text.parse()
        .map_err(|error| damaged(format!("{text:?}: {error}")))
}

fn name(text: &str) -> io::Result<NameBuf> {
    NameBuf::parse(text).map_err(|error| damaged(format!("{text:?}: {error}")))
}

fn damaged(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
