//! Readiness: the checks and the reports of failed checks.

use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use secrecy::ExposeSecret;

use crate::support::{
    Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply, execute, on_both_databases,
};

/// The checks by name, as `name: status`.
fn states(checks: &Value) -> Vec<String> {
    let checks = checks.as_array().expect("there are checks");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    checks.iter().map(|check| format!("{}: {}", text(&check["name"]), text(&check["status"]))).collect()
}

/// The failure has the usual envelope and, in addition, the checks.
#[track_caller]
fn assert_unready(response: &TestResponse, failed: &str, message: &str, expected: [&str; 3]) {
    response.assert_failure(503, "unavailable");
    assert_eq!(response.details(), [(failed, message)]);
    assert_eq!(
        (response.header("retry-after"), response.header("cache-control")),
        (Some("1"), Some("no-store"))
    );
    assert_eq!(states(&response.body["error"]["checks"]), expected, "{response:?}");
    let checks = response.body["error"]["checks"].as_array().unwrap();
    let own = checks.iter().find(|check| check["name"] == failed).unwrap();
    assert_eq!(own["message"], message);
}

/// Makes the database read-only or writable, as an operator or a full disk would.
async fn set_writable(app: &TestApp, writable: bool) {
    let read_only = if writable { "off" } else { "on" };
    match &app.database {
        Some(database) => {
            execute(&format!("ALTER DATABASE {database} SET default_transaction_read_only = {read_only}"))
                .await;
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
            execute(&format!("{end} = '{database}'")).await;
            // Each pooled connection notices only when it is used that it was terminated.
            for _ in 0..8 {
                let _ended = app.app.db.reader().execute_unprepared("SELECT 1").await;
            }
        }
        None => {
            let pragma = format!("PRAGMA query_only = {read_only}");
            app.app.db.writer().execute_unprepared(&pragma).await.unwrap();
        }
    }
}

#[apply(on_both_databases!)]
async fn a_healthy_server_is_ready(app: &TestApp) {
    let response = app.anonymous().get("/health/ready").await;
    assert_eq!((response.status, response.data()["status"].as_str()), (200, Some("ok")));
    assert_eq!(states(&response.data()["checks"]), ["database: ok", "migrations: ok", "writes: ok"]);
}

#[apply(on_both_databases!)]
async fn pending_migrations_are_reported(app: &TestApp) {
    Migrator::down(app.app.db.migration_connection(), Some(1)).await.unwrap();
    let message = "migrations are pending (1): run `patron migrate up`";
    let expected = ["database: ok", "migrations: failed", "writes: unknown"];
    assert_unready(&app.anonymous().get("/health/ready").await, "migrations", message, expected);
    Migrator::up(app.app.db.migration_connection(), None).await.unwrap();
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
}

/// A refused write marks the database as read-only. Readiness then tries a write each time, and reads are still served.
#[apply(on_both_databases!)]
async fn a_read_only_database_is_reported(app: &TestApp) {
    app.register("a@x.io").await;
    set_writable(app, false).await;
    let body = json!({"full_name": "B", "email": "b@x.io", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customers", &body).await.assert_failure(503, "unavailable");
    let message = "The database does not accept writes: it is read-only, or its disk is full";
    let expected = ["database: ok", "migrations: ok", "writes: failed"];
    for _ in 0..2 {
        assert_unready(&app.anonymous().get("/health/ready").await, "writes", message, expected);
    }
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 1);
    set_writable(app, true).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    assert_eq!(app.anonymous().post("/api/customers", &body).await.status, 201);
}

/// Readiness tests a write itself, before a request shows that writes are refused.
#[apply(on_both_databases!)]
async fn a_read_only_database_is_reported_before_a_write_is_refused(app: &TestApp) {
    set_writable(app, false).await;
    let message = "The database does not accept writes: it is read-only, or its disk is full";
    let expected = ["database: ok", "migrations: ok", "writes: failed"];
    assert_unready(&app.anonymous().get("/health/ready").await, "writes", message, expected);
    set_writable(app, true).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
}

/// A process can keep writing to a moved or deleted file that it has open, and those writes would be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_or_replaced_database_file_is_reported() {
    let app = TestApp::start(Backend::Sqlite).await;
    let url = app.app.config.database.url.expose_secret().to_owned();
    let path = std::path::PathBuf::from(url.strip_prefix("sqlite://").unwrap());
    let moved = path.with_extension("moved");
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
    std::fs::rename(&path, &moved).unwrap();
    assert_unready(&app.anonymous().get("/health/ready").await, "database", message, expected);
    register().await.assert_failure(503, "unavailable");
    // Another file with the same name is not accepted.
    std::fs::copy(&moved, &path).unwrap();
    assert_unready(&app.anonymous().get("/health/ready").await, "database", message, expected);
    register().await.assert_failure(503, "unavailable");
    assert_eq!(app.anonymous().get("/health/live").await.status, 200);
    std::fs::rename(&moved, &path).unwrap();
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    assert_eq!(register().await.status, 201);
    assert_eq!(app.customers().await.len(), 2);
    app.stop().await;
}

/// A setting that was correct at the start can be changed for connections that are opened later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_setting_of_postgres_is_reported() {
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
