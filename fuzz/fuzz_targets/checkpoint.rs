#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fakeredis_fuzz::targets::checkpoint(data));
