//! What is expected of a reply, and the comparison.

use crate::client::{QUERY_ID, Question, Reply};
use crate::records::{Order, Wanted, agree, listing};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use serde::Deserialize;

/// Who made an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Origin {
    /// The table, or a zone of ours.
    Local,
    /// A server that was asked.
    Upstream,
    /// The proxy, because something is wrong.
    ProxyError,
}

/// What is expected; `None` is not compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectation {
    /// No reply at all; the rest is not looked at.
    pub(super) silence: bool,
    pub(super) rcode: Option<String>,
    pub(super) origin: Option<Origin>,
    pub(super) authoritative: Option<bool>,
    pub(super) recursion_available: Option<bool>,
    pub(super) truncated: Option<bool>,
    pub(super) authentic: Option<bool>,
    pub(super) checking_disabled: Option<bool>,
    pub(super) answers: Option<Vec<Wanted>>,
    pub(super) order: Order,
    pub(super) answers_count: Option<usize>,
    pub(super) authority: Option<Vec<Wanted>>,
    pub(super) additional: Option<Vec<Wanted>>,
    pub(super) opt_in_reply: Option<bool>,
    pub(super) extended_error: Option<u16>,
    pub(super) elapsed_ms: Option<(u64, u64)>,
    /// What the text of every answered address starts with.
    pub(super) addresses_start: Option<&'static str>,
    /// The type of every answer.
    pub(super) only_type: Option<&'static str>,
}

impl Expectation {
    /// Lists every difference between the reply and what was expected; nothing if they agree.
    pub(super) fn differences(&self, question: &Question, seen: &Seen) -> Vec<String> {
        let mut found = Vec::new();
        let Some(reply) = &seen.reply else {
            if !self.silence {
                found.push("expected a reply, got none".to_owned());
            }
            return found;
        };
        if self.silence {
            return vec![format!("expected no reply, got {}", rcode_text(reply))];
        }
        compare_echo(question, reply, &mut found);
        self.compare_header(reply, &mut found);
        self.compare_sections(reply, &mut found);
        self.compare_origin(question, seen, reply, &mut found);
        found
    }

    fn compare_header(&self, reply: &Reply, found: &mut Vec<String>) {
        let header = &reply.message.metadata;
        compare(found, "rcode", self.rcode.as_ref(), &rcode_text(reply));
        compare(
            found,
            "aa",
            self.authoritative.as_ref(),
            &header.authoritative,
        );
        compare(
            found,
            "ra",
            self.recursion_available.as_ref(),
            &header.recursion_available,
        );
        compare(found, "tc", self.truncated.as_ref(), &header.truncation);
        compare(found, "ad", self.authentic.as_ref(), &header.authentic_data);
        compare(
            found,
            "cd",
            self.checking_disabled.as_ref(),
            &header.checking_disabled,
        );
        compare(
            found,
            "opt",
            self.opt_in_reply.as_ref(),
            &reply.message.edns.is_some(),
        );
        if self.extended_error.is_some() {
            let got = reply.extended_error();
            compare(found, "extended error", Some(&self.extended_error), &got);
        }
        if let Some((min, max)) = self.elapsed_ms {
            let got = reply.elapsed.as_millis();
            if got < u128::from(min) || got > u128::from(max) {
                found.push(format!("time: expected {min} to {max} ms, got {got} ms"));
            }
        }
    }

    fn compare_sections(&self, reply: &Reply, found: &mut Vec<String>) {
        let sections = [
            ("answers", &self.answers, &reply.message.answers, self.order),
            (
                "authority",
                &self.authority,
                &reply.message.authorities,
                Order::Any,
            ),
            (
                "additional",
                &self.additional,
                &reply.message.additionals,
                Order::Any,
            ),
        ];
        for (section, wanted, got, order) in sections {
            let Some(wanted) = wanted else { continue };
            if !agree(wanted, got, order) {
                let (wanted, got) = (listing(wanted), listing(got));
                found.push(format!("{section}: expected {wanted} / got {got}"));
            }
        }
        compare(
            found,
            "number of answers",
            self.answers_count.as_ref(),
            &reply.message.answers.len(),
        );
        if let Some(rtype) = self.only_type {
            let types = reply
                .message
                .answers
                .iter()
                .map(|a| a.record_type().to_string());
            found.extend(
                types
                    .filter(|t| t != rtype)
                    .map(|t| format!("type: expected {rtype}, got {t}")),
            );
        }
        if let Some(start) = self.addresses_start {
            let stray = reply
                .message
                .answers
                .iter()
                .find(|a| !a.data.to_string().starts_with(start));
            found.extend(stray.map(|a| format!("address: expected {start}*, got {}", a.data)));
        }
    }

    fn compare_origin(
        &self,
        question: &Question,
        seen: &Seen,
        reply: &Reply,
        found: &mut Vec<String>,
    ) {
        match self.origin {
            Some(Origin::Local) => {
                compare(
                    found,
                    "aa",
                    Some(&true),
                    &reply.message.metadata.authoritative,
                );
                compare(found, "upstream asked", Some(&false), &seen.upstream_asked);
                found.extend(misspelt_owner(question, reply));
                found.extend(self.missing_soa(reply));
            }
            Some(Origin::Upstream) => {
                compare(found, "upstream asked", Some(&true), &seen.upstream_asked);
            }
            Some(Origin::ProxyError) => {
                compare(
                    found,
                    "aa",
                    Some(&false),
                    &reply.message.metadata.authoritative,
                );
            }
            None => {}
        }
    }

    /// Negative answers of ours carry the SOA that bounds their caching (RFC 2308 section 3).
    fn missing_soa(&self, reply: &Reply) -> Option<String> {
        let is_negative = self.authority.is_none()
            && matches!(self.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN"))
            && self.answers.as_ref().is_some_and(Vec::is_empty);
        let authority = &reply.message.authorities;
        let has_soa = authority.len() == 1 && authority[0].record_type() == RecordType::SOA;
        (is_negative && !has_soa)
            .then(|| format!("authority: expected one SOA / got {}", listing(authority)))
    }
}

/// Every reply repeats the id, RD and, if it has one, the question as it was asked.
fn compare_echo(question: &Question, reply: &Reply, found: &mut Vec<String>) {
    compare(found, "id", Some(&QUERY_ID), &reply.message.metadata.id);
    let recursion_desired = reply.message.metadata.recursion_desired;
    compare(
        found,
        "rd",
        Some(&question.recursion_desired),
        &recursion_desired,
    );
    if let Some(echo) = reply.message.queries.first() {
        compare(
            found,
            "question",
            Some(&question.name.to_ascii()),
            &echo.name.to_ascii(),
        );
        compare(
            found,
            "question type",
            Some(&question.rtype),
            &echo.query_type,
        );
    }
}

/// Owners that are the question are spelt as in the question.
fn misspelt_owner(question: &Question, reply: &Reply) -> Option<String> {
    let asked = question.name.to_ascii();
    let owners = reply
        .message
        .answers
        .iter()
        .map(|record| record.name.to_ascii());
    let mut alike = owners.filter(|owner| owner.eq_ignore_ascii_case(&asked));
    let other = alike.find(|owner| *owner != asked)?;
    Some(format!(
        "spelling of the owner: expected {asked}, got {other}"
    ))
}

fn compare<T: PartialEq + std::fmt::Debug>(
    found: &mut Vec<String>,
    what: &str,
    wanted: Option<&T>,
    got: &T,
) {
    if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
        found.push(format!("{what}: expected {wanted:?}, got {got:?}"));
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) reply: Option<Reply>,
    /// Whether a server was asked that very question meanwhile.
    pub(super) upstream_asked: bool,
}

/// The RFC's own word for the reply's code.
pub(super) fn rcode_text(reply: &Reply) -> String {
    match reply.message.metadata.response_code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => format!("{}", u16::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{Message, OpCode, Query};
    use std::time::Duration;

    fn negative_reply(question: &Question) -> Seen {
        let mut message = Message::response(QUERY_ID, OpCode::Query);
        message.metadata.authoritative = true;
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(question.name.clone(), question.rtype));
        let reply = Reply::parse(message.to_vec().unwrap(), Duration::from_millis(1)).unwrap();
        Seen {
            reply: Some(reply),
            upstream_asked: false,
        }
    }

    #[test]
    fn a_local_negative_answer_without_soa_differs() {
        let question = Question::new("x.example.", "A").unwrap();
        let expectation = Expectation {
            rcode: Some("NOERROR".into()),
            origin: Some(Origin::Local),
            answers: Some(Vec::new()),
            ..Expectation::default()
        };
        let found = expectation.differences(&question, &negative_reply(&question));
        assert_eq!(found, ["authority: expected one SOA / got no records"]);
    }

    #[test]
    fn silence_and_a_reply_differ_both_ways() {
        let question = Question::new("x.example.", "A").unwrap();
        let silence = Expectation {
            silence: true,
            ..Expectation::default()
        };
        assert_eq!(
            silence
                .differences(&question, &negative_reply(&question))
                .len(),
            1
        );
        let nothing = Seen {
            reply: None,
            upstream_asked: false,
        };
        assert!(silence.differences(&question, &nothing).is_empty());
        assert_eq!(
            Expectation::default()
                .differences(&question, &nothing)
                .len(),
            1
        );
    }
}
