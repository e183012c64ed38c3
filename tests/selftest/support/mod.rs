//! What several tests share: where the lab stands, the gallery, Markdown and regions as tests read them, and
//! made-up samples of a program.

#[path = "../../src/bench/edits.rs"]
pub mod edits;
pub mod gallery_file;
pub mod markdown;
pub mod regions;
pub mod samples;
pub mod scratch;
pub mod slide_code;
