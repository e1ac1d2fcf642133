//! `fuzz/harness/src/export.rs`.
#![no_main]

patron_fuzz::target!("export");
