//! A table answer: parse, find, write.

use benches::{SIZES, client, query, query_with_edns, resolver};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dns_core::Millis;
use std::hint::black_box;

fn answers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("answer");
    for names in SIZES {
        let mut resolver = resolver(names);
        let kinds: [(&str, fn(u32) -> Vec<u8>); 2] = [("plain", query), ("edns", query_with_edns)];
        for (kind, query) in kinds {
            let queries: Vec<_> = (0..1_024).map(|i| query(i * 7919 % names)).collect();
            let mut out = Vec::with_capacity(4_096);
            let mut turn = 0;
            group.bench_function(BenchmarkId::new(kind, names), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    turn = (turn + 1) % queries.len();
                    let message = black_box(&queries[turn]);
                    resolver.handle_query(Millis(0), client(), message, &mut out)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
