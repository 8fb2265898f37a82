//! Tables of a mesh of twenty clusters: all names anew, and after a change of one object.

use benches::mesh::{Mesh, NOW_MS, endpoint_change};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// Names of the mesh.
const NAMES: u32 = 100_000;
/// Compilations of all names that are measured: each takes long.
const SAMPLES: usize = 10;

fn compilations(criterion: &mut Criterion) {
    let mesh = Mesh::of(NAMES);
    let mut group = criterion.benchmark_group("compile-100k-20-kinds");
    group.sample_size(SAMPLES);
    group.bench_function("all", |bencher| {
        bencher.iter_batched_ref(
            || mesh.compiler(),
            |(compiler, ledger)| black_box(compiler.compile(ledger, NOW_MS)),
            BatchSize::PerIteration,
        );
    });
    let (mut compiler, mut ledger) = mesh.compiler();
    compiler.compile(&mut ledger, NOW_MS);
    let mut turn = 0;
    group.bench_function("one object", |bencher| {
        bencher.iter_batched(
            || {
                turn += 1;
                endpoint_change(turn, NAMES)
            },
            |(cluster, change)| {
                compiler.change(&cluster, change);
                black_box(compiler.compile(&mut ledger, NOW_MS))
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, compilations);
criterion_main!(benches);
