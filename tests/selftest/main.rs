//! The lab's tests of itself: everything that can drift or be fooled. They hold in a clean checkout.

#[cfg(target_os = "linux")]
mod bench;
mod browser;
#[cfg(target_os = "linux")]
mod cli;
#[cfg(target_os = "linux")]
mod clone;
#[cfg(target_os = "linux")]
mod command;
mod console;
mod docs;
mod excerpts;
mod gallery;
mod gallery_file;
mod guide;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod interrupting;
#[cfg(target_os = "linux")]
mod judging;
mod map;
mod markdown;
#[cfg(target_os = "linux")]
mod miniature;
#[cfg(target_os = "linux")]
mod pointers;
#[cfg(target_os = "linux")]
mod presenting;
mod regions;
mod scratch;
#[cfg(target_os = "linux")]
mod select_limit;
mod slides;
mod steps;
mod strangers;
#[cfg(target_os = "linux")]
mod surroundings;
mod table;
mod talk;
#[cfg(target_os = "linux")]
mod trace;
mod trees;
