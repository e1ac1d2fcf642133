//! `fuzz/harness/src/token.rs`.
#![no_main]

patron_fuzz::target!("token");
