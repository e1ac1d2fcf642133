//! What both surfaces need of HTTP: who calls, what a body holds, how a failure looks, and the layers that
//! every request passes.

mod body_limit;
mod data;
mod extract;
mod failure;
mod failure_code;
pub mod failures;
mod middleware;

pub use body_limit::MAX_BODY_BYTES;
pub use data::Data;
pub use extract::caller::{AdminCtx, AnonymousCtx, CurrentCustomer, CustomerCtx};
pub use extract::json_body::{JsonObject, read_json_text};
pub use extract::media_type::MediaType;
pub use failure::{Detail, Failure, FailureBody, FailureEnvelope};
pub use failure_code::FailureCode;
pub use middleware::around;
pub use middleware::etag::entity_tag;
pub use middleware::idempotency::{Done, OneWrite};
pub use middleware::rate_limit::policy as rate_limit_policy;
