//! The lab's tests of itself: everything that can drift or be fooled. They hold in a clean checkout.

#[cfg(target_os = "linux")]
mod bench;
#[cfg(target_os = "linux")]
mod cli;
#[cfg(target_os = "linux")]
mod clone;
mod docs;
mod gallery;
mod gallery_file;
mod guide;
#[cfg(target_os = "linux")]
mod hostile;
mod map;
#[cfg(target_os = "linux")]
mod miniature;
mod regions;
#[cfg(target_os = "linux")]
mod select_limit;
mod steps;
mod talk;
#[cfg(target_os = "linux")]
mod trace;
mod trees;
