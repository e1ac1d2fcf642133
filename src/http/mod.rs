//! What both surfaces need of HTTP: who calls, what a body holds, how a failure looks, and the layers that
//! every request passes.

mod extract;
mod failure;
mod middleware;

pub use extract::caller::{AdminCtx, AnonymousCtx, CurrentCustomer, CustomerCtx};
pub use extract::json_body::{JsonObject, MAX_BODY_BYTES, read_json_text};
pub use extract::media_type::MediaType;
pub use failure::{Detail, Failure, FailureBody, FailureEnvelope};
pub use middleware::around;
pub use middleware::etag::entity_tag;
pub use middleware::idempotency::{Done, OneWrite};
