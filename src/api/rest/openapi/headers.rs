//! Response headers as components of the OpenAPI document.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

use crate::http::failure::documented::RETRY_AFTER;

/// The entity tag of a version (RFC 9110 8.8.3), as a regular expression.
pub(super) const VERSION_TAG: &str = "\"[0-9a-f]+\"";

// The names of the components.
pub(super) const REQUEST_ID: &str = "RequestId";
pub(super) const LOCATION: &str = "Location";
pub(super) const ACCEPT_ENCODING: &str = "AcceptEncoding";
pub(super) const CHALLENGE: &str = "Challenge";
pub(super) const ENTITY_TAG: &str = "EntityTag";
pub(super) const REPLAYED: &str = "IdempotencyReplayed";
pub(super) const RATE_LIMIT: &str = "RateLimit";
pub(super) const RATE_LIMIT_POLICY: &str = "RateLimitPolicy";

/// Adds a header to a response, as a reference to its component.
pub(super) fn refer(response: &mut Response, name: &str, component: &str) {
    let reference = Ref::new(format!("#/components/headers/{component}"));
    response.headers.insert(name.to_owned(), RefOr::Ref(reference));
}

/// Adds the components of the headers.
pub(super) fn describe(components: &mut Components) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    for (name, schema, description) in [
        (
            REQUEST_ID,
            text().pattern(Some("^[0-9A-Za-z._-]{1,64}$")),
            "Id of this request in the server's log. The server uses the id from the request header `X-Request-Id` if it has \
             1 to 64 letters, digits and `._-`",
        ),
        (
            LOCATION,
            text().format(Some(SchemaFormat::Custom("uri-reference".to_owned()))),
            "The URL of the new resource",
        ),
        (
            RETRY_AFTER,
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)),
            "Seconds to wait before trying again",
        ),
        (
            ACCEPT_ENCODING,
            text().enum_values(Some(["identity"])),
            "Only if the request body has a `Content-Encoding`: send it without one (RFC 9110 15.5.16)",
        ),
        (
            ENTITY_TAG,
            text().pattern(Some(format!("^{VERSION_TAG}$"))),
            "The version of the resource, for `If-Match` (RFC 9110 8.8.3)",
        ),
        (
            REPLAYED,
            text().enum_values(Some(["true"])),
            "This is the stored response to the first request with this key",
        ),
        (
            RATE_LIMIT,
            text().examples(["\"passwords\";r=599;t=60"]),
            "The remaining quota of the caller's network address: `r` requests in a burst, which can be repeated every `t` \
             seconds (draft-ietf-httpapi-ratelimit-headers-11). Absent if rate limits are disabled, and for a registration \
             with a token",
        ),
        (
            RATE_LIMIT_POLICY,
            text().examples(["\"passwords\";q=600;w=60"]),
            "The limit of each network address: `q` requests in `w` seconds",
        ),
        (CHALLENGE, text().enum_values(Some(["Bearer"])), "The authentication scheme (RFC 6750)"),
    ] {
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        components.headers.insert(name.to_owned(), header.into());
    }
}
