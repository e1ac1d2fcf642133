//! Settings of the database. A connection to PostgreSQL on another machine verifies the server's certificate, unless the
//! URL sets `sslmode`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::Values;
use super::postgres_url::{DatabaseHost, PostgresUrl};

/// The URL, timeouts and connections of the database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`, with its first host only; may contain a password.
    pub url: SecretString,
    /// The hosts of `DATABASE_URL` if it names several, in their order.
    pub hosts: Vec<DatabaseHost>,
    /// Whether `DATABASE_URL` sets `target_session_attrs=read-write`: a server that refuses writes is not used.
    pub requires_read_write: bool,
    /// `DATABASE_READ_URL`: the replicas; none if all reads use `DATABASE_URL`.
    pub replicas: Option<ReplicaHosts>,
    /// `PATRON_READ_AFTER_WRITE`: how far a replica may lag, and how long an admin who changed something does not read from it.
    pub read_after_write: Duration,
    /// Whether it is recorded when an admin changes something: if one of the two settings above is set on PostgreSQL.
    pub records_writes: bool,
    /// `PATRON_DATABASE_POOLER`: what is between patron and PostgreSQL, and its replicas.
    pub pooler: Pooler,
    /// The folder of the default database, which is created if it is missing; none if `DATABASE_URL` is set.
    pub folder: Option<PathBuf>,
    /// `PATRON_DATABASE_CONNECTIONS`: the maximum number of connections; on SQLite, of readers.
    pub max_connections: u32,
    /// `PATRON_DATABASE_WAIT`: how long a request waits for a connection, or for a server that does not respond.
    pub acquire_timeout: Duration,
    /// `PATRON_DATABASE_STATEMENT_TIMEOUT`: when PostgreSQL cancels a statement.
    pub statement_timeout: Duration,
    /// `PATRON_SLOW_QUERY`: a statement that takes longer is logged; none disables the log.
    pub slow: Option<Duration>,
}

/// Where the replicas are.
#[derive(Clone, Debug)]
pub struct ReplicaHosts {
    /// `DATABASE_READ_URL`, with its first host only; may contain a password.
    pub url: SecretString,
    /// The hosts of `DATABASE_READ_URL` if it names several, in their order.
    pub hosts: Vec<DatabaseHost>,
}

/// What is between patron and PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing, or a proxy that passes on every byte.
    #[default]
    None,
    /// A pooler that gives a client a connection until the client disconnects. It may refuse parameters of the start.
    Session,
    /// A pooler that gives a client a connection for the time of a transaction. What a statement leaves on a connection, such
    /// as a prepared statement, is not there for the next one.
    Transaction,
}

impl DatabaseConfig {
    pub(super) fn from_values(v: &mut Values, data_dir: &Path) -> Self {
        let PostgresUrl { url, hosts, requires_read_write } = v.database_url(data_dir);
        let is_embedded = url.starts_with("sqlite:");
        let replicas = v.database_read_url(is_embedded);
        let is_prepared = replicas.is_some() || v.sets("PATRON_READ_AFTER_WRITE");
        Self {
            url: url.into(),
            hosts,
            requires_read_write,
            replicas,
            read_after_write: Duration::from_secs(v.between("PATRON_READ_AFTER_WRITE", 1, 300).into()),
            records_writes: is_prepared && !is_embedded,
            pooler: v.pooler(),
            folder: (!v.sets("DATABASE_URL")).then(|| data_dir.to_owned()),
            max_connections: v.between("PATRON_DATABASE_CONNECTIONS", 1, 10_000),
            acquire_timeout: v.seconds("PATRON_DATABASE_WAIT"),
            statement_timeout: v.seconds("PATRON_DATABASE_STATEMENT_TIMEOUT"),
            slow: v.milliseconds("PATRON_SLOW_QUERY"),
        }
    }

    /// Whether the database is SQLite, which is embedded in the program.
    pub fn is_embedded(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }
}

impl Values {
    fn database_url(&mut self, data_dir: &Path) -> PostgresUrl {
        let default = format!("sqlite://{}", data_dir.join("patron.db").display());
        let url = self.get("DATABASE_URL").map_or(default, with_short_scheme);
        // The messages omit the value: it may contain a password.
        if url.starts_with("postgres://") {
            match PostgresUrl::read(&url) {
                Ok(read) => return read,
                Err(message) => self.problem("DATABASE_URL", message),
            }
        } else if !url.starts_with("sqlite:") {
            self.problem("DATABASE_URL", "must start with sqlite:// or postgres://");
        } else if url.contains(":memory:") || url.contains("mode=memory") {
            self.problem(
                "DATABASE_URL",
                "must name a file: every connection would have its own database in memory",
            );
        } else if let Err(message) = check_sqlite_url(&url) {
            self.problem("DATABASE_URL", message);
        }
        PostgresUrl { url, hosts: Vec::new(), requires_read_write: false }
    }

    fn database_read_url(&mut self, is_embedded: bool) -> Option<ReplicaHosts> {
        const VARIABLE: &str = "DATABASE_READ_URL";
        let url = with_short_scheme(self.get(VARIABLE)?);
        // The messages omit the value: it may contain a password.
        if is_embedded {
            self.problem(VARIABLE, "needs PostgreSQL in DATABASE_URL: SQLite has no replicas");
            return None;
        }
        if !url.starts_with("postgres://") {
            self.problem(VARIABLE, "must start with postgres://");
            return None;
        }
        match PostgresUrl::read(&url) {
            Ok(PostgresUrl { requires_read_write: true, .. }) => {
                let message = "must not have target_session_attrs=read-write: replicas refuse writes";
                self.problem(VARIABLE, message);
                None
            }
            Ok(PostgresUrl { url, hosts, .. }) => Some(ReplicaHosts { url: url.into(), hosts }),
            Err(message) => {
                self.problem(VARIABLE, message);
                None
            }
        }
    }

    fn pooler(&mut self) -> Pooler {
        match self.text("PATRON_DATABASE_POOLER").as_str() {
            "none" => Pooler::None,
            "session" => Pooler::Session,
            "transaction" => Pooler::Transaction,
            other => {
                self.problem(
                    "PATRON_DATABASE_POOLER",
                    format!("`{other}` is not none, session or transaction"),
                );
                Pooler::None
            }
        }
    }

    /// Reads milliseconds; none for 0.
    fn milliseconds(&mut self, variable: &'static str) -> Option<Duration> {
        let number = self.at_least(variable, 0);
        (number > 0).then(|| Duration::from_millis(number.into()))
    }
}

/// Checks a URL that begins with `sqlite:`. It contains no password.
///
/// # Errors
/// What is wrong.
fn check_sqlite_url(url: &str) -> Result<(), String> {
    let parsed: Result<SqliteConnectOptions, sqlx::Error> = url.parse();
    let options = parsed.map_err(|error| match error {
        sqlx::Error::Configuration(reason) => format!("is not valid: {reason}"),
        error => format!("is not valid: {error}"),
    })?;
    if options.get_filename().as_os_str().is_empty() {
        return Err("must name a file, such as sqlite://data/patron.db".to_owned());
    }
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if matches!((&*key, &*value), ("mode", "ro") | ("immutable", "true" | "1")) {
            return Err(format!("must not have {key}={value}: patron writes to its database"));
        }
    }
    Ok(())
}

/// PostgreSQL accepts both schemes; the driver only the short one.
fn with_short_scheme(url: &str) -> String {
    match url.strip_prefix("postgresql://") {
        Some(remainder) => format!("postgres://{remainder}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::check_sqlite_url;
    use crate::config::{Config, DatabaseConfig, Flags, Values};

    #[test]
    fn urls_of_sqlite_name_a_file_that_can_be_written() {
        for url in ["sqlite://data/patron.db", "sqlite:patron.db", "sqlite:///srv/a%20b.db?mode=rwc"] {
            assert_eq!(check_sqlite_url(url), Ok(()), "{url}");
        }
        for (url, message) in [
            ("sqlite://", "must name a file"),
            ("sqlite://a.db?mode=writable", "is not valid: unknown value \"writable\" for `mode`"),
            ("sqlite://a.db?mod=rw", "is not valid: unknown query parameter `mod`"),
            ("sqlite://a.db?mode=ro", "must not have mode=ro"),
            ("sqlite://a.db?immutable=1", "must not have immutable=1"),
        ] {
            let found = check_sqlite_url(url).unwrap_err();
            assert!(found.starts_with(message), "{url}: {found}");
        }
    }

    const PRIMARY: &str = "postgres://u:secret@localhost/x";

    fn read(url: &str, replicas: Option<&str>, window: Option<&str>) -> Result<DatabaseConfig, String> {
        let mut flags = Flags::default().with("DATABASE_URL", url);
        for (variable, value) in [("DATABASE_READ_URL", replicas), ("PATRON_READ_AFTER_WRITE", window)] {
            if let Some(value) = value {
                flags = flags.with(variable, value);
            }
        }
        let config = Config::from_values(Values::only(&flags));
        config.map(|config| config.database).map_err(|problems| format!("{problems:?}"))
    }

    #[test]
    fn replicas_are_read_from_a_url_of_postgresql() {
        let config = read(PRIMARY, Some("postgresql://u:p@localhost:1,localhost:2/x"), Some("7")).unwrap();
        assert_eq!(config.replicas.as_ref().map(|replicas| replicas.hosts.len()), Some(2));
        assert_eq!((config.read_after_write.as_secs(), config.records_writes), (7, true));
        let config = read(PRIMARY, None, None).unwrap();
        assert!(config.replicas.is_none() && !config.records_writes);
        // The first step to introduce replicas.
        let config = read(PRIMARY, None, Some("5")).unwrap();
        assert!(config.replicas.is_none() && config.records_writes);
    }

    #[test]
    fn what_is_wrong_with_replicas_is_named_without_the_password() {
        for (url, replicas, window, message) in [
            ("sqlite:///x/patron.db", PRIMARY, "5", "SQLite has no replicas"),
            (PRIMARY, "sqlite:///x/patron.db", "5", "must start with postgres://"),
            (PRIMARY, "postgres://u:secret@db/x?sslmod=disable", "5", "unknown parameter `sslmod`"),
            (
                PRIMARY,
                "postgres://u:secret@db/x?target_session_attrs=read-write",
                "5",
                "replicas refuse writes",
            ),
            (PRIMARY, PRIMARY, "0", "must be at least 1"),
            (PRIMARY, PRIMARY, "301", "must be at most 300"),
        ] {
            let problems = read(url, Some(replicas), Some(window)).unwrap_err();
            assert!(problems.contains(message) && !problems.contains("secret"), "{replicas}: {problems}");
        }
    }
}
