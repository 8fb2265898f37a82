//! Reading typed values out of a [`Yaml`] tree; what does not fit becomes an [`Invalid`].

use super::host::{HostPattern, dns_name};
use super::yaml::{Position, Yaml, YamlValue};
use dns_core::NameBuf;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

/// A value that does not fit its field.
///
/// It points at the offending part of the tree, so that the path of the field need only be
/// worked out when somebody reads about it.
#[derive(Debug)]
pub(crate) struct Invalid<'a> {
    part: &'a Yaml,
    missing: Option<&'static str>,
    reason: String,
    hint: Cow<'static, str>,
}

/// The outcome of reading a field.
pub(crate) type Read<'a, T> = Result<T, Invalid<'a>>;

impl<'a> Invalid<'a> {
    pub(crate) fn new(part: &'a Yaml, reason: String, hint: impl Into<Cow<'static, str>>) -> Self {
        Invalid {
            part,
            missing: None,
            reason,
            hint: hint.into(),
        }
    }

    /// The complaint that `part` lacks a field.
    pub(crate) fn missing(part: &'a Yaml, key: &'static str, hint: &'static str) -> Self {
        Invalid {
            part,
            missing: Some(key),
            reason: "is missing".to_owned(),
            hint: hint.into(),
        }
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn hint(&self) -> &str {
        &self.hint
    }

    pub(crate) fn at(&self) -> Position {
        self.part.at
    }

    /// Path of the field below `root`, as in `spec.endpoints[0].address`.
    pub(crate) fn path(&self, root: &Yaml) -> Option<String> {
        let mut path = path_to(root, self.part)?;
        if let Some(missing) = self.missing {
            path.push('.');
            path.push_str(missing);
        }
        let path = path.trim_start_matches('.').to_owned();
        (!path.is_empty()).then_some(path)
    }
}

fn path_to(root: &Yaml, part: &Yaml) -> Option<String> {
    if std::ptr::eq(root, part) {
        return Some(String::new());
    }
    match &root.value {
        YamlValue::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| path_to(item, part).map(|rest| format!("[{i}]{rest}"))),
        YamlValue::Map(fields) => fields
            .iter()
            .find_map(|(key, value)| path_to(value, part).map(|rest| format!(".{key}{rest}"))),
        YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => None,
    }
}

/// What a section that is not there reads as.
static ABSENT: Yaml = Yaml {
    at: Position { line: 0, column: 0 },
    value: YamlValue::Map(Vec::new()),
};

impl Yaml {
    /// The value of a field; null counts as absent, as it does in Kubernetes.
    pub(crate) fn field(&self, key: &str) -> Read<'_, Option<&Yaml>> {
        let value = self
            .entries()?
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value);
        Ok(value.filter(|value| value.value != YamlValue::Null))
    }

    pub(crate) fn required(&self, key: &'static str, hint: &'static str) -> Read<'_, &Yaml> {
        self.field(key)?
            .ok_or_else(|| Invalid::missing(self, key, hint))
    }

    /// The mapping below `key`; an absent one reads as empty.
    pub(crate) fn section(&self, key: &str) -> Read<'_, &Yaml> {
        let Some(section) = self.field(key)? else {
            return Ok(&ABSENT);
        };
        section.entries()?;
        Ok(section)
    }

    pub(crate) fn entries(&self) -> Read<'_, &[(String, Yaml)]> {
        match &self.value {
            YamlValue::Map(fields) => Ok(fields),
            _ => Err(self.is_not("a mapping")),
        }
    }

    pub(crate) fn list(&self, key: &str) -> Read<'_, &[Yaml]> {
        let Some(list) = self.field(key)? else {
            return Ok(&[]);
        };
        match &list.value {
            YamlValue::List(items) => Ok(items),
            _ => Err(list.is_not("a list")),
        }
    }

    pub(crate) fn text(&self) -> Read<'_, &str> {
        match &self.value {
            YamlValue::Text(text) => Ok(text),
            YamlValue::Number(_) | YamlValue::Bool(_) => Err(Invalid::new(
                self,
                format!("{} is not a string", self.shown()),
                "put it in quotes",
            )),
            YamlValue::Null | YamlValue::List(_) | YamlValue::Map(_) => {
                Err(self.is_not("a string"))
            }
        }
    }

    /// The text at the end of a path, if there is one; for a look ahead that must not complain.
    pub(crate) fn text_at(&self, path: &[&str]) -> Option<&str> {
        let mut part = self;
        for key in path {
            part = part.field(key).ok()??;
        }
        part.text().ok()
    }

    /// Whether it is the empty string, which Kubernetes writes where nothing was said.
    pub(crate) fn is_empty_text(&self) -> bool {
        matches!(&self.value, YamlValue::Text(text) if text.is_empty())
    }

    pub(crate) fn text_field(&self, key: &str) -> Read<'_, Option<&str>> {
        self.field(key)?.map(Yaml::text).transpose()
    }

    /// Text of a field, with the empty string as absent.
    pub(crate) fn name_field(&self, key: &str) -> Read<'_, Option<Arc<str>>> {
        Ok(self
            .text_field(key)?
            .filter(|text| !text.is_empty())
            .map(Arc::from))
    }

    /// Refuses a field that has no meaning, for objects that nobody but us reads.
    pub(crate) fn has_only(&self, known: &[&'static str]) -> Read<'_, ()> {
        let odd = self
            .entries()?
            .iter()
            .find(|(key, _)| !known.contains(&&**key));
        let Some((key, value)) = odd else {
            return Ok(());
        };
        let reason = format!("{} is not a field here", quoted(key));
        let near = known
            .iter()
            .filter(|name| strsim::jaro_winkler(name, key) >= ALIKE_MIN)
            .max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
        let hint = match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("write {}", known.join(", ")),
        };
        Err(Invalid::new(value, reason, hint))
    }

    /// Text that must be there and not be empty.
    pub(crate) fn required_name(
        &self,
        key: &'static str,
        hint: &'static str,
    ) -> Read<'_, Arc<str>> {
        let value = self.required(key, hint)?;
        match value.text()? {
            "" => Err(Invalid::new(value, "is empty".to_owned(), hint)),
            text => Ok(text.into()),
        }
    }

    /// The items of a list, each read alike.
    pub(crate) fn each<'a, T>(
        &'a self,
        key: &str,
        read: impl Fn(&'a Yaml) -> Read<'a, T>,
    ) -> Read<'a, Vec<T>> {
        self.list(key)?.iter().map(read).collect()
    }

    /// The items of a list that must be there and not be empty.
    pub(crate) fn each_required<'a, T>(
        &'a self,
        key: &'static str,
        hint: &'static str,
        read: impl Fn(&'a Yaml) -> Read<'a, T>,
    ) -> Read<'a, Vec<T>> {
        let list = self.required(key, hint)?;
        let items = self.each(key, read)?;
        if items.is_empty() {
            return Err(Invalid::new(list, "is empty".to_owned(), hint));
        }
        Ok(items)
    }

    pub(crate) fn texts(&self, key: &str) -> Read<'_, Vec<Arc<str>>> {
        self.each(key, |item| item.text().map(Arc::from))
    }

    pub(crate) fn port_field(&self, key: &str) -> Read<'_, Option<u16>> {
        self.field(key)?.map(Yaml::port).transpose()
    }

    /// One of some words, each of which stands for a value.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Read<'_, T> {
        let text = self.text()?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let known = match known.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        Err(self.is_not(&known))
    }

    /// One of some words; absent and empty are alike.
    pub(crate) fn word_field<T: Copy>(
        &self,
        key: &str,
        words: &[(&str, T)],
    ) -> Read<'_, Option<T>> {
        match self.field(key)? {
            Some(value) if !value.is_empty_text() => value.word(words).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// A DNS name that is no wildcard.
    pub(crate) fn host(&self) -> Read<'_, NameBuf> {
        let text = self.text()?;
        dns_name(text, HostPattern::Exact).map_err(|reason| {
            Invalid::new(
                self,
                format!("{} {reason}", quoted(text)),
                "write a DNS name",
            )
        })
    }

    /// Text that is parsed by its type; `what` says what it should have been.
    pub(crate) fn parsed<T: FromStr>(&self, what: &'static str) -> Read<'_, T> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| Invalid::new(self, format!("\"{text}\" is not {what}"), ""))
    }

    pub(crate) fn number<T: TryFrom<u64>>(&self, what: &'static str) -> Read<'_, T> {
        let number = match &self.value {
            YamlValue::Number(number) => number.as_u64(),
            _ => None,
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.is_not(what))
    }

    /// A port number from 1 to 65535.
    pub(crate) fn port(&self) -> Read<'_, u16> {
        const PORT: &str = "a port number from 1 to 65535";
        match self.number(PORT)? {
            0 => Err(self.is_not(PORT)),
            port => Ok(port),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Read<'_, Option<bool>> {
        let Some(value) = self.field(key)? else {
            return Ok(None);
        };
        match &value.value {
            YamlValue::Bool(flag) => Ok(Some(*flag)),
            _ => Err(value.is_not("true or false")),
        }
    }

    pub(crate) fn text_map(&self, key: &str) -> Read<'_, BTreeMap<Arc<str>, Arc<str>>> {
        let read = |(key, value): &(String, Yaml)| -> (Arc<str>, Arc<str>) {
            (key.as_str().into(), value.text().unwrap_or_default().into())
        };
        let fields = self.section(key)?.entries()?;
        if let Some(error) = fields.iter().find_map(|(_, value)| value.text().err()) {
            return Err(error);
        }
        Ok(fields.iter().map(read).collect())
    }

    /// The complaint that this value is not what it should be.
    pub(crate) fn is_not(&self, what: &str) -> Invalid<'_> {
        Invalid::new(self, format!("{} is not {what}", self.shown()), "")
    }

    fn shown(&self) -> String {
        match &self.value {
            YamlValue::Null => "null".to_owned(),
            YamlValue::Bool(flag) => flag.to_string(),
            YamlValue::Number(number) => number.to_string(),
            YamlValue::Text(text) => quoted(text),
            YamlValue::List(_) => "a list".to_owned(),
            YamlValue::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// How alike two keys must be for one to be taken for a slip of the pen (1 is equal).
const ALIKE_MIN: f64 = 0.8;

/// Longest piece of an input that is repeated in a message; more helps nobody to find it.
const SHOWN_MAX: usize = 80;

/// Text from an input in quotes, cut to a length that fits a message.
pub(crate) fn quoted(text: impl Display) -> String {
    let text = text.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
