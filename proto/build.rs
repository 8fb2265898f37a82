//! Generates the Rust code of the `.proto` files, without `protoc`.

use std::error::Error;
use std::{env, fs, path::PathBuf};

/// Folder that the imports of the files start from.
const ROOT: &str = "proto";

const FILES: &[&str] = &[
    "envoy/config/core/v3/base.proto",
    "envoy/service/discovery/v3/ads.proto",
    "envoy/service/discovery/v3/discovery.proto",
    "google/rpc/status.proto",
    "istio/networking/nds/v1/nds.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true);
    let descriptors = compiler.open_files(FILES)?.file_descriptor_set();

    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::create_dir_all(&out_dir)?;
    tonic_prost_build::configure()
        .out_dir(&out_dir)
        .build_client(env::var_os("CARGO_FEATURE_GRPC").is_some())
        .build_server(false)
        // A sorted map is encoded the same way each time, so a table can be known by a hash of
        // its bytes.
        .btree_map(".istio.networking.nds.v1.NameTable.table")
        .compile_fds(descriptors)?;
    Ok(())
}
