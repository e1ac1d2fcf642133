//! The handlers of both endpoints: `/api/graphql` for anyone and `/api/admin/graphql` for admins.
//!
//! A request that is not well-formed GraphQL over HTTP gets a failure in the form of REST. Every other error is in the
//! `errors` of a GraphQL response.

use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{Request, Response as GraphqlResponse};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::document::RequestError;
use super::metrics;
use super::parse::ParsedOperation;
use super::persisted::DocumentCache;
use super::public::{CacheKey, PublicResponse, PublicResponseCache};
use super::request::{Operations, Parameters, UrlParameters};
use super::response::{self, BoundedBody, ExecutionResult, ResultKind};
use super::schemas::Schemas;
use crate::api::graphql::budget::{PendingBytes, RequestBudget};
use crate::api::graphql::caller::with_caller;
use crate::api::graphql::schema::Schema;
use crate::api::graphql::schema::metafield::Definitions;
use crate::app::App;
use crate::app::ctx::{Ctx, OwnAdminCtx};
use crate::clock::Timer;
use crate::http::{AnyCtx, CurrentCustomer, Failure, FailureCode, MediaType};
use crate::telemetry;
use crate::telemetry::metrics::OperationOutcome;

/// The state that both endpoints share. Every request clones it, so a clone counts one reference.
#[derive(Clone)]
struct GraphqlEndpoint(Arc<EndpointState>);

struct EndpointState {
    app: Arc<App>,
    schemas: Schemas,
    documents: DocumentCache,
    public_responses: PublicResponseCache,
    pending: PendingBytes,
}

impl Deref for GraphqlEndpoint {
    type Target = EndpointState;

    fn deref(&self) -> &EndpointState {
        &self.0
    }
}

impl FromRef<GraphqlEndpoint> for Arc<App> {
    fn from_ref(endpoint: &GraphqlEndpoint) -> Self {
        Arc::clone(&endpoint.app)
    }
}

/// The routes of both endpoints, which have the same schema.
pub(super) fn routes(app: &Arc<App>, schemas: Schemas) -> Router {
    let (documents, public_responses, pending) = Default::default();
    metrics::register(&app.metrics.graphql);
    Router::new()
        .route("/api/graphql", get(query_by_url).post(query_by_body))
        .route("/api/admin/graphql", get(query_by_url_as_admin).post(query_by_body_as_admin))
        .with_state(GraphqlEndpoint(Arc::new(EndpointState {
            app: Arc::clone(app),
            schemas,
            documents,
            public_responses,
            pending,
        })))
}

async fn query_by_url(
    State(endpoint): State<GraphqlEndpoint>,
    AnyCtx(ctx): AnyCtx,
    customer: CurrentCustomer,
    headers: HeaderMap,
    query: Result<Query<UrlParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(parameters) = query.map_err(|rejection| Failure::malformed(rejection.body_text()))?;
    let parameters = parameters.try_into()?;
    let media_type = media_type(&headers)?;
    let budget = endpoint.budget();
    Ok(match endpoint.prepare(parameters, &budget) {
        Err(RequestError { is_mutation: true, .. }) => {
            let failure = Failure::new(FailureCode::MethodNotAllowed, "A GET request can only run a query");
            ([(header::ALLOW, "GET, HEAD, POST")], failure).into_response()
        }
        operation => endpoint.respond((ctx, customer), operation, budget, true, media_type, &headers).await,
    })
}

async fn query_by_url_as_admin(
    state: State<GraphqlEndpoint>,
    ctx: OwnAdminCtx,
    headers: HeaderMap,
    query: Result<Query<UrlParameters>, QueryRejection>,
) -> Result<Response, Failure> {
    query_by_url(state, AnyCtx(ctx.into_inner()), CurrentCustomer::default(), headers, query).await
}

async fn query_by_body(
    State(endpoint): State<GraphqlEndpoint>,
    AnyCtx(ctx): AnyCtx,
    customer: CurrentCustomer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let operations = Operations::read(&headers, body).await?;
    let media_type = media_type(&headers)?;
    let budget = endpoint.budget();
    Ok(match operations {
        Operations::Batch(operations) => {
            endpoint.check_batch(operations.len())?;
            let body = Box::pin(endpoint.batch_body((ctx, customer), operations, &budget)).await;
            response::batch(body, media_type, &headers)
        }
        Operations::Single(parameters) => {
            let operation = endpoint.prepare(parameters, &budget);
            endpoint.respond((ctx, customer), operation, budget, false, media_type, &headers).await
        }
    })
}

async fn query_by_body_as_admin(
    state: State<GraphqlEndpoint>,
    ctx: OwnAdminCtx,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    query_by_body(state, AnyCtx(ctx.into_inner()), CurrentCustomer::default(), headers, body).await
}

/// The media type of the response.
///
/// # Errors
/// 406 when the client accepts none of the media types of GraphQL.
fn media_type(headers: &HeaderMap) -> Result<MediaType, Failure> {
    MediaType::accepted(headers).ok_or_else(|| {
        Failure::new(
            FailureCode::NotAcceptable,
            "The response can be application/graphql-response+json or application/json",
        )
    })
}

impl EndpointState {
    fn budget(&self) -> Arc<RequestBudget> {
        Arc::new(RequestBudget::new(&self.app.config.graphql, &self.pending))
    }

    fn prepare(
        &self,
        parameters: Parameters,
        budget: &RequestBudget,
    ) -> Result<ParsedOperation, RequestError> {
        let operation = ParsedOperation::new(parameters, &self.documents, &self.app.config.graphql, budget);
        operation.inspect_err(|error| {
            telemetry::graphql(error.root_field);
            self.app.metrics.graphql.count(error.root_field, OperationOutcome::Refused, None);
        })
    }

    /// Checks the number of operations of a batch.
    ///
    /// # Errors
    /// 400 when batches are disabled, or when the batch is empty or has too many operations.
    fn check_batch(&self, operations: usize) -> Result<(), Failure> {
        let max = self.app.config.graphql.batch;
        if max == 0 {
            return Err(Failure::malformed("The body must be a JSON object; batches are disabled"));
        }
        if operations == 0 {
            return Err(Failure::malformed("The batch is empty"));
        }
        if operations > max {
            let message = format!("The batch has {operations} operations; at most {max} are allowed");
            return Err(Failure::new(FailureCode::BatchTooLarge, message));
        }
        Ok(())
    }

    /// Responds to a single operation. A response that is the same for all callers comes from the cache, if possible.
    async fn respond(
        &self,
        caller: (Ctx, CurrentCustomer),
        operation: Result<ParsedOperation, RequestError>,
        budget: Arc<RequestBudget>,
        by_url: bool,
        media_type: MediaType,
        headers: &HeaderMap,
    ) -> Response {
        let mut operation = operation;
        let cache_key = operation.as_mut().ok().and_then(|operation| operation.cache_key.take());
        if let (Ok(operation), Some(key)) = (&operation, &cache_key)
            && let Some(response) = self.cached_response(operation, key)
        {
            return response::public(response, by_url, media_type, headers);
        }
        let mut body = BoundedBody::new(&budget);
        let result = match operation {
            Ok(operation) => self.run(&self.schemas.plain, caller, operation, Arc::clone(&budget)).await,
            Err(error) => error.into(),
        };
        let kind = body.write_result(result);
        let body = body.into_bytes();
        match cache_key {
            Some(key) if kind == ResultKind::Data => {
                let response = PublicResponse::new(body);
                self.public_responses.insert(key, response.clone());
                response::public(response, by_url, media_type, headers)
            }
            Some(_) | None => response::single(body, kind, media_type, headers),
        }
    }

    /// The cached response, if there is one. It counts as an operation in the metrics.
    fn cached_response(&self, operation: &ParsedOperation, key: &CacheKey) -> Option<PublicResponse> {
        let timer = Timer::start();
        let response = self.public_responses.get(key)?;
        telemetry::graphql(operation.root_field);
        self.app.metrics.graphql.count(operation.root_field, OperationOutcome::Ok, Some(timer.elapsed()));
        Some(response)
    }

    /// Runs the operations of a batch one after the other, so that it needs no more connections than a single
    /// operation. Each result is written before the next operation runs.
    async fn batch_body(
        &self,
        (ctx, customer): (Ctx, CurrentCustomer),
        operations: Vec<Parameters>,
        budget: &Arc<RequestBudget>,
    ) -> Vec<u8> {
        let mut body = BoundedBody::new(budget);
        let mut separator = b'[';
        for parameters in operations {
            body.write_separator(separator);
            separator = b',';
            let result = match self.prepare(parameters, budget) {
                Ok(_) if budget.is_exceeded() => ExecutionResult::too_large(budget),
                Ok(operation) => {
                    let caller = (ctx.clone(), customer.clone());
                    self.run(&self.schemas.bounded, caller, operation, Arc::clone(budget)).await
                }
                Err(error) => error.into(),
            };
            body.write_result(result);
        }
        body.write_separator(b']');
        body.into_bytes()
    }

    async fn run(
        &self,
        schema: &Schema,
        (ctx, customer): (Ctx, CurrentCustomer),
        operation: ParsedOperation,
        budget: Arc<RequestBudget>,
    ) -> ExecutionResult {
        let schema = if operation.introspects { &self.schemas.bounded } else { schema };
        telemetry::graphql(operation.root_field);
        let timer = Timer::start();
        let result = match operation.bind() {
            Ok(document) => {
                let request_budget = Arc::clone(&budget);
                let mut request = Request::new(String::new());
                request.set_parsed_query(document);
                let request = request.data(Definitions::default()).data(customer).data(budget);
                let request = with_caller(request, ctx);
                // On the heap: otherwise the futures around it are as large, and each is copied into the next one.
                let response = Box::pin(schema.execute(request)).await;
                if request_budget.is_exceeded() {
                    ExecutionResult::too_large(&request_budget)
                } else {
                    response.into()
                }
            }
            Err(error) => ExecutionResult::Executed(GraphqlResponse::from_errors(vec![error])),
        };
        self.app.metrics.graphql.count(
            operation.root_field,
            metrics::outcome(result.errors()),
            Some(timer.elapsed()),
        );
        result
    }
}
