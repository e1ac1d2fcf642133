//! `fuzz/harness/src/customer.rs`.
#![no_main]

patron_fuzz::target!("customer");
