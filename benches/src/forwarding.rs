//! A resolver with an upstream that is played here: misses and cache hits without sockets.

use crate::{client, fleet, view};
use dns_core::{
    CacheConfig, ForwardPolicy, Millis, NameBuf, Random, Resolver, ResolverConfig, Route, Shared,
    Snapshot, Transmit, Views,
};
use std::net::SocketAddr;
use std::sync::Arc;

/// Flags of an upstream's answer: QR, RD and RA.
const RESPONSE: [u8; 2] = [0x81, 0x80];
/// An A record for the question's name, with a TTL of an hour.
const RECORD: [u8; 16] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 10, 1, 2, 3];
/// Octets of a header.
const HEADER_LEN: usize = 12;

/// Whether what an upstream said is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// A resolver without a table and its upstream.
pub struct Forwarding {
    resolver: Resolver,
    asked: Vec<u8>,
    reply: Vec<u8>,
}

impl Forwarding {
    /// With a cache or without.
    pub fn new(keeping: Keeping) -> Self {
        let root = NameBuf::parse(".").expect("the root parses");
        let upstream = SocketAddr::from(([192, 0, 2, 53], 53));
        let snapshot = Snapshot {
            table: fleet(0).1,
            views: Views::single(view()),
            zones: Vec::new(),
            forward: ForwardPolicy::new([Route::new(root, [upstream])]),
        };
        let cache = (keeping == Keeping::On).then(CacheConfig::default);
        let resolver = Resolver::with_shared(
            ResolverConfig::default(),
            Arc::new(snapshot),
            Box::new(Mixing(1)),
            Arc::new(Shared::new(1, cache, 0x5eed)),
            0,
        );
        Forwarding {
            resolver,
            asked: Vec::with_capacity(4_096),
            reply: Vec::with_capacity(4_096),
        }
    }

    /// Asks, with the upstream's answer if there is no other, and gives the octets of the answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn ask(&mut self, message: &[u8], out: &mut Vec<u8>) -> usize {
        out.clear();
        self.resolver
            .handle_query(Millis(1_000), client(), message, out);
        while out.is_empty() {
            self.asked.clear();
            match self.resolver.poll_transmit(&mut self.asked) {
                Some(Transmit::Ask { exchange, .. }) => {
                    self.make_reply();
                    self.resolver
                        .handle_reply(Millis(1_000), exchange, &self.reply);
                }
                Some(Transmit::Answer(_)) => out.extend_from_slice(&self.asked),
                Some(Transmit::Close(_) | Transmit::Wake(_)) => {}
                None => panic!("no answer"),
            }
        }
        while self.resolver.poll_transmit(&mut self.asked).is_some() {}
        out.len()
    }

    fn make_reply(&mut self) {
        let name = self.asked[HEADER_LEN..]
            .iter()
            .position(|octet| *octet == 0);
        let end = HEADER_LEN + name.unwrap_or(0) + 5;
        self.reply.clear();
        self.reply.extend_from_slice(&self.asked[..2]);
        self.reply.extend_from_slice(&RESPONSE);
        self.reply.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 0]);
        self.reply.extend_from_slice(&self.asked[HEADER_LEN..end]);
        self.reply.extend_from_slice(&RECORD);
    }
}

/// A query for the A records of a name that is different for each number.
pub fn query(number: u64) -> Vec<u8> {
    let mut message = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    append_question(number, &mut message);
    message
}

/// Appends a question for a name that is different for each number, behind a header.
pub fn append_question(number: u64, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\x0du");
    for shift in (0..12).rev() {
        out.push(DIGITS[(number >> (4 * shift)) as usize & 15]);
    }
    out.extend_from_slice(b"\x03www\x05bench\x04test\0\0\x01\0\x01");
}

/// Numbers that look like chance, and are the same in every run.
struct Mixing(u64);

impl Random for Mixing {
    fn next_u32(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 32) as u32
    }
}
