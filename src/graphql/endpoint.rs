//! GraphQL over HTTP: reading a request, running it, choosing the media type and status of the answer.

use std::sync::Arc;

use async_graphql::{Request, Response as GraphqlResponse, Variables};
use async_graphql_axum::GraphQLResponse;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::metafield::Definitions;
use super::{Schema, error, limits, loader};
use crate::app::App;
use crate::ctx::Ctx;
use crate::http::{AdminCtx, CurrentCustomer, Failure, read_json};

/// What both endpoints share.
#[derive(Clone)]
struct Endpoint {
    app: Arc<App>,
    schema: Schema,
}

impl FromRef<Endpoint> for Arc<App> {
    fn from_ref(endpoint: &Endpoint) -> Self {
        Arc::clone(&endpoint.app)
    }
}

/// `/api/graphql` for anyone, `/api/admin/graphql` for admins; the same schema.
pub(super) fn routes(app: &Arc<App>, schema: Schema) -> Router {
    Router::new()
        .route("/api/graphql", get(query_by_url).post(query_by_body))
        .route("/api/admin/graphql", get(query_by_url_as_admin).post(query_by_body_as_admin))
        .with_state(Endpoint { app: Arc::clone(app), schema })
}

async fn query_by_url(
    State(endpoint): State<Endpoint>,
    ctx: Ctx,
    own: Option<Extension<CurrentCustomer>>,
    headers: HeaderMap,
    query: Result<Query<UrlParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = query.map_err(|rejection| Failure::malformed(rejection.body_text()))?;
    endpoint.answer(ctx, own, &headers, parameters.try_into()?).await
}

async fn query_by_url_as_admin(
    state: State<Endpoint>,
    AdminCtx(ctx): AdminCtx,
    headers: HeaderMap,
    query: Result<Query<UrlParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    query_by_url(state, ctx, None, headers, query).await
}

async fn query_by_body(
    State(endpoint): State<Endpoint>,
    ctx: Ctx,
    own: Option<Extension<CurrentCustomer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let Value::Object(body) = read_json(&headers, body).await? else {
        return Err(Failure::malformed("The body must be a JSON object; batches are not supported"));
    };
    let parameters: Parameters = serde_json::from_value(Value::Object(body))
        .map_err(|error| Failure::malformed(format!("The body is no GraphQL request: {error}")))?;
    endpoint.answer(ctx, own, &headers, parameters).await
}

async fn query_by_body_as_admin(
    state: State<Endpoint>,
    AdminCtx(ctx): AdminCtx,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    query_by_body(state, ctx, None, headers, body).await
}

/// A request (GraphQL over HTTP, 5.1). What isn't listed is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, Value>>,
    /// There is none that we know, but it has to be an object.
    #[serde(default, rename = "extensions")]
    _extensions: Option<serde_json::Map<String, Value>>,
}

/// A request in a URL, where objects are JSON in a string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl TryFrom<UrlParameters> for Parameters {
    type Error = Failure;

    fn try_from(url: UrlParameters) -> Result<Self, Failure> {
        let object = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| Failure::malformed(format!("`{name}` is no JSON object: {error}"))),
        };
        Ok(Self {
            query: url.query.ok_or_else(|| Failure::malformed("The parameter `query` is missing"))?,
            operation_name: url.operation_name.filter(|name| !name.is_empty()),
            variables: object("variables", url.variables)?,
            _extensions: object("extensions", url.extensions)?,
        })
    }
}

impl Endpoint {
    async fn answer(
        &self,
        ctx: Ctx,
        own: Option<Extension<CurrentCustomer>>,
        headers: &HeaderMap,
        parameters: Parameters,
    ) -> Result<Response, Failure> {
        let media_type = MediaType::accepted(headers)?;
        let mut response = self.execute(ctx, own, parameters).await;
        error::complete(&mut response);
        let refused = error::nothing_ran(&response);
        let mut response = if refused {
            // What was not run has no `data`, not even null (specification 7.1).
            Json(serde_json::json!({"errors": response.errors})).into_response()
        } else {
            GraphQLResponse::from(response).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.name()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if refused && media_type == MediaType::GraphqlResponse {
            *response.status_mut() = StatusCode::BAD_REQUEST;
        }
        Ok(response)
    }

    async fn execute(
        &self,
        ctx: Ctx,
        own: Option<Extension<CurrentCustomer>>,
        parameters: Parameters,
    ) -> GraphqlResponse {
        let Parameters { query, operation_name, variables, _extensions } = parameters;
        let document = match async_graphql::parser::parse_query(&query) {
            Ok(document) => document,
            Err(error) => return error::refused(error.into(), "GRAPHQL_PARSE_FAILED"),
        };
        if let Err(error) = limits::check(&document, &self.app.config.graphql) {
            return error::refused(error, "QUERY_TOO_LARGE");
        }
        let variables = Variables::from_json(Value::Object(variables.unwrap_or_default()));
        let mut request = Request::new(query).variables(variables);
        request.operation_name = operation_name;
        request.set_parsed_query(document);
        let request = request
            .data(loader::groups(&ctx))
            .data(loader::addresses(&ctx))
            .data(loader::sessions(&ctx))
            .data(Definitions::default())
            .data(own.map(|Extension(own)| own).unwrap_or_default())
            .data(ctx);
        self.schema.execute(request).await
    }
}

/// The media types of an answer (GraphQL over HTTP, 4.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum MediaType {
    /// Tells by its status whether the request was run.
    GraphqlResponse,
    /// For older clients: 200 for every well-formed request.
    Json,
}

impl MediaType {
    fn accepted(headers: &HeaderMap) -> Result<Self, Failure> {
        let mut accepted =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if accepted.peek().is_none() {
            return Ok(Self::Json);
        }
        let ranges: Vec<String> = accepted
            .flat_map(|value| value.split(','))
            .filter(|range| !refuses(range))
            .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            .collect();
        let accepts = |names: &[&str]| ranges.iter().any(|range| names.contains(&range.as_str()));
        if accepts(&["application/graphql-response+json"]) {
            Ok(Self::GraphqlResponse)
        } else if accepts(&["application/json", "application/*", "*/*"]) {
            Ok(Self::Json)
        } else {
            Err(Failure::new(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "The answer can be application/graphql-response+json or application/json",
            ))
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// Whether a range of `Accept` says "not this" (RFC 9110 12.4.2).
fn refuses(range: &str) -> bool {
    let weight = range.split(';').skip(1).find_map(|parameter| parameter.trim().strip_prefix("q="));
    weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0))
}
