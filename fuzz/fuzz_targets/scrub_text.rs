//! Any text in the fields that are scanned.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| scopelog_fuzz::scrub::text(data));
