//! A database of one's own on the PostgreSQL that `tests/postgres` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait};

use crate::world::runtime;

/// Where the server is, as its superuser.
const VARIABLE: &str = "PATRON_TEST_POSTGRES_URL";

/// An empty database.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes one.
    pub(crate) fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
            panic!(
                "{VARIABLE} is not set: run the tests with `tests/run`, which starts a PostgreSQL for them"
            )
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let database = Self { server, name: format!("patron_fuzz_{}_{number}", std::process::id()) };
        database.execute("CREATE DATABASE", "");
        database
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        let (address, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (address, _) = address.rsplit_once('/').expect("the URL names a database");
        format!("{address}/{}?{options}", self.name)
    }

    /// Takes it away again.
    pub(crate) fn remove(self) {
        self.execute("DROP DATABASE", "WITH (FORCE)");
    }

    fn execute(&self, verb: &str, how: &str) {
        runtime().block_on(async {
            let mut options = ConnectOptions::new(self.server.clone());
            options.max_connections(1).sqlx_logging(false);
            let server = sea_orm::Database::connect(options).await.expect("the test server answers");
            let sql = format!("{verb} {} {how}", self.name);
            server.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            server.close().await.expect("the connection closes");
        });
    }
}
