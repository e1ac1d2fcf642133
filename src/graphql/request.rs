//! A request, as a body or a URL holds it (GraphQL over HTTP, 5). What isn't listed is ignored.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::Failure;

/// A well-formed request.
pub(super) struct Parameters {
    /// The query, or the hash that it is known by; one of them is there.
    pub(super) query: Option<String>,
    pub(super) persisted: Option<PersistedQuery>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Map<String, Value>,
}

/// Apollo's extension for automatic persisted queries.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersistedQuery {
    /// Of the protocol. 1 is all there is.
    pub(super) version: i64,
    /// SHA-256 of the query, in hexadecimal digits.
    pub(super) sha256_hash: String,
}

/// The fields as they come.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
}

/// A request in a URL, where objects are JSON in a string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UrlParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    /// Those of a body.
    ///
    /// # Errors
    /// 400 when it is no request.
    pub(super) fn from_json(body: Value) -> Result<Self, Failure> {
        // An array would be taken for the fields in their order.
        if !body.is_object() {
            return Err(Failure::malformed("A GraphQL request must be a JSON object"));
        }
        let fields: Fields = serde_json::from_value(body)
            .map_err(|error| Failure::malformed(format!("The body is no GraphQL request: {error}")))?;
        fields.try_into()
    }
}

impl TryFrom<Fields> for Parameters {
    type Error = Failure;

    fn try_from(fields: Fields) -> Result<Self, Failure> {
        let persisted = match fields.extensions.and_then(|mut all| all.remove("persistedQuery")) {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => {
                let extension = serde_json::from_value(Value::Object(object));
                Some(extension.map_err(|error| Failure::malformed(format!("`persistedQuery`: {error}")))?)
            }
            Some(_) => return Err(Failure::malformed("`persistedQuery` must be an object")),
        };
        // Some clients send an empty query along with a hash.
        let query = fields.query.filter(|query| persisted.is_none() || !query.is_empty());
        if query.is_none() && persisted.is_none() {
            return Err(Failure::malformed("The parameter `query` is missing"));
        }
        let variables = fields.variables.unwrap_or_default();
        Ok(Self { query, persisted, operation_name: fields.operation_name, variables })
    }
}

impl TryFrom<UrlParameters> for Parameters {
    type Error = Failure;

    fn try_from(url: UrlParameters) -> Result<Self, Failure> {
        let object = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| Failure::malformed(format!("`{name}` is no JSON object: {error}"))),
        };
        let fields = Fields {
            query: url.query,
            operation_name: url.operation_name.filter(|name| !name.is_empty()),
            variables: object("variables", url.variables)?,
            extensions: object("extensions", url.extensions)?,
        };
        fields.try_into()
    }
}
