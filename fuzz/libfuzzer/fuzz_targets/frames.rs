//! The target `frames`; what it checks is in the crate `fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    (fuzz::target("frames").expect("a target of that name").run)(data);
});
