//! `fuzz/harness/src/cursor.rs`.
#![no_main]

patron_fuzz::target!("cursor");
