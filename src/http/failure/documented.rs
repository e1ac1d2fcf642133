//! The failures of operations, as the OpenAPI document lists them.
//!
//! A [`Case`] is a failure exactly as the server sends it, with the condition under which it occurs. A set of cases is
//! a type that the attributes of handlers name: `responses(…, Failing<(AdminOnly, NoSuchCustomer, Body)>)`. The status,
//! code, headers and example of each documented response are taken from the failure, so the document can't differ from
//! the server.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::http::StatusCode;
use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::{EXAMPLE_REQUEST_ID, Failure};
use crate::app::ctx::{ADMINS_ONLY, CUSTOMERS_ONLY, INVALID_ACCESS_TOKEN};
use crate::error::{Error, Problem};
use crate::http::idempotency_key::malformed_key;

/// Name of the component that describes the `Retry-After` header.
pub(crate) const RETRY_AFTER: &str = "RetryAfter";

/// A failure and the condition under which an operation returns it.
pub(crate) struct Case {
    /// The condition, for people: a sentence without its full stop.
    pub(crate) when: &'static str,
    /// An example of the failure.
    pub(crate) failure: Failure,
}

/// A set of failures.
pub(crate) trait Failures {
    /// The cases in the order of the document.
    fn cases() -> Vec<Case>;
}

/// Documents the responses of a set of failures.
#[derive(Debug)]
pub(crate) struct Failing<F>(PhantomData<F>);

impl<F: Failures> IntoResponses for Failing<F> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut by_status: BTreeMap<u16, Vec<Case>> = BTreeMap::new();
        for case in F::cases() {
            by_status.entry(case.failure.status.as_u16()).or_default().push(case);
        }
        by_status.into_iter().map(|(status, cases)| (status.to_string(), response(cases).into())).collect()
    }
}

/// The documented response for all cases with the same status.
fn response(cases: Vec<Case>) -> Response {
    let describe = |case: &Case| format!("{} (`{}`)", case.when, case.failure.code.as_str());
    let description = cases.iter().map(describe).collect::<Vec<_>>().join(". ");
    let envelope = Ref::from_schema_name("FailureEnvelope");
    let mut content = ContentBuilder::new().schema(Some(envelope)).build();
    let has_retry_after = cases.iter().any(|case| case.failure.retry_after.is_some());
    for Case { failure, .. } in cases {
        let code = failure.code.as_str();
        let same_code = content.examples.keys().filter(|name| name.starts_with(code)).count();
        let name = if same_code == 0 { code.to_owned() } else { format!("{code}_{}", same_code + 1) };
        let value = json!(failure.envelope(EXAMPLE_REQUEST_ID.to_owned()));
        content.examples.insert(name, ExampleBuilder::new().value(Some(value)).build().into());
    }
    let mut response =
        ResponseBuilder::new().description(description).content("application/json", content).build();
    if has_retry_after {
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

/// Defines sets of failures. Each has a name and its cases: `"condition" => failure`.
#[macro_export]
macro_rules! failures {
    ($($(#[$doc:meta])* $vis:vis $name:ident { $($when:literal => $failure:expr),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        $vis enum $name {}

        impl $crate::http::failure::documented::Failures for $name {
            fn cases() -> Vec<$crate::http::failure::documented::Case> {
                vec![$($crate::http::failure::documented::Case { when: $when, failure: $failure.into() }),+]
            }
        }
    )*};
}

failures! {
    /// Failures of every operation.
    pub(crate) Read {
        "Internal error; the server's log has the cause under the request id" => Failure::internal(),
        "Temporarily unavailable; try again after `Retry-After` seconds" => Failure::unavailable(1),
    }
    /// Failures of every operation that changes something.
    pub(crate) Change {
        "A header is invalid, see `details`" => malformed_key(),
        "A request with this Idempotency-Key is still in progress" => Error::IdempotencyKeyInUse,
        "The Idempotency-Key was already used for a different request" => Error::IdempotencyKeyReused,
        "Internal error; the server's log has the cause under the request id" => Failure::internal(),
        "Temporarily unavailable; try again after `Retry-After` seconds" => Failure::unavailable(1),
    }
    /// Failures of every change with a body.
    pub(crate) Body {
        "The body or a header is invalid, see `details`" => Error::Invalid(invalid_body()),
        "The body is not JSON" => Failure::malformed("The body is not valid JSON: EOF while parsing a value at line 1 column 1"),
        "The body did not arrive in time" => Failure::body_too_slow(),
        "A request with this Idempotency-Key is still in progress" => Error::IdempotencyKeyInUse,
        "The body is too large" => Failure::from_status(StatusCode::PAYLOAD_TOO_LARGE),
        "The `Content-Type` is not JSON, or the body has a `Content-Encoding`; in the second case the response has `Accept-Encoding`" => Failure::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        "The Idempotency-Key was already used for a different request" => Error::IdempotencyKeyReused,
        "Internal error; the server's log has the cause under the request id" => Failure::internal(),
        "Temporarily unavailable; try again after `Retry-After` seconds" => Failure::unavailable(1),
    }
    /// Failures of a change of a versioned resource (`If-Match`).
    pub(crate) StaleVersion {
        "The resource has changed since the version in `If-Match`" => Error::PreconditionFailed,
        "The server is configured to require `If-Match`" => Error::PreconditionRequired,
    }
    /// Failures of a rate-limited operation.
    pub(crate) Throttled {
        "Too many attempts; try again after `Retry-After` seconds" => Error::RateLimited { retry_after: 1 },
    }
    /// Failures of an operation with an optional token.
    pub(crate) OptionalToken {
        "The token is invalid" => INVALID_ACCESS_TOKEN,
        "The settings require a second factor, and the admin has none" => Error::SecondFactorSetupRequired,
    }
    /// Failures of an operation for admins.
    pub(crate) AdminOnly {
        "The token is missing or invalid" => INVALID_ACCESS_TOKEN,
        "The token belongs to a customer" => ADMINS_ONLY,
        "The settings require a second factor, and the admin has none" => Error::SecondFactorSetupRequired,
    }
    /// Failures of an operation of an admin on its own account, which needs no second factor.
    pub(crate) OwnAdminOnly {
        "The token is missing or invalid" => INVALID_ACCESS_TOKEN,
        "The token belongs to a customer" => ADMINS_ONLY,
    }
    /// Failures of an operation that needs a step-up.
    pub(crate) SteppedUpOnly {
        "The token is missing or invalid" => INVALID_ACCESS_TOKEN,
        "The token belongs to a customer" => ADMINS_ONLY,
        "The admin has a second factor, and gave no code in the last ten minutes" => Error::StepUpRequired,
        "The settings require a second factor, and the admin has none" => Error::SecondFactorSetupRequired,
    }
    /// Failures of an operation for customers.
    pub(crate) CustomerOnly {
        "The token is missing or invalid" => INVALID_ACCESS_TOKEN,
        "The token belongs to an admin" => CUSTOMERS_ONLY,
    }
}

fn invalid_body() -> Vec<Problem> {
    vec![
        Problem::new("email", "Email must be a valid email address (e.g., user@example.com)"),
        Problem::new("password", "Password must be at least 8 characters"),
    ]
}
