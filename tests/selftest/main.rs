//! The lab's tests of itself: everything that can drift or be fooled. They hold in a clean checkout.

mod docs;
mod gallery;
mod gallery_file;
mod guide;
mod map;
mod regions;
mod steps;
mod trees;
