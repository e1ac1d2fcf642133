//! Which host a request is for: exactly one has to be named (RFC 9112 3.2, RFC 9113 8.3.1). A proxy and a server that
//! choose differently between two are how requests are smuggled past the proxy's rules.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};

use super::request_body::discard_body;
use crate::http::failure::Failure;
use crate::http::failure_code::FailureCode;

/// Refuses a request that doesn't name its host as it must, before its body is looked at.
pub(super) async fn refuse(request: Request, message: &'static str) -> Response {
    discard_body(request).await;
    Failure::new(StatusCode::BAD_REQUEST, FailureCode::BadRequest, message).into_response()
}

/// What is wrong with the host of a request.
pub(super) fn problem<B>(request: &axum::http::Request<B>) -> Option<&'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Some("The request has more than one Host header");
    }
    let version = request.version();
    let Some(host) = host else {
        // HTTP/1.0 has none, and HTTP/2 has `:authority`.
        return (version == Version::HTTP_11).then_some("The request has no Host header");
    };
    let Some(host) = parsed(host) else { return Some("The Host header is not a host with an optional port") };
    // Over HTTP/1.1 the target of the request goes before Host, whatever that says (RFC 9112 3.2.2).
    let authority = request.uri().authority().filter(|_| version == Version::HTTP_2)?;
    let scheme = request.uri().scheme_str();
    (!is_same(authority, &host, scheme)).then_some("The Host header and :authority name different hosts")
}

/// A host with an optional port, and nothing else.
fn parsed(value: &HeaderValue) -> Option<Authority> {
    let authority = Authority::try_from(value.as_bytes()).ok()?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = |port: &str| port.is_empty() || (is_digits(port) && port.parse::<u16>().is_ok());
    let is_good = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (is_good && !authority.host().is_empty()).then_some(authority)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two name the same host and port.
fn is_same(one: &Authority, other: &Authority, scheme: Option<&str>) -> bool {
    let usual = if scheme == Some("https") { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(usual);
    one.host().eq_ignore_ascii_case(other.host()) && port(one) == port(other)
}

#[cfg(test)]
mod tests {
    use super::problem;
    use axum::http::{Request, Version};

    fn is_good(version: Version, uri: &str, hosts: &[&str]) -> bool {
        let request = Request::builder().version(version).uri(uri);
        let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
        problem(&request.body(()).expect("a request")).is_none()
    }

    #[test]
    fn http_1_names_one_host() {
        let v1 = Version::HTTP_11;
        for good in ["x", "x:80", "x:", "shop.example.com", "a_b", "127.0.0.1:3000", "[::1]:3000", "[::1]"] {
            assert!(is_good(v1, "/", &[good]), "{good}");
        }
        for bad in ["", "a@x", "x:y", "x:65536", "x, y", "http://x", "x/y", "[::1", "x:80:80", "x:+80"] {
            assert!(!is_good(v1, "/", &[bad]), "{bad}");
        }
        assert!(!is_good(v1, "/", &[]));
        assert!(!is_good(v1, "http://x/", &[]), "the absolute form needs it as well");
        assert!(is_good(v1, "http://x/", &["y"]), "the target goes first");
        assert!(!is_good(v1, "/", &["x", "x"]));
        assert!(is_good(Version::HTTP_10, "/", &[]));
        assert!(!is_good(Version::HTTP_10, "/", &["x", "x"]));
    }

    #[test]
    fn http_2_names_one_authority() {
        let v2 = Version::HTTP_2;
        assert!(is_good(v2, "http://x/", &[]));
        assert!(is_good(v2, "http://x/", &["X:80"]) && is_good(v2, "https://x:443/", &["x"]));
        assert!(!is_good(v2, "http://x/", &["y"]) && !is_good(v2, "https://x/", &["x:80"]));
        assert!(!is_good(v2, "http://x/", &["x", "x"]));
        assert!(is_good(v2, "/", &["x"]) && !is_good(v2, "/", &["x y"]));
    }
}
