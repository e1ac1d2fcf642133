//! Readiness: what it looks at, and how it says what is wrong.

use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use secrecy::ExposeSecret;

use crate::support::{Actor, Answer, Backend, CUSTOMER_PASSWORD, TestApp, apply, execute, on_both_databases};

/// The checks by name, as `name: status`.
fn states(checks: &Value) -> Vec<String> {
    let checks = checks.as_array().expect("there are checks");
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    checks.iter().map(|check| format!("{}: {}", text(&check["name"]), text(&check["status"]))).collect()
}

/// The failure is like all others, and has the checks besides.
#[track_caller]
fn assert_unready(answer: &Answer, failed: &str, message: &str, expected: [&str; 3]) {
    answer.assert_failure(503, "unavailable");
    assert_eq!(answer.details(), [(failed, message)]);
    assert_eq!((answer.header("retry-after"), answer.header("cache-control")), (Some("1"), Some("no-store")));
    assert_eq!(states(&answer.body["error"]["checks"]), expected, "{answer:?}");
    let checks = answer.body["error"]["checks"].as_array().unwrap();
    let own = checks.iter().find(|check| check["name"] == failed).unwrap();
    assert_eq!(own["message"], message);
}

/// Lets the database take writes, or none, as an administrator or a full disk would.
async fn set_writable(app: &TestApp, writable: bool) {
    let read_only = if writable { "off" } else { "on" };
    match &app.database {
        Some(database) => {
            execute(&format!("ALTER DATABASE {database} SET default_transaction_read_only = {read_only}"))
                .await;
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
            execute(&format!("{end} = '{database}'")).await;
            // Each connection finds out by itself that it was ended.
            for _ in 0..8 {
                let _ended = app.app.db.reader().execute_unprepared("SELECT 1").await;
            }
        }
        None => {
            let pragma = format!("PRAGMA query_only = {read_only}");
            app.app.db.migration_connection().execute_unprepared(&pragma).await.unwrap();
        }
    }
}

#[apply(on_both_databases!)]
async fn all_is_well(app: &TestApp) {
    let answer = app.anonymous().get("/health/ready").await;
    assert_eq!((answer.status, answer.data()["status"].as_str()), (200, Some("ok")));
    assert_eq!(states(&answer.data()["checks"]), ["database: ok", "migrations: ok", "writes: ok"]);
}

#[apply(on_both_databases!)]
async fn migrations_are_pending(app: &TestApp) {
    Migrator::down(app.app.db.migration_connection(), Some(1)).await.unwrap();
    let message = "1 migrations are pending: run `patron migrate up`";
    let expected = ["database: ok", "migrations: failed", "writes: unknown"];
    assert_unready(&app.anonymous().get("/health/ready").await, "migrations", message, expected);
    Migrator::up(app.app.db.migration_connection(), None).await.unwrap();
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
}

/// Found out by whoever is refused, then tried until it goes again: reads are served meanwhile.
#[apply(on_both_databases!)]
async fn the_database_takes_no_writes(app: &TestApp) {
    app.register("a@x.io").await;
    set_writable(app, false).await;
    let body = json!({"full_name": "B", "email": "b@x.io", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customers", &body).await.assert_failure(503, "unavailable");
    let message = "The database takes no writes: it is read-only, or its disk is full";
    let expected = ["database: ok", "migrations: ok", "writes: failed"];
    for _ in 0..2 {
        assert_unready(&app.anonymous().get("/health/ready").await, "writes", message, expected);
    }
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 1);
    set_writable(app, true).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    assert_eq!(app.anonymous().post("/api/customers", &body).await.status, 201);
}

/// A process goes on with a file that it has open, wherever that is moved to: what is written then would be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_file_is_moved_replaced_or_deleted() {
    let app = TestApp::start(Backend::Sqlite).await;
    let url = app.app.config.database.url.expose_secret().to_owned();
    let path = std::path::PathBuf::from(url.strip_prefix("sqlite://").unwrap());
    let away = path.with_extension("away");
    let mut number = 0;
    let mut register = async || {
        number += 1;
        let body =
            json!({"full_name": "A", "email": format!("{number}@x.io"), "password": CUSTOMER_PASSWORD});
        app.anonymous().post("/api/customers", &body).await
    };
    let message =
        "the database file was moved, deleted or replaced while patron runs: put it back, or restart patron";
    let expected = ["database: failed", "migrations: unknown", "writes: unknown"];
    assert_eq!(register().await.status, 201);
    std::fs::rename(&path, &away).unwrap();
    assert_unready(&app.anonymous().get("/health/ready").await, "database", message, expected);
    register().await.assert_failure(503, "unavailable");
    // Another file of that name is not the one.
    std::fs::copy(&away, &path).unwrap();
    assert_unready(&app.anonymous().get("/health/ready").await, "database", message, expected);
    register().await.assert_failure(503, "unavailable");
    assert_eq!(app.anonymous().get("/health/live").await.status, 200);
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    assert_eq!(register().await.status, 201);
    assert_eq!(app.customers().await.len(), 2);
    app.stop().await;
}

/// What was right at the start may be changed for the connections that are opened later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_of_postgres_is_changed_later() {
    let app = TestApp::start(Backend::Postgres).await;
    let database = app.database.clone().unwrap();
    execute(&format!("ALTER DATABASE {database} SET default_transaction_isolation = serializable")).await;
    execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"))
        .await;
    for _ in 0..8 {
        let _ended = app.app.db.reader().execute_unprepared("SELECT 1").await;
    }
    let ready = app.anonymous().get("/health/ready").await;
    let message = "default_transaction_isolation is serializable, and patron needs read committed: \
        ALTER DATABASE or ALTER ROLE … RESET default_transaction_isolation";
    let expected = ["database: failed", "migrations: unknown", "writes: unknown"];
    assert_unready(&ready, "database", message, expected);
    app.stop().await;
}
