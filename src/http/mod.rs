//! HTTP for both APIs, REST and GraphQL: extractors for the caller and the body, failures and their responses, and the
//! middleware that every request passes.

mod body_limit;
mod caching;
mod data;
mod extract;
pub mod failure;
mod idempotency_key;
mod middleware;
mod stored_response;
pub mod urls;

pub use body_limit::MAX_BODY_BYTES;
pub use caching::NO_STORE;
pub use data::Data;
pub use extract::accept::{MediaType, accepts_html};
pub use extract::caller::{AnonymousCtx, CurrentCustomer};
pub use extract::json_body::{JsonObject, read_json_text};
pub use extract::path::{NestedPathId, PathId};
pub use extract::write::{OneWrite, WriteResponse};
pub use failure::{Detail, Failure, FailureBody, FailureCode, FailureEnvelope};
pub use middleware::etag::entity_tag;
pub use middleware::rate_limit::policy as rate_limit_policy;
pub use middleware::with_middleware;
