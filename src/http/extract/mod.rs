//! Extractors: who calls, and what a request holds.

pub(super) mod caller;
pub(super) mod client_address;
pub(super) mod json_body;
pub(super) mod media_type;
