//! The SQL statements that a request costs, read off the events that sqlx emits within the request's span. Nothing in
//! the program counts them: only a test that asks listens.

use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError};

use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use super::{Actor, Answer, TestApp};

/// By the id of their request; of requests that nobody asked about as well.
static STATEMENTS: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

/// Sends a query and gives its answer with the statements that it cost.
pub(crate) async fn statements_of(
    actor: &impl Actor,
    query: &str,
    variables: Value,
) -> (Answer, Vec<String>) {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let targets =
            Targets::new().with_target("sqlx::query", Level::TRACE).with_target("patron", Level::INFO);
        Registry::default().with(Listener.with_filter(targets)).init();
    });
    let id = actor.app().app.random.uuid().simple().to_string();
    let request = actor.request(reqwest::Method::POST, "/api/graphql").header("x-request-id", &id);
    let answer = actor.send(request.json(&json!({"query": query, "variables": variables}))).await;
    let statements =
        STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().remove(&id);
    (answer, statements.unwrap_or_default())
}

/// How the database runs a statement, whatever its parameters: its planner chooses freely.
pub(crate) async fn plan(app: &TestApp, statement: &str) -> String {
    explain(app, statement, &["plan_cache_mode = force_generic_plan"]).await
}

/// The same where there are so few rows that PostgreSQL would rather read them all. It shows that an index can be used,
/// not that it is chosen.
pub(crate) async fn plan_without_scans(app: &TestApp, statement: &str) -> String {
    explain(app, statement, &["plan_cache_mode = force_generic_plan", "enable_seqscan = off"]).await
}

async fn explain(app: &TestApp, statement: &str, settings: &[&str]) -> String {
    let backend = app.app.db.backend();
    let db = app.app.db.migration_connection().begin().await.unwrap();
    let explain = match backend {
        DbBackend::Sqlite => format!("EXPLAIN QUERY PLAN {statement}"),
        _ => {
            for setting in settings {
                db.execute_unprepared(&format!("SET LOCAL {setting}")).await.unwrap();
            }
            db.execute_unprepared(&format!("PREPARE asked AS {statement}")).await.unwrap();
            let nulls = vec!["NULL"; statement.matches('$').count()];
            format!("EXPLAIN EXECUTE asked({})", nulls.join(", "))
        }
    };
    let column = if backend == DbBackend::Sqlite { "detail" } else { "QUERY PLAN" };
    let rows = db.query_all_raw(Statement::from_string(backend, explain)).await.unwrap();
    if backend == DbBackend::Postgres {
        db.execute_unprepared("DEALLOCATE asked").await.unwrap();
    }
    rows.iter().map(|row| row.try_get::<String>("", column).unwrap() + "\n").collect()
}

struct Listener;

/// The id of the request, in its span.
struct RequestId(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = Found { name: "request_id", text: None };
        attributes.record(&mut found);
        if let (Some(text), Some(span)) = (found.text, context.span(id)) {
            span.extensions_mut().insert(RequestId(text));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut found = Found { name: "db.statement", text: None };
        event.record(&mut found);
        let mut summary = Found { name: "summary", text: None };
        event.record(&mut summary);
        let statement = found.text.filter(|text| !text.is_empty()).or(summary.text).unwrap_or_default();
        let request = context
            .event_scope(event)
            .into_iter()
            .flatten()
            .find_map(|span| span.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()));
        // Setting up a connection is no part of the request that it is opened for.
        let counts = !statement.trim_start().starts_with("PRAGMA");
        if let Some(request) = request.filter(|_| counts) {
            let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
            statements.get_or_insert_default().entry(request).or_default().push(statement);
        }
    }
}

/// One field of a span or event, as text.
struct Found {
    name: &'static str,
    text: Option<String>,
}

impl Visit for Found {
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
