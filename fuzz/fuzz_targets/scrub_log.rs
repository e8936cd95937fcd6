//! Any bytes as a log, read and scrubbed.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| scopelog_fuzz::scrub::log(data));
