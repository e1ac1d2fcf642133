//! The media type of a GraphQL answer, by what the client accepts (GraphQL over HTTP, 4.1; RFC 9110 12.5.1).

use axum::http::{HeaderMap, header};

/// The media types of a GraphQL answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// Tells by its status whether the request was run.
    GraphqlResponse,
    /// For older clients: 200 for every well-formed request.
    Json,
}

impl MediaType {
    /// The one that the client likes better; none when it accepts neither. The newer one has to be named: who accepts
    /// anything may be older.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        // Parsed by hand: `headers` has no type for `Accept`.
        let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let elements = accept.flat_map(|value| value.split(',')).filter(|element| !element.trim().is_empty());
        let ranges: Vec<(String, f32)> = elements.map(range).collect();
        // Without a media type the header accepts anything, as if it were absent.
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let weight = |names: &[&str]| {
            // The most specific range that fits decides.
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

    /// As it stands in `Content-Type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// A range of `Accept` and its weight; 1 when it names none that can be read.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok());
    (name, weight.unwrap_or(1.0))
}
