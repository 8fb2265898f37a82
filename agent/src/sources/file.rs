//! One file: what it says, with last good parts where it is broken.

use super::content::{Content, Read};
use super::fingerprint::Fingerprint;
use super::{Files, SourceKind, Staleness};
use crate::input_file;
use crate::problem::{Place, Problem};
use dns_core::NameBuf;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::string::FromUtf8Error;
use std::sync::Arc;
use table_compiler::{ObjectDoc, ObjectId, Scope};

/// Largest file read, in octets: a million hosts lines are about 50 MB.
pub(super) const FILE_OCTETS_MAX: u64 = 512 << 20;
/// Most problems told of one file; one that is wrong throughout has one in every object, and nobody
/// reads past the first screen.
const PROBLEMS_MAX: usize = 100;

#[derive(Debug)]
pub(super) struct File {
    fingerprint: Option<Fingerprint>,
    content: Content,
    problems: Vec<Problem>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// As the file says.
    Fresh,
    /// These objects are from before.
    Frozen(Vec<ObjectId>),
    /// All of it is from before.
    FrozenWhole,
    /// Something was left out, and there is no good form from before. `Frozen` parts may be in it.
    Incomplete(Vec<ObjectId>),
    /// Nothing could be read, and there is nothing from before.
    Unread,
}

impl File {
    /// What the state folder kept.
    pub(super) fn restored(content: Content) -> Self {
        File {
            fingerprint: None,
            content,
            problems: Vec::new(),
            state: State::FrozenWhole,
        }
    }

    /// Reads a file; what is broken in it is taken from `served`.
    pub(super) fn read(path: &Path, kind: SourceKind, domain: &NameBuf, served: &Files) -> Self {
        let before = served.get(path).filter(|file| !file.is_unread());
        match read_text(path, kind) {
            Ok((text, fingerprint)) => {
                let name = path.to_string_lossy();
                let read = match kind {
                    SourceKind::Table => Content::read_table(&name, &text, domain),
                    SourceKind::Cluster => Content::read_objects(&name, &text),
                    SourceKind::Hosts => {
                        Content::read_hosts(&name, &text, Some(fingerprint.clone()))
                    }
                };
                for (kind, count) in &read.skipped {
                    tracing::debug!(file = %name, kind, count, "objects of this kind are not read");
                }
                File {
                    fingerprint: Some(fingerprint),
                    ..Self::settle(read, before, served)
                }
            }
            Err(problem) => {
                let content = before.map(|file| file.content.clone());
                let state = if content.is_some() {
                    State::FrozenWhole
                } else {
                    State::Unread
                };
                let content = content.unwrap_or(Content::Objects(Vec::new()));
                File {
                    fingerprint: None,
                    content,
                    problems: vec![*problem],
                    state,
                }
            }
        }
    }

    /// With the cluster named in what is wrong.
    pub(super) fn of_cluster(mut self, id: &str) -> Self {
        for problem in &mut self.problems {
            problem.field = in_cluster(id, &problem.field);
        }
        self
    }

    fn settle(read: Read, before: Option<&Arc<File>>, served: &Files) -> Self {
        let problems = told_problems(&read.problems);
        let is_broken = |scope| read.problems.iter().any(|problem| problem.scope == scope);
        let file = |content, state| File {
            fingerprint: None,
            content,
            problems,
            state,
        };
        let loses_lines = matches!(read.content, Content::Hosts(_)) && !read.problems.is_empty();
        if is_broken(Scope::File) || loses_lines {
            return match before {
                Some(before) => file(before.content.clone(), State::FrozenWhole),
                None if read.content.items() == 0 => file(read.content, State::Unread),
                None => file(read.content, State::Incomplete(Vec::new())),
            };
        }
        let Content::Objects(mut objects) = read.content else {
            return file(read.content, State::Fresh);
        };
        if !is_broken(Scope::Object) {
            return file(Content::Objects(objects), State::Fresh);
        }
        let last_good = objects_by_id(served);
        let mut frozen = BTreeSet::new();
        let mut is_incomplete = false;
        for problem in read
            .problems
            .iter()
            .filter(|problem| problem.scope == Scope::Object)
        {
            let id = problem.object.as_ref();
            match id.and_then(|id| last_good.get(id)) {
                Some(last_good) if frozen.insert(&last_good.id) => {
                    objects.push(ObjectDoc::clone(last_good));
                }
                Some(_) => {}
                None => is_incomplete = true,
            }
        }
        let frozen = frozen.into_iter().cloned().collect();
        let state = if is_incomplete {
            State::Incomplete(frozen)
        } else {
            State::Frozen(frozen)
        };
        file(Content::Objects(objects), state)
    }

    /// Whether the file on disk is still the one that was read.
    pub(super) fn is_current(&self, path: &Path) -> bool {
        let now = std::fs::metadata(path).map(|metadata| Fingerprint::of(&metadata));
        now.is_ok_and(|now| self.fingerprint.as_ref() == Some(&now))
    }

    /// Whether a table made of `other` would be the same, and what is told of it. Without
    /// fingerprints both are unread, or both stand for the same content of before.
    pub(super) fn is_same(&self, other: &File) -> bool {
        self.fingerprint == other.fingerprint
            && self.state == other.state
            && self.problems == other.problems
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn staleness(&self) -> Staleness<'_> {
        match &self.state {
            State::Fresh | State::Unread => Staleness::None,
            State::Frozen(objects) | State::Incomplete(objects) => Staleness::Objects(objects),
            State::FrozenWhole => Staleness::Whole,
        }
    }

    pub(super) fn is_incomplete(&self) -> bool {
        matches!(self.state, State::Incomplete(_) | State::Unread)
    }

    pub(super) fn is_unread(&self) -> bool {
        self.state == State::Unread
    }
}

/// The objects of all files; of several with one id the first counts.
fn objects_by_id(served: &Files) -> BTreeMap<&ObjectId, &ObjectDoc> {
    let objects = served.values().filter_map(|file| match &file.content {
        Content::Objects(objects) => Some(objects),
        Content::NameTable(..) | Content::Hosts(_) => None,
    });
    let mut by_id = BTreeMap::new();
    for doc in objects.flatten() {
        by_id.entry(&doc.id).or_insert(doc);
    }
    by_id
}

/// A part of an object, with the cluster that it is of.
pub(crate) fn in_cluster(id: &str, part: &str) -> String {
    let parts = [id, part].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(": ")
}

fn told_problems(found: &[table_compiler::Problem]) -> Vec<Problem> {
    let mut told: Vec<Problem> = found.iter().take(PROBLEMS_MAX).map(Problem::from).collect();
    if let Some(next) = found.get(PROBLEMS_MAX) {
        let place = Place::of_file(Path::new(&*next.file));
        let reason = format!("{} more problems", found.len() - PROBLEMS_MAX);
        told.push(Problem::error(place, "", reason));
    }
    told
}

fn read_text(path: &Path, kind: SourceKind) -> Result<(String, Fingerprint), Box<Problem>> {
    let fail = |reason: String| Box::new(Problem::error(Place::of_file(path), "", reason));
    let unreadable = |error: io::Error| fail(format!("cannot be read: {error}"));
    let (octets, metadata) =
        input_file::read(path, FILE_OCTETS_MAX).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Box::new(unreadable(error).with_hint("split it")),
            _ => unreadable(error),
        })?;
    let fingerprint = Fingerprint::of(&metadata);
    let text = match kind {
        SourceKind::Table | SourceKind::Cluster => {
            String::from_utf8(octets).map_err(|error| not_utf8(path, &error))?
        }
        SourceKind::Hosts => hosts_text(octets),
    };
    Ok((text, fingerprint))
}

fn not_utf8(path: &Path, error: &FromUtf8Error) -> Box<Problem> {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = 1 + before.iter().filter(|&&octet| octet == b'\n').count();
    let line_start = before
        .iter()
        .rposition(|&octet| octet == b'\n')
        .map_or(0, |at| at + 1);
    let column = 1 + String::from_utf8_lossy(&before[line_start..])
        .chars()
        .count();
    let at = Place::of_file(path).at(line, column);
    Box::new(Problem::error(at, "", "is not UTF-8").with_hint("write it in UTF-8"))
}

/// The text of a hosts file. What is not UTF-8 becomes U+FFFD: it means nothing in a comment, and
/// in an address or a name it makes that line a bad one.
pub(super) fn hosts_text(octets: Vec<u8>) -> String {
    String::from_utf8(octets)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl From<&table_compiler::Problem> for Problem {
    fn from(problem: &table_compiler::Problem) -> Self {
        let place = Place::of_file(Path::new(&*problem.file));
        let place = match (problem.line, problem.column) {
            (0, _) => place,
            (line, column) => place.at(line as usize, column as usize),
        };
        let object = problem.object.as_ref().map(ToString::to_string);
        let parts = [object, problem.field.clone()];
        let field = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        let convert = match problem.scope {
            Scope::Field => Problem::warning,
            Scope::Object | Scope::File => Problem::error,
        };
        let told = convert(place, field, &problem.reason)
            .with_hint(problem.hint.as_deref().unwrap_or_default());
        Problem {
            found: Some(Arc::new(problem.clone())),
            ..told
        }
    }
}
