//! `fuzz/harness/src/address.rs`.
#![no_main]

patron_fuzz::target!("address");
