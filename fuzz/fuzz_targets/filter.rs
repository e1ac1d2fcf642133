//! `fuzz/harness/src/filter.rs`.
#![no_main]

patron_fuzz::target!("filter");
