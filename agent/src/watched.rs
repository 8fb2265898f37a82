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

    /// Reads the file if its octets have changed. A file that is missing or broken leaves the
    /// value as it was.
    pub(crate) fn refresh(
        &mut self,
        path: &Path,
        parse: impl FnOnce(&[u8]) -> Result<T, Problem>,
    ) -> Refresh {
        let text = match input_file::read(path, WATCHED_OCTETS_MAX) {
            Ok((text, _)) => text,
            Err(error) => {
                let reason = format!("cannot be read: {error}");
                let problem = Some(Problem::warning(Place::of_file(path), "", reason));
                let refresh = if self.problem == problem {
                    Refresh::Same
                } else {
                    Refresh::Changed
                };
                (self.text, self.problem) = (None, problem);
                return refresh;
            }
        };
        if self.text.as_ref() == Some(&text) {
            return Refresh::Same;
        }
        match parse(&text) {
            Ok(value) => (self.value, self.problem) = (value, None),
            Err(problem) => {
                tracing::warn!(%problem, "the last good content is used");
                self.problem = Some(problem);
            }
        }
        self.text = Some(text);
        Refresh::Changed
    }
}
