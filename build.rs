//! Builds nothing: says that the program is made of `web/dist`, too, which is embedded (`src/http/dashboard.rs`).

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
}
