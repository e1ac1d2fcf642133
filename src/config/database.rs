//! Settings of the database. A connection to PostgreSQL on another machine verifies the server's certificate, unless the
//! URL sets `sslmode`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::Values;
use super::server::is_this_machine;

/// The URL, timeouts and connections of the database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`; may contain a password.
    pub url: SecretString,
    /// The folder of the default database, which is created if it is missing; none if `DATABASE_URL` is set.
    pub folder: Option<PathBuf>,
    /// `PATRON_DATABASE_CONNECTIONS`: the maximum number of connections; on SQLite, of readers.
    pub max_connections: u32,
    /// `PATRON_DATABASE_WAIT`: how long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// `PATRON_DATABASE_STATEMENT_TIMEOUT`: when PostgreSQL cancels a statement.
    pub statement_timeout: Duration,
    /// `PATRON_SLOW_QUERY`: a statement that takes longer is logged; none disables the log.
    pub slow: Option<Duration>,
}

impl DatabaseConfig {
    pub(super) fn from_values(v: &mut Values, data_dir: &Path) -> Self {
        Self {
            url: v.database_url(data_dir),
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
    fn database_url(&mut self, data_dir: &Path) -> SecretString {
        let default = format!("sqlite://{}", data_dir.join("patron.db").display());
        let url = self.get("DATABASE_URL").map_or(default, str::to_owned);
        // PostgreSQL accepts both schemes; the driver only the short one.
        let url = match url.strip_prefix("postgresql://") {
            Some(remainder) => format!("postgres://{remainder}"),
            None => url,
        };
        if !["sqlite:", "postgres://"].iter().any(|scheme| url.starts_with(scheme)) {
            // Omits the value: it may contain a password.
            self.problem("DATABASE_URL", "must start with sqlite:// or postgres://");
        } else if url.contains(":memory:") || url.contains("mode=memory") {
            self.problem(
                "DATABASE_URL",
                "must name a file: every connection would have its own database in memory",
            );
        } else if url.starts_with("postgres:") {
            match with_verified_tls(&url) {
                Some(url) => return url.into(),
                None => {
                    let message = "is not a valid URL; special characters in its password must be percent-encoded (# is %23, / is %2F)";
                    self.problem("DATABASE_URL", message);
                }
            }
        }
        url.into()
    }

    /// Reads milliseconds; none for 0.
    fn milliseconds(&mut self, variable: &'static str) -> Option<Duration> {
        let number = self.at_least(variable, 0);
        (number > 0).then(|| Duration::from_millis(number.into()))
    }
}

/// Adds `sslmode=verify-full` to a PostgreSQL URL, unless the URL sets `sslmode` or the server is on this machine. The
/// driver's default, `prefer`, does not authenticate the server. Returns none for an invalid URL: the driver's message
/// would quote it with its password.
fn with_verified_tls(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    let options: PgConnectOptions = text.parse().ok()?;
    let host = options.get_host();
    let is_local = options.get_socket().is_some() || host.starts_with('/') || is_this_machine(host);
    if !is_local && !url.query_pairs().any(|(key, _)| key == "sslmode" || key == "ssl-mode") {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::with_verified_tls;

    #[test]
    fn tls_to_a_remote_database_is_verified_unless_the_url_sets_sslmode() {
        for (url, verified) in [
            ("postgres://u:p@db.internal/x", true),
            ("postgres://u:p@db.internal:5433/x?application_name=a", true),
            ("postgres://u:p@10.0.0.1/x", true),
            ("postgres://u:p@[2001:db8::1]/x", true),
            ("postgres://u:p@localhost.example/x", true),
            ("postgres://u:p@localhost/x?host=db.internal", true),
            ("postgres://u:p@localhost/x?hostaddr=10.0.0.1", true),
            ("postgres://u:p@db.internal/x?sslmode=disable", false),
            ("postgres://u:p@db.internal/x?ssl-mode=prefer", false),
            ("postgres://u:p@localhost/x", false),
            ("postgres://u:p@127.0.0.2/x", false),
            ("postgres://u:p@[::1]/x", false),
            ("postgres://u:p@%2Frun%2Fpostgresql/x", false),
            ("postgres://u:p@db.internal/x?host=/run/postgresql", false),
        ] {
            let rewritten = with_verified_tls(url).unwrap();
            assert_eq!(rewritten.contains("sslmode=verify-full"), verified, "{url}");
        }
        assert!(
            with_verified_tls("postgres://u:p@db.internal/x#y").unwrap().contains("?sslmode=verify-full")
        );
        assert_eq!(with_verified_tls("postgres://u:p#q@db.internal/x"), None);
    }
}
