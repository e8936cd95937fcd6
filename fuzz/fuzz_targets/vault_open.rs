//! A sealed file, changed as the input says.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| scopelog_fuzz::vault::check(data));
