//! Whether a reply is what a step expects, and what holds of every reply.

use super::bindings::{Bindings, Placeholder};
use super::expect::{AnswerExpect, AnswersOrder, DnsExpect, Expect};
use super::place::Heard;
use crate::client::{Question, Reply};
use crate::records::listing;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{RData, Record};
use std::net::IpAddr;

/// Longest TTL of an answer of ours, in seconds.
const TTL_MAX: u32 = 30;
/// Longest time that a denial of ours may be kept, in seconds.
const NEGATIVE_TTL_MAX: u32 = 10;

/// What differs from what was expected; nothing if it is as expected.
pub(super) fn differences(
    expect: &Expect,
    question: &Question,
    heard: &Heard,
    bindings: &mut Bindings,
) -> Result<Vec<String>, String> {
    let mut found = always(heard);
    let message = &heard.reply.message;
    if let Some(dns) = &expect.dns {
        found.extend(of_dns(dns, heard));
        if let Some(answers) = &dns.answers {
            let order = expect.answers_order.unwrap_or(AnswersOrder::Any);
            if !answers_match(answers, &message.answers, order, bindings) {
                let wanted = answers.iter().map(|answer| shown(answer, bindings));
                let wanted = listing(wanted.collect::<Vec<_>>());
                found.push(format!(
                    "answers: expected {wanted}; got {}",
                    listing(&message.answers)
                ));
            }
        }
    }
    if let Some(count) = expect.upstream_queries
        && count != heard.upstream_asked
    {
        found.push(format!(
            "upstream_queries: expected {count}, got {}",
            heard.upstream_asked
        ));
    }
    if expect.question_case_preserved == Some(true) && !is_spelt_as_asked(question, message) {
        found.push("question_case_preserved: it is spelt otherwise".to_owned());
    }
    if expect.bytes_equal_upstream_except_id == Some(true) {
        found.extend(otherwise_than_upstream(heard));
    }
    for text in &expect.must_not_answer {
        let address = bindings.address(text)?;
        if addresses(message).contains(&address) {
            found.push(format!("must_not_answer: {text} is answered"));
        }
    }
    Ok(found)
}

/// What holds of every reply: no failure, bounded TTLs, an SOA in a denial of ours.
fn always(heard: &Heard) -> Vec<String> {
    let message = &heard.reply.message;
    let mut found = Vec::new();
    if message.metadata.response_code == ResponseCode::ServFail {
        found.push("SERVFAIL".to_owned());
    }
    if heard.upstream_asked > 0 || message.metadata.response_code == ResponseCode::Refused {
        return found;
    }
    for record in message.answers.iter().filter(|record| record.ttl > TTL_MAX) {
        found.push(format!("a TTL over {TTL_MAX}: {record}"));
    }
    if message.answers.is_empty() {
        match negative_ttl(message) {
            None => found.push("a denial of ours without SOA".to_owned()),
            Some(ttl) if ttl > NEGATIVE_TTL_MAX => {
                found.push(format!("a denial with TTL {ttl}, over {NEGATIVE_TTL_MAX}"));
            }
            Some(_) => {}
        }
    }
    found
}

fn of_dns(dns: &DnsExpect, heard: &Heard) -> Vec<String> {
    let message = &heard.reply.message;
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: String, got: String| {
        if expected != got {
            found.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    if let Some(expected) = &dns.rcode {
        let said = |reply: &Reply| rcode(&reply.message);
        let expected = match expected.as_str() {
            "from-upstream" => heard.upstream.as_ref().map_or("silence".to_owned(), said),
            expected => expected.to_owned(),
        };
        compare("rcode", expected, rcode(message));
    }
    let flags = &message.metadata;
    for (what, expected, got) in [
        ("aa", dns.aa, flags.authoritative),
        ("tc", dns.tc, flags.truncation),
        ("forwarded", dns.forwarded, heard.upstream_asked > 0),
    ] {
        if let Some(expected) = expected {
            compare(what, expected.to_string(), got.to_string());
        }
    }
    if let Some(owner) = &dns.authority_soa {
        let got = soa(message).map_or("no SOA".to_owned(), |soa| soa.name.to_ascii());
        compare(
            "authority_soa",
            owner.to_ascii_lowercase(),
            got.to_ascii_lowercase(),
        );
    }
    if let Some(max) = dns.negative_ttl_max {
        match negative_ttl(message) {
            Some(ttl) if ttl <= max => {}
            Some(ttl) => found.push(format!("negative_ttl_max: expected {max}, got {ttl}")),
            None => found.push("negative_ttl_max: no SOA".to_owned()),
        }
    }
    found
}

/// A code as scenarios write it.
pub(super) fn rcode(message: &Message) -> String {
    match message.metadata.response_code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        other => format!("{other:?}"),
    }
}

fn soa(message: &Message) -> Option<&Record> {
    let mut records = message.authorities.iter();
    records.find(|record| matches!(record.data, RData::SOA(_)))
}

/// How long a denial may be kept: the smaller of the SOA's TTL and its minimum.
fn negative_ttl(message: &Message) -> Option<u32> {
    let record = soa(message)?;
    match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    }
}

fn answers_match(
    expected: &[AnswerExpect],
    got: &[Record],
    order: AnswersOrder,
    bindings: &mut Bindings,
) -> bool {
    if expected.len() != got.len() {
        return false;
    }
    if order == AnswersOrder::Exact {
        let mut pairs = expected.iter().zip(got);
        return pairs.all(|(expected, got)| answer_matches(expected, got, bindings));
    }
    let mut left: Vec<&Record> = got.iter().collect();
    in_order_of_freedom(expected, bindings)
        .into_iter()
        .all(|expected| {
            let found = left
                .iter()
                .position(|got| answer_matches(expected, got, bindings));
            found.map(|at| left.remove(at)).is_some()
        })
}

/// Those that have one partner first: placeholders that are not bound may have several, and `*`
/// takes what is left.
fn in_order_of_freedom<'e>(
    expected: &'e [AnswerExpect],
    bindings: &Bindings,
) -> Vec<&'e AnswerExpect> {
    let freedom = |answer: &&AnswerExpect| match Placeholder::parse(&answer.data) {
        _ if answer.data.contains('*') => 2,
        Some(placeholder) if bindings.get(&placeholder).is_none() => 1,
        _ => 0,
    };
    let mut ordered: Vec<&AnswerExpect> = expected.iter().collect();
    ordered.sort_by_key(freedom);
    ordered
}

fn answer_matches(expected: &AnswerExpect, got: &Record, bindings: &mut Bindings) -> bool {
    expected.rtype == got.record_type().to_string()
        && expected.ttl_max.is_none_or(|max| got.ttl <= max)
        && bindings.matches(&expected.data, &got.data.to_string())
}

fn shown(expected: &AnswerExpect, bindings: &Bindings) -> String {
    let data = bindings.shown(&expected.data);
    let ttl = expected
        .ttl_max
        .map_or(String::new(), |max| format!(" (ttl <= {max})"));
    format!("{} {data}{ttl}", expected.rtype)
}

/// Placeholders in the answers that are not bound, where it is open which address is whose.
pub(super) fn ambiguous(expect: &Expect, bindings: &Bindings) -> Vec<Placeholder> {
    let answers = expect
        .dns
        .iter()
        .flat_map(|dns| dns.answers.iter().flatten());
    let placeholders = answers.filter_map(|answer| Placeholder::parse(&answer.data));
    let open: Vec<_> = placeholders
        .filter(|placeholder| bindings.get(placeholder).is_none())
        .collect();
    if open.len() > 1 { open } else { Vec::new() }
}

/// The addresses of an answer.
pub(super) fn addresses(message: &Message) -> Vec<IpAddr> {
    let answers = message.answers.iter();
    let address = |record: &Record| match &record.data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
        _ => None,
    };
    answers.filter_map(address).collect()
}

fn is_spelt_as_asked(question: &Question, message: &Message) -> bool {
    let asked = message.queries.first();
    asked.is_some_and(|asked| asked.name.eq_case(&question.name))
}

/// The upstream's reply with id, spelling of the question, OPT and RA as ours.
fn otherwise_than_upstream(heard: &Heard) -> Option<String> {
    let Some(upstream) = &heard.upstream else {
        return Some("bytes_equal_upstream: it said nothing".to_owned());
    };
    let (ours, theirs) = (&heard.reply.message, &upstream.message);
    let flags = |message: &Message| {
        let flags = &message.metadata;
        (
            flags.response_code,
            flags.authoritative,
            flags.truncation,
            flags.authentic_data,
            flags.checking_disabled,
            flags.recursion_desired,
        )
    };
    let sections = |message: &Message| {
        (
            message.queries.clone(),
            message.answers.clone(),
            message.authorities.clone(),
            message.additionals.clone(),
        )
    };
    if flags(ours) == flags(theirs) && sections(ours) == sections(theirs) {
        return None;
    }
    Some(format!(
        "bytes_equal_upstream: it said {theirs:?}, we said {ours:?}"
    ))
}
