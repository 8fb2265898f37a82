//! What an operation of the engine may cost in instructions, and the operations themselves.

use crate::mesh::{Mesh, NOW_MS, endpoint_change};
use crate::{entry, fleet, query, query_with_edns, resolver};
use dns_core::answer::{Answer, Records, Recursion};
use dns_core::query::Query;
use dns_core::{Completeness, Millis, Resolver, TableUpdate, TableWriter, Transport};
use std::hint::black_box;
use std::net::Ipv4Addr;

/// Names in the table that is asked.
const ASKED_NAMES: u32 = 10_000;
/// Names in the mesh that is compiled, for twenty kinds of clients. Every instruction is counted one
/// by one, so that it is small.
const COMPILED_NAMES: u32 = 2_000;
/// Different queries asked in turn.
const QUERIES: u32 = 1_024;

/// An operation and the most instructions that it may take.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Name of the operation.
    pub name: &'static str,
    /// Most instructions. Some 10 % above what was counted when it was set, so that a compiler
    /// may change its mind and a slow-down may not pass.
    pub instructions: u64,
    /// Times it is run to be counted.
    pub times: u32,
    operation: fn() -> Operation,
}

/// An operation made ready; it is given the number of the run.
type Operation = Box<dyn FnMut(u32)>;

/// All operations with their bounds.
pub const BOUNDS: [Bound; 10] = [
    Bound {
        name: "parse",
        instructions: 1_350,
        times: 20_000,
        operation: parse,
    },
    Bound {
        name: "answer-10k",
        instructions: 650,
        times: 20_000,
        operation: answer,
    },
    Bound {
        name: "answer-10k-edns",
        instructions: 720,
        times: 20_000,
        operation: answer_with_edns,
    },
    Bound {
        name: "no-data-10k",
        instructions: 1_310,
        times: 20_000,
        operation: no_data,
    },
    Bound {
        name: "miss-10k",
        instructions: 8_000,
        times: 20_000,
        operation: refuse,
    },
    Bound {
        name: "encode",
        instructions: 420,
        times: 20_000,
        operation: encode,
    },
    Bound {
        name: "patch-10k",
        instructions: 17_000,
        times: 500,
        operation: patch_ten_thousand,
    },
    Bound {
        name: "patch-100k",
        instructions: 19_000,
        times: 500,
        operation: patch_hundred_thousand,
    },
    Bound {
        name: "compile-2k",
        instructions: 250_000_000,
        times: 10,
        operation: compile_all,
    },
    Bound {
        name: "compile-one-of-2k",
        instructions: 490_000,
        times: 200,
        operation: compile_one,
    },
];

impl Bound {
    /// The operation of that name.
    pub fn named(name: &str) -> Option<Self> {
        BOUNDS.into_iter().find(|bound| bound.name == name)
    }

    /// Makes the operation ready and runs it `times` times.
    pub fn run(&self, times: u32) {
        let mut operation = (self.operation)();
        for turn in 0..times {
            operation(turn);
        }
    }
}

/// Octets in, a checked question out: the long way, which every unusual query goes.
fn parse() -> Operation {
    let queries = queries(query);
    Box::new(move |turn| {
        let message = &queries[turn as usize % queries.len()];
        black_box(Query::parse(black_box(message)).is_ok());
    })
}

fn answer() -> Operation {
    ask(resolver(ASKED_NAMES), queries(query))
}

fn answer_with_edns() -> Operation {
    ask(resolver(ASKED_NAMES), queries(query_with_edns))
}

/// A query for a type that the name does not have.
fn no_data() -> Operation {
    let mut queries = queries(query);
    for message in &mut queries {
        let type_at = message.len() - 3;
        message[type_at] = 28;
    }
    ask(resolver(ASKED_NAMES), queries)
}

/// A query for a name that the table does not have, and nobody to ask: REFUSED.
fn refuse() -> Operation {
    let mut queries = queries(query);
    for message in &mut queries {
        message[13..16].copy_from_slice(b"abc");
    }
    ask(resolver(ASKED_NAMES), queries)
}

fn ask(mut resolver: Resolver, queries: Vec<Vec<u8>>) -> Operation {
    let mut out = Vec::with_capacity(4_096);
    let client = crate::client();
    Box::new(move |turn| {
        out.clear();
        let message = &queries[turn as usize % queries.len()];
        black_box(resolver.handle_query(Millis(0), client, black_box(message), &mut out));
    })
}

/// All names of a mesh anew, from typed objects and an empty ledger.
fn compile_all() -> Operation {
    let mesh = Mesh::of(COMPILED_NAMES);
    Box::new(move |_| {
        let (mut compiler, mut ledger) = mesh.compiler();
        black_box(compiler.compile(&mut ledger, NOW_MS));
    })
}

/// The names that one changed object touches.
fn compile_one() -> Operation {
    let (mut compiler, mut ledger) = Mesh::of(COMPILED_NAMES).compiler();
    compiler.compile(&mut ledger, NOW_MS);
    Box::new(move |turn| {
        let (cluster, change) = endpoint_change(turn, COMPILED_NAMES);
        compiler.change(&cluster, change);
        black_box(compiler.compile(&mut ledger, NOW_MS));
    })
}

/// One address made octets, the long way.
fn encode() -> Operation {
    let query = Query::parse(&query(1)).expect("our own query can be read");
    let answer = Answer::positive(Vec::new(), addresses(), 30);
    let mut out = Vec::with_capacity(4_096);
    Box::new(move |_| {
        out.clear();
        let answer = black_box(&answer);
        black_box(answer.encode(&query, Transport::Udp, Recursion::Available, &mut out));
    })
}

fn addresses() -> Records<'static> {
    Records::Addresses(vec![Ipv4Addr::new(10, 0, 0, 1).into()], 0)
}

fn patch_ten_thousand() -> Operation {
    patch(10_000)
}

fn patch_hundred_thousand() -> Operation {
    patch(100_000)
}

/// Another TTL for one name.
fn patch(names: u32) -> Operation {
    // The table is held until the next one is there, as workers do.
    let (mut writer, mut published) = fleet(names);
    Box::new(move |turn| {
        let next = patch_one(&mut writer, turn * 7_919 % names, turn);
        drop(std::mem::replace(&mut published, next));
    })
}

fn patch_one(
    writer: &mut TableWriter,
    which: u32,
    turn: u32,
) -> std::sync::Arc<dns_core::NameTable> {
    let mut changed = entry(which);
    changed.ttl_secs = Some(turn);
    let patch = vec![(changed.name.clone(), vec![changed])];
    writer.apply(TableUpdate::Patch(patch), Completeness::Complete)
}

fn queries(query: fn(u32) -> Vec<u8>) -> Vec<Vec<u8>> {
    (0..QUERIES)
        .map(|i| query(i * 7_919 % ASKED_NAMES))
        .collect()
}
