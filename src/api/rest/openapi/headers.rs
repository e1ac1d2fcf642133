//! The headers of responses, as components of the document.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

use crate::http::failures::RETRY_AFTER;

/// The headers, by the name of their component.
pub(super) const REQUEST_ID: &str = "RequestId";
pub(super) const LOCATION: &str = "Location";
pub(super) const ACCEPT_ENCODING: &str = "AcceptEncoding";
pub(super) const CHALLENGE: &str = "Challenge";
pub(super) const ENTITY_TAG: &str = "EntityTag";
pub(super) const REPLAYED: &str = "IdempotencyReplayed";
pub(super) const RATE_LIMIT: &str = "RateLimit";
pub(super) const RATE_LIMIT_POLICY: &str = "RateLimitPolicy";

/// Adds a header to a response.
pub(super) fn refer(response: &mut Response, name: &str, component: &str) {
    let reference = Ref::new(format!("#/components/headers/{component}"));
    response.headers.insert(name.to_owned(), RefOr::Ref(reference));
}

/// Adds the components.
pub(super) fn describe(components: &mut Components) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    for (name, schema, description) in [
        (
            REQUEST_ID,
            text().pattern(Some("^[0-9A-Za-z._-]{1,64}$")),
            "Names this request in the server's log. One that the client sent, of 1 to 64 letters, digits and `._-`, \
             is kept",
        ),
        (
            LOCATION,
            text().format(Some(SchemaFormat::Custom("uri-reference".to_owned()))),
            "The URL of what was made",
        ),
        (
            RETRY_AFTER,
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)),
            "Seconds to wait before trying again",
        ),
        (
            ACCEPT_ENCODING,
            text().enum_values(Some(["identity"])),
            "Only when the body has a `Content-Encoding`: send it without one (RFC 9110 15.5.16)",
        ),
        (ENTITY_TAG, text().pattern(Some("^\"[0-9]+\"$")), "The version, for `If-Match` (RFC 9110 8.8.3)"),
        (
            REPLAYED,
            text().enum_values(Some(["true"])),
            "This is the answer that the first request with this key got",
        ),
        (
            RATE_LIMIT,
            text().examples(["\"passwords\";r=599;t=60"]),
            "What is left of the limit of the caller's network address: `r` requests at once, or spread over `t` seconds \
             without end (draft-ietf-httpapi-ratelimit-headers-11). Not there when limits are switched off, nor for an \
             admin's token",
        ),
        (
            RATE_LIMIT_POLICY,
            text().examples(["\"passwords\";q=600;w=60"]),
            "The limit of each network address: `q` requests in `w` seconds",
        ),
        (CHALLENGE, text().enum_values(Some(["Bearer"])), "How to show who calls (RFC 6750)"),
    ] {
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        components.headers.insert(name.to_owned(), header.into());
    }
}
