//! A pattern over cluster ids and namespaces.

use super::field::{Invalid, Read};
use super::yaml::Yaml;
use std::sync::Arc;

/// Which texts are meant: `*`, `prefix*` or one text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TextPattern {
    /// `*`: all.
    Any,
    /// `prefix*`: those that begin so.
    Prefix(Arc<str>),
    /// One.
    Exact(Arc<str>),
}

impl TextPattern {
    pub(crate) fn read(item: &Yaml) -> Read<'_, Self> {
        let text = item.text()?;
        match text.split_once('*') {
            Some(("", "")) => Ok(TextPattern::Any),
            Some((prefix, "")) => Ok(TextPattern::Prefix(prefix.into())),
            None if !text.is_empty() => Ok(TextPattern::Exact(text.into())),
            Some(_) | None => Err(Invalid::new(
                item,
                format!("{} is not a pattern", super::quoted(text)),
                "write a name, prefix* or *",
            )),
        }
    }

    /// The pattern of a field; absent means all.
    pub(crate) fn field<'a>(section: &'a Yaml, key: &str) -> Read<'a, Self> {
        let pattern = section.field(key)?.map(Self::read).transpose()?;
        Ok(pattern.unwrap_or(TextPattern::Any))
    }

    /// Whether the text is meant.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            TextPattern::Any => true,
            TextPattern::Prefix(prefix) => text.starts_with(&**prefix),
            TextPattern::Exact(exact) => &**exact == text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::yaml::Position;

    #[test]
    fn a_pattern_is_all_a_prefix_or_one_text() {
        for (text, matching, other) in [
            ("*", Some("a"), None),
            ("team-*", Some("team-a"), Some("ateam-")),
            ("pay", Some("pay"), Some("pay2")),
            ("", None, None),
            ("a*b", None, None),
        ] {
            let item = Yaml::from_json(&text.into(), Position::default());
            let pattern = TextPattern::read(&item).ok();
            assert_eq!(pattern.is_some(), matching.is_some(), "{text}");
            for (sample, expected) in [(matching, true), (other, false)] {
                let matches = sample.zip(pattern.as_ref()).map(|(t, p)| p.matches(t));
                assert!(matches.is_none_or(|matches| matches == expected), "{text}");
            }
        }
    }
}
