//! The target `names`; what it checks is in the crate `fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    (fuzz::target("names").expect("a target of that name").run)(data);
});
