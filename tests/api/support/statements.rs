//! The SQL statements of a request, read from the events that sqlx emits within the request's span. The program does
//! not count them; the subscriber is installed by the first test that needs it.

use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use super::{Actor, TestApp, TestResponse, postgres};

/// The beginnings of statements that set up a connection. The last one is that of a pooler of sessions.
const SETUP: [&str; 4] = ["PRAGMA", "BEGIN", "SELECT pg_postmaster_start_time", "SET statement_timeout"];

/// The statements by request id. Requests of other tests are recorded too.
static STATEMENTS: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

/// Sends a query and returns the response and its SQL statements.
pub(crate) async fn statements_of(
    actor: &impl Actor,
    query: &str,
    variables: Value,
) -> (TestResponse, Vec<String>) {
    let body = json!({"query": query, "variables": variables});
    statements_of_request(actor, actor.request(reqwest::Method::POST, "/api/graphql").json(&body)).await
}

/// Sends a request and returns the response and its SQL statements.
pub(crate) async fn statements_of_request(
    actor: &impl Actor,
    request: reqwest::RequestBuilder,
) -> (TestResponse, Vec<String>) {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let targets =
            Targets::new().with_target("sqlx::query", Level::TRACE).with_target("patron", Level::INFO);
        Registry::default().with(Listener.with_filter(targets)).init();
    });
    let id = actor.app().app.random.uuid().simple().to_string();
    let response = actor.send(request.header("x-request-id", &id)).await;
    let statements =
        STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().remove(&id);
    (response, statements.unwrap_or_default())
}

/// The query plan of a statement, independent of its parameters.
pub(crate) async fn plan(app: &TestApp, statement: &str) -> String {
    explain(app, statement, &["plan_cache_mode = force_generic_plan"]).await
}

/// The query plan without sequential scans, for tables so small that PostgreSQL would scan them. It shows that an index
/// can be used, not that it is chosen.
pub(crate) async fn plan_without_scans(app: &TestApp, statement: &str) -> String {
    explain(app, statement, &["plan_cache_mode = force_generic_plan", "enable_seqscan = off"]).await
}

async fn explain(app: &TestApp, statement: &str, settings: &[&str]) -> String {
    let backend = app.app.db.backend();
    let db = app.app.db.writer().begin().await.unwrap();
    let explain = match backend {
        DbBackend::Sqlite => format!("EXPLAIN QUERY PLAN {statement}"),
        _ => {
            for setting in settings {
                db.execute_unprepared(&format!("SET LOCAL {setting}")).await.unwrap();
            }
            db.execute_unprepared(&format!("PREPARE explained AS {statement}")).await.unwrap();
            let nulls = vec!["NULL"; statement.matches('$').count()];
            format!("EXPLAIN EXECUTE explained({})", nulls.join(", "))
        }
    };
    let column = if backend == DbBackend::Sqlite { "detail" } else { "QUERY PLAN" };
    let rows = db.query_all_raw(Statement::from_string(backend, explain)).await.unwrap();
    if backend == DbBackend::Postgres {
        db.execute_unprepared("DEALLOCATE explained").await.unwrap();
    }
    rows.iter().map(|row| row.try_get::<String>("", column).unwrap() + "\n").collect()
}

struct Listener;

/// The id of the request, stored in its span.
struct RequestId(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut request_id = FieldValue { name: "request_id", text: None };
        attributes.record(&mut request_id);
        if let (Some(text), Some(span)) = (request_id.text, context.span(id)) {
            span.extensions_mut().insert(RequestId(text));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut statement = FieldValue { name: "db.statement", text: None };
        event.record(&mut statement);
        let mut summary = FieldValue { name: "summary", text: None };
        event.record(&mut summary);
        let statement = statement.text.filter(|text| !text.is_empty()).or(summary.text).unwrap_or_default();
        let request = context
            .event_scope(event)
            .into_iter()
            .flatten()
            .find_map(|span| span.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()));
        // The setup of a new connection is not part of the request.
        // Behind a pooler of transactions, every statement is one.
        let is_pooled = postgres::pooler().is_some_and(|(mode, _)| mode == "transaction");
        let is_setup = |start: &&str| statement.trim_start().starts_with(*start);
        let is_uncounted = SETUP.iter().any(is_setup) || (is_pooled && statement == "COMMIT");
        if let Some(request) = request.filter(|_| !is_uncounted) {
            let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
            statements.get_or_insert_default().entry(request).or_default().push(statement);
        }
    }
}

/// A field of a span or event, as text.
struct FieldValue {
    name: &'static str,
    text: Option<String>,
}

impl Visit for FieldValue {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.name {
            self.text = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == self.name {
            self.text = Some(format!("{value:?}"));
        }
    }
}
