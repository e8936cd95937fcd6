//! Any bytes as a syslog.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scopelog_formats::Kind;

fuzz_target!(|data: &[u8]| scopelog_fuzz::formats::read(Kind::Syslog, data));
