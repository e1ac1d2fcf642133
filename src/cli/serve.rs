//! `patron serve`.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit::{Failure, print};
use super::start::{NewAdmin, prepare};
use crate::app::App;
use crate::clock::Timer;
use crate::config::Flags;
use crate::error::Error;
use crate::{router, worker};

/// The longest pause between two attempts to reach a database that was away at the start.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long closing the database may take at the end.
const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// How long it may take when the shutdown timeout is over.
const SHORTEST_CLOSE: Duration = Duration::from_millis(200);

/// The options of `patron serve`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Options {
    /// Bring the schema up to date first, on PostgreSQL as well
    #[arg(long)]
    migrate: bool,
}

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(flags: &Flags, options: &Options) -> Result<(), Failure> {
    let app = super::build::build_server(flags).await?;
    let listeners = Listeners::listen(&app).await?;
    let prepared = prepare(&app, options.migrate).await;
    let signals = Signals::catch()?;
    match prepared {
        Ok(admin) => banner(&app, &listeners, admin.as_ref(), "")?,
        Err(Error::Unavailable { reason, .. }) => {
            // Liveness is answered, everything else with 503, until it comes back.
            tracing::error!(reason, "the database can't be reached; trying again");
            banner(&app, &listeners, None, "")?;
            tokio::spawn(prepare_later(Arc::clone(&app), options.migrate));
        }
        Err(error) => return Err(error.into()),
    }
    until_signal(app, listeners, signals).await
}

/// SIGTERM and SIGINT, which end the program on the spot until they are caught: to be caught before anybody is told that
/// it is up, and may stop it.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches them from now on.
    pub(super) fn catch() -> Result<Self, Failure> {
        let catch = |kind| signal(kind).map_err(|error| Failure::Defect(error.to_string()));
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Where it listens.
pub(super) struct Listeners {
    /// For clients.
    api: TcpListener,
    /// For the metrics and the health alone.
    operations: Option<TcpListener>,
}

impl Listeners {
    /// Takes the ports, naming the setting when one can't be had.
    pub(super) async fn listen(app: &App) -> Result<Self, Failure> {
        let api = listen("PATRON_LISTEN", app.config.server.listen).await?;
        let operations = match app.config.metrics.listen {
            Some(address) => Some(listen("PATRON_METRICS_LISTEN", address).await?),
            None => None,
        };
        Ok(Self { api, operations })
    }
}

async fn listen(variable: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::Settings(vec![format!("{variable}: can't listen on {address}: {error}")]))
}

/// Serves until SIGTERM or SIGINT, then lets running requests, mails and webhooks finish within the shutdown timeout.
pub(super) async fn until_signal(
    app: Arc<App>,
    listeners: Listeners,
    mut signals: Signals,
) -> Result<(), Failure> {
    let (stop, stopped) = watch::channel(false);
    let stopping = Arc::new(OnceLock::new());
    let began = Arc::clone(&stopping);
    tokio::spawn(async move {
        signals.next().await;
        began.get_or_init(Timer::start);
        tracing::info!("stopping: no new connections, running requests finish");
        stop.send_replace(true);
        signals.next().await;
        tracing::warn!("a second signal: stopping at once");
        std::process::exit(1);
    });
    if let Some(listener) = listeners.operations {
        tokio::spawn(router::serve_operations(Arc::clone(&app), listener));
    }
    let working = tokio::spawn(worker::run(Arc::clone(&app), stopped.clone()));
    router::serve(Arc::clone(&app), listeners.api, stopped)
        .await
        .map_err(|error| Failure::Defect(error.to_string()))?;
    // Both end by the same time: one shutdown timeout after the signal.
    if let Err(error) = working.await {
        tracing::error!(%error, "the worker failed");
    }
    // Requests that outlived the shutdown timeout may hold connections; nobody waits for them any more.
    let stopping = stopping.get().map_or(Duration::ZERO, Timer::elapsed);
    let left =
        app.config.server.shutdown_timeout.saturating_sub(stopping).clamp(SHORTEST_CLOSE, LONGEST_CLOSE);
    match tokio::time::timeout(left, app.db.clone().close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "closing the database"),
        Err(_) => tracing::warn!("the database is still in use; leaving it"),
    }
    Ok(())
}

async fn prepare_later(app: Arc<App>, migrate: bool) {
    let mut pause = Duration::from_millis(250);
    loop {
        tokio::time::sleep(pause).await;
        match prepare(&app, migrate).await {
            Ok(admin) => {
                tracing::info!("the database is there");
                if let Some(admin) = admin
                    && let Err(error) = print(&describe(&admin))
                {
                    tracing::error!(?error, "the first admin's password could not be printed");
                }
                return;
            }
            Err(error @ Error::DatabaseUnusable(_)) => {
                // As at the start: it is back, and not one that patron works with.
                tracing::error!(%error, "stopping");
                Failure::from(error).report();
                std::process::exit(78);
            }
            Err(error) => tracing::warn!(%error, "still not ready"),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What a newcomer needs to know.
pub(super) fn banner(
    app: &App,
    listeners: &Listeners,
    admin: Option<&NewAdmin>,
    more: &str,
) -> Result<(), Failure> {
    let config = &app.config;
    let failed = |error: std::io::Error| Failure::Defect(error.to_string());
    let bound = listeners.api.local_addr().map_err(failed)?;
    let url = config.server.url(bound);
    let database = match config.database.url.expose_secret().strip_prefix("sqlite:") {
        Some(path) => format!("SQLite, {}", path.trim_start_matches("//")),
        // The URL holds a password.
        None => "PostgreSQL".to_owned(),
    };
    let mail = match config.mail.smtp_url {
        // That URL may hold one as well.
        Some(_) => "SMTP".to_owned(),
        None => format!("files in {}", config.mail.folder.display()),
    };
    let playground = match config.server.playground {
        true => format!("{url}/playground"),
        false => "off; PATRON_PLAYGROUND=on serves it".to_owned(),
    };
    let metrics = match &listeners.operations {
        Some(listener) => format!("http://{}/metrics", listener.local_addr().map_err(failed)?),
        None if config.metrics.public => format!("{url}/metrics"),
        None => "off; PATRON_METRICS_LISTEN=127.0.0.1:9464 serves them there".to_owned(),
    };
    let introspection = if config.graphql.introspection { "on" } else { "off" };
    let mut text = format!("patron {} on {url}\n", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("playground", playground),
        ("GraphQL", format!("{url}/api/graphql, introspection {introspection}")),
        ("REST", format!("{url}/api/docs")),
        ("OpenAPI", format!("{url}/api/openapi.json")),
        ("database", database),
        ("mail", mail),
        ("metrics", metrics),
    ] {
        text.push_str(&format!("  {name:<11} {value}\n"));
    }
    text.push_str(&admin.map(describe).unwrap_or_default());
    text.push_str(more);
    print(&text)
}

fn describe(admin: &NewAdmin) -> String {
    let NewAdmin { email, password, lasts } = admin;
    match password.as_ref().map(ExposeSecret::expose_secret) {
        Some(password) if !lasts => format!("  {:<11} {email}\n  {:<11} {password}\n", "admin", "password"),
        Some(password) => format!(
            "  {:<11} {email}\n  {:<11} {password}   (shown only now; `patron admin password {email}` sets another)\n",
            "admin", "password"
        ),
        None => format!("  {:<11} {email}, with the password of PATRON_ADMIN_PASSWORD\n", "admin"),
    }
}
