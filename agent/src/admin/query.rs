//! The query of a request's target: `?name=value&…`, percent-encoded (RFC 3986 section 2.1).

use std::fmt::Write;

/// Names and values, decoded. What has no `=` has no value.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, Option<String>)>);

impl Parameters {
    /// Reads a query; an empty one has no parameters.
    pub(super) fn parse(query: &str) -> Self {
        let parts = query.split('&').filter(|_| !query.is_empty());
        let read = |part: &str| match part.split_once('=') {
            Some((name, value)) => (decode(name), Some(decode(value))),
            None => (decode(part), None),
        };
        Parameters(parts.map(read).collect())
    }

    /// The first value of that name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.as_deref())
    }

    /// Refuses what is not a value of one of `names`, each written once. What was meant to narrow
    /// a request and is misread would widen it.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), String> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                return Err(format!(
                    "`{name}` is not known; there is {}",
                    names.join(", ")
                ));
            }
            if value.as_ref().is_none_or(String::is_empty) {
                return Err(format!("{name}: has no value; write {name}=VALUE"));
            }
            if self.0[..index].iter().any(|(before, _)| before == name) {
                return Err(format!("{name}: is written twice; write it once"));
            }
        }
        Ok(())
    }
}

fn decode(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits
            .filter(|_| first == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// A path with a query of these names and values.
pub(crate) fn with_query(path: &str, parameters: &[(&str, String)]) -> String {
    let mut target = path.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(name);
        target.push('=');
        for octet in value.bytes() {
            if octet.is_ascii_alphanumeric() || b"-._~:".contains(&octet) {
                target.push(char::from(octet));
            } else {
                // Writing to a string does not fail.
                let _ = write!(target, "%{octet:02X}");
            }
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_to_the_same() {
        for value in ["web.example", r"a\.b\032c.example", "&=?#%+ü", "", "%4"] {
            let target = with_query(
                "/cache",
                &[("x", "1".to_owned()), ("name", value.to_owned())],
            );
            let (path, query) = target.split_once('?').unwrap();
            assert_eq!(path, "/cache");
            assert!(query.is_ascii() && !query.contains([' ', '#']), "{query}");
            assert_eq!(Parameters::parse(query).value("name"), Some(value));
        }
    }

    #[test]
    fn a_bad_code_stays_as_it_is_and_an_absent_name_is_none() {
        let parameters = Parameters::parse("client=%zz%3A&bare");
        assert_eq!(parameters.value("client"), Some("%zz:"));
        assert_eq!(parameters.value("bare"), None);
    }

    #[test]
    fn only_known_names_with_a_value_each_are_let_through() {
        let only = |query| Parameters::parse(query).only(&["name", "type"]);
        for query in ["", "name=a", "type=A&name=a%26b"] {
            assert_eq!(only(query), Ok(()), "{query}");
        }
        for (query, hint) in [
            ("nmae=x", "`nmae` is not known; there is name, type"),
            ("type=A&nmae=x", "there is name, type"),
            ("NAME=x", "there is name, type"),
            ("&", "there is name, type"),
            ("name=a&", "there is name, type"),
            ("name", "write name=VALUE"),
            ("name=", "write name=VALUE"),
            ("name=a&name=b", "write it once"),
        ] {
            let refused = only(query).unwrap_err();
            assert!(refused.contains(hint), "{query}: {refused}");
        }
    }
}
