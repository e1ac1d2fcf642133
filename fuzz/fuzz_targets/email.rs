//! `fuzz/harness/src/email.rs`.
#![no_main]

patron_fuzz::target!("email");
