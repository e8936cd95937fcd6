//! Any text as a value of every domain.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| scopelog_fuzz::canonical::check(data));
