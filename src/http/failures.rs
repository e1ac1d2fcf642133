//! What operations may fail with, as the OpenAPI document lists it.
//!
//! A [`Case`] is a failure as it is really sent, and when. Sets of cases are types, which the attributes of handlers name:
//! `responses(…, Failing<(AdminOnly, NoSuchCustomer, Body)>)`. Status, code, headers and example of each response come from the
//! failure, so the document can't promise another one.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::http::StatusCode;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::failure::Failure;
use crate::error::{Error, Problem};

/// The name of the `Retry-After` header's component in the document.
pub const RETRY_AFTER: &str = "RetryAfter";

/// A failure, and when an operation fails with it.
pub struct Case {
    /// For people: a sentence without its full stop.
    pub when: &'static str,
    /// An example of it.
    pub failure: Failure,
}

/// A set of failures.
pub trait Failures {
    /// The cases, in the order in which they are documented.
    fn cases() -> Vec<Case>;
}

/// The responses of a set of failures.
#[derive(Debug)]
pub struct Failing<F>(PhantomData<F>);

impl<F: Failures> IntoResponses for Failing<F> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut by_status: BTreeMap<u16, Vec<Case>> = BTreeMap::new();
        for case in F::cases() {
            by_status.entry(case.failure.status.as_u16()).or_default().push(case);
        }
        by_status.into_iter().map(|(status, cases)| (status.to_string(), response(cases).into())).collect()
    }
}

/// The response of all cases of one status.
fn response(cases: Vec<Case>) -> Response {
    let says = |case: &Case| format!("{} (`{}`)", case.when, case.failure.code.as_str());
    let description = cases.iter().map(says).collect::<Vec<_>>().join(". ");
    let envelope = Ref::from_schema_name("FailureEnvelope");
    let mut content = ContentBuilder::new().schema(Some(envelope)).build();
    let has_to_wait = cases.iter().any(|case| case.failure.retry_after.is_some());
    for Case { failure, .. } in cases {
        let code = failure.code.as_str();
        let same = content.examples.keys().filter(|name| name.starts_with(code)).count();
        let name = if same == 0 { code.to_owned() } else { format!("{code}_{}", same + 1) };
        let value = json!(failure.envelope("4be2ef3a9b6f4d7c8e1a2b3c4d5e6f70".to_owned()));
        content.examples.insert(name, ExampleBuilder::new().value(Some(value)).build().into());
    }
    let mut response =
        ResponseBuilder::new().description(description).content("application/json", content).build();
    if has_to_wait {
        let reference = Ref::new(format!("#/components/headers/{RETRY_AFTER}"));
        response.headers.insert("Retry-After".to_owned(), RefOr::Ref(reference));
    }
    response
}

macro_rules! tuples {
    ($(($($set:ident),+))*) => {$(
        impl<$($set: Failures),+> Failures for ($($set,)+) {
            fn cases() -> Vec<Case> {
                let mut cases = Vec::new();
                $(cases.extend($set::cases());)+
                cases
            }
        }
    )*};
}

tuples! { (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

/// Defines sets of failures: a name, and its cases, `"when" => failure`.
#[macro_export]
macro_rules! failures {
    ($($(#[$doc:meta])* $vis:vis $name:ident { $($when:literal => $failure:expr),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        $vis enum $name {}

        impl $crate::http::failures::Failures for $name {
            fn cases() -> Vec<$crate::http::failures::Case> {
                vec![$($crate::http::failures::Case { when: $when, failure: $failure.into() }),+]
            }
        }
    )*};
}

const INVALID_TOKEN: Error = Error::Unauthenticated("The token is invalid or expired");

failures! {
    /// Of every operation.
    pub Read {
        "A defect; the log has more under the request's id" => Failure::internal(),
        "Temporarily unavailable; try again after `Retry-After` seconds" => Failure::unavailable(1),
    }
    /// Of every operation that changes something.
    pub Change {
        "A header is invalid, see `details`" => Error::invalid("Idempotency-Key", "Idempotency-Key must be 1 to 255 visible ASCII characters other than quotation marks, once"),
        "A request with this Idempotency-Key is still being answered" => Error::IdempotencyKeyInUse,
        "The Idempotency-Key was used for another request" => Error::IdempotencyKeyReused,
        "A defect; the log has more under the request's id" => Failure::internal(),
        "Temporarily unavailable; try again after `Retry-After` seconds" => Failure::unavailable(1),
    }
    /// Of every change with a body.
    pub Body {
        "The body or a header is invalid, see `details`" => Error::Invalid(invalid_body()),
        "The body is not JSON" => Failure::malformed("The body is not valid JSON: EOF while parsing a value at line 1 column 1"),
        "The body did not arrive in time" => Failure::body_too_slow(),
        "A request with this Idempotency-Key is still being answered" => Error::IdempotencyKeyInUse,
        "The body is too large" => Failure::from_status(StatusCode::PAYLOAD_TOO_LARGE),
        "The `Content-Type` is not JSON, or the body has a `Content-Encoding`; the latter sets `Accept-Encoding`" => Failure::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        "The Idempotency-Key was used for another request" => Error::IdempotencyKeyReused,
        "A defect; the log has more under the request's id" => Failure::internal(),
        "Temporarily unavailable; try again after `Retry-After` seconds" => Failure::unavailable(1),
    }
    /// Of a change of a resource with versions: `If-Match`.
    pub StaleVersion {
        "The resource has changed since the version in `If-Match`" => Error::PreconditionFailed,
        "The server is set to refuse changes without `If-Match`" => Error::PreconditionRequired,
    }
    /// Of an operation that is rate limited.
    pub Throttled {
        "Too many attempts; try again after `Retry-After` seconds" => Error::RateLimited { retry_after: 1 },
    }
    /// Of an operation whose token is optional.
    pub OptionalToken {
        "The token is invalid" => INVALID_TOKEN,
    }
    /// Of an operation for admins.
    pub AdminOnly {
        "There is no token, or it is invalid" => INVALID_TOKEN,
        "The token is a customer's" => Error::Forbidden("Only admins may do this"),
    }
    /// Of an operation for customers.
    pub CustomerOnly {
        "There is no token, or it is invalid" => INVALID_TOKEN,
        "The token is an admin's" => Error::Forbidden("Only customers may do this"),
    }
}

fn invalid_body() -> Vec<Problem> {
    vec![
        Problem::new("email", "Email must be a valid email address (e.g., user@example.com)"),
        Problem::new("password", "Password must be at least 8 characters"),
    ]
}
