//! From YAML text to trees: as much as can be read, and where it cannot.

use super::yaml::{Position, Yaml};
use crate::source_text::narrow;

/// Events that aliases may add to a file; a real manifest has a few hundred at most, an alias
/// bomb millions.
const ALIAS_EVENTS_MAX: usize = 100_000;

/// Depth of nesting. Kubernetes objects stay below 20 and the schemas in resource definitions
/// below 40; reading recurses and takes up to 40 KiB of stack a level in a debug build, so that
/// this fits in a thread of 2 MiB.
const DEPTH_MAX: usize = 40;

/// Faults reported of one file; more are of no help in finding the first.
const FAULTS_MAX: usize = 100;

/// Text that is not YAML.
#[derive(Debug)]
pub(crate) struct SyntaxFault {
    pub(crate) at: Position,
    pub(crate) reason: String,
}

/// The documents of a text. Where one is broken the others are still read.
pub(crate) fn parse(text: &str) -> (Vec<Yaml>, Vec<SyntaxFault>) {
    match parse_piece(text) {
        Ok(documents) => (documents, Vec::new()),
        Err(fault) => parse_one_by_one(text, fault),
    }
}

fn parse_one_by_one(text: &str, first: SyntaxFault) -> (Vec<Yaml>, Vec<SyntaxFault>) {
    let (mut documents, mut faults) = (Vec::new(), Vec::new());
    for (line, piece) in pieces(text) {
        match parse_piece(piece) {
            Ok(mut found) => {
                found.iter_mut().for_each(|document| document.shift(line));
                documents.append(&mut found);
            }
            Err(mut fault) => {
                fault.at.line += line;
                faults.push(fault);
            }
        }
    }
    if faults.is_empty() {
        faults.push(first);
    }
    faults.truncate(FAULTS_MAX);
    (documents, faults)
}

/// Pieces of a text between document markers, with the number of lines before each. Three
/// hyphens at the start of a line end a document wherever they stand (YAML 1.2 section 9.1.2).
fn pieces(text: &str) -> Vec<(u32, &str)> {
    let (mut pieces, mut start, mut start_line, mut at) = (Vec::new(), 0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_marker = line.strip_prefix("---").is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace())
        });
        if is_marker && at > start {
            pieces.push((narrow(start_line), &text[start..at]));
            (start, start_line) = (at, number);
        }
        at += line.len();
    }
    pieces.push((narrow(start_line), &text[start..]));
    pieces
}

fn parse_piece(text: &str) -> Result<Vec<Yaml>, SyntaxFault> {
    serde_saphyr::from_multiple_with_options(text, reader_options(text.len()))
        .map_err(|error| fault_of(&error))
}

/// Limits that a plain text of that size cannot meet, whatever is in it; only aliases and
/// depth can.
fn reader_options(text_len: usize) -> serde_saphyr::Options {
    let nodes_max = text_len.saturating_mul(2).saturating_add(ALIAS_EVENTS_MAX);
    serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        emit_comments: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIAS_EVENTS_MAX },
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_documents: nodes_max,
            max_nodes: nodes_max,
            max_events: nodes_max.saturating_mul(2),
            max_total_scalar_bytes: nodes_max.saturating_mul(2),
        },
    }
}

/// The library's text names the place a second time, and a setting that users do not have.
fn fault_of(error: &serde_saphyr::Error) -> SyntaxFault {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let at = error.location().map_or(Position::default(), |at| Position {
        line: narrow(at.line()),
        column: narrow(at.column()),
    });
    let text = error.to_string();
    let place = format!(" at line {}, column {}", at.line, at.column);
    let reason = text.strip_suffix(&place).unwrap_or(&text);
    let reason = reason
        .split(", set DuplicateKeyPolicy")
        .next()
        .unwrap_or(reason);
    SyntaxFault {
        at,
        reason: reason.to_owned(),
    }
}
