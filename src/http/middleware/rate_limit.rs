//! Which requests are limited by network address, and what answers say of it (draft-ietf-httpapi-ratelimit-headers-11).

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};

use super::request_body::discard_body;
use crate::app::App;
use crate::app::rate_limits::{Policy, Verdict};
use crate::error::Error;
use crate::http::extract::client_address::client_address;
use crate::http::failure::Failure;

/// How much of a policy is left.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the policy is.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What anybody may POST, without a token that says who it is.
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
const REGISTER: &str = "/api/customers";

/// Answers a request, or refuses it when too many came from its address.
pub(crate) async fn rate_limit(
    app: &App,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let policy = policy_of(&request).filter(|_| app.config.accounts.rate_limits);
    let judged = policy.and_then(|policy| {
        let address = client_address(request.extensions(), request.headers(), &app.config.server)?;
        Some((policy, app.rate_limits.check(policy, address)))
    });
    // The rest in one place: each is as large as all that is below.
    let mut response = match judged.as_ref().and_then(|(_, verdict)| verdict.retry_after) {
        None => next(request).await,
        Some(retry_after) => {
            discard_body(request).await;
            Failure::from(Error::RateLimited { retry_after }).into_response()
        }
    };
    if let Some((policy, verdict)) = judged {
        say(response.headers_mut(), policy, &verdict);
    }
    response
}

/// The policy of an operation, by the template of its path.
pub fn policy(method: &Method, route: &str) -> Option<Policy> {
    let mut limited = LIMITED.into_iter().filter(|_| method == Method::POST);
    limited.find_map(|(path, policy)| (path == route).then_some(policy))
}

fn policy_of(request: &Request) -> Option<Policy> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let policy = policy(request.method(), route)?;
    // With a token it is the back office, which makes as many customers as it likes, or else is refused at once.
    let is_known = route == REGISTER && request.headers().contains_key(header::AUTHORIZATION);
    (!is_known).then_some(policy)
}

fn say(headers: &mut HeaderMap, policy: Policy, verdict: &Verdict) {
    let name = policy.name();
    let Verdict { quota, window, remaining, effective_window, .. } = verdict;
    for (field, value) in [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={quota};w={window}")),
        (RATE_LIMIT, format!("\"{name}\";r={remaining};t={effective_window}")),
    ] {
        // Never an error: it is made of a name and numbers.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(field, value);
        }
    }
}
