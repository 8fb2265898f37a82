//! A forwarded answer without sockets: from the cache, and by way of an upstream.

use benches::forwarding::{Forwarding, Keeping, query};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn forwards(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward");
    let mut out = Vec::with_capacity(4_096);
    let queries: Vec<_> = (0..1_024).map(query).collect();
    for (name, keeping) in [("hit", Keeping::On), ("miss", Keeping::Off)] {
        let mut forwarding = Forwarding::new(keeping);
        for message in &queries {
            forwarding.ask(message, &mut out);
        }
        let mut turn = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                turn = (turn + 1) % queries.len();
                forwarding.ask(black_box(&queries[turn]), &mut out)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, forwards);
criterion_main!(benches);
