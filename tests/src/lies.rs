//! Messages of a DNS server as octets: true ones, and what can be wrong with them.

use std::net::Ipv4Addr;

/// QR of a header's flags.
pub const QR: u16 = 0x8000;
/// TC.
pub const TC: u16 = 0x0200;
/// Bits of the opcode.
pub const OPCODE: u16 = 0x7800;

/// Types that the lies are about.
pub mod rtype {
    /// A.
    pub const A: u16 = 1;
    /// NS.
    pub const NS: u16 = 2;
    /// CNAME.
    pub const CNAME: u16 = 5;
    /// SOA.
    pub const SOA: u16 = 6;
    /// AAAA.
    pub const AAAA: u16 = 28;
    /// OPT.
    pub const OPT: u16 = 41;
}

/// The address that no honest server has given: who sees it has been lied to.
pub const EVIL: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 66);

/// TTL of true answers in seconds.
pub const TRUE_TTL_SECS: u32 = 60;

/// Minimum of the SOA record of true negative answers in seconds.
pub const NEGATIVE_TTL_SECS: u32 = 20;

/// A pointer to the question (RFC 1035 section 4.1.4): the owner of most answers.
const ASKED: [u8; 2] = [0xc0, 12];

/// Number of the cookie option (RFC 7873).
const COOKIE_OPTION: u16 = 10;

/// Octets of a header.
const HEADER_LEN: usize = 12;

/// The true address of a name, in 198.18.0.0/15 (RFC 2544), whatever its case: every name has one,
/// and hardly two the same.
pub fn true_address(name: &str) -> Ipv4Addr {
    // FNV-1a.
    let octets = name.trim_end_matches('.').bytes();
    let hash = octets.fold(0x811c_9dc5_u32, |hash, octet| {
        (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    });
    let [_, low, third, fourth] = hash.to_be_bytes();
    Ipv4Addr::new(198, 18 | low & 1, third, fourth)
}

/// A name on the wire.
pub fn wire_name(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// A record of class IN.
pub fn record(owner: &[u8], rtype: u16, ttl_secs: u32, rdata: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rdata.len()).unwrap_or(u16::MAX);
    let mut octets = owner.to_vec();
    octets.extend_from_slice(&rtype.to_be_bytes());
    octets.extend_from_slice(&1u16.to_be_bytes());
    octets.extend_from_slice(&ttl_secs.to_be_bytes());
    octets.extend_from_slice(&length.to_be_bytes());
    octets.extend_from_slice(rdata);
    octets
}

/// A record about the name asked for.
pub fn about_asked(rtype: u16, ttl_secs: u32, rdata: &[u8]) -> Vec<u8> {
    record(&ASKED, rtype, ttl_secs, rdata)
}

/// The evil address for a name.
pub fn evil_for(name: &str) -> Vec<u8> {
    record(&wire_name(name), rtype::A, TRUE_TTL_SECS, &EVIL.octets())
}

/// The SOA record of a zone.
pub fn soa(zone: &str, ttl_secs: u32, minimum_secs: u32) -> Vec<u8> {
    let mut rdata = [wire_name("ns.test"), wire_name("root.test")].concat();
    for number in [1, 3_600, 600, 86_400, minimum_secs] {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    record(&wire_name(zone), rtype::SOA, ttl_secs, &rdata)
}

/// An OPT record for 1,232 octets with the upper bits of a code, and options.
pub fn opt(extended_rcode: u8, options: &[u8]) -> Vec<u8> {
    let ttl = u32::from(extended_rcode) << 24;
    let mut octets = record(&[0], rtype::OPT, ttl, options);
    // The class is the payload size.
    octets[3..5].copy_from_slice(&1232u16.to_be_bytes());
    octets
}

/// The cookie of a query whose OPT record follows its question and has no other option.
pub fn cookie(query: &[u8]) -> Option<&[u8]> {
    let options = question_end(query) + 11;
    let is_cookie = query.get(options..options + 2)? == COOKIE_OPTION.to_be_bytes();
    query.get(options + 4..).filter(|_| is_cookie)
}

/// The option for a cookie.
pub fn cookie_option(cookie: &[u8]) -> Vec<u8> {
    let length = u16::try_from(cookie.len()).unwrap_or(u16::MAX);
    [
        &COOKIE_OPTION.to_be_bytes()[..],
        &length.to_be_bytes(),
        cookie,
    ]
    .concat()
}

/// A message in the making: each part can be bent before it becomes octets.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Id.
    pub id: u16,
    /// Flags, opcode and code of the header.
    pub flags: u16,
    /// Questions, each with type and class.
    pub questions: Vec<Vec<u8>>,
    /// Records of the answer section.
    pub answers: Vec<Vec<u8>>,
    /// Records of the authority section.
    pub authorities: Vec<Vec<u8>>,
    /// Records of the additional section, OPT the last where the query has one.
    pub additionals: Vec<Vec<u8>>,
    /// What the header says of the number of answers, where that is not their number.
    pub claimed_answers: Option<u16>,
}

impl Draft {
    /// A response to a query, without records but OPT; the question in the query's own spelling.
    pub fn of(query: &[u8]) -> Self {
        let end = question_end(query);
        let has_opt = word(query, 10) > 0;
        Draft {
            id: word(query, 0),
            flags: QR | 0x0080 | word(query, 2) & 0x0110,
            questions: vec![query.get(HEADER_LEN..end).unwrap_or_default().to_vec()],
            answers: Vec::new(),
            authorities: Vec::new(),
            additionals: if has_opt {
                vec![opt(0, &[])]
            } else {
                Vec::new()
            },
            claimed_answers: None,
        }
    }

    /// The true response: the address of the name, or that it has no other records.
    pub fn truth(query: &[u8]) -> Self {
        let draft = Draft::of(query);
        let name = asked_name(query);
        match asked_type(query) {
            rtype::A => draft.answer(about_asked(
                rtype::A,
                TRUE_TTL_SECS,
                &true_address(&name).octets(),
            )),
            _ => draft.authority(soa("test", NEGATIVE_TTL_SECS, NEGATIVE_TTL_SECS)),
        }
    }

    /// The true response with the evil address instead.
    pub fn evil(query: &[u8]) -> Self {
        Draft::of(query).answer(about_asked(rtype::A, TRUE_TTL_SECS, &EVIL.octets()))
    }

    /// Nothing but that code.
    pub fn code(query: &[u8], rcode: u16) -> Self {
        let mut draft = Draft::of(query);
        draft.flags |= rcode;
        draft
    }

    /// That the name does not exist, as `test` says.
    pub fn nxdomain(query: &[u8]) -> Self {
        Draft::code(query, 3).authority(soa("test", NEGATIVE_TTL_SECS, NEGATIVE_TTL_SECS))
    }

    /// With another answer.
    #[must_use]
    pub fn answer(mut self, record: Vec<u8>) -> Self {
        self.answers.push(record);
        self
    }

    /// With another authority record.
    #[must_use]
    pub fn authority(mut self, record: Vec<u8>) -> Self {
        self.authorities.push(record);
        self
    }

    /// With another additional record, in front of OPT.
    #[must_use]
    pub fn additional(mut self, record: Vec<u8>) -> Self {
        self.additionals.insert(0, record);
        self
    }

    /// With a change to any part.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The message.
    pub fn octets(&self) -> Vec<u8> {
        let count = |list: &[Vec<u8>]| u16::try_from(list.len()).unwrap_or(u16::MAX);
        let header = [
            self.id,
            self.flags,
            count(&self.questions),
            self.claimed_answers.unwrap_or(count(&self.answers)),
            count(&self.authorities),
            count(&self.additionals),
        ];
        let mut octets: Vec<u8> = header.iter().flat_map(|word| word.to_be_bytes()).collect();
        let sections = [
            &self.questions,
            &self.answers,
            &self.authorities,
            &self.additionals,
        ];
        for part in sections.into_iter().flatten() {
            octets.extend_from_slice(part);
        }
        octets
    }
}

/// A query for an address, from a client that takes 1,232 octets and extended errors.
pub fn query(id: u16, name: &str, rtype: u16) -> Vec<u8> {
    let mut octets: Vec<u8> = [id, 0x0100, 1, 0, 0, 1]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect();
    octets.extend_from_slice(&wire_name(name));
    octets.extend_from_slice(&rtype.to_be_bytes());
    octets.extend_from_slice(&1u16.to_be_bytes());
    octets.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
    octets
}

/// The name that a query asks for, in lower case, without its final dot.
pub fn asked_name(query: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut at = HEADER_LEN;
    while let Some(length) = query.get(at).copied().filter(|length| *length > 0) {
        let end = at + 1 + usize::from(length);
        let Some(label) = query.get(at + 1..end) else {
            break;
        };
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at = end;
    }
    labels.join(".")
}

/// The type that a query asks for.
pub fn asked_type(query: &[u8]) -> u16 {
    word(query, question_end(query).saturating_sub(4))
}

/// Offset behind the question of a query.
pub fn question_end(query: &[u8]) -> usize {
    let mut at = HEADER_LEN;
    while let Some(length) = query.get(at).copied().filter(|length| *length > 0) {
        at += 1 + usize::from(length);
    }
    at + 5
}

fn word(octets: &[u8], at: usize) -> u16 {
    match octets.get(at..at + 2) {
        Some(pair) => u16::from_be_bytes([pair[0], pair[1]]),
        None => 0,
    }
}
