//! Host names as users write them in objects and files.

use dns_core::NameBuf;

/// Whether a name may begin with a `*` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// It may.
    WildcardAllowed,
    /// It must be one host.
    Exact,
}

/// Reads a host name: letters, digits, hyphens and underscores in labels, a trailing dot or
/// none, lower-cased.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the name.
pub(crate) fn dns_name(text: &str, pattern: HostPattern) -> Result<NameBuf, String> {
    let name = NameBuf::parse(text).map_err(|error| error.to_string())?;
    let rest = match text.strip_prefix("*.") {
        Some("") => return Err("has no label after the wildcard".to_owned()),
        Some(_) if pattern == HostPattern::Exact => return Err("is a wildcard".to_owned()),
        Some(rest) => rest,
        None => text,
    };
    match rest
        .chars()
        .find(|&c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
    {
        Some('*') => Err("has a wildcard that is not its whole first label".to_owned()),
        Some(odd) => Err(format!("has the character {odd:?}")),
        None if name.as_name().is_root() => Err("is the root".to_owned()),
        None => Ok(name),
    }
}

/// Whether the text is one label of a host name.
pub(crate) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_leading_wildcards_are_read_in_lower_case() {
        for (text, expected) in [
            ("Pay.Example.com.", "pay.example.com"),
            ("*.a_b.c", "*.a_b.c"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(
                dns_name(text, HostPattern::WildcardAllowed)
                    .unwrap()
                    .to_string(),
                expected
            );
        }
    }

    #[test]
    fn odd_names_are_refused_with_a_reason() {
        for (text, reason) in [
            ("", "empty label"),
            ("a..b", "empty label"),
            (".", "root"),
            ("*", "wildcard"),
            ("*.", "wildcard"),
            ("a.*.b", "wildcard"),
            ("a*.b", "wildcard"),
            ("a b", "' '"),
            ("a\\.b", "'\\\\'"),
            ("bücher.example", "'ü'"),
        ] {
            let error = dns_name(text, HostPattern::WildcardAllowed).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert_eq!(
            dns_name("*.a", HostPattern::Exact),
            Err("is a wildcard".to_owned())
        );
    }
}
