//! Extractors: the caller, its network address, the body and the accepted media type of a request.

pub(super) mod caller;
pub(super) mod client_address;
pub(super) mod json_body;
pub(super) mod media_type;
