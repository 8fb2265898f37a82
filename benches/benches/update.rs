//! A patch of one name in tables of several sizes.

use benches::{SIZES, entry, fleet};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dns_core::{Completeness, TableUpdate};

fn patches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patch");
    for names in SIZES {
        let (mut writer, _table) = fleet(names);
        let mut turn = 0;
        group.bench_function(BenchmarkId::from_parameter(names), |bencher| {
            bencher.iter(|| {
                turn += 1;
                let mut changed = entry(turn % names);
                changed.ttl_secs = Some(turn);
                let patch = vec![(changed.name.clone(), vec![changed])];
                writer.apply(TableUpdate::Patch(patch), Completeness::Complete)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, patches);
criterion_main!(benches);
