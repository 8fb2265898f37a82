//! Small files that are watched one by one: resolv.conf, the pod-address file.

use crate::input_file;
use crate::pods_file::PODS_OCTETS_MAX;
use crate::problem::{Place, Problem};
use crate::sources::Refresh;
use std::path::Path;

/// Longest file read, in octets: what the larger of the two kinds may have.
const WATCHED_OCTETS_MAX: u64 = PODS_OCTETS_MAX as u64;

/// A small file that is read again when it changes; what was read last stays if it breaks.
#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    text: Option<Vec<u8>>,
    /// What was read last.
    pub(crate) value: T,
    /// What is wrong with the file at this time.
    pub(crate) problem: Option<Problem>,
}

impl<T> Watched<T> {
    /// Reads the file again the next time, changed or not.
    pub(crate) fn forget(&mut self) {
        self.text = None;
    }

    /// Reads the file if its octets have changed; `parse` also gets what was read before. A file
    /// that is missing or broken leaves the value as it was.
    pub(crate) fn refresh(
        &mut self,
        path: &Path,
        parse: impl FnOnce(&[u8], &T) -> Result<T, Problem>,
    ) -> Refresh {
        let text = match input_file::read(path, WATCHED_OCTETS_MAX) {
            Ok((text, _)) => text,
            Err(error) => {
                let reason = format!("cannot be read: {error}");
                let problem = Problem::warning(Place::of_file(path), "", reason);
                self.text = None;
                return self.report(problem);
            }
        };
        if self.text.as_ref() == Some(&text) {
            return Refresh::Same;
        }
        self.text = Some(text.clone());
        match parse(&text, &self.value) {
            Ok(value) => {
                (self.value, self.problem) = (value, None);
                Refresh::Changed
            }
            Err(problem) => self.report(problem),
        }
    }

    fn report(&mut self, problem: Problem) -> Refresh {
        if self.problem.as_ref() == Some(&problem) {
            return Refresh::Same;
        }
        tracing::warn!("{problem}");
        self.problem = Some(problem);
        Refresh::Changed
    }
}
