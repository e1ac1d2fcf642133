//! A separate database on the PostgreSQL server that `tests/postgres` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait};

use crate::world::runtime;

/// The variable with the URL of the server's superuser.
const VARIABLE: &str = "PATRON_TEST_POSTGRES_URL";

/// A database that starts empty.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
            panic!("{VARIABLE} is not set: run the tests with `tests/run`, which starts a PostgreSQL server")
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let database = Self { server, name: format!("patron_fuzz_{}_{number}", std::process::id()) };
        database.execute("CREATE DATABASE", "");
        database
    }

    pub(crate) fn url(&self) -> String {
        let (address, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (address, _) = address.rsplit_once('/').expect("the URL names a database");
        format!("{address}/{}?{options}", self.name)
    }

    /// Drops the database.
    pub(crate) fn remove(self) {
        self.execute("DROP DATABASE", "WITH (FORCE)");
    }

    fn execute(&self, verb: &str, options: &str) {
        runtime().block_on(async {
            let mut connect_options = ConnectOptions::new(self.server.clone());
            connect_options.max_connections(1).sqlx_logging(false);
            let server = sea_orm::Database::connect(connect_options)
                .await
                .expect("the test server accepts the connection");
            let sql = format!("{verb} {} {options}", self.name);
            server.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            server.close().await.expect("the connection closes");
        });
    }
}
