//! Any text as policies, policy schema or stored version.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| scopelog_fuzz::access::policies(data));
