//! Headers, faults and EDNS.

use crate::mesh;
use crate::support::{ask_raw, client, describe, query};
use dns_core::wire::record::Rtype;
use dns_core::{Disposition, Millis, Transport};

#[test]
fn broken_queries_get_what_the_rfcs_say() {
    let mut mesh = mesh();
    let good = query("pay.example.com", Rtype::A, None);
    let with = |at: usize, octets: &[u8]| {
        let mut message = good.clone();
        message[at..at + octets.len()].copy_from_slice(octets);
        message
    };
    let last = good.len() - 2;
    for (message, expected) in [
        (with(4, &[0, 0])[..12].to_vec(), "FORMERR | |"),
        (good[..12].to_vec(), "FORMERR | |"),
        (with(4, &[0, 2]), "FORMERR | |"),
        (with(12, &[0xc0, 12]), "FORMERR | |"),
        (with(last, &[0, 3]), "REFUSED | |"),
        (with(2, &[0x79, 0]), "NOTIMP | |"),
        (with(2, &[0x29, 0]), "NOTIMP | |"),
    ] {
        let reply = ask_raw(&mut mesh, &message, Transport::Udp);
        assert_eq!(describe(&reply), expected, "{message:?}");
        assert_eq!(reply[..2], message[..2], "the id is the client's");
        assert_eq!(
            reply[2] & 0xf8,
            0x80 | message[2] & 0x78,
            "QR set, opcode copied"
        );
    }
    let mut out = Vec::new();
    for message in [with(2, &[0x81, 0]), good[..11].to_vec(), Vec::new()] {
        let client = client(Transport::Udp);
        let disposition = mesh.handle_query(Millis(0), client, &message, &mut out);
        assert_eq!((disposition, out.len()), (Disposition::Dropped, 0));
    }
}

#[test]
fn an_unknown_edns_version_is_badvers_with_version_zero() {
    let mut message = query("pay.example.com", Rtype::A, Some(1232));
    let version_at = message.len() - 5;
    message[version_at] = 1;
    let reply = ask_raw(&mut mesh(), &message, Transport::Udp);
    assert_eq!(reply[3] & 15, 0);
    let opt = &reply[reply.len() - 11..];
    assert_eq!(
        opt,
        [0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0],
        "extended rcode 1, version 0"
    );
}

#[test]
fn do_and_cd_are_copied_and_ad_and_z_are_not() {
    let mut message = query("pay.example.com", Rtype::A, Some(1232));
    message[3] = 0x70;
    let do_at = message.len() - 4;
    message[do_at] = 0x80;
    let reply = ask_raw(&mut mesh(), &message, Transport::Udp);
    assert_eq!(
        reply[3], 0x10,
        "CD alone: nothing is forwarded, so no RA either"
    );
    assert_eq!(reply[reply.len() - 4], 0x80);
}
