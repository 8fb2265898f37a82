//! [`VipKey`]: the text under which the ledger knows who holds an address.

use crate::wire::NameBuf;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;

/// Longest key in octets: a name in presentation form, every octet escaped as `\DDD` (4 x 255),
/// or an instance with a long cluster id. Longer texts are refused.
pub const KEY_MAX: usize = 1280;

/// Who holds a virtual address: a name, or an instance of a headless service in one cluster.
///
/// The text has no whitespace and no control characters, so that it fits a column of the journal.
/// Keys are ordered by the octets of their text; that is the "name order" in which addresses are
/// allotted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VipKey(Arc<str>);

impl VipKey {
    /// The key of a name: its text in lower case without the trailing dot.
    pub fn of_name(name: &NameBuf) -> Self {
        VipKey(plain_text(name).unwrap_or_else(|| name.to_string()).into())
    }

    /// The key of one endpoint of a headless service, `<hostname>.<service>.<namespace>@<cluster>`.
    ///
    /// The part before the `@` is taken in lower case, the cluster id as it is: ids that differ in
    /// case only are two clusters.
    ///
    /// # Errors
    /// As [`VipKey::parse`].
    pub fn of_instance(
        hostname: &str,
        service: &str,
        namespace: &str,
        cluster: &str,
    ) -> Result<Self, VipKeyError> {
        let mut text = String::new();
        for part in [hostname, ".", service, ".", namespace] {
            text.push_str(part);
        }
        text.make_ascii_lowercase();
        text.push('@');
        text.push_str(cluster);
        Self::parse(&text)
    }

    /// Takes a text that is a key already, as a journal holds it.
    ///
    /// # Errors
    /// An empty text, one over [`KEY_MAX`] octets, or one with whitespace or control characters.
    pub fn parse(text: &str) -> Result<Self, VipKeyError> {
        if text.is_empty() {
            return Err(VipKeyError::Empty);
        }
        if text.len() > KEY_MAX {
            return Err(VipKeyError::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(VipKeyError::BadCharacter);
        }
        Ok(VipKey(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of a name of letters, digits, hyphens and underscores, which needs no escapes: nearly
/// all are, and the compiler makes a key of every name.
fn plain_text(name: &NameBuf) -> Option<String> {
    let is_plain =
        |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'*');
    let mut text = String::with_capacity(name.as_name().as_wire().len());
    for label in name.as_name().labels() {
        if !label.iter().all(is_plain) {
            return None;
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(core::str::from_utf8(label).ok()?);
    }
    (!text.is_empty()).then_some(text)
}

impl fmt::Display for VipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VipKeyError {
    /// It is empty.
    Empty,
    /// It has more than [`KEY_MAX`] octets.
    TooLong,
    /// It has whitespace or a control character.
    BadCharacter,
}

impl fmt::Display for VipKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VipKeyError::Empty => "empty",
            VipKeyError::TooLong => "longer than 1280 octets",
            VipKeyError::BadCharacter => "has whitespace or a control character",
        })
    }
}

impl core::error::Error for VipKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_keyed_in_lower_case_without_the_trailing_dot() {
        let name = NameBuf::parse("Pay.Example.COM.").unwrap();
        assert_eq!(VipKey::of_name(&name).as_str(), "pay.example.com");
    }

    #[test]
    fn a_key_is_the_text_of_its_name() {
        for text in ["a.b-c.d_e", "*.a", ".", r"a\.b.c", r"\000.x"] {
            let name = NameBuf::parse(text).unwrap();
            assert_eq!(VipKey::of_name(&name).as_str(), name.to_string());
        }
    }

    #[test]
    fn an_instance_keeps_the_case_of_its_cluster() {
        let key = VipKey::of_instance("DB-0", "db", "ns1", "Kubernetes").unwrap();
        assert_eq!(key.as_str(), "db-0.db.ns1@Kubernetes");
    }

    #[test]
    fn a_name_with_any_octets_is_a_key_and_never_looks_like_an_instance() {
        let name = NameBuf::parse("a\\009b.x\\@y.example").unwrap();
        let key = VipKey::of_name(&name);
        assert_eq!(VipKey::parse(key.as_str()), Ok(key.clone()));
        assert_eq!(key.as_str(), "a\\009b.x\\@y.example");
    }

    #[test]
    fn texts_that_would_break_a_journal_line_are_refused() {
        assert_eq!(VipKey::parse(""), Err(VipKeyError::Empty));
        assert_eq!(VipKey::parse("a\tb"), Err(VipKeyError::BadCharacter));
        assert_eq!(
            VipKey::of_instance("a", "b", "c", "x\ny"),
            Err(VipKeyError::BadCharacter)
        );
        assert_eq!(
            VipKey::parse(&"a".repeat(KEY_MAX + 1)),
            Err(VipKeyError::TooLong)
        );
    }
}
