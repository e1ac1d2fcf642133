//! Databases on the temporary PostgreSQL that `tests/run` starts.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

const VARIABLE: &str = "PATRON_TEST_POSTGRES_URL";

/// The URL of a database on the test server.
pub(crate) fn url(database: &str) -> String {
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set: run the tests with `tests/run`, which starts a PostgreSQL for them")
    });
    let (address, options) = server.split_once('?').unwrap_or((&server, ""));
    let (address, _) = address.rsplit_once('/').expect("the URL names a database");
    format!("{address}/{database}?{options}")
}

/// The pool_mode and the port of the pooler that `tests/pgbouncer` starts.
pub(crate) fn pooler() -> Option<(String, String)> {
    let variable = |name: &str| std::env::var(name).ok();
    Some((variable("PATRON_TEST_POOLER")?, variable("PATRON_TEST_POOLER_PORT")?))
}

/// The URL of a database for the program: through the pooler if there is one.
pub(crate) fn program_url(database: &str) -> String {
    let url = url(database);
    let Some((_, port)) = pooler() else { return url };
    let mut url = url::Url::parse(&url).expect("a URL");
    url.set_port(port.parse().ok()).expect("a port");
    url.into()
}

/// Runs a statement as superuser.
pub(crate) async fn execute(sql: &str) {
    let server = connect("postgres").await;
    server.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    server.close().await.expect("the connection closes");
}

pub(crate) async fn connect(database: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url(database));
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the test server responds")
}
