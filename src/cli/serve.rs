//! `patron serve`: starts the server and the worker, and stops them on SIGTERM or SIGINT.
//!
//! If the database is unavailable at the start, the server starts anyway: liveness responds with 200 and everything else
//! with 503, until the database is reachable. `stop.rs` has the phases of a stop.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::exit::{CommandFailure, print};
use super::start::{NewAdmin, prepare};
use super::stop::{Signals, stop_at_signal};
use crate::app::App;
use crate::clock::Timer;
use crate::config::{Flags, ServerConfig};
use crate::error::Error;
use crate::{router, worker};

/// The maximum delay between two attempts to reach a database that was unavailable at the start.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// The maximum time for closing the database.
const MAX_CLOSE: Duration = Duration::from_secs(2);

/// The time for closing the database if the shutdown timeout is over.
const MIN_CLOSE: Duration = Duration::from_millis(200);

/// The options of `patron serve`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Options {
    /// Run pending migrations first, on PostgreSQL as well
    #[arg(long)]
    migrate: bool,
}

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(flags: &Flags, options: &Options) -> Result<(), CommandFailure> {
    let app = super::build::build_server(flags).await?;
    let listeners = Listeners::listen(&app).await?;
    let prepared = prepare(&app, options.migrate).await;
    let signals = Signals::catch()?;
    match prepared {
        Ok(admin) => banner(&app, &listeners, admin.as_ref(), "")?,
        Err(Error::Unavailable { reason, .. }) => {
            // Liveness responds with 200, everything else with 503, until the database is reachable.
            tracing::error!(reason, "the database is unavailable; trying again");
            banner(&app, &listeners, None, "")?;
            tokio::spawn(prepare_later(Arc::clone(&app), options.migrate));
        }
        Err(error) => return Err(super::build::database_failure(&app.config, error)),
    }
    until_signal(app, listeners, signals).await
}

/// The listening sockets.
pub(super) struct Listeners {
    /// The socket of the API.
    api: TcpListener,
    /// The socket that serves only metrics and health.
    operations: Option<TcpListener>,
}

impl Listeners {
    /// Binds the addresses. An address that can't be bound is reported with its setting.
    pub(super) async fn listen(app: &App) -> Result<Self, CommandFailure> {
        let api = listen("PATRON_LISTEN", app.config.server.listen).await?;
        let operations = match app.config.metrics.listen {
            Some(address) => Some(listen("PATRON_METRICS_LISTEN", address).await?),
            None => None,
        };
        Ok(Self { api, operations })
    }
}

async fn listen(variable: &str, address: SocketAddr) -> Result<TcpListener, CommandFailure> {
    TcpListener::bind(address).await.map_err(|error| {
        CommandFailure::Settings(vec![format!("{variable}: can't listen on {address}: {error}")])
    })
}

/// Serves until SIGTERM and the drain after it, or SIGINT. Then lets running requests, mails and webhooks finish within the
/// shutdown timeout.
pub(super) async fn until_signal(
    app: Arc<App>,
    listeners: Listeners,
    signals: Signals,
) -> Result<(), CommandFailure> {
    let (stop, stopped) = watch::channel(false);
    let stopping = Arc::new(OnceLock::new());
    tokio::spawn(stop_at_signal(Arc::clone(&app), signals, stop, Arc::clone(&stopping)));
    if let Some(listener) = listeners.operations {
        tokio::spawn(router::serve_operations(Arc::clone(&app), listener));
    }
    let worker = tokio::spawn(worker::run(Arc::clone(&app), stopped.clone()));
    router::serve(Arc::clone(&app), listeners.api, stopped)
        .await
        .map_err(|error| CommandFailure::Internal(error.to_string()))?;
    // The server and the worker end at the same time: one shutdown timeout after the drain.
    if let Err(error) = worker.await {
        tracing::error!(%error, "the worker failed");
    }
    // Requests that exceeded the shutdown timeout may hold connections. Closing does not wait for them.
    let elapsed = stopping.get().map_or(Duration::ZERO, Timer::elapsed);
    let remaining = app.config.server.shutdown_timeout.saturating_sub(elapsed).clamp(MIN_CLOSE, MAX_CLOSE);
    super::build::close(app.db.clone(), remaining).await;
    Ok(())
}

/// Repeats the preparation of an unavailable database, with growing delays, until it succeeds.
async fn prepare_later(app: Arc<App>, migrate: bool) {
    let mut delay = Duration::from_millis(250);
    loop {
        tokio::time::sleep(delay).await;
        match prepare(&app, migrate).await {
            Ok(admin) => {
                tracing::info!("database is reachable");
                if let Some(admin) = admin
                    && let Err(error) = print(&describe(&admin))
                {
                    tracing::error!(?error, "the first admin's password could not be printed");
                }
                return;
            }
            Err(error @ Error::DatabaseUnusable(_)) => {
                // The database is reachable, but patron refuses it, as it does at the start.
                tracing::error!(%error, "stopping");
                CommandFailure::from(error).report();
                std::process::exit(78);
            }
            Err(error) => tracing::warn!(%error, "still not ready"),
        }
        delay = (delay * 2).min(MAX_DELAY);
    }
}

/// Prints the addresses of the server, its database and mail, and the first admin.
pub(super) fn banner(
    app: &App,
    listeners: &Listeners,
    admin: Option<&NewAdmin>,
    extra_lines: &str,
) -> Result<(), CommandFailure> {
    let config = &app.config;
    let failed = |error: std::io::Error| CommandFailure::Internal(error.to_string());
    let bound = listeners.api.local_addr().map_err(failed)?;
    let public_url = config.server.url(bound);
    // The proxy of the front door sends only the routes of customers to patron.
    let url = if config.front_door.is_some() { ServerConfig::local_url(bound) } else { public_url.clone() };
    let database = match config.database.url.expose_secret().strip_prefix("sqlite:") {
        Some(path) => format!("SQLite, {}", path.trim_start_matches("//")),
        // Omits the URL: it may contain a password.
        None => "PostgreSQL".to_owned(),
    };
    let mail = match config.mail.smtp_url {
        // Omits the URL: it may contain a password.
        Some(_) => "SMTP".to_owned(),
        None => format!("files in {}", config.mail.folder.display()),
    };
    let console = page(config.server.console, format!("{url}/admin"), "PATRON_CONSOLE");
    let playground = page(config.server.playground, format!("{url}/playground"), "PATRON_PLAYGROUND");
    let reference = page(config.server.reference, format!("{url}/api/docs"), "PATRON_REFERENCE");
    let metrics = match &listeners.operations {
        Some(listener) => format!("http://{}/metrics", listener.local_addr().map_err(failed)?),
        None if config.metrics.public => format!("{url}/metrics"),
        None => "off; PATRON_METRICS_LISTEN=127.0.0.1:9464 enables them".to_owned(),
    };
    let introspection = if config.graphql.introspection { "on" } else { "off" };
    let mut text = format!("patron {} on {public_url}\n", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("console", console),
        ("playground", playground),
        ("GraphQL", format!("{url}/api/graphql, introspection {introspection}")),
        ("REST", reference),
        ("OpenAPI", format!("{url}/api/openapi.json")),
        ("database", database),
        ("mail", mail),
        ("metrics", metrics),
    ] {
        text.push_str(&format!("  {name:<11} {value}\n"));
    }
    text.push_str(&admin.map(describe).unwrap_or_default());
    text.push_str(extra_lines);
    print(&text)
}

/// The URL of a page, or how to enable it.
fn page(is_enabled: bool, url: String, variable: &str) -> String {
    if is_enabled { url } else { format!("off; {variable}=on enables it") }
}

fn describe(admin: &NewAdmin) -> String {
    let NewAdmin { email, password, is_permanent } = admin;
    match password.as_ref().map(ExposeSecret::expose_secret) {
        Some(password) if !is_permanent => {
            format!("  {:<11} {email}\n  {:<11} {password}\n", "admin", "password")
        }
        Some(password) => format!(
            "  {:<11} {email}\n  {:<11} {password}   (shown only now; `patron admin password {email}` sets another)\n",
            "admin", "password"
        ),
        None => format!("  {:<11} {email}, with the password of PATRON_ADMIN_PASSWORD\n", "admin"),
    }
}
