//! HTTP for both APIs, REST and GraphQL: extractors for the caller and the body, failures and their responses, and the
//! middleware that every request passes.

mod body_limit;
mod caching;
mod data;
mod extract;
pub(crate) mod failure;
mod idempotency_key;
mod middleware;
pub(crate) mod shop_cookie;
mod stored_response;
pub(crate) mod urls;

pub(crate) use body_limit::MAX_BODY_BYTES;
pub(crate) use caching::NO_STORE;
pub(crate) use data::Data;
pub(crate) use extract::accept::{MediaType, accepts_html};
pub(crate) use extract::caller::{AnonymousCtx, AnyCtx, CurrentCustomer};
pub(crate) use extract::json_body::{JsonObject, read_json_text};
pub(crate) use extract::path::{NestedPathId, PathId};
pub(crate) use extract::shop_caller::ShopVisitor;
pub(crate) use extract::write::{OneWrite, WriteResponse};
pub(crate) use failure::{Detail, Failure, FailureBody, FailureCode, FailureEnvelope};
pub(crate) use middleware::etag::entity_tag;
pub(crate) use middleware::rate_limit::policy as rate_limit_policy;
pub(crate) use middleware::with_middleware;
