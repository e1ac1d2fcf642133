//! `fuzz/harness/src/definition.rs`.
#![no_main]

patron_fuzz::target!("definition");
