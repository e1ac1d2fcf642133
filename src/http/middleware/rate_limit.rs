//! Rate limits by network address, and the response headers that report them (draft-ietf-httpapi-ratelimit-headers-11).
//!
//! Only POST routes that need no token are limited. Over the limit the response is 429 with `Retry-After`. A request
//! without a known client address is not limited.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};

use super::request_body::discard_body;
use crate::app::App;
use crate::app::rate_limits::{Policy, RateLimitStatus};
use crate::error::Error;
use crate::http::extract::client_address::client_address;
use crate::http::failure::Failure;

/// The header with the remaining quota.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The header with the policy.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// POST routes that need no token, with their policies.
const LIMITED: [(&str, Policy); 10] = [
    (REGISTER, Policy::Passwords),
    ("/api/user/tokens", Policy::Passwords),
    ("/api/customer/tokens", Policy::Passwords),
    ("/api/customers/password", Policy::Passwords),
    ("/api/user/token/refresh", Policy::Tokens),
    ("/api/user/token/revoke", Policy::Tokens),
    ("/api/customer/token/refresh", Policy::Tokens),
    ("/api/customer/token/revoke", Policy::Tokens),
    ("/api/customers/reset-password", Policy::Tokens),
    ("/api/customers/verify-email", Policy::Tokens),
];
/// The routes of the front door, with their policies. They are not in the OpenAPI document.
const LIMITED_AT_SHOP: [(&str, Policy); 2] =
    [("/customer/login", Policy::Passwords), ("/customer/logout", Policy::Tokens)];
const REGISTER: &str = "/api/customers";

/// Runs a request, or refuses it with 429 when its network address has exceeded the limit.
pub(crate) async fn rate_limit(
    app: &App,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let policy = policy_of(&request).filter(|_| app.config.accounts.rate_limits);
    let checked = policy.and_then(|policy| {
        let address = client_address(request.extensions(), request.headers(), &app.config.server)?;
        Some((policy, app.rate_limits.check(policy, address)))
    });
    // `next` is called at one place only: each call adds the size of the whole inner future to this one.
    let mut response = match checked.as_ref().and_then(|(_, verdict)| verdict.retry_after) {
        None => next(request).await,
        Some(retry_after) => {
            discard_body(request).await;
            Failure::from(Error::RateLimited { retry_after }).into_response()
        }
    };
    if let Some((policy, verdict)) = checked {
        set_rate_limit_headers(response.headers_mut(), policy, &verdict);
    }
    response
}

/// The rate limit policy of a route, given as its path template.
pub(crate) fn policy(method: &Method, route: &str) -> Option<Policy> {
    let limited = LIMITED.into_iter().chain(LIMITED_AT_SHOP);
    let mut limited = limited.filter(|_| method == Method::POST);
    limited.find_map(|(path, policy)| (path == route).then_some(policy))
}

fn policy_of(request: &Request) -> Option<Policy> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let policy = policy(request.method(), route)?;
    // A registration with a token comes from the back office, which is not limited. An invalid token is refused anyway.
    let has_token = route == REGISTER && request.headers().contains_key(header::AUTHORIZATION);
    (!has_token).then_some(policy)
}

fn set_rate_limit_headers(headers: &mut HeaderMap, policy: Policy, verdict: &RateLimitStatus) {
    let name = policy.name();
    let RateLimitStatus { quota, window, remaining, effective_window, .. } = verdict;
    for (field, value) in [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={quota};w={window}")),
        (RATE_LIMIT, format!("\"{name}\";r={remaining};t={effective_window}")),
    ] {
        // Never an error: the value consists of a name and numbers.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::LIMITED;

    #[test]
    fn the_limited_routes_are_the_operations_that_document_429_without_a_token() {
        let document = include_str!("../../../docs/openapi.json");
        let document: Value = serde_json::from_str(document).unwrap();
        let mut documented = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let needs_no_token = operation["security"].as_array().unwrap().contains(&json!({}));
                if needs_no_token && operation["responses"].get("429").is_some() {
                    documented.insert((method.as_str(), path.as_str()));
                }
            }
        }
        assert_eq!(BTreeSet::from(LIMITED.map(|(path, _)| ("post", path))), documented);
    }
}
