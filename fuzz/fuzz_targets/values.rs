//! `fuzz/harness/src/values.rs`.
#![no_main]

patron_fuzz::target!("values");
