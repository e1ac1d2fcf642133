//! `fuzz/harness/src/cost/mod.rs`.
#![no_main]

patron_fuzz::target!("cost");
