//! The media type of an answer, by what the client accepts (GraphQL over HTTP, 4.1; RFC 9110 12.5.1).

use axum::http::{HeaderMap, StatusCode, header};

use crate::http::Failure;

/// The media types of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// Tells by its status whether the request was run.
    GraphqlResponse,
    /// For older clients: 200 for every well-formed request.
    Json,
}

impl MediaType {
    /// The one that the client likes better. The newer one has to be named: who accepts anything may be older.
    ///
    /// # Errors
    /// 406 when it accepts neither.
    pub(super) fn accepted(headers: &HeaderMap) -> Result<Self, Failure> {
        let mut accept =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if accept.peek().is_none() {
            return Ok(Self::Json);
        }
        let ranges: Vec<(String, f32)> = accept.flat_map(|value| value.split(',')).map(range).collect();
        let weight = |names: &[&str]| {
            // The most specific range that fits decides.
            let named =
                |name: &&str| ranges.iter().find(|(range, _)| range == name).map(|(_, weight)| *weight);
            names.iter().find_map(named).unwrap_or_default()
        };
        let newer = weight(&["application/graphql-response+json"]);
        let older = weight(&["application/json", "application/*", "*/*"]);
        if newer > 0.0 && newer >= older {
            Ok(Self::GraphqlResponse)
        } else if older > 0.0 {
            Ok(Self::Json)
        } else {
            Err(Failure::new(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "The answer can be application/graphql-response+json or application/json",
            ))
        }
    }

    /// As it stands in `Content-Type`.
    pub(super) fn name(self) -> &'static str {
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
