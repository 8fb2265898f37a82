//! Any octets as a name, on the wire and as text.

use dns_core::wire::Reader;
use dns_core::{Name, NameBuf};
use hickory_proto::rr::Name as HickoryName;
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

/// A name reads as hickory reads it, and what is printed parses to the same name.
pub(crate) fn run(data: &[u8]) {
    if let Ok(name) = Name::from_wire(data) {
        check_text(name);
        assert_eq!(name.labels().count(), name.label_count());
        assert_eq!(name.ancestors().count(), name.label_count());
    }
    if let Ok(text) = core::str::from_utf8(data)
        && let Ok(name) = NameBuf::parse(text)
    {
        check_text(name.as_name());
        Name::from_wire(name.as_name().as_wire()).expect("a parsed name is sound on the wire");
    }
    check_compressed(data);
}

fn check_text(name: Name<'_>) {
    let text = name.to_string();
    let parsed = NameBuf::parse(&text).expect("what is printed can be parsed");
    assert_eq!(parsed, name.to_lower(), "{text}");
}

/// Reads a name at the end of a message, where it may point back.
fn check_compressed(data: &[u8]) {
    let Some((&at, _)) = data.split_first() else {
        return;
    };
    let mut message = vec![0; crate::message::HEADER_LEN];
    message.extend_from_slice(data);
    let at = crate::message::HEADER_LEN + usize::from(at) % data.len();
    let mut reader = Reader::at_offset(&message, at);
    let Ok(name) = reader.name() else {
        return;
    };
    let decoder = BinDecoder::new(&message);
    let mut decoder = decoder.clone(at as u16);
    let theirs = HickoryName::read(&mut decoder).expect("hickory reads what we read");
    assert!(reader.offset() > at);
    assert_eq!(decoder.index(), reader.offset(), "where the name ends");
    assert_eq!(wire(&theirs), name.as_wire());
}

/// A name of hickory's as lower-case wire octets.
pub(crate) fn wire(name: &HickoryName) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.iter() {
        wire.push(label.len() as u8);
        wire.extend(label.to_ascii_lowercase());
    }
    wire.push(0);
    wire
}
