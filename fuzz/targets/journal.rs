#![no_main]

#[path = "../bodies/journal.rs"]
mod journal;
#[path = "memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|data: &[u8]| journal::check(data));
