//! Every answer is explained: `explain` reproduces it and names the objects it was made of.

use super::answer::{addresses, rcode};
use super::commands::json_of;
use super::place::{Asker, Heard};
use super::session::{Found, Session};
use crate::client::Question;
use crate::command::run;
use hickory_proto::rr::RecordType;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;

impl Session {
    /// Compares an answer of an agent with what it says of itself. Clients that are answered in
    /// another way than the rest of their namespace are not asked about, nor what is no address.
    pub(super) fn explained_otherwise(
        &mut self,
        asker: &Asker,
        question: &Question,
        heard: &Heard,
    ) -> Found {
        let Some(namespace) = asker.namespace.clone().filter(|_| asker.has_proxy) else {
            return Ok(Vec::new());
        };
        if !matches!(question.rtype, RecordType::A | RecordType::AAAA) {
            return Ok(Vec::new());
        }
        let admin = self.live.agent(&asker.cluster, asker.mode)?.admin();
        let name = question.name.to_ascii();
        let from = format!("{}/{namespace}", asker.cluster);
        let words = ["explain", &name, "--from", &from, "-o", "json"].map(str::to_owned);
        let flags = ["--admin".to_owned(), admin.to_string()];
        let ended = run(words.iter().chain(&flags))?;
        let found = differences(&json_of(&ended)?, question, heard);
        Ok(found
            .into_iter()
            .map(|what| format!("explain: {what}"))
            .collect())
    }
}

fn differences(explained: &Value, question: &Question, heard: &Heard) -> Vec<String> {
    let message = &heard.reply.message;
    let answer = &explained["answer"];
    let result = answer["result"].as_str().unwrap_or_default();
    let mut found = Vec::new();
    let expected: &[&str] = match rcode(message).as_str() {
        _ if heard.upstream_asked > 0 => &["forwarded"],
        "NXDOMAIN" => &["nxdomain"],
        "NOERROR" if message.answers.is_empty() => &["nodata", "answered"],
        "NOERROR" => &["answered", "cname"],
        "REFUSED" => &["refused"],
        _ => &[],
    };
    if !expected.contains(&result) {
        found.push(format!("it is {}, explained as {result}", rcode(message)));
    }
    if heard.upstream_asked > 0 {
        return found;
    }
    let texts = answer["addresses"].as_array().into_iter().flatten();
    let told: BTreeSet<IpAddr> = texts
        .filter_map(|text| text.as_str()?.parse().ok())
        .filter(|address: &IpAddr| address.is_ipv4() == (question.rtype == RecordType::A))
        .collect();
    let got: BTreeSet<IpAddr> = addresses(message).into_iter().collect();
    if told != got {
        found.push(format!("the answer is {got:?}, explained as {told:?}"));
    }
    let has_sources = explained["sources"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    if !got.is_empty() && !has_sources {
        found.push(format!("it names no source: {explained}"));
    }
    found
}
