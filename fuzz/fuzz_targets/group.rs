//! `fuzz/harness/src/group.rs`.
#![no_main]

patron_fuzz::target!("group");
