//! Databases on the throwaway PostgreSQL that `tests/run` starts.

use super::database::execute;

/// A database of its own; dropped in the end.
pub(crate) struct Postgres {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl Postgres {
    /// `what` tells it from those of the other tests.
    pub(crate) fn create(what: &str) -> Self {
        Self::create_with(what, "")
    }

    /// With these options of `CREATE DATABASE`.
    pub(crate) fn create_with(what: &str, options: &str) -> Self {
        let name = format!("patron_{what}_{}", std::process::id());
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

    /// Runs a statement on the server, as its superuser.
    pub(crate) fn execute(sql: &str) {
        Self::execute_in("postgres", sql);
    }

    /// Runs a statement in this database, as its superuser.
    pub(crate) fn execute_in(database: &str, sql: &str) {
        execute(&Self::url(database), sql);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        Self::execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
