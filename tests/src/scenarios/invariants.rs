//! Invariants that scenarios write as sentences. Each is known with what checks it; another
//! sentence fails its scenario.

use super::commands::{Command, json_of};
use super::compared::distinct;
use super::place::{Asker, Place};
use super::session::{Found, Session, default_cluster};
use crate::client::Question;
use crate::command::{Ended, run};
use dns_core::NameBuf;
use dns_core::Transport;
use dns_core::vip::{Family, PoolKind, RecordState, VipKey, Want};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// A sentence that is known.
enum Invariant {
    /// Every name in a printed table is answered with its addresses.
    DumpIsAnswered,
    /// The hash is that of what is served.
    HashOfRunning,
    /// The same again.
    HashAgain,
    /// Files in another order, and objects in them, make no difference.
    FileOrder,
    /// Clusters have the objects that they were given.
    NothingCreated(Vec<String>),
}

impl Invariant {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "for every name N in the dump: A/AAAA answers of that agent for N == ips of N" => {
                Invariant::DumpIsAnswered
            }
            "hash equals the hash of the running generation" => Invariant::HashOfRunning,
            "two runs give the same hash" => Invariant::HashAgain,
            "input file order does not matter" => Invariant::FileOrder,
            text => {
                let clusters = clusters_of(text);
                let unknown = || format!("invariant {text:?} is not known");
                Invariant::NothingCreated(clusters.ok_or_else(unknown)?)
            }
        })
    }
}

/// The clusters of `no KIND object was created in A, B by us`.
fn clusters_of(text: &str) -> Option<Vec<String>> {
    let (what, place) = text.split_once(" was created in ")?;
    if !what.starts_with("no ") || !what.ends_with("object") {
        return None;
    }
    let place = place.strip_suffix(" by us").unwrap_or(place);
    Some(place.split(", ").map(str::to_owned).collect())
}

impl Session {
    /// Checks sentences after a command, or after nothing.
    pub(super) fn check_invariants(
        &mut self,
        texts: &[String],
        command: Option<(&Command, &Ended)>,
    ) -> Found {
        let mut found = Vec::new();
        for text in texts {
            let needed = || command.ok_or_else(|| format!("invariant {text:?} needs a command"));
            let differences = match Invariant::parse(text)? {
                Invariant::DumpIsAnswered => {
                    let (command, ended) = needed()?;
                    self.check_dump(&command.cluster, ended)?
                }
                Invariant::HashOfRunning => {
                    let (command, ended) = needed()?;
                    let state = self.state_of(&command.cluster)?;
                    let running = self.hash_of(&command.cluster, &self.live.clusters(), &state)?;
                    unequal(&running, ended.stdout.trim())
                }
                Invariant::HashAgain => {
                    let (command, ended) = needed()?;
                    let again = self.run_command(command)?;
                    unequal(ended.stdout.trim(), again.stdout.trim())
                }
                Invariant::FileOrder => {
                    self.check_file_order()?;
                    Vec::new()
                }
                Invariant::NothingCreated(clusters) => self.check_files(&clusters)?,
            };
            found.extend(
                differences
                    .into_iter()
                    .map(|what| format!("{text}: {what}")),
            );
        }
        Ok(found)
    }

    fn check_dump(&mut self, cluster: &str, ended: &Ended) -> Found {
        let dump = json_of(ended)?;
        let asker = Asker {
            cluster: cluster.to_owned(),
            namespace: self.has_namespaces().then(|| "default".to_owned()),
            has_proxy: true,
            mode: self.mode,
        };
        let mut found = Vec::new();
        for (name, entry) in dump.as_object().ok_or("the dump is no map")? {
            if name.starts_with('*') {
                continue;
            }
            let ips = entry["ips"].as_array().into_iter().flatten();
            let expected: BTreeSet<IpAddr> =
                ips.filter_map(|ip| ip.as_str()?.parse().ok()).collect();
            let mut got = BTreeSet::new();
            for rtype in ["A", "AAAA"] {
                let question = Question::new(name, rtype)?;
                let heard = self.live.ask(&asker, &question, Transport::Udp)?;
                got.extend(super::answer::addresses(&heard.reply.message));
            }
            if got != expected {
                found.push(format!("{name} is {got:?}, the dump has {expected:?}"));
            }
        }
        Ok(found)
    }

    /// The hash of the table of a cluster, compiled from that folder with that state.
    fn hash_of(&self, cluster: &str, clusters: &Path, state: &Path) -> Result<String, String> {
        let config = self.live.config_of(cluster, self.mode);
        let mut words: Vec<std::ffi::OsString> = vec!["compile".into(), "--hash".into()];
        let mut flag = |name: &str, value: &Path| words.extend([name.into(), value.into()]);
        flag("--config", &config);
        flag("--clusters", clusters);
        flag("--cluster", Path::new(cluster));
        flag("--state-dir", state);
        let ended = run(words)?;
        let hash = ended.stdout.trim().to_owned();
        if hash.len() != 64 || !hash.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return Err(format!(
                "compile --hash printed {hash:?} and {}",
                ended.stderr.trim()
            ));
        }
        Ok(hash)
    }

    /// The table is the same with the files under other names, and the objects in them in another
    /// order. Without state: what was good last is known by its file.
    pub(super) fn check_file_order(&self) -> Result<(), String> {
        let cluster = default_cluster(&self.world);
        let folder = self.live.folder().join("rearranged");
        rearrange(self.live.written(), &folder)?;
        let none = Path::new("none");
        let as_written = self.hash_of(&cluster, &self.live.clusters(), none)?;
        let rearranged = self.hash_of(&cluster, &folder, none)?;
        match as_written == rearranged {
            true => Ok(()),
            false => Err(format!(
                "the order of files changes the hash of {cluster}'s table"
            )),
        }
    }

    fn check_files(&self, clusters: &[String]) -> Found {
        let mut found = Vec::new();
        for cluster in clusters {
            let folder = self.live.clusters().join(cluster);
            let expected = self.live.written().get(cluster);
            let expected = expected.ok_or_else(|| format!("there is no cluster {cluster}"))?;
            if files_in(&folder)? != *expected {
                found.push(format!("{cluster} has other objects than it was given"));
            }
        }
        Ok(found)
    }

    /// Looks at a sentence that a step asks instead of a name.
    pub(super) fn look_at_invariant(
        &mut self,
        text: &str,
        expect: &super::expect::Expect,
    ) -> Found {
        if text == "distinct" {
            let texts = expect
                .distinct
                .as_ref()
                .ok_or("invariant distinct: of what?")?;
            return distinct(&self.bindings, texts);
        }
        let count = text
            .strip_prefix("allocate ")
            .and_then(|rest| rest.strip_suffix(" other names"))
            .and_then(|count| count.parse().ok());
        match count {
            Some(count) => self.allocate(count, &expect.must_not_answer),
            None => Err(format!("invariant {text:?} is not known")),
        }
    }

    /// That many more names get none of these addresses.
    fn allocate(&mut self, count: usize, taken: &[String]) -> Found {
        let mut ledger = self.lab.ledger.clone();
        let records = ledger
            .records()
            .filter(|record| record.state == RecordState::Active);
        let mut wants: Vec<Want> = records
            .map(|record| Want {
                key: record.key.clone(),
                family: record.family(),
                pool: record.pool,
            })
            .collect();
        for n in 0..count {
            let name = NameBuf::parse(&format!("other{n}.example.net"));
            wants.push(Want {
                key: VipKey::of_name(&name.map_err(|error| format!("{error:?}"))?),
                family: Family::V4,
                pool: PoolKind::Names,
            });
        }
        let assignment = ledger.assign(self.lab.now_ms, wants, &BTreeMap::new());
        let mut found = Vec::new();
        if assignment.allotted < count {
            found.push(format!("only {} names were allotted", assignment.allotted));
        }
        for text in taken {
            let address = self.bindings.address(text)?;
            let mut changes = assignment.changes.iter();
            if changes
                .any(|record| record.address == address && record.state == RecordState::Active)
            {
                found.push(format!("{text} was given to another name"));
            }
        }
        Ok(found)
    }
}

fn unequal(expected: &str, got: &str) -> Vec<String> {
    match expected == got && !got.is_empty() {
        true => Vec::new(),
        false => vec![format!("expected {expected:?}, got {got:?}")],
    }
}

/// Writes the files under names in the opposite order, and the objects in them likewise.
fn rearrange(files: &super::manifest::Files, folder: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(fail)?;
    }
    for (cluster, files) in files {
        let folder = folder.join(cluster);
        std::fs::create_dir_all(&folder).map_err(fail)?;
        for (place, text) in files.values().rev().enumerate() {
            let mut objects: Vec<&str> = text.split("---\n").collect();
            objects.reverse();
            let path = folder.join(format!("{place:03}.yaml"));
            std::fs::write(path, objects.join("---\n")).map_err(fail)?;
        }
    }
    Ok(())
}

fn files_in(folder: &PathBuf) -> Result<BTreeMap<String, String>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        files.insert(name, std::fs::read_to_string(&path).map_err(fail)?);
    }
    Ok(files)
}
