//! Security properties of every response and every operation. The lists are read from `docs/openapi.json`.

mod cross_site;
mod headers;
mod masking;

pub(crate) use cross_site::with_body;
