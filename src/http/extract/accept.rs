//! Negotiates the media type of a response by the `Accept` header (RFC 9110 12.5.1; GraphQL over HTTP, 4.1).

use axum::http::{HeaderMap, header};

/// The media type of a GraphQL response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/graphql-response+json`: the HTTP status shows whether the operation was executed.
    GraphqlResponse,
    /// `application/json`, for older clients: the status is 200 for every well-formed request.
    Json,
}

impl MediaType {
    /// The media type that the client prefers; `None` when it accepts neither. `application/graphql-response+json` must
    /// be named explicitly, because a client that accepts `*/*` may be an older one.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let ranges = accepted_ranges(headers);
        // Without a media type the header accepts anything, as if it were absent.
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let weight = |names: &[&str]| {
            // The most specific matching range decides.
            let named =
                |name: &&str| ranges.iter().find(|(range, _)| range == name).map(|(_, weight)| *weight);
            names.iter().find_map(named).unwrap_or_default()
        };
        let newer = weight(&["application/graphql-response+json"]);
        let older = weight(&["application/json", "application/*", "*/*"]);
        if newer > 0.0 && newer >= older {
            Some(Self::GraphqlResponse)
        } else {
            (older > 0.0).then_some(Self::Json)
        }
    }

    /// The value of `Content-Type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// Whether the client names HTML, as browsers do. `*/*` is not enough, because most other clients send it.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    accepted_ranges(headers).iter().any(|(range, weight)| range == "text/html" && *weight > 0.0)
}

/// The media ranges of `Accept` with their weights. Parsed by hand: `headers` has no type for `Accept`.
fn accepted_ranges(headers: &HeaderMap) -> Vec<(String, f32)> {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let elements = accept.flat_map(|value| value.split(',')).filter(|element| !element.trim().is_empty());
    elements.map(range).collect()
}

/// A media range of `Accept` and its weight, which is 1 when it is missing or invalid.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok());
    (name, weight.unwrap_or(1.0))
}
