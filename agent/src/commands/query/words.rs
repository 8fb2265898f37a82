//! Numbers of the header as dig names them.

use hickory_proto::op::OpCode;

/// The mnemonic of an opcode.
pub(super) fn opcode(opcode: OpCode) -> String {
    match opcode {
        OpCode::Query => "QUERY".to_owned(),
        OpCode::Status => "STATUS".to_owned(),
        OpCode::Notify => "NOTIFY".to_owned(),
        OpCode::Update => "UPDATE".to_owned(),
        other => format!("RESERVED{}", u8::from(other)),
    }
}

/// The mnemonic of a response code, as dig prints it.
pub(super) fn rcode(code: u16) -> String {
    const NAMES: [&str; 11] = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
        "NXRRSET", "NOTAUTH", "NOTZONE",
    ];
    match (NAMES.get(usize::from(code)), code) {
        (Some(name), _) => (*name).to_owned(),
        (None, 16) => "BADVERS".to_owned(),
        (None, 23) => "BADCOOKIE".to_owned(),
        (None, code) => format!("RESERVED{code}"),
    }
}

/// The name of an extended error.
pub(super) fn extended_error(code: u16) -> &'static str {
    EDE_NAMES
        .get(usize::from(code))
        .copied()
        .unwrap_or("Unknown")
}

/// Names of the extended errors by code (RFC 8914 section 5.2 and the IANA registry).
const EDE_NAMES: [&str; 30] = [
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
];
