//! What both surfaces need of HTTP: who calls, what a body holds, how a failure looks, and the layers that
//! every request passes.

mod body;
mod caller;
mod client_address;
mod cors;
mod drain;
mod etag;
mod failure;
mod host;
mod idempotency;
mod layers;
mod media_type;
mod place;
mod protection;
mod rate_limit;

pub use body::{JsonObject, MAX_BODY_BYTES, read_json_text};
pub use caller::{AdminCtx, AnonymousCtx, CurrentCustomer, CustomerCtx};
pub use etag::entity_tag;
pub use failure::{Detail, Failure, FailureBody, FailureEnvelope};
pub use idempotency::{Done, OneWrite};
use layers::GRAPHQL;
pub use layers::around;
pub use media_type::MediaType;
