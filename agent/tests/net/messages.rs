//! Messages made and read by hand.

use std::net::Ipv4Addr;

/// A query for the A records of `name`.
pub(crate) fn query(id: u16, name: &str) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    message
}

/// A query with an EDNS padding option of so many octets (RFC 7830).
pub(crate) fn padded_query(id: u16, name: &str, padding: u16) -> Vec<u8> {
    let mut message = query(id, name);
    message[11] = 1;
    message.extend([0, 0, 41, 4, 208, 0, 0, 0, 0]);
    message.extend((padding + 4).to_be_bytes());
    message.extend([0, 12]);
    message.extend(padding.to_be_bytes());
    message.resize(message.len() + usize::from(padding), 0);
    message
}

/// What an upstream says to a question it was asked: that address.
pub(crate) fn reply(asked: &[u8], address: Ipv4Addr) -> Vec<u8> {
    let mut message = asked[..question_end(asked)].to_vec();
    message[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    message.extend(address.octets());
    message
}

/// What an upstream says when the answer does not fit.
pub(crate) fn truncated_reply(asked: &[u8]) -> Vec<u8> {
    let mut message = asked[..question_end(asked)].to_vec();
    message[2..12].copy_from_slice(&[0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
    message
}

/// A message with its length in front.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = (message.len() as u16).to_be_bytes().to_vec();
    frame.extend(message);
    frame
}

/// The first label of the question's name.
pub(crate) fn first_label(message: &[u8]) -> String {
    let length = usize::from(message[12]);
    // Questions go upstream in letters of random case.
    String::from_utf8(message[13..13 + length].to_ascii_lowercase()).unwrap()
}

/// Id, response code, and the address of the one answer, if there is one.
pub(crate) fn outcome(message: &[u8]) -> (u16, u8, Option<Ipv4Addr>) {
    let id = u16::from_be_bytes([message[0], message[1]]);
    assert_eq!(message[2] & 0x80, 0x80, "a response");
    let answers = u16::from_be_bytes([message[6], message[7]]);
    let rdata = question_end(message) + 12;
    let address = (answers == 1).then(|| {
        let octets: [u8; 4] = message[rdata..rdata + 4].try_into().unwrap();
        Ipv4Addr::from(octets)
    });
    (id, message[3] & 0x0f, address)
}

fn question_end(message: &[u8]) -> usize {
    let mut at = 12;
    while message[at] != 0 {
        at += 1 + usize::from(message[at]);
    }
    at + 5
}
