//! Databases on the throwaway PostgreSQL that `tests/run` starts.

use super::database::execute;

/// A database for one test; it is dropped with this value.
pub(crate) struct Postgres {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl Postgres {
    /// `label` distinguishes it from the databases of other tests.
    pub(crate) fn create(label: &str) -> Self {
        Self::create_with(label, "")
    }

    /// Like `create`, with options of `CREATE DATABASE`.
    pub(crate) fn create_with(label: &str, options: &str) -> Self {
        let name = format!("patron_{label}_{}", std::process::id());
        Self::execute(&format!("CREATE DATABASE {name} {options}"));
        Self { url: Self::url(&name), name }
    }

    /// The URL of a database on this server.
    pub(crate) fn url(database: &str) -> String {
        let server = std::env::var("PATRON_TEST_POSTGRES_URL").expect("run the tests with `tests/run`");
        let (address, options) = server.split_once('?').unwrap_or((&server, ""));
        let (address, _) = address.rsplit_once('/').expect("the URL names a database");
        format!("{address}/{database}?{options}")
    }

    /// Executes a statement in the database `postgres`, as the superuser.
    pub(crate) fn execute(sql: &str) {
        Self::execute_in("postgres", sql);
    }

    /// Executes a statement in the given database, as the superuser.
    pub(crate) fn execute_in(database: &str, sql: &str) {
        execute(&Self::url(database), sql);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        Self::execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
