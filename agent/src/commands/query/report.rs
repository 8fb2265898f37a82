//! A reply as text in the layout of dig, and as JSON.

use super::exchange::Reply;
use super::words;
use crate::output::presentation;
use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::Record;
use hickory_proto::rr::rdata::opt::EdnsOption;
use serde::Serialize;
use std::io::{self, Write};

/// Option code of extended errors (RFC 8914 section 2).
const EDE_OPTION: u16 = 15;

/// A reply in words.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    server: String,
    transport: &'static str,
    /// The UDP answer was cut, this is the one that came over TCP.
    truncated_over_udp: bool,
    time_ms: u64,
    size_octets: usize,
    id: u16,
    opcode: String,
    rcode: String,
    flags: Vec<&'static str>,
    edns: Option<EdnsLine>,
    ede: Vec<EdeLine>,
    question: Vec<QuestionLine>,
    answer: Vec<RecordLine>,
    authority: Vec<RecordLine>,
    additional: Vec<RecordLine>,
    #[serde(skip)]
    server_as_dig: String,
}

#[derive(Debug, Serialize)]
struct EdnsLine {
    version: u8,
    dnssec_ok: bool,
    udp_octets: u16,
}

#[derive(Debug, Serialize)]
struct EdeLine {
    code: u16,
    name: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct QuestionLine {
    name: String,
    class: String,
    #[serde(rename = "type")]
    rtype: String,
}

#[derive(Debug, Serialize)]
struct RecordLine {
    name: String,
    ttl: u32,
    class: String,
    #[serde(rename = "type")]
    rtype: String,
    data: String,
}

impl Report {
    pub(super) fn of(reply: &Reply) -> Self {
        let message = &reply.message;
        Report {
            server: reply.server.to_string(),
            server_as_dig: format!("{}#{}", reply.server.ip(), reply.server.port()),
            transport: reply.transport.label(),
            truncated_over_udp: reply.was_cut,
            time_ms: u64::try_from(reply.time.as_millis()).unwrap_or(u64::MAX),
            size_octets: reply.size_octets,
            id: message.id,
            opcode: words::opcode(message.op_code),
            rcode: words::rcode(message.response_code.into()),
            flags: flags(message),
            edns: message.edns.as_ref().map(EdnsLine::of),
            ede: message
                .edns
                .as_ref()
                .map(extended_errors)
                .unwrap_or_default(),
            question: message.queries.iter().map(QuestionLine::of).collect(),
            answer: message.answers.iter().map(RecordLine::of).collect(),
            authority: message.authorities.iter().map(RecordLine::of).collect(),
            additional: message.additionals.iter().map(RecordLine::of).collect(),
        }
    }

    pub(super) fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        if self.truncated_over_udp {
            writeln!(out, ";; Truncated, retrying in TCP mode.")?;
        }
        self.print_header(out)?;
        self.print_edns(out)?;
        if !self.question.is_empty() {
            writeln!(out, ";; QUESTION SECTION:")?;
        }
        for question in &self.question {
            let name = padded(&format!(";{}", question.name), 32);
            writeln!(out, "{name}{}\t{}", question.class, question.rtype)?;
        }
        self.print_section("ANSWER", &self.answer, out)?;
        self.print_section("AUTHORITY", &self.authority, out)?;
        self.print_section("ADDITIONAL", &self.additional, out)?;
        writeln!(out, "\n;; Query time: {} msec", self.time_ms)?;
        writeln!(
            out,
            ";; SERVER: {} ({})",
            self.server_as_dig, self.transport
        )?;
        writeln!(out, ";; MSG SIZE  rcvd: {}", self.size_octets)
    }

    fn print_header(&self, out: &mut impl Write) -> io::Result<()> {
        let Report {
            opcode, rcode, id, ..
        } = self;
        writeln!(
            out,
            ";; ->>HEADER<<- opcode: {opcode}, status: {rcode}, id: {id}"
        )?;
        writeln!(
            out,
            ";; flags:{}; QUERY: {}, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n",
            self.flags
                .iter()
                .map(|flag| format!(" {flag}"))
                .collect::<String>(),
            self.question.len(),
            self.answer.len(),
            self.authority.len(),
            self.additional.len() + usize::from(self.edns.is_some()),
        )
    }

    fn print_edns(&self, out: &mut impl Write) -> io::Result<()> {
        let Some(edns) = &self.edns else {
            return Ok(());
        };
        let flags = if edns.dnssec_ok { " do" } else { "" };
        let EdnsLine {
            version,
            udp_octets,
            ..
        } = edns;
        writeln!(out, ";; OPT PSEUDOSECTION:")?;
        writeln!(
            out,
            "; EDNS: version: {version}, flags:{flags}; udp: {udp_octets}"
        )?;
        for EdeLine { code, name, text } in &self.ede {
            let text = if text.is_empty() {
                String::new()
            } else {
                format!(": ({text})")
            };
            writeln!(out, "; EDE: {code} ({name}){text}")?;
        }
        Ok(())
    }

    fn print_section(
        &self,
        title: &str,
        records: &[RecordLine],
        out: &mut impl Write,
    ) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n;; {title} SECTION:")?;
        for record in records {
            let start = padded(&format!("{}{}", padded(&record.name, 24), record.ttl), 32);
            writeln!(
                out,
                "{start}{}\t{}\t{}",
                record.class, record.rtype, record.data
            )?;
        }
        Ok(())
    }
}

impl EdnsLine {
    fn of(edns: &Edns) -> Self {
        EdnsLine {
            version: edns.version(),
            dnssec_ok: edns.flags().dnssec_ok,
            udp_octets: edns.max_payload(),
        }
    }
}

impl QuestionLine {
    fn of(query: &Query) -> Self {
        QuestionLine {
            name: presentation::name(&query.name),
            class: query.query_class.to_string(),
            rtype: presentation::record_type(query.query_type),
        }
    }
}

impl RecordLine {
    fn of(record: &Record) -> Self {
        RecordLine {
            name: presentation::name(&record.name),
            ttl: record.ttl,
            class: record.dns_class.to_string(),
            rtype: presentation::record_type(record.record_type()),
            data: presentation::record_data(&record.data),
        }
    }
}

/// Text and tabs up to a column; a space when the text is past it already, as dig has it.
fn padded(text: &str, column: usize) -> String {
    const TAB: usize = 8;
    let at = text.chars().fold(0, |at, c| {
        if c == '\t' {
            (at / TAB + 1) * TAB
        } else {
            at + 1
        }
    });
    if at >= column {
        return format!("{text} ");
    }
    format!("{text}{}", "\t".repeat((column - at).div_ceil(TAB)))
}

fn flags(message: &Message) -> Vec<&'static str> {
    let named = [
        (true, "qr"),
        (message.authoritative, "aa"),
        (message.truncation, "tc"),
        (message.recursion_desired, "rd"),
        (message.recursion_available, "ra"),
        (message.authentic_data, "ad"),
        (message.checking_disabled, "cd"),
    ];
    named
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, name)| name)
        .collect()
}

fn extended_errors(edns: &Edns) -> Vec<EdeLine> {
    let options = edns.options().as_ref().iter();
    options
        .filter_map(|(_, option)| match option {
            EdnsOption::Unknown(EDE_OPTION, octets) => EdeLine::of(octets),
            _ => None,
        })
        .collect()
}

impl EdeLine {
    fn of(octets: &[u8]) -> Option<Self> {
        let (code, text) = octets.split_first_chunk::<2>()?;
        let code = u16::from_be_bytes(*code);
        let name = words::extended_error(code);
        let text = String::from_utf8_lossy(text)
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        Some(EdeLine { code, name, text })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Transport;
    use super::*;
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::rdata::{A, CNAME};
    use hickory_proto::rr::{Name, RData, RecordType};
    use std::time::Duration;

    fn reply() -> Reply {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let mut message = Message::query();
        message.metadata.id = 7;
        message.metadata.authoritative = true;
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name("Web.shop."), RecordType::A));
        let target = RData::CNAME(CNAME(name("web.shop.svc.cluster.local.")));
        message.add_answer(Record::from_rdata(name("Web.shop."), 30, target));
        let address = RData::A(A::new(250, 1, 2, 3));
        message.add_answer(Record::from_rdata(
            name("web.shop.svc.cluster.local."),
            30,
            address,
        ));
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        edns.options_mut()
            .insert(EdnsOption::Unknown(15, vec![0, 14, b'h', b'i']));
        message.set_edns(edns);
        let message = message.into_response();
        Reply {
            server: "127.0.0.1:15053".parse().unwrap(),
            transport: Transport::Udp,
            was_cut: false,
            time: Duration::from_millis(2),
            size_octets: 99,
            message,
        }
    }

    #[test]
    fn text_has_the_layout_of_dig() {
        let mut out = Vec::new();
        Report::of(&reply()).print(&mut out).unwrap();
        let expected = "\
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 7
;; flags: qr aa rd; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
; EDE: 14 (Not Ready): (hi)
;; QUESTION SECTION:
;Web.shop.\t\t\tIN\tA

;; ANSWER SECTION:
Web.shop.\t\t30\tIN\tCNAME\tweb.shop.svc.cluster.local.
web.shop.svc.cluster.local. 30\tIN\tA\t250.1.2.3

;; Query time: 2 msec
;; SERVER: 127.0.0.1#15053 (UDP)
;; MSG SIZE  rcvd: 99
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn json_has_every_record_field() {
        let mut reply = reply();
        reply.message.metadata.response_code = ResponseCode::NXDomain;
        let mut out = Vec::new();
        Report::of(&reply).print_json(&mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(json["rcode"], "NXDOMAIN");
        assert_eq!(json["flags"], serde_json::json!(["qr", "aa", "rd"]));
        let expected = serde_json::json!({
            "name": "Web.shop.", "ttl": 30, "class": "IN", "type": "CNAME",
            "data": "web.shop.svc.cluster.local.",
        });
        assert_eq!(json["answer"][0], expected);
        assert_eq!(json["ede"][0]["name"], "Not Ready");
    }
}
