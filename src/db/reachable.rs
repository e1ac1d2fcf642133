//! Whether PostgreSQL accepts connections at all. The pool repeats refused connections until its timeout, and then reports the
//! timeout instead of the cause.

use std::fmt;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, UnixStream};

use crate::config::DatabaseConfig;
use crate::error::{Error, Result};

/// The time to connect to one host. A host that does not respond at all is left to the pool, which waits longer.
const LIMIT: Duration = Duration::from_secs(1);

/// Where a server listens.
enum ServerAddress {
    /// A host and its port.
    Tcp(String),
    /// The path of a Unix socket.
    Socket(String),
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Tcp(address) | Self::Socket(address)) = self;
        f.write_str(address)
    }
}

/// Connects to the hosts of PostgreSQL and disconnects, without logging in. Does nothing for SQLite.
///
/// # Errors
/// [`Error::Unavailable`] with the cause, at once, if every host refuses the connection or can't be found.
pub async fn ensure_reachable(config: &DatabaseConfig) -> Result<()> {
    let mut reasons = Vec::new();
    for address in addresses(config) {
        match tokio::time::timeout(LIMIT, connect(&address)).await {
            Ok(Err(error)) => reasons.push(format!("{address}: {error}")),
            Ok(Ok(())) | Err(_) => return Ok(()),
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let reasons = reasons.join("; ");
    Err(Error::unavailable(format!("{reasons}. Check that PostgreSQL runs and listens there")))
}

async fn connect(address: &ServerAddress) -> std::io::Result<()> {
    match address {
        ServerAddress::Tcp(address) => TcpStream::connect(address).await.map(drop),
        ServerAddress::Socket(path) => UnixStream::connect(path).await.map(drop),
    }
}

/// The hosts of the URL; none for SQLite.
fn addresses(config: &DatabaseConfig) -> Vec<ServerAddress> {
    if config.is_embedded() {
        return Vec::new();
    }
    let hosts = config.hosts.iter().map(|host| tcp(&host.name, host.port));
    if !config.hosts.is_empty() {
        return hosts.collect();
    }
    let options: std::result::Result<PgConnectOptions, _> = config.url.expose_secret().parse();
    let Ok(options) = options else { return Vec::new() };
    let (host, port) = (options.get_host(), options.get_port());
    let folder = options.get_socket().map(|folder| folder.display().to_string());
    match folder.or_else(|| host.starts_with('/').then(|| host.to_owned())) {
        Some(folder) => vec![ServerAddress::Socket(format!("{folder}/.s.PGSQL.{port}"))],
        None => vec![tcp(host, port)],
    }
}

fn tcp(host: &str, port: u16) -> ServerAddress {
    let needs_brackets = host.contains(':') && !host.starts_with('[');
    ServerAddress::Tcp(if needs_brackets { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}
