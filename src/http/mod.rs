//! HTTP for both APIs, REST and GraphQL: extractors for the caller and the body, failures and their responses, and the
//! middleware that every request passes.

mod body_limit;
mod data;
mod extract;
mod failure;
mod failure_code;
pub mod failures;
mod middleware;

pub use body_limit::MAX_BODY_BYTES;
pub use data::Data;
pub use extract::caller::{AnonymousCtx, CurrentCustomer};
pub use extract::json_body::{JsonObject, read_json_text};
pub use extract::media_type::MediaType;
pub use failure::{Detail, Failure, FailureBody, FailureEnvelope};
pub use failure_code::FailureCode;
pub use middleware::etag::entity_tag;
pub use middleware::idempotency::{OneWrite, WriteResponse};
pub use middleware::rate_limit::policy as rate_limit_policy;
pub use middleware::with_middleware;
