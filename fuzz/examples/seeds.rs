//! Writes the seeds that are made by hand into the corpus: `cargo run -p fuzz --example seeds`.

use fuzz::{TARGETS, seeds};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let folder = corpus.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (name, octets) in seeds::of(target.name) {
            std::fs::write(folder.join(name), octets)?;
        }
    }
    Ok(())
}
