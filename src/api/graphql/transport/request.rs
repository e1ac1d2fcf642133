//! Reads requests from bodies and URLs (GraphQL over HTTP, 5). Unknown parameters are ignored.
//!
//! The extractor of the library reads batches. Bodies that it doesn't read as specified, and bodies that it refuses, are
//! parsed here, so that the client gets an exact message. So are single operations: the extractor copies them again,
//! because a body may also be a batch.

use std::collections::HashMap;

use async_graphql::{BatchRequest, ParseRequestError, Request, Value, Variables, from_value};
use async_graphql_axum::GraphQLBatchRequest;
use axum::body::{Body, Bytes};
use axum::extract::FromRequest;
use axum::http::{HeaderMap, Method};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::http::{Failure, read_json_text};

/// A well-formed request.
pub(super) struct Parameters {
    /// `query` or `persisted` is present.
    pub(super) query: Option<String>,
    pub(super) persisted: Option<PersistedQuery>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
}

/// The operations of a body.
pub(super) enum Operations {
    Single(Parameters),
    Batch(Vec<Parameters>),
}

/// Apollo's extension for automatic persisted queries.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersistedQuery {
    /// The version of the protocol. The only one is 1.
    pub(super) version: i64,
    /// SHA-256 of the query, in hexadecimal digits.
    pub(super) sha256_hash: String,
}

/// The fields of a request. Null means absent (GraphQL over HTTP, 5.1), which the extractor doesn't support for all
/// fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
    extensions: Option<HashMap<String, Value>>,
}

/// A request in a URL, where objects are strings of JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UrlParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// The client never receives this failure: when the extractor fails, [`Operations::parse`] reads the body again and
/// reports the reason.
impl From<ParseRequestError> for Failure {
    fn from(error: ParseRequestError) -> Self {
        Self::malformed(format!("The body is not a valid GraphQL request: {error}"))
    }
}

impl Operations {
    /// Reads a body.
    ///
    /// # Errors
    /// 415 when its media type isn't JSON, 413 when it is too large, 400 when it is not a valid request.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Failure> {
        let text = read_json_text(headers, body).await?;
        if !is_array(&text) {
            // As text, because the parser doesn't check the bytes of values that it ignores.
            let fields = std::str::from_utf8(&text).ok().map(serde_json::from_str::<Fields>);
            return match fields {
                Some(Ok(fields)) => fields.try_into().map(Self::Single),
                Some(Err(_)) | None => Self::parse(&text),
            };
        }
        // The extractor would read an array of values as the fields of a request, in their order.
        if serde_json::from_slice::<Vec<HashMap<String, IgnoredAny>>>(&text).is_err() {
            return Self::parse(&text);
        }
        // On the heap: this future is large, and most requests are not batches.
        let extracted = Box::pin(GraphQLBatchRequest::<Failure>::from_request(post(text.clone()), &())).await;
        match extracted.map(GraphQLBatchRequest::into_inner) {
            // An empty query: the client sent no query, or an empty one.
            Ok(batch) if batch.iter().any(|request| request.query.is_empty()) => Self::parse(&text),
            Ok(BatchRequest::Single(request)) => request.try_into().map(Self::Single),
            Ok(BatchRequest::Batch(requests)) => {
                requests.into_iter().map(Parameters::try_from).collect::<Result<_, _>>().map(Self::Batch)
            }
            Err(_) => Self::parse(&text),
        }
    }

    /// Parses what the extractor doesn't: null as absent, an empty batch, and the exact reason of an error.
    fn parse(text: &[u8]) -> Result<Self, Failure> {
        let fields = |value: serde_json::Value| {
            if !value.is_object() {
                return Err(Failure::malformed("A GraphQL request must be a JSON object"));
            }
            let fields: Fields = serde_json::from_value(value).map_err(|error| {
                Failure::malformed(format!("The body is not a valid GraphQL request: {error}"))
            })?;
            Parameters::try_from(fields)
        };
        let value = serde_json::from_slice(text)
            .map_err(|error| Failure::malformed(format!("The body is not valid JSON: {error}")))?;
        match value {
            serde_json::Value::Array(values) => {
                values.into_iter().map(fields).collect::<Result<_, _>>().map(Self::Batch)
            }
            value => fields(value).map(Self::Single),
        }
    }
}

/// A POST request with this body and no headers.
fn post(text: Bytes) -> axum::extract::Request {
    let mut request = axum::extract::Request::new(Body::from(text));
    *request.method_mut() = Method::POST;
    request
}

fn is_array(text: &[u8]) -> bool {
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

impl TryFrom<Request> for Parameters {
    type Error = Failure;

    fn try_from(request: Request) -> Result<Self, Failure> {
        let Request { query, operation_name, variables, extensions, .. } = request;
        let extensions = Some(extensions.0);
        Fields { query: Some(query), operation_name, variables, extensions }.try_into()
    }
}

impl TryFrom<Fields> for Parameters {
    type Error = Failure;

    fn try_from(fields: Fields) -> Result<Self, Failure> {
        let persisted = match fields.extensions.and_then(|mut all| all.remove("persistedQuery")) {
            None | Some(Value::Null) => None,
            Some(object @ Value::Object(_)) => {
                let extension = from_value(object);
                Some(extension.map_err(|error| Failure::malformed(format!("`persistedQuery`: {error}")))?)
            }
            Some(_) => return Err(Failure::malformed("`persistedQuery` must be an object")),
        };
        // Some clients send an empty query along with a hash.
        let query = fields.query.filter(|query| persisted.is_none() || !query.is_empty());
        if query.is_none() && persisted.is_none() {
            return Err(Failure::malformed("The parameter `query` is missing"));
        }
        // Some clients send an empty name instead of none.
        let operation_name = fields.operation_name.filter(|name| !name.is_empty());
        Ok(Self { query, persisted, operation_name, variables: fields.variables })
    }
}

impl TryFrom<UrlParameters> for Parameters {
    type Error = Failure;

    fn try_from(url: UrlParameters) -> Result<Self, Failure> {
        let fields = Fields {
            query: url.query,
            operation_name: url.operation_name,
            variables: parse_object("variables", url.variables)?.unwrap_or_default(),
            extensions: parse_object("extensions", url.extensions)?,
        };
        fields.try_into()
    }
}

/// Parses a URL parameter that is a JSON object.
fn parse_object<T: for<'a> Deserialize<'a>>(name: &str, text: Option<String>) -> Result<Option<T>, Failure> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| Failure::malformed(format!("`{name}` is not a valid JSON object: {error}"))),
    }
}
