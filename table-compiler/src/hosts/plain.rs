//! Lines of hosts(5) as nearly all are: an address and names of letters, digits, hyphens,
//! underscores and dots. Whatever else there is on a line is left to those who say what is wrong.

use dns_core::Name;
use std::net::IpAddr;

/// Longest name and label in octets (RFC 1035 section 2.3.4).
const NAME_MAX: usize = 255;
const LABEL_MAX: usize = 63;

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PlainLine {
    /// Nothing: it is blank or a comment.
    Blank,
    /// Its names have this address.
    Names(IpAddr),
    /// It is not plain; most likely something is wrong with it.
    Odd,
}

/// The names of one line in wire form, one behind the other.
#[derive(Debug, Default)]
pub(super) struct LineNames {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

impl LineNames {
    /// Reads a line; its names are those kept afterwards.
    pub(super) fn read(&mut self, line: &str) -> PlainLine {
        self.octets.clear();
        self.ends.clear();
        let octets = line.as_bytes();
        let start = past_blanks(octets, 0);
        let end = word_end(octets, start);
        if start == end {
            return PlainLine::Blank;
        }
        let word = line.get(start..end).unwrap_or_default();
        let Ok(address) = word.parse() else {
            return PlainLine::Odd;
        };
        match self.read_names(octets, end) {
            Some(()) if !self.ends.is_empty() => PlainLine::Names(address),
            Some(()) | None => PlainLine::Odd,
        }
    }

    /// The names that the line read last has, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Name<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let wires = starts.zip(&self.ends);
        wires.filter_map(|(start, &end)| Name::from_wire(&self.octets[start..end]).ok())
    }

    fn read_names(&mut self, line: &[u8], mut at: usize) -> Option<()> {
        let mut wire = [0; NAME_MAX + 1];
        loop {
            at = past_blanks(line, at);
            if word_end(line, at) == at {
                return Some(());
            }
            let (read, len) = fold(&line[at..], &mut wire)?;
            self.octets.extend_from_slice(&wire[..len]);
            self.ends.push(self.octets.len());
            at += read;
        }
    }
}

/// Folds the word that `text` begins with into the wire form of a name in lower case. Gives the
/// octets read and written; nothing if it is no plain name.
fn fold(text: &[u8], wire: &mut [u8; NAME_MAX + 1]) -> Option<(usize, usize)> {
    let mut label_at = 0;
    let mut len = 1;
    let mut read = text.len();
    for (at, &octet) in text.iter().enumerate() {
        match CLASSES[usize::from(octet)] {
            END => {
                read = at;
                break;
            }
            ODD => return None,
            folded => {
                if len > NAME_MAX {
                    return None;
                }
                wire[len] = folded;
                if folded == b'.' {
                    wire[label_at] = label_len(label_at, len)?;
                    label_at = len;
                }
                len += 1;
            }
        }
    }
    // The length of a label takes the place of the dot before it, and the root that of the last.
    if label_at + 1 < len {
        wire[label_at] = label_len(label_at, len)?;
        label_at = len;
        len += 1;
    }
    if len > NAME_MAX {
        return None;
    }
    wire[label_at] = 0;
    Some((read, len))
}

fn label_len(label_at: usize, end: usize) -> Option<u8> {
    let len = end - label_at - 1;
    (1..=LABEL_MAX).contains(&len).then_some(len as u8)
}

fn past_blanks(line: &[u8], at: usize) -> usize {
    let blanks = line[at..].iter().take_while(|octet| is_blank(**octet));
    at + blanks.count()
}

/// Where the word at `at` ends: before a blank, a comment or the end of the line.
fn word_end(line: &[u8], at: usize) -> usize {
    let word = line[at..]
        .iter()
        .take_while(|octet| CLASSES[usize::from(**octet)] != END);
    at + word.count()
}

const fn is_blank(octet: u8) -> bool {
    octet.is_ascii_whitespace()
}

/// Class of an octet that is no part of a plain name.
const ODD: u8 = 0;
/// Class of an octet that ends a word.
const END: u8 = 1;
/// What each octet becomes in a name; dots stay dots.
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [ODD; 256];
    let mut octet = 0;
    while octet < 128 {
        let code = octet as u8;
        classes[octet] = match code {
            b'#' => END,
            _ if is_blank(code) => END,
            b'-' | b'_' | b'.' => code,
            _ if code.is_ascii_alphanumeric() => code.to_ascii_lowercase(),
            _ => ODD,
        };
        octet += 1;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{HostPattern, dns_name};

    fn folded(word: &str) -> Option<Vec<u8>> {
        let mut wire = [0; NAME_MAX + 1];
        let (read, len) = fold(word.as_bytes(), &mut wire)?;
        assert_eq!(read, word.len());
        Some(wire[..len].to_vec())
    }

    /// A number below `bound` from a linear congruential generator (Knuth, MMIX).
    fn random(seed: &mut u64, bound: usize) -> usize {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize % bound
    }

    #[test]
    fn a_word_is_folded_if_and_only_if_it_is_a_name_and_to_that_name() {
        const PIECES: [&str; 12] = [
            "a",
            "B",
            "-",
            "_",
            "7",
            ".",
            "web",
            "*",
            "ü",
            "\\",
            "Xn--Label",
            "/",
        ];
        let mut seed = 11;
        let mut names = 0;
        for round in 0..100_000 {
            let pieces = 1 + random(&mut seed, 9);
            // Every other word is made of what names are made of.
            let kinds = if round % 2 == 0 { 7 } else { PIECES.len() };
            let word: String = (0..pieces)
                .map(|_| PIECES[random(&mut seed, kinds)])
                .collect();
            let name = dns_name(&word, HostPattern::Exact).ok();
            names += usize::from(name.is_some());
            let wire = name.map(|name| name.as_name().as_wire().to_vec());
            assert_eq!(folded(&word), wire, "{word}");
        }
        assert!((20_000..80_000).contains(&names), "{names}");
    }

    #[test]
    fn words_at_the_limits_are_folded_as_names_are() {
        let labels = |len: usize, count: usize| vec!["x".repeat(len); count].join(".");
        for word in [
            labels(63, 1),
            labels(64, 1),
            labels(63, 3) + "." + &labels(61, 1),
            labels(63, 3) + "." + &labels(61, 1) + ".",
            labels(63, 3) + "." + &labels(62, 1),
            labels(63, 4),
            labels(1, 127),
            labels(1, 127) + ".",
            labels(1, 128),
            labels(1, 400),
            ".".to_owned(),
            "..".to_owned(),
        ] {
            let name = dns_name(&word, HostPattern::Exact).ok();
            let wire = name.map(|name| name.as_name().as_wire().to_vec());
            assert_eq!(folded(&word), wire, "{word}");
        }
    }

    #[test]
    fn a_line_is_blank_or_plain_or_odd() {
        let mut names = LineNames::default();
        for blank in ["", " \t\u{c}", "# 192.0.2.1 a", "  #"] {
            assert_eq!(names.read(blank), PlainLine::Blank, "{blank:?}");
        }
        for odd in ["192.0.2.1", "192.0.2.1 #a", "a b", "192.0.2.1 a é", "é"] {
            assert_eq!(names.read(odd), PlainLine::Odd, "{odd:?}");
        }
        let address = "2001:db8::1".parse().unwrap();
        let read = names.read(" 2001:db8::1\t A.b.\rc#d e");
        assert_eq!(read, PlainLine::Names(address));
        let shown: Vec<_> = names.iter().map(|name| name.to_string()).collect();
        assert_eq!(shown, ["a.b", "c"]);
    }
}
