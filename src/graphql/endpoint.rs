//! GraphQL over HTTP: from a request to its answer.

use std::sync::Arc;

use async_graphql::Request;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use super::Schema;
use super::answer::{self, Audience, Outcome};
use super::batch::Budget;
use super::metafield::Definitions;
use super::observed;
use super::persisted::KnownQueries;
use super::prepared::Prepared;
use super::request::{Parameters, UrlParameters};
use crate::app::App;
use crate::ctx::Ctx;
use crate::http::{AdminCtx, CurrentCustomer, Failure, MediaType, read_json};
use crate::metrics::Outcome::Refused;
use crate::system::Stopwatch;
use crate::telemetry;

/// What both endpoints share.
#[derive(Clone)]
struct Endpoint {
    app: Arc<App>,
    schema: Schema,
    /// The same, for operations that have to share a budget.
    batches: Schema,
    known: Arc<KnownQueries>,
}

impl FromRef<Endpoint> for Arc<App> {
    fn from_ref(endpoint: &Endpoint) -> Self {
        Arc::clone(&endpoint.app)
    }
}

/// `/api/graphql` for anyone, `/api/admin/graphql` for admins; the same schema.
pub(super) fn routes(app: &Arc<App>, schema: Schema, batches: Schema) -> Router {
    let known = Arc::default();
    observed::expect(&app.metrics.graphql);
    Router::new()
        .route("/api/graphql", get(query_by_url).post(query_by_body))
        .route("/api/admin/graphql", get(query_by_url_as_admin).post(query_by_body_as_admin))
        .with_state(Endpoint { app: Arc::clone(app), schema, batches, known })
}

async fn query_by_url(
    State(endpoint): State<Endpoint>,
    ctx: Ctx,
    own: CurrentCustomer,
    headers: HeaderMap,
    query: Result<Query<UrlParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = query.map_err(|rejection| Failure::malformed(rejection.body_text()))?;
    let parameters = parameters.try_into()?;
    let media_type = media_type(&headers)?;
    let budget = endpoint.budget();
    Ok(match endpoint.prepare(parameters, &budget) {
        Ok(prepared) if prepared.is_mutation() => {
            let failure = Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "A URL can hold a query only",
            );
            ([(header::ALLOW, "GET, HEAD, POST")], failure).into_response()
        }
        Ok(prepared) => {
            let audience = prepared.audience();
            let outcome = endpoint.run(&endpoint.schema, (ctx, own), prepared, budget).await;
            answer::one(&outcome, audience, media_type, &headers)
        }
        Err(error) => answer::one(&error.into(), Audience::TheCaller, media_type, &headers),
    })
}

async fn query_by_url_as_admin(
    state: State<Endpoint>,
    AdminCtx(ctx): AdminCtx,
    headers: HeaderMap,
    query: Result<Query<UrlParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    query_by_url(state, ctx, CurrentCustomer::default(), headers, query).await
}

async fn query_by_body(
    State(endpoint): State<Endpoint>,
    ctx: Ctx,
    own: CurrentCustomer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let body = read_json(&headers, body).await?;
    let media_type = media_type(&headers)?;
    let budget = endpoint.budget();
    if let Value::Array(operations) = body {
        let operations = endpoint.batch(operations)?;
        let mut outcomes = Vec::with_capacity(operations.len());
        // One after the other, so that a batch holds no more connections than a single operation.
        for parameters in operations {
            outcomes.push(match endpoint.prepare(parameters, &budget) {
                Ok(prepared) => {
                    let caller = (ctx.clone(), own.clone());
                    endpoint.run(&endpoint.batches, caller, prepared, Arc::clone(&budget)).await
                }
                Err(error) => error.into(),
            });
        }
        return Ok(answer::batch(&outcomes, media_type, &headers));
    }
    let outcome = match endpoint.prepare(Parameters::from_json(body)?, &budget) {
        Ok(prepared) => endpoint.run(&endpoint.schema, (ctx, own), prepared, budget).await,
        Err(error) => error.into(),
    };
    Ok(answer::one(&outcome, Audience::TheCaller, media_type, &headers))
}

async fn query_by_body_as_admin(
    state: State<Endpoint>,
    AdminCtx(ctx): AdminCtx,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    query_by_body(state, ctx, CurrentCustomer::default(), headers, body).await
}

/// That of the answer.
///
/// # Errors
/// 406.
fn media_type(headers: &HeaderMap) -> Result<MediaType, Failure> {
    MediaType::accepted(headers).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "The answer can be application/graphql-response+json or application/json",
        )
    })
}

impl Endpoint {
    fn budget(&self) -> Arc<Budget> {
        Arc::new(Budget::new(self.app.config.graphql.max_complexity))
    }

    fn prepare(
        &self,
        parameters: Parameters,
        budget: &Budget,
    ) -> Result<Prepared, async_graphql::ServerError> {
        let prepared = Prepared::new(parameters, &self.known, &self.app.config.graphql, budget);
        prepared.inspect_err(|_| self.app.metrics.graphql.count(observed::OTHER, Refused, None))
    }

    /// The operations of a batch. One that is no request makes all of it none.
    fn batch(&self, operations: Vec<Value>) -> Result<Vec<Parameters>, Failure> {
        let most = self.app.config.graphql.batch;
        if most == 0 {
            return Err(Failure::malformed("The body must be a JSON object; batches are not accepted here"));
        }
        if operations.is_empty() {
            return Err(Failure::malformed("The batch is empty"));
        }
        if operations.len() > most {
            let message =
                format!("The batch has {} operations; at most {most} are allowed", operations.len());
            return Err(Failure::new(StatusCode::BAD_REQUEST, "batch_too_large", message));
        }
        operations.into_iter().map(Parameters::from_json).collect()
    }

    async fn run(
        &self,
        schema: &Schema,
        (ctx, own): (Ctx, CurrentCustomer),
        prepared: Prepared,
        budget: Arc<Budget>,
    ) -> Outcome {
        let Prepared { document, operation_name, variables, keep } = prepared;
        let field = observed::root_field(&document, operation_name.as_deref());
        telemetry::graphql(field);
        let keep = keep.map(|keep| (keep, document.clone()));
        let mut request = Request::new(String::new()).variables(variables);
        request.operation_name = operation_name;
        request.set_parsed_query(document);
        let request = request.data(Definitions::default()).data(own).data(budget).data(ctx);
        let watch = Stopwatch::start();
        let outcome = schema.execute(request).await.into();
        self.app.metrics.graphql.count(field, observed::outcome(&outcome), Some(watch.elapsed()));
        if let (Outcome::Ran(_), Some((keep, document))) = (&outcome, keep) {
            keep.keep(&self.known, &document);
        }
        outcome
    }
}
