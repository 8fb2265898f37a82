//! [`GenerationId`]: the name of a table, by its content.

use std::fmt;
use std::str::FromStr;
use table_compiler::TableHash;

/// Hexadecimal digits of an id: 64 bits of a table's hash.
const DIGITS: usize = 16;

/// The name of a table: the first sixteen digits of its hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId(u64);

impl GenerationId {
    /// The id of the table with that hash.
    pub fn of(hash: TableHash) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        GenerationId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no id of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAGeneration;

impl fmt::Display for NotAGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a generation has {DIGITS} hexadecimal digits")
    }
}

impl std::error::Error for NotAGeneration {}

impl FromStr for GenerationId {
    type Err = NotAGeneration;

    fn from_str(text: &str) -> Result<Self, NotAGeneration> {
        let is_id = text.len() == DIGITS && text.bytes().all(|c| c.is_ascii_hexdigit());
        let id = u64::from_str_radix(text, 16).map_err(|_| NotAGeneration)?;
        is_id.then_some(GenerationId(id)).ok_or(NotAGeneration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_beginning_of_the_hash_as_it_is_printed() {
        let hash = table_compiler::table_hash::<&dns_core::HostEntry>([]);
        assert_eq!(GenerationId::of(hash).to_string(), hash.short());
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        let id: GenerationId = "00ff00ff12345678".parse().unwrap();
        assert_eq!(id.to_string(), "00ff00ff12345678");
        for text in [
            "",
            "ff",
            "00ff00ff123456780",
            "+0ff00ff12345678",
            "00ff00ff1234567g",
        ] {
            assert_eq!(text.parse::<GenerationId>(), Err(NotAGeneration), "{text}");
        }
    }
}
