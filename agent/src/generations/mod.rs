//! [`Generations`]: what was served lately, by the hash of the table, and what would be served if
//! nothing were held.
//!
//! The present table is kept whole, an earlier one as what differs from the one after it: ten
//! generations of a hundred thousand names take little more than one.

mod answers;
mod id;
mod stored;

pub(crate) use answers::answers_of;
pub use answers::{Answers, NamedAnswers};
pub use id::{GenerationId, NotAGeneration};

use crate::durable;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;

use dns_core::NameBuf;

/// Most generations kept, the present one included: a rollout in a few steps can be compared with
/// what was before it.
pub const GENERATIONS_MAX: usize = 10;
/// File of the generations in the state folder.
const FILE: &str = "generations.json";
/// Fewest digits that name a generation: 32 bits tell ten tables apart.
const PREFIX_MIN: usize = 8;

/// One table that was served, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its id.
    pub id: GenerationId,
    /// When it was served first, or made, in milliseconds since 1970.
    pub since_ms: u64,
    /// What each name was answered with.
    pub names: NamedAnswers,
}

/// What differs from the generation after it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Earlier {
    id: GenerationId,
    since_ms: u64,
    /// What the names that differ were answered with; `None` where there was no such name.
    undo: BTreeMap<NameBuf, Option<Answers>>,
}

/// What was served lately, and what would be if nothing were held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    current: Option<Generation>,
    /// Latest first.
    earlier: VecDeque<Earlier>,
    held: Option<Generation>,
    is_unsaved: bool,
}

impl Generations {
    /// What is served.
    pub fn current(&self) -> Option<&Generation> {
        self.current.as_ref()
    }

    /// What would be served if nothing were held; `None` if nothing is.
    pub fn held(&self) -> Option<&Generation> {
        self.held.as_ref()
    }

    /// Ids of all that were served, with the time of each in milliseconds since 1970, latest first.
    pub fn served(&self) -> impl Iterator<Item = (GenerationId, u64)> + '_ {
        let current = self.current.iter().map(|known| (known.id, known.since_ms));
        current.chain(self.earlier.iter().map(|known| (known.id, known.since_ms)))
    }

    /// The generation that a word means: `current`, `previous`, `held`, or the beginning of an id,
    /// eight digits at least. `None` if there is none, or several.
    pub fn find(&self, word: &str) -> Option<Generation> {
        match word {
            "current" => self.current.clone(),
            "held" => self.held.clone(),
            // Before the first change what is served is what was.
            "previous" => self.back(1).or_else(|| self.current.clone()),
            digits => self.with_prefix(digits),
        }
    }

    fn with_prefix(&self, digits: &str) -> Option<Generation> {
        if digits.len() < PREFIX_MIN {
            return None;
        }
        let is_meant = |id: GenerationId| id.to_string().starts_with(digits);
        let held = self.held.iter().filter(|held| is_meant(held.id));
        let served = self.served().map(|(id, _)| id).enumerate();
        let mut served = served.filter(|(_, id)| is_meant(*id));
        match (served.next(), held.into_iter().next()) {
            (Some((at, id)), None) => served
                .all(|(_, other)| other == id)
                .then(|| self.back(at))?,
            (Some((at, id)), Some(held)) if held.id == id => self.back(at),
            (None, held) => held.cloned(),
            (Some(_), Some(_)) => None,
        }
    }

    /// The generation that many before the present one.
    fn back(&self, steps: usize) -> Option<Generation> {
        let mut generation = self.current.clone()?;
        if steps > self.earlier.len() {
            return None;
        }
        for earlier in self.earlier.iter().take(steps) {
            for (name, answers) in &earlier.undo {
                match answers {
                    Some(answers) => generation.names.insert(name.clone(), answers.clone()),
                    None => generation.names.remove(name),
                };
            }
            (generation.id, generation.since_ms) = (earlier.id, earlier.since_ms);
        }
        Some(generation)
    }

    /// Takes the table that is served since `now_ms`.
    pub(crate) fn serve(&mut self, id: GenerationId, names: NamedAnswers, now_ms: u64) {
        if self.current.as_ref().is_some_and(|known| known.id == id) {
            return;
        }
        let next = Generation {
            id,
            since_ms: now_ms,
            names,
        };
        if let Some(before) = self.current.take() {
            self.earlier.push_front(Earlier {
                undo: undo(&before.names, &next.names),
                id: before.id,
                since_ms: before.since_ms,
            });
            self.earlier.truncate(GENERATIONS_MAX - 1);
        }
        self.current = Some(next);
        self.is_unsaved = true;
    }

    /// Says what would be served if nothing were held.
    pub(crate) fn hold(&mut self, held: Option<Generation>) {
        self.held = held;
    }

    /// What a state folder has of them; none if there is nothing.
    ///
    /// # Errors
    /// When the file is there and cannot be used.
    pub(crate) fn load(state_dir: &Path) -> io::Result<Self> {
        stored::load(&state_dir.join(FILE))
    }

    /// Keeps them in the state folder, if there are new ones.
    ///
    /// # Errors
    /// When the folder cannot be written; it is tried again with the next one.
    pub(crate) fn save(&mut self, state_dir: &Path) -> io::Result<()> {
        if self.is_unsaved {
            let text = stored::text_of(self).map_err(io::Error::other)?;
            durable::replace(&state_dir.join(FILE), &text)?;
            self.is_unsaved = false;
        }
        Ok(())
    }
}

/// What makes `before` of `after`.
fn undo(before: &NamedAnswers, after: &NamedAnswers) -> BTreeMap<NameBuf, Option<Answers>> {
    let changed = before
        .iter()
        .filter(|(name, answers)| after.get(*name) != Some(*answers))
        .map(|(name, answers)| (name.clone(), Some(answers.clone())));
    let added = after.keys().filter(|name| !before.contains_key(*name));
    changed
        .chain(added.map(|name| (name.clone(), None)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pairs: &[(&str, &str)]) -> NamedAnswers {
        let answers = |ip: &str| Answers {
            addresses: vec![ip.parse().unwrap()],
            cname: None,
        };
        let pair = |(name, ip): &(&str, &str)| (NameBuf::parse(name).unwrap(), answers(ip));
        pairs.iter().map(pair).collect()
    }

    fn id(number: u64) -> GenerationId {
        format!("{number:016x}").parse().unwrap()
    }

    fn three() -> (Generations, [NamedAnswers; 3]) {
        let tables = [
            names(&[("a.test", "192.0.2.1"), ("b.test", "192.0.2.2")]),
            names(&[("a.test", "192.0.2.9"), ("c.test", "192.0.2.3")]),
            names(&[("a.test", "192.0.2.9")]),
        ];
        let mut generations = Generations::default();
        for (number, table) in (1..).zip(&tables) {
            generations.serve(id(number << 32), table.clone(), number * 1000);
        }
        (generations, tables)
    }

    #[test]
    fn an_earlier_table_is_had_back_from_what_differs() {
        let (generations, tables) = three();
        let found = |word| generations.find(word).unwrap();
        assert_eq!(found("current").names, tables[2]);
        assert_eq!(found("previous").names, tables[1]);
        assert_eq!(found("00000001").names, tables[0]);
        assert_eq!(found("00000001").since_ms, 1000);
        assert_eq!(generations.find("0000000"), None, "too short");
        assert_eq!(generations.find("00000004"), None);
        assert_eq!(generations.find("held"), None);
    }

    #[test]
    fn the_held_one_is_found_by_its_id_too() {
        let (mut generations, tables) = three();
        let held = Generation {
            id: id(9 << 32),
            since_ms: 4000,
            names: tables[0].clone(),
        };
        generations.hold(Some(held.clone()));
        for word in ["held", "00000009", "0000000900000000"] {
            assert_eq!(generations.find(word), Some(held.clone()), "{word}");
        }
    }

    #[test]
    fn ten_are_kept_and_a_table_that_is_served_again_is_no_new_one() {
        let mut generations = Generations::default();
        for number in 1..=20 {
            generations.serve(id(number), NamedAnswers::new(), number);
            generations.serve(id(number), NamedAnswers::new(), number + 1);
        }
        let served: Vec<u64> = generations.served().map(|(_, since)| since).collect();
        assert_eq!(served, (11..=20).rev().collect::<Vec<u64>>());
    }

    #[test]
    fn they_are_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            Generations::load(folder.path()).unwrap(),
            Generations::default()
        );
        let (mut generations, _) = three();
        generations.save(folder.path()).unwrap();
        assert_eq!(Generations::load(folder.path()).unwrap(), generations);
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(Generations::load(folder.path()).is_err());
    }
}
