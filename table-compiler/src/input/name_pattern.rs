//! A host name or a wildcard over host names.

use super::field::{Invalid, Read, quoted};
use super::host::{HostPattern, dns_name};
use super::yaml::Yaml;
use dns_core::{Name, NameBuf};
use std::fmt;

const HINT: &str = "write a DNS name, *.suffix or *";

/// Which host names are meant: `*`, `*.suffix` or one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NamePattern {
    /// `*`: every name.
    Any,
    /// `*.suffix`: every name below the suffix, not the suffix itself.
    Below(NameBuf),
    /// One name.
    Exact(NameBuf),
}

impl NamePattern {
    /// Reads the pattern that a field holds.
    pub(crate) fn read(item: &Yaml) -> Read<'_, Self> {
        Self::in_text(item, item.text()?)
    }

    /// Reads a pattern that is the text of a field or a piece of it.
    pub(crate) fn in_text<'a>(item: &'a Yaml, text: &str) -> Read<'a, Self> {
        if text == "*" {
            return Ok(NamePattern::Any);
        }
        let refused = |reason| Invalid::new(item, format!("{} {reason}", quoted(text)), HINT);
        match text.strip_prefix("*.") {
            Some("") => Err(refused("has no label after the wildcard".to_owned())),
            Some(suffix) => dns_name(suffix, HostPattern::Exact)
                .map(NamePattern::Below)
                .map_err(refused),
            None => dns_name(text, HostPattern::Exact)
                .map(NamePattern::Exact)
                .map_err(refused),
        }
    }

    /// Whether the name is meant.
    pub(crate) fn matches(&self, name: Name<'_>) -> bool {
        match self {
            NamePattern::Any => true,
            NamePattern::Below(suffix) => {
                let suffix = suffix.as_name();
                name.label_count() > suffix.label_count() && name.ends_with(suffix)
            }
            NamePattern::Exact(exact) => exact.as_name() == name,
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NamePattern::Any => f.write_str("*"),
            NamePattern::Below(suffix) => write!(f, "*.{suffix}"),
            NamePattern::Exact(name) => write!(f, "{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::yaml::Position;

    fn pattern(text: &str) -> Result<NamePattern, String> {
        let item = Yaml::from_json(&text.into(), Position::default());
        NamePattern::read(&item).map_err(|invalid| invalid.reason().to_owned())
    }

    #[test]
    fn a_pattern_matches_the_names_that_it_means() {
        for (text, matching, other) in [
            ("*", "a.example", ""),
            ("*.Example.com", "a.b.example.com", "example.com"),
            ("pay.example.com", "pay.example.com", "a.pay.example.com"),
        ] {
            let pattern = pattern(text).unwrap();
            assert!(pattern.matches(NameBuf::parse(matching).unwrap().as_name()));
            if !other.is_empty() {
                assert!(!pattern.matches(NameBuf::parse(other).unwrap().as_name()));
            }
            assert_eq!(pattern.to_string(), text.to_ascii_lowercase());
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "*.", "*.*.a", "a.*", "a b"] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }
}
