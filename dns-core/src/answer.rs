//! What we say: an [`Answer`] before it is octets, and the one place that makes them.

mod srv;

pub use srv::Srv;

use crate::query::{Query, Refusal};
use crate::transmit::Transport;
use crate::wire::edns::{DnssecOk, OPT_LEN, OptRecord};
use crate::wire::header::{HEADER_LEN, Header};
use crate::wire::name::NAME_MAX;
use crate::wire::writer::{Fit, Owner, Section, Writer};
use crate::wire::{Ede, Edns, Name, NameBuf, Rcode, Reaction, Rtype};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Refresh, retry and expire of our SOA records in seconds: what CoreDNS says. Nobody transfers
/// our zones.
const SOA_TIMERS_SECS: [u32; 3] = [7_200, 1_800, 86_400];
/// What an ANY query is answered with (RFC 8482 section 4.2).
const ANY_HINFO_CPU: &[u8] = b"RFC8482";

/// An answer before it is octets.
#[derive(Debug)]
pub struct Answer<'t> {
    /// Response code.
    pub rcode: Rcode,
    /// CNAME records in front.
    pub chain: Vec<Cname>,
    /// Records at the end of the chain.
    pub records: Records<'t>,
    /// TTL in seconds of the records; those of CNAMEs and of a SOA are their own.
    pub ttl_secs: u32,
    /// Extended error.
    pub ede: Option<Ede>,
    /// Whether the table or a zone of ours says it: sets AA.
    pub authority: Authority,
}

/// A CNAME of ours; its owner is the name asked for, or the target of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cname {
    /// The name it leads to.
    pub target: NameBuf,
    /// Its TTL in seconds.
    pub ttl_secs: u32,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The table or a zone of ours.
    Ours,
    /// Nobody: a failure.
    None,
}

/// The records of an answer.
#[derive(Debug)]
pub enum Records<'t> {
    /// None.
    None,
    /// Addresses of one family, to be written from `rotation` on, wrapping around.
    Addresses(Vec<IpAddr>, u32),
    /// Service locations.
    Srv(Vec<Srv<'t>>),
    /// The name behind an address.
    Ptr(Name<'t>),
    /// The version text of a DNS specification.
    DnsVersion(DnsVersion),
    /// The answer to ANY.
    AnyHinfo,
    /// The SOA that was asked for.
    Soa(Soa<'t>),
    /// Nothing, and the SOA that says for how long.
    Negative(Soa<'t>),
}

/// A DNS specification that `dns-version.<zone>` names the version of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsVersion {
    /// Kubernetes DNS-based service discovery.
    Kubernetes,
    /// Multi-Cluster Services DNS.
    MultiCluster,
}

impl DnsVersion {
    /// The version, as section 2.2 of each specification has it.
    fn text(self) -> &'static [u8] {
        match self {
            DnsVersion::Kubernetes => b"1.1.0",
            DnsVersion::MultiCluster => b"1.0.0",
        }
    }
}

/// A start of authority.
#[derive(Clone, Debug)]
pub struct Soa<'t> {
    /// Owner; `None` is the name asked for.
    pub owner: Option<Name<'t>>,
    /// Serial: the generation of the table.
    pub serial: u32,
    /// Its own TTL and its minimum in seconds (RFC 2308 section 4).
    pub minimum_secs: u32,
}

impl<'t> Answer<'t> {
    /// A failure without data.
    pub fn failure(rcode: Rcode, ede: Option<Ede>) -> Self {
        let (chain, records) = (Vec::new(), Records::None);
        Answer {
            rcode,
            chain,
            records,
            ttl_secs: 0,
            ede,
            authority: Authority::None,
        }
    }

    /// A positive answer.
    pub fn positive(chain: Vec<Cname>, records: Records<'t>, ttl_secs: u32) -> Self {
        let rcode = Rcode::NOERROR;
        Answer {
            rcode,
            chain,
            records,
            ttl_secs,
            ede: None,
            authority: Authority::Ours,
        }
    }

    /// An answer without data: NODATA or NXDOMAIN.
    pub fn negative(rcode: Rcode, chain: Vec<Cname>, soa: Soa<'t>) -> Self {
        let (records, ttl_secs) = (Records::Negative(soa), 0);
        Answer {
            rcode,
            chain,
            records,
            ttl_secs,
            ede: None,
            authority: Authority::Ours,
        }
    }

    /// Appends the reply to `query`, cut with TC at what the client takes. The only maker of
    /// reply octets besides the relay of upstream answers. Gives whether it was cut.
    pub fn encode(
        &self,
        query: &Query,
        transport: Transport,
        recursion: Recursion,
        out: &mut Vec<u8>,
    ) -> Fit {
        let mut header = recursion.mark(query.header.reply()).with_rcode(self.rcode);
        if self.authority == Authority::Ours {
            header = header.with_authoritative();
        }
        let opt = query
            .edns
            .map(|_| Edns::opt_record(query.dnssec_ok(), 0, self.ede));
        let limit = query.reply_limit(transport);
        let mut writer = Writer::start(out, header, query.question(), limit);
        writer.reserve(opt.as_ref().map_or(0, |opt| opt.as_wire().len()));
        let owner = self.write_chain(query, &mut writer);
        self.write_records(query, owner, &mut writer);
        writer.finish(opt)
    }

    /// Writes the CNAME records and gives the owner of what they lead to.
    fn write_chain<'n>(&'n self, query: &'n Query, writer: &mut Writer<'_>) -> At<'n> {
        let mut at = At {
            owner: Owner::Question,
            name: query.name.as_name(),
        };
        for cname in &self.chain {
            let target = cname.target.as_name();
            let before = writer.offset();
            let owner_len = at.owner_len();
            writer.record(
                Section::Answer,
                at.owner,
                Rtype::CNAME,
                cname.ttl_secs,
                |out| {
                    out.extend_from_slice(target.as_wire());
                },
            );
            // Type, class, TTL and length stand between owner and rdata.
            at = At {
                owner: Owner::at(before + owner_len + 10, target),
                name: target,
            };
        }
        at
    }

    fn write_records(&self, query: &Query, at: At<'_>, writer: &mut Writer<'_>) {
        let ttl_secs = self.ttl_secs;
        let mut put = |rtype, rdata: &dyn Fn(&mut Vec<u8>)| {
            writer.record(Section::Answer, at.owner, rtype, ttl_secs, rdata);
        };
        match &self.records {
            Records::None => {}
            Records::Addresses(addresses, rotation) => {
                let first = *rotation as usize % addresses.len().max(1);
                for address in addresses[first..].iter().chain(&addresses[..first]) {
                    match address {
                        IpAddr::V4(v4) => put(Rtype::A, &|out| out.extend(v4.octets())),
                        IpAddr::V6(v6) => put(Rtype::AAAA, &|out| out.extend(v6.octets())),
                    }
                }
            }
            Records::Srv(locations) => {
                for srv in locations {
                    put(Rtype::SRV, &|out| srv.write(at.name, out));
                }
            }
            Records::Ptr(name) => {
                put(Rtype::PTR, &|out| out.extend_from_slice(name.as_wire()));
            }
            Records::DnsVersion(version) => {
                put(Rtype::TXT, &|out| character_string(version.text(), out));
            }
            Records::AnyHinfo => put(Rtype::HINFO, &|out| {
                character_string(ANY_HINFO_CPU, out);
                character_string(b"", out);
            }),
            Records::Soa(soa) => soa.write(Section::Answer, query.name.as_name(), at, writer),
            Records::Negative(soa) => {
                soa.write(Section::Authority, query.name.as_name(), at, writer)
            }
        }
    }
}

/// Where a record goes: its owner on the wire and as a name.
#[derive(Clone, Copy)]
struct At<'n> {
    owner: Owner<'n>,
    name: Name<'n>,
}

impl At<'_> {
    fn owner_len(&self) -> usize {
        match self.owner {
            Owner::Question | Owner::At(_) => 2,
            Owner::Name(name) => name.as_wire().len(),
        }
    }
}

impl Soa<'_> {
    /// Writes it as the authority of a negative answer about `asked`.
    pub(crate) fn write_negative(&self, asked: Name<'_>, writer: &mut Writer<'_>) {
        let owner = Owner::Question;
        self.write(Section::Authority, asked, At { owner, name: asked }, writer);
    }

    fn write(&self, section: Section, asked: Name<'_>, at: At<'_>, writer: &mut Writer<'_>) {
        let apex = self.owner.unwrap_or(at.name);
        let owner = match section {
            Section::Authority if apex == asked => Owner::Question,
            Section::Authority => Owner::Name(apex),
            Section::Answer => at.owner,
        };
        let numbers = [
            self.serial,
            SOA_TIMERS_SECS[0],
            SOA_TIMERS_SECS[1],
            SOA_TIMERS_SECS[2],
        ];
        writer.record(section, owner, Rtype::SOA, self.minimum_secs, |out| {
            name_below(&[b"\x02ns", b"\x03dns"], apex, out);
            name_below(&[b"\x0ahostmaster"], apex, out);
            for number in numbers.into_iter().chain([self.minimum_secs]) {
                out.extend_from_slice(&number.to_be_bytes());
            }
        });
    }
}

/// Labels in front of a name; the name alone if they do not fit in 255 octets.
fn name_below(labels: &[&[u8]], apex: Name<'_>, out: &mut Vec<u8>) {
    let labels_len: usize = labels.iter().map(|label| label.len()).sum();
    if labels_len + apex.as_wire().len() <= NAME_MAX {
        labels.iter().for_each(|label| out.extend_from_slice(label));
    }
    out.extend_from_slice(apex.as_wire());
}

/// One octet of length, then the text (RFC 1035 section 3.3).
fn character_string(text: &[u8], out: &mut Vec<u8>) {
    let text = &text[..text.len().min(255)];
    out.push(text.len() as u8);
    out.extend_from_slice(text);
}

/// Whether this process forwards anything: RA in its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recursion {
    /// It does.
    Available,
    /// It does not.
    Unavailable,
}

impl Recursion {
    pub(crate) fn mark(self, header: Header) -> Header {
        match self {
            Recursion::Available => header.with_recursion_available(),
            Recursion::Unavailable => header,
        }
    }
}

/// Appends the reply to a message that cannot be answered from its question. Gives what it did
/// with it; on [`Reaction::Silence`] nothing was appended.
pub fn refuse(
    refusal: Refusal,
    message: &[u8],
    recursion: Recursion,
    out: &mut Vec<u8>,
) -> Reaction {
    let Refusal::Readable {
        header,
        error,
        edns,
        question_end,
    } = refusal
    else {
        return Reaction::Silence;
    };
    let reaction = error.reaction();
    let (rcode, extended) = match reaction {
        Reaction::Silence => return reaction,
        Reaction::FormErr => (Rcode::FORMERR, 0),
        Reaction::NotImp => (Rcode::NOTIMP, 0),
        Reaction::Refused => (Rcode::REFUSED, 0),
        Reaction::BadVers => (Rcode::NOERROR, (Rcode::BADVERS.0 >> 4) as u8),
    };
    let header = recursion.mark(header.reply()).with_rcode(rcode);
    let question = question_end.map_or(&[][..], |end| &message[HEADER_LEN..end]);
    let opt = edns.map(|edns| opt_for(edns, extended));
    let limit = HEADER_LEN + question.len() + OPT_LEN;
    Writer::start(out, header, question, limit).finish(opt);
    reaction
}

fn opt_for(edns: Edns, extended_rcode: u8) -> OptRecord {
    Edns::opt_record(DnssecOk::from(edns.dnssec_ok), extended_rcode, None)
}
