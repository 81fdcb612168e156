#![no_main]

#[path = "../bodies/events.rs"]
mod events;
#[path = "memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|data: &[u8]| events::check(data));
