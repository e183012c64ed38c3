//! Tells the lab what it is built from: see `src/build/fingerprint.rs`.

use std::path::Path;

#[path = "src/build/fingerprint.rs"]
mod fingerprint;

fn main() -> std::io::Result<()> {
    for source in fingerprint::SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let sources = fingerprint::of(Path::new("."))?;
    println!("cargo::rustc-env=LAB_SOURCES={sources:016x}");
    Ok(())
}
