//! Checks the host of a request: it must name exactly one (RFC 9112 3.2, RFC 9113 8.3.1). Otherwise the response is
//! 400.
//!
//! With two hosts, a proxy and a server could each choose a different one, and a request could bypass the rules of the
//! proxy (request smuggling).

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};

use super::request_body::discard_body;
use crate::http::failure::{Failure, FailureCode};

/// Refuses a request with an invalid host. Its body is discarded.
pub(super) async fn refuse(request: Request, message: &'static str) -> Response {
    discard_body(request).await;
    Failure::new(FailureCode::BadRequest, message).into_response()
}

/// The message about an invalid host of a request; `None` when the host is valid.
pub(super) fn problem<B>(request: &axum::http::Request<B>) -> Option<&'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Some("The request has more than one Host header");
    }
    let version = request.version();
    let Some(host) = host else {
        // HTTP/1.0 does not require it, and HTTP/2 has `:authority`.
        return (version == Version::HTTP_11).then_some("The request has no Host header");
    };
    let Some(host) = parse_host(host) else {
        return Some("The Host header is not a host with an optional port");
    };
    // Over HTTP/1.1 an absolute request target overrides Host (RFC 9112 3.2.2).
    let authority = request.uri().authority().filter(|_| version == Version::HTTP_2)?;
    let scheme = request.uri().scheme_str();
    (!is_same_host(authority, &host, scheme)).then_some("The Host header and :authority name different hosts")
}

/// Parses a host with an optional port. Everything else is refused, such as user information.
fn parse_host(value: &HeaderValue) -> Option<Authority> {
    let authority = Authority::try_from(value.as_bytes()).ok()?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = |port: &str| port.is_empty() || (is_digits(port) && port.parse::<u16>().is_ok());
    let has_valid_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (has_valid_port && !authority.host().is_empty()).then_some(authority)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two authorities have the same host and port.
fn is_same_host(left: &Authority, right: &Authority, scheme: Option<&str>) -> bool {
    let default_port = if scheme == Some("https") { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    left.host().eq_ignore_ascii_case(right.host()) && port(left) == port(right)
}

#[cfg(test)]
mod tests {
    use super::problem;
    use axum::http::{Request, Version};

    fn is_valid(version: Version, uri: &str, hosts: &[&str]) -> bool {
        let request = Request::builder().version(version).uri(uri);
        let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
        problem(&request.body(()).expect("a request")).is_none()
    }

    #[test]
    fn an_http_1_request_must_name_exactly_one_host() {
        let v1 = Version::HTTP_11;
        for valid in ["x", "x:80", "x:", "shop.example.com", "a_b", "127.0.0.1:3000", "[::1]:3000", "[::1]"] {
            assert!(is_valid(v1, "/", &[valid]), "{valid}");
        }
        for invalid in ["", "a@x", "x:y", "x:65536", "x, y", "http://x", "x/y", "[::1", "x:80:80", "x:+80"] {
            assert!(!is_valid(v1, "/", &[invalid]), "{invalid}");
        }
        assert!(!is_valid(v1, "/", &[]));
        assert!(!is_valid(v1, "http://x/", &[]), "the absolute form needs a Host header as well");
        assert!(is_valid(v1, "http://x/", &["y"]), "the request target overrides Host");
        assert!(!is_valid(v1, "/", &["x", "x"]));
        assert!(is_valid(Version::HTTP_10, "/", &[]));
        assert!(!is_valid(Version::HTTP_10, "/", &["x", "x"]));
    }

    #[test]
    fn an_http_2_request_must_name_exactly_one_host() {
        let v2 = Version::HTTP_2;
        assert!(is_valid(v2, "http://x/", &[]));
        assert!(is_valid(v2, "http://x/", &["X:80"]) && is_valid(v2, "https://x:443/", &["x"]));
        assert!(!is_valid(v2, "http://x/", &["y"]) && !is_valid(v2, "https://x/", &["x:80"]));
        assert!(!is_valid(v2, "http://x/", &["x", "x"]));
        assert!(is_valid(v2, "/", &["x"]) && !is_valid(v2, "/", &["x y"]));
    }
}
