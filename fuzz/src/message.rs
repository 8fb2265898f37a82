//! Messages built by hand, for seeds and for the upstream that a target plays.

use dns_core::wire::Rtype;

/// RD alone.
pub const RD: u16 = 0x0100;
/// QR, RD and RA: what an upstream sends.
pub const RESPONSE: u16 = 0x8180;
/// Octets of a header.
pub const HEADER_LEN: usize = 12;

/// A header.
pub fn header(id: u16, flags: u16, counts: [u16; 4]) -> Vec<u8> {
    let [questions, answers, authorities, additionals] = counts;
    [id, flags, questions, answers, authorities, additionals]
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect()
}

/// A name as wire octets; labels are what stands between dots.
pub fn name(text: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

/// A question of class IN.
pub fn question(text: &str, rtype: Rtype) -> Vec<u8> {
    let mut wire = name(text);
    wire.extend_from_slice(&rtype.0.to_be_bytes());
    wire.extend_from_slice(&[0, 1]);
    wire
}

/// A query with RD, and with that OPT record if there is one.
pub fn query(id: u16, text: &str, rtype: Rtype, opt: Option<&[u8]>) -> Vec<u8> {
    let counts = [1, 0, 0, u16::from(opt.is_some())];
    let mut message = header(id, RD, counts);
    message.extend(question(text, rtype));
    message.extend_from_slice(opt.unwrap_or_default());
    message
}

/// An OPT record of version 0 with these options.
pub fn opt(payload_size: u16, flags: u16, options: &[u8]) -> Vec<u8> {
    let mut wire = vec![0, 0, 41];
    wire.extend_from_slice(&payload_size.to_be_bytes());
    wire.extend_from_slice(&[0, 0]);
    wire.extend_from_slice(&flags.to_be_bytes());
    wire.extend_from_slice(&(options.len() as u16).to_be_bytes());
    wire.extend_from_slice(options);
    wire
}

/// A record of class IN; `owner` and `rdata` as wire octets.
pub fn record(owner: &[u8], rtype: Rtype, ttl_secs: u32, rdata: &[u8]) -> Vec<u8> {
    let mut wire = owner.to_vec();
    wire.extend_from_slice(&rtype.0.to_be_bytes());
    wire.extend_from_slice(&[0, 1]);
    wire.extend_from_slice(&ttl_secs.to_be_bytes());
    wire.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    wire.extend_from_slice(rdata);
    wire
}

/// Where the question of a message ends, if it has one that is not compressed.
pub fn question_end(message: &[u8]) -> Option<usize> {
    let mut at = HEADER_LEN;
    loop {
        match usize::from(*message.get(at)?) {
            0 => break,
            len if len < 64 => at += len + 1,
            _ => return None,
        }
    }
    let end = at + 5;
    (end <= message.len()).then_some(end)
}
