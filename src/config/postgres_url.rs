//! The URL of a PostgreSQL database: its hosts, what they must allow, and its parameters.
//!
//! Several hosts are separated by commas, each with its own port, as libpq (PostgreSQL documentation, 34.1.1.3) reads
//! them. The driver knows one host and neither `target_session_attrs`, and ignores parameters that it does not know, so
//! that a misspelled `sslmode` would have no effect.

use sea_orm::sqlx::postgres::PgConnectOptions;
use url::Url;

use super::server::is_this_machine;

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// The parameters that the driver knows, apart from `options[NAME]`.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// The values of `sslmode`.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// The parameter that says which servers may be used.
const SESSION: &str = "target_session_attrs";

/// A host of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseHost {
    /// The name or address, as in the URL.
    pub name: String,
    /// The port.
    pub port: u16,
}

/// The parts of a URL of PostgreSQL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PostgresUrl {
    /// The URL with the first host only, with parameters that the driver knows.
    pub(super) url: String,
    /// All hosts, in their order; empty if the URL names one.
    pub(super) hosts: Vec<DatabaseHost>,
    /// Whether a server that refuses writes must not be used.
    pub(super) requires_read_write: bool,
}

impl PostgresUrl {
    /// Reads a URL that begins with `postgres://`. Adds `sslmode=verify-full`, unless the URL sets `sslmode` or all hosts are
    /// this machine: the driver's default, `prefer`, does not authenticate the server.
    ///
    /// # Errors
    /// What is wrong. The message contains neither the password nor a host.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (first, hosts) = split_hosts(text)?;
        let mut url = Url::parse(&first).map_err(|_| invalid())?;
        // An unencoded character of a password has ended what was read as its host and port, and the rest would be logged.
        let is_cut =
            url.path().contains('@') || url.fragment().is_some_and(|fragment| fragment.contains('@'));
        if is_cut {
            return Err(invalid());
        }
        let requires_read_write = check_parameters(&mut url, !hosts.is_empty())?;
        let options: PgConnectOptions = url.as_str().parse().map_err(|_| invalid())?;
        let is_local = if hosts.is_empty() {
            let host = options.get_host();
            options.get_socket().is_some() || host.starts_with('/') || is_this_machine(host)
        } else {
            hosts.iter().all(|host| is_this_machine(&host.name))
        };
        if !is_local && !url.query_pairs().any(|(key, _)| key == "sslmode" || key == "ssl-mode") {
            url.query_pairs_mut().append_pair("sslmode", "verify-full");
        }
        Ok(Self { url: url.into(), hosts, requires_read_write })
    }
}

fn invalid() -> String {
    "is not a valid URL; special characters in its password must be percent-encoded (# is %23, / is %2F), and its port \
     must be a number up to 65535"
        .to_owned()
}

/// The URL with its first host only, and all hosts if there are several.
fn split_hosts(text: &str) -> Result<(String, Vec<DatabaseHost>), String> {
    let Some(rest) = text.strip_prefix("postgres://") else { return Err(invalid()) };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    if !hosts.contains(',') {
        return Ok((text.to_owned(), Vec::new()));
    }
    let hosts: Vec<DatabaseHost> = hosts.split(',').map(host).collect::<Result<_, _>>()?;
    let Some(first) = hosts.first() else { return Err(invalid()) };
    let at = if user.is_empty() { "" } else { "@" };
    let url = format!("postgres://{user}{at}{}:{}{tail}", first.name, first.port);
    Ok((url, hosts))
}

/// Reads `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
fn host(text: &str) -> Result<DatabaseHost, String> {
    let number = text.rfind(':').filter(|at| !text[*at..].contains(']'));
    let (name, port) = match number {
        Some(at) => {
            (&text[..at], text[at + 1..].parse::<u16>().map_err(|_| "has a port that is not a number")?)
        }
        None => (text, PORT),
    };
    if name.is_empty() || name.contains(['%', '/']) {
        return Err(
            "has an empty host, or a socket, in its list of hosts: write HOST1:5432,HOST2:5432".to_owned()
        );
    }
    Ok(DatabaseHost { name: name.to_owned(), port })
}

/// Refuses unknown parameters, and removes the one that the driver does not know. Returns whether a server must accept writes.
fn check_parameters(url: &mut Url, has_hosts: bool) -> Result<bool, String> {
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    let has_at_sign = url.query().is_some_and(|query| query.contains('@'));
    let mut requires_read_write = false;
    for (key, value) in &pairs {
        match (key.as_str(), value.as_str()) {
            (SESSION, "any") => {}
            (SESSION, "read-write" | "primary") => requires_read_write = true,
            (SESSION, _) => return Err(format!("has a {SESSION} that is neither any nor read-write")),
            ("host" | "hostaddr" | "port", value) if has_hosts || value.contains(',') => {
                return Err(format!(
                    "has the parameter `{key}` for several hosts: list them as postgres://USER@HOST1:5432,HOST2:5432/DATABASE"
                ));
            }
            ("sslmode" | "ssl-mode", mode)
                if !SSL_MODES.iter().any(|known| mode.eq_ignore_ascii_case(known)) =>
            {
                let known = SSL_MODES.join(", ");
                return Err(format!("has the unknown sslmode `{mode}`; known are {known}"));
            }
            (key, _) if PARAMETERS.contains(&key) || key.starts_with("options[") => {}
            // The password has a question mark, and this is a part of it.
            _ if has_at_sign => return Err(invalid()),
            (key, _) => {
                let known = PARAMETERS.join(", ");
                return Err(format!(
                    "has the unknown parameter `{key}`; known are {SESSION}, options[NAME], {known}"
                ));
            }
        }
    }
    if pairs.iter().any(|(key, _)| key == SESSION) {
        let kept: Vec<_> = pairs.iter().filter(|(key, _)| key != SESSION).collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    Ok(requires_read_write)
}

#[cfg(test)]
mod tests {
    use super::{DatabaseHost, PostgresUrl};

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
            ("postgres://u:p@localhost,db.internal/x", true),
            ("postgres://u:p@db.internal/x?sslmode=disable", false),
            ("postgres://u:p@db.internal/x?ssl-mode=prefer", false),
            ("postgres://u:p@localhost/x", false),
            ("postgres://u:p@127.0.0.2/x", false),
            ("postgres://u:p@[::1]/x", false),
            ("postgres://u:p@127.0.0.1:1,127.0.0.1:2/x", false),
            ("postgres://u:p@%2Frun%2Fpostgresql/x", false),
            ("postgres://u:p@db.internal/x?host=/run/postgresql", false),
        ] {
            let read = PostgresUrl::read(url).unwrap();
            assert_eq!(read.url.contains("sslmode=verify-full"), verified, "{url}");
        }
        let fragment = PostgresUrl::read("postgres://u:p@db.internal/x#y").unwrap();
        assert!(fragment.url.contains("?sslmode=verify-full"));
    }

    #[test]
    fn several_hosts_are_read_in_their_order() {
        let url = "postgres://u:p,q@db1,db2:5433,[2001:db8::1]:5434/x?target_session_attrs=read-write&sslmode=require";
        let read = PostgresUrl::read(url).unwrap();
        assert_eq!(read.url, "postgres://u:p,q@db1:5432/x?sslmode=require");
        assert!(read.requires_read_write);
        let host = |name: &str, port| DatabaseHost { name: name.to_owned(), port };
        assert_eq!(read.hosts, [host("db1", 5432), host("db2", 5433), host("[2001:db8::1]", 5434)]);
        let single = PostgresUrl::read("postgres://u:p@localhost/x?target_session_attrs=read-write").unwrap();
        assert_eq!((single.url.as_str(), single.hosts.len()), ("postgres://u:p@localhost/x", 0));
    }

    #[test]
    fn what_is_wrong_is_named_without_the_password() {
        for (url, message) in [
            ("postgres://u:p#q@db.internal/x", "is not a valid URL"),
            ("postgres://u:12/secret@db.internal/x", "is not a valid URL"),
            ("postgres://u:12?secret@db.internal/x", "is not a valid URL"),
            ("postgres://u:12#secret@db.internal/x", "is not a valid URL"),
            ("postgres://u:secret@db/x?sslmod=disable", "has the unknown parameter `sslmod`"),
            (
                "postgres://u:secret@db/x?sslmode=verify",
                "has the unknown sslmode `verify`; known are disable, ",
            ),
            ("postgres://u:secret@db:99999/x", "its port must be a number up to 65535"),
            ("postgres://u:secret@db/x?target_session_attrs=standby", "neither any nor read-write"),
            ("postgres://u:secret@db1,db2/x?host=db3", "has the parameter `host` for several hosts"),
            ("postgres://u:secret@db1:x,db2/x", "has a port that is not a number"),
            ("postgres://u:secret@db1,/x", "has an empty host"),
        ] {
            let found = PostgresUrl::read(url).unwrap_err();
            assert!(found.contains(message) && !found.contains("secret"), "{url}: {found}");
        }
    }
}
