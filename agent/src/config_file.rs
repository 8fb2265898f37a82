//! Tells when the configuration file has changed.

use crate::cli::AgentFlags;
use crate::config::CONFIG_OCTETS_MAX;
use crate::input_file;
use crate::sources::Refresh;
use std::path::{Path, PathBuf};

/// The configuration file as it was last seen.
pub(crate) struct ConfigFile {
    path: Option<PathBuf>,
    text: Option<Vec<u8>>,
}

impl ConfigFile {
    /// The file that the flags name, if any.
    pub(crate) fn new(flags: &AgentFlags) -> Self {
        let path = flags.config.clone();
        let text = path.as_deref().and_then(text_of);
        ConfigFile { path, text }
    }

    /// Its path.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether it has changed since. A file that is gone or blank for a moment has not: somebody
    /// is writing it, and a configuration without a word would drop every source. SIGHUP takes it.
    pub(crate) fn refresh(&mut self) -> Refresh {
        let text = self.path.as_deref().and_then(text_of);
        let is_blank = text
            .as_deref()
            .is_none_or(|text| text.trim_ascii().is_empty());
        if is_blank || text == self.text {
            return Refresh::Same;
        }
        self.text = text;
        Refresh::Changed
    }
}

fn text_of(config: &Path) -> Option<Vec<u8>> {
    let read = input_file::read(config, CONFIG_OCTETS_MAX as u64);
    read.ok().map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_is_blank_or_gone_for_a_moment_has_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("callsign.yaml");
        std::fs::write(&path, "zones: [a.test]\n").unwrap();
        let mut file = ConfigFile::new(&AgentFlags {
            config: Some(path.clone()),
            ..AgentFlags::default()
        });
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(file.refresh(), Refresh::Same);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file.refresh(), Refresh::Same);
        std::fs::write(&path, "zones: [b.test]\n").unwrap();
        assert_eq!(file.refresh(), Refresh::Changed);
        assert_eq!(file.refresh(), Refresh::Same);
    }
}
