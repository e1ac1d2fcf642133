//! What holds for every answer and every operation, the lists read from the contracts.

mod cross_site;
mod headers;
mod masking;

pub(crate) use cross_site::with_body;
