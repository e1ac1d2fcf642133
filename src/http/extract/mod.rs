//! Extractors: the caller, its network address, the path, the body, the right to write and the accepted media type of a
//! request.

pub(super) mod accept;
pub(super) mod caller;
pub(super) mod client_address;
pub(super) mod json_body;
pub(super) mod path;
mod same_site;
pub(super) mod shop_caller;
pub(super) mod write;
