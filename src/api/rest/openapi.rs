//! The OpenAPI document: what the handlers say of themselves, and what is true of all of them.

mod answers;
mod conditions;
mod field;
mod values;

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use utoipa::IntoResponses;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Tag};

use crate::http::FailureEnvelope;

pub(super) use field::{FieldType, NewSubField, OwnerType, SubField, Validation, ValuesByName};
pub(super) use values::{FlagInput, GroupIdInput, MailKind, MailStatus, PathId, StatusInput};

/// What any route may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which `http::Failure` makes")]
pub(crate) enum Failures {
    /// A defect; the log has more under the request's id
    #[response(status = 500)]
    Internal(FailureEnvelope),
    /// Not now; try again after `Retry-After` seconds
    #[response(status = 503)]
    Unavailable(FailureEnvelope),
}

/// What a route may answer that is slowed down when too much comes from one place.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which `http::Failure` makes")]
pub(crate) enum Throttled {
    /// Too many attempts (`rate_limited`); try again after `Retry-After` seconds
    #[response(status = 429)]
    RateLimited(FailureEnvelope),
}

/// What any route that reads a body may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which `http::Failure` makes")]
pub(crate) enum BodyFailures {
    /// The body is not JSON (`malformed_json`), or the body or a header is invalid (`validation_failed`, see `details`)
    #[response(status = 400)]
    Invalid(FailureEnvelope),
    /// The body did not arrive in time
    #[response(status = 408)]
    TooSlow(FailureEnvelope),
    /// The body is larger than 256 KiB
    #[response(status = 413)]
    TooLarge(FailureEnvelope),
    /// The body is not JSON by its `Content-Type`, or has a `Content-Encoding`; the latter sets `Accept-Encoding`
    #[response(status = 415)]
    NotJson(FailureEnvelope),
    /// A defect; the log has more under the request's id
    #[response(status = 500)]
    Internal(FailureEnvelope),
    /// Not now; try again after `Retry-After` seconds
    #[response(status = 503)]
    Unavailable(FailureEnvelope),
}

/// The document without its routes.
pub(super) fn base() -> OpenApi {
    let mut info = Info::new("patron", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Changes customer accounts. They are read over GraphQL: `/api/graphql`, `/api/admin/graphql`.\n\n\
         Success is `{\"data\": …}`, failure `{\"error\": …}`. Times are UTC with milliseconds. Unknown properties, \
         and those that the caller may not set, are ignored. A URL that doesn't exist is 404; a method that a URL \
         doesn't know is 405, with `Allow`. Every answer has an `X-Request-Id`."
            .to_owned(),
    );
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    let bearer = |description: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some(description.to_owned());
        SecurityScheme::Http(scheme)
    };
    let tag = |name: &str, description: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag
    };
    OpenApiBuilder::new()
        .info(info)
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("admin", bearer("Access token of an admin, from POST /api/user/tokens."))
                .security_scheme(
                    "customer",
                    bearer("Access token of a customer, from POST /api/customer/tokens."),
                )
                .build(),
        ))
        .tags(Some([
            tag("customers", "Register, change, delete."),
            tag("account", "What a customer does with its own account."),
            tag("addresses", "Where customers have things sent."),
            tag("customer groups", "What customers are sorted into."),
            tag("custom fields", "What else is known of customers: definitions and values."),
            tag("webhooks", "Who is told of changes. What was told is read over GraphQL."),
            tag("tokens", "Log in, stay in."),
            tag("health", "For supervisors and load balancers."),
            tag("documents", "This document."),
        ]))
        .build()
}

/// The document, as JSON.
///
/// # Panics
/// Never: it is made of strings.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, mut document) = super::table().split_for_parts();
        answers::complete(&mut document);
        let mut text = document.to_pretty_json().expect("the document is made of strings");
        text.push('\n');
        text
    });
    &DOCUMENT
}

/// This document
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "documents",
    security(()),
    responses(
        (status = 200, description = "The OpenAPI document", content_type = "application/json", body = serde_json::Map<String, serde_json::Value>),
        (status = 304, description = "The client has it: `If-None-Match` names its `ETag`"),
        Failures,
    )
)]
pub(super) async fn get_openapi() -> ([(HeaderName, HeaderValue); 2], &'static str) {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // To be asked for every time; a 304 says that nothing changed.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, document())
}
