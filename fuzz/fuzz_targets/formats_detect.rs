//! Any bytes as the beginning of a source.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| scopelog_fuzz::formats::detect(data));
