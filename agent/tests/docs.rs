//! `docs/config.md` is written from the list of keys; this test keeps it so.
//!
//! `UPDATE_DOCS=1 cargo test -p agent --test docs` writes it anew.

use agent::config::{KEYS, KeyDoc};
use agent::pods_file::POD_KEYS;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
# Configuration

`callsign agent --config FILE` reads YAML. Every flag has the key of the same name with `_` for `-`,
and wins over it; a repeated flag replaces the list of the file. An unknown key is an error that
names the nearest known one. Relative paths start from the folder of the file. `callsign config check
FILE` prints every problem with its line and column, those of the files it names included.

The file is watched like every input, and SIGHUP reads it again; a bad one changes nothing. What only
a start can change (`listen`, `workers`, `admin`, `state_dir`, `cache`, `upstream_ca`, logging, times
and limits) is named in the log then; servers, routes and what they keep change at once. SIGHUP also
lets through what is held back: a source that is gone, empty or much smaller, a resolv.conf without
servers, an empty file of pods.
";

const PODS_HEAD: &str = "
## The pod-address file

`views.pods_file` names a list of pods, watched like every input:

| key | value | what it says |
|---|---|---|
";

#[test]
fn the_page_of_the_configuration_has_every_key() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.md");
    let mut page = format!("{HEAD}\n| key | value | default | what it says |\n|---|---|---|---|\n");
    for KeyDoc {
        path,
        kind,
        default,
        text,
    } in KEYS
    {
        writeln!(page, "| `{path}` | {kind} | {default} | {text} |").unwrap();
    }
    page.push_str(PODS_HEAD);
    for KeyDoc {
        path, kind, text, ..
    } in POD_KEYS
    {
        writeln!(page, "| `{path}` | {kind} | {text} |").unwrap();
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/config.md is not what the keys say; see the head of this test"
    );
}
