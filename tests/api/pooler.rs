//! Connection poolers between patron and PostgreSQL. `.ci/run pooler` runs the tests of this folder through PgBouncer.

use std::net::Ipv4Addr;

use patron::config::Flags;
use patron::error::Error;
use sea_orm::{ConnectionTrait, Statement};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Actor, Backend, TestApp};

async fn value(db: &impl ConnectionTrait, select: &str) -> String {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), select)).await;
    row.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Behind a pooler of transactions, nothing may be left on a connection of the server: the next transaction of another
/// client may get it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_on_a_connection_behind_a_pooler_of_transactions() {
    let pooled = |flags: Flags| {
        let flags =
            flags.with("PATRON_DATABASE_POOLER", "transaction").with("PATRON_DATABASE_CONNECTIONS", "1");
        flags.with("PATRON_DATABASE_STATEMENT_TIMEOUT", "7")
    };
    let app = TestApp::start_with(Backend::Postgres, pooled).await;
    app.customer("a@x.io").await;
    let read = app.admin().query("{ customers { total } }").await;
    assert_eq!(read.data()["customers"]["total"], 1);
    let db = app.app.db.writer();
    assert_eq!(value(db, "SELECT COUNT(*)::text FROM pg_prepared_statements").await, "0");
    assert_eq!(value(db, "SELECT current_setting('statement_timeout')").await, "7s");
    let transaction = app.app.db.begin().await.unwrap();
    assert_eq!(value(&transaction, "SELECT current_setting('statement_timeout')").await, "7s");
    assert_eq!(value(&transaction, "SELECT current_setting('jit')").await, "off");
    transaction.rollback().await.unwrap();
    app.stop().await;
}

/// Otherwise each later use of such a statement would fail, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_lost_its_statements_is_left() {
    let single =
        |flags: Flags| flags.with("PATRON_DATABASE_POOLER", "none").with("PATRON_DATABASE_CONNECTIONS", "1");
    let app = TestApp::start_with(Backend::Postgres, single).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    app.app.db.writer().execute_unprepared("DEALLOCATE ALL").await.unwrap();
    let ready = app.anonymous().get("/health/ready").await;
    ready.assert_failure(503, "unavailable");
    assert!(ready.message().contains("PATRON_DATABASE_POOLER=transaction"), "{ready:?}");
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    app.stop().await;
}

/// Migrations give names to their statements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_is_not_changed_through_a_pooler_of_transactions() {
    let pooled = |flags: Flags| flags.with("PATRON_DATABASE_POOLER", "transaction");
    let app = TestApp::start_with(Backend::Postgres, pooled).await;
    let (db, config) = (&app.app.db, &app.app.config.database);
    db.migrate(config).await.expect("nothing is to be done");
    let forget = "DELETE FROM seaql_migrations WHERE version = (SELECT MAX(version) FROM seaql_migrations)";
    db.writer().execute_unprepared(forget).await.unwrap();
    let refused = db.migrate(config).await;
    let is_named = |text: &str| text.contains("PATRON_DATABASE_POOLER to none");
    assert!(matches!(&refused, Err(Error::DatabaseUnusable(text)) if is_named(text)), "{refused:?}");
    app.stop().await;
}

/// A server that answers every start of a connection as PgBouncer answers parameters that it does not know.
async fn refuse_start_parameters(listener: TcpListener) {
    const FIELDS: &[u8] = b"SFATAL\0C08P01\0Munsupported startup parameter: extra_float_digits\0\0";
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut start = [0; 1024];
        // The client sends its parameters first.
        let _length = client.read(&mut start).await;
        let length = u32::try_from(FIELDS.len() + 4).unwrap();
        let message = [b"E".as_slice(), length.to_be_bytes().as_slice(), FIELDS].concat();
        let _sent = client.write_all(&message).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_refuses_start_parameters_is_named() {
    let app = TestApp::start(Backend::Postgres).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let pooler = tokio::spawn(refuse_start_parameters(listener));
    let url = format!("postgres://patron:secret@127.0.0.1:{port}/patron?sslmode=disable");
    let server = app
        .second_instance_with(|flags| {
            flags
                .with("DATABASE_URL", &url)
                .with("PATRON_DATABASE_POOLER", "none")
                .with("PATRON_DATABASE_WAIT", "2")
        })
        .await;
    let ready = server.anonymous().get("/health/ready").await;
    ready.assert_failure(503, "unavailable");
    let message = "a connection pooler refuses patron's start parameters: set PATRON_DATABASE_POOLER to its pool_mode, session \
        or transaction, and leave `options` out of DATABASE_URL";
    assert_eq!(ready.message(), message);
    // Its account is looked up together with those of other requests.
    let request = server.anonymous().request(reqwest::Method::GET, "/api/customers/export");
    let response = server.anonymous().send(request.bearer_auth(app.admin().token().unwrap())).await;
    response.assert_failure(503, "unavailable");
    server.stop().await;
    pooler.abort();
    app.stop().await;
}
