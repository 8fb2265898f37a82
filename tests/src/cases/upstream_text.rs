//! `given.upstream` of a case as a script for the fake server.

use super::document::parse;
use super::expect_text::RecordText;
use crate::script::{Fit, Names, Script, Spoken, record_data};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// TTL of scripted records that do not say theirs.
const TTL_SECS: u32 = 30;

/// `given.upstream` of the Istio format.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamText {
    default_rcode: Option<String>,
    #[serde(default)]
    zones: BTreeMap<String, ZoneText>,
    behaviour: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ZoneText {
    rcode: Option<String>,
    answers: Option<Value>,
    additionals: Option<Value>,
    udp: Option<String>,
}

impl UpstreamText {
    /// One script a server.
    pub(super) fn scripts(&self) -> Result<Vec<Script>, String> {
        match self.behaviour.as_deref() {
            None => Ok(vec![Script::Names(self.names()?)]),
            Some("one UDP server that never replies") => Ok(vec![Script::Silent]),
            // Two, so that the second could be tried.
            Some("every server answers SERVFAIL") => {
                Ok(vec![Script::Always(ResponseCode::ServFail); 2])
            }
            Some(other) => Err(format!(
                "given.upstream.behaviour: \"{other}\" is not understood"
            )),
        }
    }

    fn names(&self) -> Result<Names, String> {
        let mut names = Names::default();
        if let Some(rcode) = &self.default_rcode {
            names.default_rcode = rcode_of(rcode)?;
        }
        for (name, zone) in &self.zones {
            names.names.insert(fully_qualified(name), zone.spoken()?);
        }
        Ok(names)
    }
}

impl ZoneText {
    fn spoken(&self) -> Result<Spoken, String> {
        let fit = match self.udp.as_deref() {
            None => Fit::Proper,
            Some(text) if text.contains("every record in one datagram") => Fit::Oversize,
            Some(text) if text.contains("same cut is applied over TCP") => Fit::CutAlways,
            Some(text) => {
                return Err(format!(
                    "given.upstream.zones.udp: \"{text}\" is not understood"
                ));
            }
        };
        let rcode = self
            .rcode
            .as_deref()
            .map_or(Ok(ResponseCode::NoError), rcode_of)?;
        let answers = match &self.answers {
            None => Vec::new(),
            Some(Value::String(text)) => address_range(text)?,
            Some(list) => {
                let list: Vec<RecordText> = parse(list.clone())?;
                list.iter().map(answer).collect::<Result<_, _>>()?
            }
        };
        let additionals: Vec<RecordText> = match &self.additionals {
            None => Vec::new(),
            Some(list) => parse(list.clone())?,
        };
        let additionals = additionals.iter().map(record).collect::<Result<_, _>>()?;
        Ok(Spoken {
            rcode,
            answers,
            additionals,
            fit,
            truncated: false,
        })
    }
}

/// `256 A records 240.0.0.0 to 240.0.0.255`: that many addresses, each once.
fn address_range(text: &str) -> Result<Vec<(Option<Name>, u32, RData)>, String> {
    let bad = || format!("given.upstream.zones.answers: \"{text}\" is not understood");
    let words: Vec<_> = text.split_whitespace().collect();
    let [count, "A", "records", first, "to", last] = words[..] else {
        return Err(bad());
    };
    let count: u32 = count.parse().map_err(|_| bad())?;
    let first: Ipv4Addr = first.parse().map_err(|_| bad())?;
    let last: Ipv4Addr = last.parse().map_err(|_| bad())?;
    if u32::from(last).checked_sub(u32::from(first)) != count.checked_sub(1) {
        return Err(bad());
    }
    let range = u32::from(first)..=u32::from(last);
    Ok(range
        .map(|address| (None, TTL_SECS, RData::A(A(Ipv4Addr::from(address)))))
        .collect())
}

fn answer(text: &RecordText) -> Result<(Option<Name>, u32, RData), String> {
    let owner = match text.name.as_str() {
        "@" => None,
        name => Some(Name::from_ascii(name).map_err(|error| error.to_string())?),
    };
    Ok((
        owner,
        text.ttl.unwrap_or(TTL_SECS),
        record_data(&text.rtype, &text.data)?,
    ))
}

fn record(text: &RecordText) -> Result<Record, String> {
    let name = Name::from_ascii(&text.name).map_err(|error| error.to_string())?;
    let data = record_data(&text.rtype, &text.data)?;
    Ok(Record::from_rdata(name, text.ttl.unwrap_or(TTL_SECS), data))
}

/// `given.upstream` of the Kubernetes format.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KubernetesUpstreamText {
    #[serde(default)]
    answers: Vec<KubernetesAnswerText>,
    #[serde(default)]
    nxdomain: Vec<String>,
    tc: Option<bool>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KubernetesAnswerText {
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    ttl: Option<u32>,
    data: String,
}

impl KubernetesUpstreamText {
    /// A server that knows the answers, and NXDOMAIN for all other names.
    pub(super) fn script(&self) -> Result<Script, String> {
        let mut names = Names::default();
        for text in &self.answers {
            let spoken = names.names.entry(fully_qualified(&text.name)).or_default();
            let data = record_data(&text.rtype, &text.data)?;
            spoken
                .answers
                .push((None, text.ttl.unwrap_or(TTL_SECS), data));
            spoken.truncated = self.tc.unwrap_or(false);
        }
        for name in &self.nxdomain {
            let spoken = Spoken {
                rcode: ResponseCode::NXDomain,
                ..Spoken::default()
            };
            names.names.insert(fully_qualified(name), spoken);
        }
        Ok(Script::Names(names))
    }
}

fn fully_qualified(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_ascii_lowercase())
}

fn rcode_of(text: &str) -> Result<ResponseCode, String> {
    Ok(match text {
        "NOERROR" => ResponseCode::NoError,
        "FORMERR" => ResponseCode::FormErr,
        "SERVFAIL" => ResponseCode::ServFail,
        "NXDOMAIN" => ResponseCode::NXDomain,
        "NOTIMP" => ResponseCode::NotImp,
        "REFUSED" => ResponseCode::Refused,
        other => return Err(format!("rcode {other} is not known")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_in_words_is_that_many_addresses() {
        assert_eq!(
            address_range("3 A records 240.0.0.254 to 240.0.1.0")
                .unwrap()
                .len(),
            3
        );
        assert!(address_range("2 A records 240.0.0.254 to 240.0.1.0").is_err());
        assert!(address_range("some records").is_err());
    }
}
