//! `fuzz/harness/src/import.rs`.
#![no_main]

patron_fuzz::target!("import");
