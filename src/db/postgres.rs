//! PostgreSQL: its pool, and the settings that patron relies on.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection, DbErr, Statement};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use super::database::{Database, DatabaseParts, with_metrics};
use super::database_pool::{DatabasePool, PostgresConnections};
use super::host_selection::HostSelection;
use super::pool_options::pool_options;
use super::postgres_server::PostgresServer;
use super::replica::Replica;
use super::replica_set::ReplicaSet;
use crate::config::{DatabaseConfig, DatabaseHost, Pooler, ReplicaHosts};
use crate::error::{Error, Result};
use crate::telemetry::metrics::DatabaseMetrics;

/// The settings of PostgreSQL that patron relies on: name, required value, remedy. patron sets other settings itself, or
/// does not depend on them.
const REQUIRED_SETTINGS: [(&str, &str, &str); 5] = [
    ("server_encoding", "UTF8", "create the database with ENCODING 'UTF8' TEMPLATE template0"),
    ("client_encoding", "UTF8", "let the connection pooler pass it on"),
    ("standard_conforming_strings", "on", "ALTER DATABASE or ALTER ROLE … RESET standard_conforming_strings"),
    (
        "default_transaction_isolation",
        "read committed",
        "ALTER DATABASE or ALTER ROLE … RESET default_transaction_isolation",
    ),
    // Any other value disables foreign keys, and a customer's rows would not be deleted with the customer.
    ("session_replication_role", "origin", "ALTER DATABASE or ALTER ROLE … RESET session_replication_role"),
];

/// Reads the required settings. The result omits settings that the database server does not know.
const SELECT_SETTINGS: &str = "SELECT name, setting FROM pg_settings WHERE name IN ('server_encoding', \
    'client_encoding', 'standard_conforming_strings', 'default_transaction_isolation', 'session_replication_role')";

/// The maximum age of a connection. Behind a proxy that is connected to several servers, a pool reaches the right one after
/// this time at the latest.
const MAX_AGE: Duration = Duration::from_mins(5);

/// Opens the pool lazily, and one for each replica.
pub(super) async fn connect(
    options: ConnectOptions,
    config: &DatabaseConfig,
) -> std::result::Result<Database, DbErr> {
    let metrics = DatabaseMetrics::default();
    let server = Arc::new(PostgresServer::new(config, metrics.clone()));
    let migrations = with_metrics(open(options, config, &server).await?, &metrics);
    let pool = migrations.get_postgres_connection_pool().clone();
    let options = pool.connect_options();
    server.set_options(options.as_ref().clone());
    let hosts = HostSelection::of(config, &options);
    let connections = DatabasePool::of_postgres(PostgresConnections::new(pool, server, hosts));
    let replicas = match &config.replicas {
        Some(hosts) => Some(Arc::new(connect_replicas(config, hosts, &metrics).await?)),
        None => None,
    };
    let pools = [connections.clone(), connections.clone(), connections];
    Ok(Database::of(DatabaseParts { replicas, ..DatabaseParts::of(pools, migrations, metrics) }))
}

/// Opens a pool lazily.
async fn open(
    mut options: ConnectOptions,
    config: &DatabaseConfig,
    server: &Arc<PostgresServer>,
) -> std::result::Result<DatabaseConnection, DbErr> {
    options
        .connect_lazy(true)
        .set_application_name("patron")
        .max_lifetime(MAX_AGE)
        .test_before_acquire(false);
    set_start_parameters(&mut options, config);
    set_hooks(&mut options, server);
    SeaOrm::connect(options).await
}

async fn connect_replicas(
    config: &DatabaseConfig,
    replicas: &ReplicaHosts,
    metrics: &DatabaseMetrics,
) -> std::result::Result<ReplicaSet, DbErr> {
    let mut opened = Vec::new();
    for host in &replicas.hosts {
        opened.push(connect_replica(config, replicas, Some(host), metrics).await?);
    }
    if opened.is_empty() {
        opened.push(connect_replica(config, replicas, None, metrics).await?);
    }
    Ok(ReplicaSet::new(opened, config.read_after_write))
}

/// Opens the pool of a replica lazily. Without a host it is the one of the URL.
async fn connect_replica(
    config: &DatabaseConfig,
    replicas: &ReplicaHosts,
    host: Option<&DatabaseHost>,
    metrics: &DatabaseMetrics,
) -> std::result::Result<Replica, DbErr> {
    let server = Arc::new(PostgresServer::of_replica(config, metrics.clone()));
    let mut pool_limits = pool_options(config, replicas.url.expose_secret());
    // One more for the check, so that it does not wait for reads.
    pool_limits.max_connections(config.max_connections.saturating_add(1));
    let connection = open(pool_limits, config, &server).await?;
    let pool = connection.get_postgres_connection_pool().clone();
    let mut options = PgConnectOptions::clone(&pool.connect_options());
    if let Some(host) = host {
        options = options.host(&host.name).port(host.port);
        pool.set_connect_options(options.clone());
    }
    let name = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    server.set_options(options);
    let connections = PostgresConnections::new(pool, server, None);
    let reads = usize::try_from(config.max_connections).unwrap_or(Semaphore::MAX_PERMITS);
    Ok(Replica::new(&name, connections, reads, metrics.replicas.clone()))
}

/// Sets the parameters of the start of a connection: the statement timeout, and no compilation. PostgreSQL compiles a statement
/// whose estimated cost is high. That takes longer than reading a page, whose cost is estimated as if all rows were read.
/// Poolers refuse such parameters, so there they are set by statements, and statements are not kept.
fn set_start_parameters(options: &mut ConnectOptions, config: &DatabaseConfig) {
    match config.pooler {
        Pooler::None => {
            options.statement_timeout(config.statement_timeout);
            options.map_sqlx_postgres_opts(|options| options.options([("jit", "off")]));
        }
        Pooler::Session => {
            options.map_sqlx_postgres_opts(|options| options.extra_float_digits(None::<i8>));
        }
        Pooler::Transaction => {
            options.map_sqlx_postgres_opts(|options| {
                options.extra_float_digits(None::<i8>).statement_cache_capacity(0)
            });
        }
    }
}

/// Lets the pool ask what is known of the server.
fn set_hooks(options: &mut ConnectOptions, server: &Arc<PostgresServer>) {
    let asked = Arc::clone(server);
    options.map_sqlx_postgres_before_acquire(move |connection, meta| {
        let server = Arc::clone(&asked);
        Box::pin(async move { Ok(server.accepts(connection, meta).await) })
    });
    let asked = Arc::clone(server);
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let (opened, released) = (Arc::clone(&asked), Arc::clone(&asked));
        pool.after_connect(move |connection, _| {
            let server = Arc::clone(&opened);
            Box::pin(async move { server.prepare(connection).await })
        })
        .after_release(move |_, meta| {
            let is_retired = released.is_retired(meta.age);
            Box::pin(async move { Ok(!is_retired) })
        })
    });
}

/// Checks the settings of a pooled connection.
///
/// # Errors
/// [`Error::DatabaseUnusable`] with the setting and the remedy.
pub(super) async fn ensure_settings(connection: &impl ConnectionTrait) -> Result<()> {
    let select = Statement::from_string(connection.get_database_backend(), SELECT_SETTINGS);
    for row in connection.query_all_raw(select).await? {
        let (name, value): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let required = REQUIRED_SETTINGS.iter().find(|(required, ..)| *required == name);
        if let Some((_, expected, remedy)) = required.filter(|(_, expected, _)| *expected != value) {
            let text = format!("{name} is {value}, and patron needs {expected}: {remedy}");
            return Err(Error::DatabaseUnusable(text));
        }
    }
    Ok(())
}
