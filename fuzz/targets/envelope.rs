#![no_main]

#[path = "../bodies/envelope.rs"]
mod envelope;
#[path = "memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|data: &[u8]| envelope::check(data));
