//! `expect` of a case as the two formats write it.

use super::document::parse;
use super::expectation::{Expectation, Origin};
use crate::records::{Order, Wanted};
use serde::Deserialize;
use serde_json::Value;

/// A record as both formats write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordText {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) rtype: String,
    pub(super) ttl: Option<u32>,
    pub(super) data: String,
}

impl RecordText {
    /// What it asks of a record; an owner `@` is the name asked for.
    fn wanted(self, question_name: &str) -> Wanted {
        let name = if self.name == "@" {
            question_name.to_owned()
        } else {
            self.name
        };
        Wanted {
            name,
            rtype: self.rtype,
            ttl_secs: self.ttl,
            data: self.data,
        }
    }
}

/// `expect` of a case of the Istio format.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectText {
    source: Option<Origin>,
    rcode: Option<String>,
    aa: Option<bool>,
    ra: Option<bool>,
    tc: Option<bool>,
    ad: Option<bool>,
    cd: Option<bool>,
    pub(super) rd: Option<String>,
    id: Option<String>,
    answers: Option<AnswersText>,
    order: Option<OrderText>,
    answers_count: Option<usize>,
    additionals: Option<Vec<RecordText>>,
    opt_in_reply: Option<bool>,
    elapsed_ms: Option<RangeText>,
    cname: Option<String>,
    #[serde(rename = "notes")]
    _notes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct AnswersText(Value);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetText {
    #[serde(rename = "ref")]
    set: String,
    first: Option<usize>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OrderText {
    Any,
    Exact,
    CnameFirst,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeText {
    min: u64,
    max: u64,
}

impl ExpectText {
    /// The expectation; `record_set` looks a named set of records up.
    pub(super) fn expectation(
        self,
        question_name: &str,
        record_set: impl Fn(&str) -> Result<Value, String>,
    ) -> Result<Expectation, String> {
        for (key, text, known) in [
            ("rd", &self.rd, "copied from query"),
            ("id", &self.id, "copied"),
        ] {
            if text.as_ref().is_some_and(|text| text != known) {
                return Err(format!("expect.{key}: only \"{known}\" is understood"));
            }
        }
        let mut order = match self.order {
            None | Some(OrderText::Any) => Order::Any,
            Some(OrderText::Exact) => Order::Exact,
            Some(OrderText::CnameFirst) => Order::CnameFirst,
        };
        let answers = match self.answers {
            None => None,
            Some(AnswersText(list @ Value::Array(_))) => Some(list),
            Some(AnswersText(other)) => {
                let set: SetText = parse(other)?;
                if set.first.is_some() {
                    order = Order::Prefix;
                }
                Some(record_set(&set.set)?)
            }
        };
        let answers = answers
            .map(|list| wanted_list(list, question_name))
            .transpose()?;
        if let Some(target) = &self.cname {
            let is_wanted = |w: &Wanted| w.rtype == "CNAME" && w.data.eq_ignore_ascii_case(target);
            if !answers.iter().flatten().any(is_wanted) {
                return Err(format!("expect.cname {target} is not among expect.answers"));
            }
        }
        let additional = self.additionals.map(|list| {
            list.into_iter()
                .map(|record| record.wanted(question_name))
                .collect()
        });
        Ok(Expectation {
            rcode: self.rcode,
            origin: self.source,
            authoritative: self.aa,
            recursion_available: self.ra,
            truncated: self.tc,
            authentic: self.ad,
            checking_disabled: self.cd,
            answers,
            order,
            answers_count: self.answers_count,
            additional,
            opt_in_reply: self.opt_in_reply,
            elapsed_ms: self.elapsed_ms.map(|range| (range.min, range.max)),
            ..Expectation::default()
        })
    }
}

fn wanted_list(list: Value, question_name: &str) -> Result<Vec<Wanted>, String> {
    let list: Vec<RecordText> = parse(list)?;
    Ok(list
        .into_iter()
        .map(|record| record.wanted(question_name))
        .collect())
}

/// `expect` of a case of the Kubernetes format.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KubernetesExpectText {
    rcode: String,
    answers: Vec<RecordText>,
    authority: Option<Vec<RecordText>>,
    additional: Option<Vec<RecordText>>,
    aa: Option<bool>,
    tc: Option<bool>,
}

impl KubernetesExpectText {
    /// The expectation.
    pub(super) fn expectation(self, question_name: &str) -> Expectation {
        let wanted = |list: Vec<RecordText>| {
            list.into_iter()
                .map(|record| record.wanted(question_name))
                .collect::<Vec<_>>()
        };
        Expectation {
            rcode: Some(self.rcode),
            answers: Some(wanted(self.answers)),
            order: Order::CnameFirst,
            authority: self.authority.map(wanted),
            additional: self.additional.map(wanted),
            authoritative: self.aa,
            truncated: self.tc,
            ..Expectation::default()
        }
    }
}
