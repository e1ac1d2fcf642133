//! GraphQL over HTTP: from a request to its answer.

use std::sync::Arc;

use async_graphql::{Request, Response as GraphqlResponse};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Schemas;
use super::answer::{self, AnswerBody, Execution, Written};
use super::document::Refused;
use super::metrics;
use super::parse::ParsedOperation;
use super::persisted::DocumentCache;
use super::public::{CacheKey, PublicAnswer, PublicAnswers};
use super::request::{Parameters, Requested, UrlParameters};
use crate::api::graphql::budget::{Budget, Making};
use crate::api::graphql::schema::Schema;
use crate::api::graphql::schema::metafield::Definitions;
use crate::app::App;
use crate::app::ctx::Ctx;
use crate::clock::Timer;
use crate::http::{AdminCtx, CurrentCustomer, Failure, FailureCode, MediaType};
use crate::telemetry;
use crate::telemetry::metrics::OperationOutcome;

/// What both endpoints share.
#[derive(Clone)]
struct Endpoint {
    app: Arc<App>,
    schemas: Schemas,
    known: Arc<DocumentCache>,
    public: Arc<PublicAnswers>,
    making: Making,
}

impl FromRef<Endpoint> for Arc<App> {
    fn from_ref(endpoint: &Endpoint) -> Self {
        Arc::clone(&endpoint.app)
    }
}

/// `/api/graphql` for anyone, `/api/admin/graphql` for admins; the same schema.
pub(super) fn routes(app: &Arc<App>, schemas: Schemas) -> Router {
    let (known, public, making) = Default::default();
    metrics::expect(&app.metrics.graphql);
    Router::new()
        .route("/api/graphql", get(query_by_url).post(query_by_body))
        .route("/api/admin/graphql", get(query_by_url_as_admin).post(query_by_body_as_admin))
        .with_state(Endpoint { app: Arc::clone(app), schemas, known, public, making })
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
        Err(Refused { is_change: true, .. }) => {
            let failure = Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                FailureCode::MethodNotAllowed,
                "A URL can hold a query only",
            );
            ([(header::ALLOW, "GET, HEAD, POST")], failure).into_response()
        }
        operation => endpoint.answer((ctx, own), operation, budget, true, media_type, &headers).await,
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
    let requested = Requested::read(&headers, body).await?;
    let media_type = media_type(&headers)?;
    let budget = endpoint.budget();
    Ok(match requested {
        Requested::Batch(operations) => {
            endpoint.check_batch(operations.len())?;
            let body = endpoint.batch_body((ctx, own), operations, &budget).await;
            answer::batch(body, media_type, &headers)
        }
        Requested::One(parameters) => {
            let operation = endpoint.prepare(parameters, &budget);
            endpoint.answer((ctx, own), operation, budget, false, media_type, &headers).await
        }
    })
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
            FailureCode::NotAcceptable,
            "The answer can be application/graphql-response+json or application/json",
        )
    })
}

impl Endpoint {
    fn budget(&self) -> Arc<Budget> {
        Arc::new(Budget::new(&self.app.config.graphql, &self.making))
    }

    fn prepare(&self, parameters: Parameters, budget: &Budget) -> Result<ParsedOperation, Refused> {
        let operation = ParsedOperation::new(parameters, &self.known, &self.app.config.graphql, budget);
        operation.inspect_err(|refused| {
            telemetry::graphql(refused.field);
            self.app.metrics.graphql.count(refused.field, OperationOutcome::Refused, None);
        })
    }

    /// Whether a batch of so many operations is accepted.
    fn check_batch(&self, operations: usize) -> Result<(), Failure> {
        let most = self.app.config.graphql.batch;
        if most == 0 {
            return Err(Failure::malformed("The body must be a JSON object; batches are not accepted here"));
        }
        if operations == 0 {
            return Err(Failure::malformed("The batch is empty"));
        }
        if operations > most {
            let message = format!("The batch has {operations} operations; at most {most} are allowed");
            return Err(Failure::new(StatusCode::BAD_REQUEST, FailureCode::BatchTooLarge, message));
        }
        Ok(())
    }

    /// The answer to one operation. What is the same for everybody is made once.
    async fn answer(
        &self,
        caller: (Ctx, CurrentCustomer),
        operation: Result<ParsedOperation, Refused>,
        budget: Arc<Budget>,
        by_url: bool,
        media_type: MediaType,
        headers: &HeaderMap,
    ) -> Response {
        let mut operation = operation;
        let public = operation.as_mut().ok().and_then(|operation| operation.public.take());
        if let (Ok(operation), Some(key)) = (&operation, &public)
            && let Some(answer) = self.kept(operation, key)
        {
            return answer::public(answer, by_url, media_type, headers);
        }
        let mut body = AnswerBody::new(&budget);
        let outcome = match operation {
            Ok(operation) => self.run(&self.schemas.plain, caller, operation, Arc::clone(&budget)).await,
            Err(refused) => refused.into(),
        };
        let written = body.write_outcome(outcome);
        let body = body.into_bytes();
        match public {
            Some(key) if written == Written::Data => {
                let answer = PublicAnswer::new(body);
                self.public.keep(key, answer.clone());
                answer::public(answer, by_url, media_type, headers)
            }
            Some(_) | None => answer::one(body, written, media_type, headers),
        }
    }

    /// A public answer that was made before.
    fn kept(&self, operation: &ParsedOperation, key: &CacheKey) -> Option<PublicAnswer> {
        let watch = Timer::start();
        let answer = self.public.find(key)?;
        telemetry::graphql(operation.field);
        self.app.metrics.graphql.count(operation.field, OperationOutcome::Ok, Some(watch.elapsed()));
        Some(answer)
    }

    /// The answers to the operations of a batch: one after the other, so that it holds no more connections than a single
    /// operation, and each written before the next is made.
    async fn batch_body(
        &self,
        (ctx, own): (Ctx, CurrentCustomer),
        operations: Vec<Parameters>,
        budget: &Arc<Budget>,
    ) -> Vec<u8> {
        let mut body = AnswerBody::new(budget);
        let mut separator = b'[';
        for parameters in operations {
            body.write_separator(separator);
            separator = b',';
            let outcome = match self.prepare(parameters, budget) {
                Ok(_) if budget.is_exceeded() => Execution::too_large(budget),
                Ok(operation) => {
                    let caller = (ctx.clone(), own.clone());
                    self.run(&self.schemas.bounded, caller, operation, Arc::clone(budget)).await
                }
                Err(refused) => refused.into(),
            };
            body.write_outcome(outcome);
        }
        body.write_separator(b']');
        body.into_bytes()
    }

    async fn run(
        &self,
        schema: &Schema,
        (ctx, own): (Ctx, CurrentCustomer),
        operation: ParsedOperation,
        budget: Arc<Budget>,
    ) -> Execution {
        let schema = if operation.introspects { &self.schemas.bounded } else { schema };
        telemetry::graphql(operation.field);
        let watch = Timer::start();
        let outcome = match operation.bind() {
            Ok(document) => {
                let made = Arc::clone(&budget);
                let mut request = Request::new(String::new());
                request.set_parsed_query(document);
                let request = request.data(Definitions::default()).data(own).data(budget).data(ctx);
                let response = schema.execute(request).await;
                if made.is_exceeded() { Execution::too_large(&made) } else { response.into() }
            }
            Err(error) => Execution::Ran(GraphqlResponse::from_errors(vec![error])),
        };
        self.app.metrics.graphql.count(
            operation.field,
            metrics::outcome(outcome.errors()),
            Some(watch.elapsed()),
        );
        outcome
    }
}
