//! Any octets as an upstream's reply.
//!
//! The first octet of an input says which question is pending and what of the reply is made to
//! fit it; see [`Mode`] and [`QUESTIONS`]. Without that hardly an input would get past the check of
//! id and question.

use crate::rules::{Checked, check_reply};
use crate::{message, world};
use dns_core::query::Query;
use dns_core::wire::{FoldedName, Header, RawRecord, Rcode, Reader, Rtype};
use dns_core::{Disposition, Resolver, Transmit, Transport};

/// What may be pending: name, type, whether DNSSEC records are wanted, transport.
const QUESTIONS: [(&str, Rtype, bool, Transport); 8] = [
    ("www.example.com", Rtype::A, false, Transport::Udp),
    ("www.example.com", Rtype::AAAA, true, Transport::Udp),
    ("www.example.com", Rtype::CNAME, false, Transport::Tcp),
    ("a.b.c.d.e.example.com", Rtype::TXT, false, Transport::Udp),
    ("example.com", Rtype::MX, true, Transport::Tcp),
    ("_http._tcp.example.com", Rtype::SRV, false, Transport::Udp),
    ("nothing.example.org", Rtype(65), false, Transport::Udp),
    (
        "alias.ns1.svc.cluster.local",
        Rtype::A,
        false,
        Transport::Udp,
    ),
];

/// A name that is never asked for upstream.
const VICTIM: &str = "victim.example.net";
/// Most messages that the upstream is sent in one input.
const ASKED_MAX: usize = 64;

/// What of a reply is made to fit the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing.
    Raw,
    /// The id.
    Id,
    /// Id and QR, with one question: ours. The input is flags, counts and records.
    Question,
}

impl Mode {
    fn of(selector: u8) -> Self {
        match selector >> 6 {
            0 => Mode::Raw,
            1 => Mode::Id,
            _ => Mode::Question,
        }
    }

    fn reply(self, asked: &[u8], data: &[u8]) -> Vec<u8> {
        let id = &asked[..2];
        match self {
            Mode::Raw => data.to_vec(),
            Mode::Id => [id, data.get(2..).unwrap_or_default()].concat(),
            Mode::Question => {
                let end = message::question_end(asked).expect("our question is not compressed");
                let mut head = [0; 8];
                let len = data.len().min(head.len());
                head[..len].copy_from_slice(&data[..len]);
                let [flags, rcode, counts @ ..] = head;
                let mut reply = [id, &[flags | 0x80, rcode, 0, 1], &counts].concat();
                reply.extend_from_slice(&asked[message::HEADER_LEN..end]);
                reply.extend_from_slice(&data[len..]);
                reply
            }
        }
    }
}

/// What reaches the client is sound and answers its question, and so does what is kept; nothing is
/// kept for another name.
pub(crate) fn run(data: &[u8]) {
    let Some((&selector, rest)) = data.split_first() else {
        return;
    };
    let (name, rtype, dnssec_ok, transport) = QUESTIONS[usize::from(selector) % QUESTIONS.len()];
    let mut upstream = Upstream {
        resolver: world::resolver(),
        mode: Mode::of(selector),
        data: rest,
        replies: Vec::new(),
        forwarded: Vec::new(),
    };
    let asked = query(name, rtype, dnssec_ok);
    let Some(first) = upstream.ask(&asked, transport) else {
        return;
    };
    if let Some(second) = upstream.ask(&asked, transport) {
        check_kept(&first, &second);
    }
    upstream.check_others(&asked);
}

fn query(name: &str, rtype: Rtype, dnssec_ok: bool) -> Vec<u8> {
    let opt = message::opt(1232, if dnssec_ok { 0x8000 } else { 0 }, b"");
    message::query(77, name, rtype, dnssec_ok.then_some(&opt[..]))
}

/// A resolver whose upstream answers everything with the input.
struct Upstream<'d> {
    resolver: Resolver,
    mode: Mode,
    data: &'d [u8],
    replies: Vec<Vec<u8>>,
    /// Names that the upstream was asked for: the target of a CNAME of ours is one.
    forwarded: Vec<FoldedName>,
}

impl Upstream<'_> {
    /// The answer to a query, checked.
    fn ask(&mut self, message: &[u8], transport: Transport) -> Option<Answered> {
        let query = Query::parse(message).expect("our query can be read");
        let mut out = Vec::new();
        let client = world::client(transport);
        let disposition = self
            .resolver
            .handle_query(world::START, client, message, &mut out);
        let octets = match disposition {
            Disposition::Answered => Some(out),
            Disposition::Pending => self.drive(),
            Disposition::Dropped => panic!("a query without an answer"),
        }?;
        let checked = check_reply(&query, transport, &octets);
        if !checked.header.is_truncated() {
            check_owners(&query, &checked, &octets);
        }
        Some(Answered {
            octets,
            checked,
            from: disposition,
        })
    }

    /// Replies until the client has its answer, and lets time pass when that leads nowhere.
    fn drive(&mut self) -> Option<Vec<u8>> {
        let mut now = world::START;
        let mut answer = None;
        let mut out = Vec::new();
        for _ in 0..ASKED_MAX {
            out.clear();
            match self.resolver.poll_transmit(&mut out) {
                Some(Transmit::Ask { exchange, .. }) => {
                    self.forwarded.extend(Reader::after_header(&out).name());
                    let reply = self.mode.reply(&out, self.data);
                    self.resolver.handle_reply(now, exchange, &reply);
                    self.replies.push(reply);
                }
                Some(Transmit::Answer(_)) => {
                    assert!(answer.is_none(), "one answer to one query");
                    answer = Some(out.clone());
                }
                Some(Transmit::Close(_) | Transmit::Wake(_)) => {}
                None if answer.is_some() => return answer,
                None => {
                    let due = self.resolver.poll_timeout();
                    now = due.expect("a pending question has a deadline").max(now);
                    self.resolver.handle_timeout(now);
                }
            }
        }
        panic!("more than {ASKED_MAX} steps for one question");
    }

    /// Asks for the names that the replies speak of, and for one that they do not: none may be
    /// answered from what the upstream said of the question.
    fn check_others(&mut self, asked: &[u8]) {
        let asked = Query::parse(asked).expect("our query can be read").name;
        let mut names = vec![folded(VICTIM)];
        names.extend(
            self.replies
                .first()
                .into_iter()
                .flat_map(|reply| owners(reply)),
        );
        names.retain(|name| *name != asked && !name.as_name().ends_with(asked.as_name()));
        names.retain(|name| !self.forwarded.contains(name));
        for name in names.into_iter().take(3) {
            if self.is_local(name) {
                continue;
            }
            for rtype in [Rtype::A, Rtype::NS] {
                let mut message = message::header(78, message::RD, [1, 0, 0, 0]);
                message.extend_from_slice(name.as_wire());
                message.extend_from_slice(&rtype.0.to_be_bytes());
                message.extend_from_slice(&[0, 1]);
                let mut out = Vec::new();
                let client = world::client(Transport::Udp);
                let disposition =
                    self.resolver
                        .handle_query(world::START, client, &message, &mut out);
                // Once the upstream has been silent for long enough, all else fails at once.
                let is_failure = Header::parse(&out)
                    .is_some_and(|header| header.rcode() == Rcode::SERVFAIL && header.ancount == 0);
                assert!(
                    disposition == Disposition::Pending || is_failure,
                    "{name:?} {rtype} was answered from what was said of {asked:?}"
                );
            }
        }
    }

    /// Whether a name is answered without an upstream.
    fn is_local(&self, name: FoldedName) -> bool {
        let mut message = message::header(79, message::RD, [1, 0, 0, 0]);
        message.extend_from_slice(name.as_wire());
        message.extend_from_slice(&[0, 1, 0, 1]);
        let mut out = Vec::new();
        let client = world::client(Transport::Udp);
        let disposition = world::resolver().handle_query(world::START, client, &message, &mut out);
        disposition != Disposition::Pending
    }
}

/// An answer of one kind or the other.
struct Answered {
    octets: Vec<u8>,
    checked: Checked,
    from: Disposition,
}

/// What came from the cache is what came before, and its TTLs have not grown.
fn check_kept(first: &Answered, second: &Answered) {
    if second.from == Disposition::Pending {
        return;
    }
    let codes = |answered: &Answered| answered.checked.header.rcode();
    assert_eq!(codes(first), codes(second), "the cache says something else");
    if first.checked.header.is_truncated() || second.checked.header.is_truncated() {
        return;
    }
    let rdata = |answered: &Answered| -> Vec<_> {
        let records = answered.checked.answers.iter();
        let told = |record: &RawRecord| {
            let owner = record.owner.as_wire().to_vec();
            (owner, record.rtype, expanded(&answered.octets, record))
        };
        records.map(told).collect()
    };
    assert_eq!(rdata(first), rdata(second), "the cache has other records");
    for (before, after) in first.checked.answers.iter().zip(&second.checked.answers) {
        assert!(after.ttl_secs <= before.ttl_secs, "a TTL has grown");
    }
}

/// The data of a record, a single name in it uncompressed.
fn expanded(message: &[u8], record: &RawRecord) -> Vec<u8> {
    let data = &message[record.rdata_at..record.end()];
    match record.rtype {
        Rtype::CNAME | Rtype::NS | Rtype::PTR | Rtype::DNAME => {
            let name = Reader::at_offset(message, record.rdata_at).name();
            name.map_or(data.to_vec(), |name| name.as_wire().to_vec())
        }
        _ => data.to_vec(),
    }
}

/// Every answer is for a name that CNAMEs or DNAMEs lead to from the question.
fn check_owners(query: &Query, checked: &Checked, octets: &[u8]) {
    let mut reached = vec![query.name];
    let mut at = 0;
    while at < reached.len() {
        let name = reached[at];
        for record in &checked.answers {
            if record.rtype == Rtype::CNAME && record.owner == name {
                let target = Reader::at_offset(octets, record.rdata_at).name().unwrap();
                if !reached.contains(&target) {
                    reached.push(target);
                }
            }
        }
        at += 1;
    }
    for record in &checked.answers {
        let speaks_of_dname = record.rtype == Rtype::DNAME || record.rtype == Rtype(46);
        let is_above = |name: &FoldedName| name.as_name().ends_with(record.owner.as_name());
        assert!(
            reached.contains(&record.owner) || speaks_of_dname && reached.iter().any(is_above),
            "{:?} was not asked for",
            record.owner
        );
    }
}

/// Owners of the records of a message, as far as it can be read.
fn owners(reply: &[u8]) -> Vec<FoldedName> {
    let Some(header) = Header::parse(reply) else {
        return Vec::new();
    };
    let mut reader = Reader::after_header(reply);
    for _ in 0..header.qdcount.min(1) {
        let _ = reader.name().and_then(|_| reader.u32());
    }
    let mut owners = Vec::new();
    while let Ok(record) = reader.record() {
        if !owners.contains(&record.owner) && owners.len() < 8 {
            owners.push(record.owner);
        }
    }
    owners
}

fn folded(text: &str) -> FoldedName {
    FoldedName::of(dns_core::NameBuf::parse(text).unwrap().as_name())
}
