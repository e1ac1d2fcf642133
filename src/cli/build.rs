//! Builds the program for a command: reads the settings, starts logging, and loads the keys.
//!
//! Only a command that serves loads or generates the keys in the data folder, and creates a missing database. Invalid settings
//! end the command with exit code 78.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;

use super::exit::CommandFailure;
use crate::app::ctx::AdminCtx;
use crate::app::{App, create_database_folder, database_variable, open_database};
use crate::clock::Clock;
use crate::config::{BuildError, Config, Flags, unknown_variables};
use crate::crypto::keys::Keys;
use crate::db::{Database, FileLockError, MissingFile, check_file, ensure_reachable, sqlite_file};
use crate::error::Error;
use crate::random::Random;
use crate::service::health;
use crate::telemetry;

/// How long the end of a command waits for its databases to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The databases of the running command, which [`close_databases`] closes. A command that serves closes its own when it stops.
static OPENED: Mutex<Vec<Database>> = Mutex::new(Vec::new());

/// Builds the program of a command that serves, with the keys of the data folder. Fails if another process serves the same
/// SQLite database.
pub(super) async fn build_server(flags: &Flags) -> Result<Arc<App>, CommandFailure> {
    let app = build(flags, MissingFile::Create, |config, random| {
        Keys::load(&config.tokens, &config.data_dir, random).map_err(|error| keys_error(config, &error))
    })
    .await?;
    app.db.lock_for_server().map_err(|error| {
        let line = format!("{}: {error}", database_variable(&app.config));
        match error {
            // It may be about to stop, so a supervisor may try again.
            FileLockError::Held { .. } => CommandFailure::Unavailable(line),
            FileLockError::Io { .. } => CommandFailure::Settings(vec![line]),
        }
    })?;
    Ok(app)
}

fn keys_error(config: &Config, error: &std::io::Error) -> BuildError {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => "; the user that runs patron needs the rights to read and write there",
        _ => "",
    };
    let folder = config.data_dir.join("keys");
    let message = format!("the keys in `{}` can't be read or created: {error}{remedy}", folder.display());
    BuildError { variable: "PATRON_DATA_DIR", message }
}

/// Builds the context of a command that does not serve, with temporary keys. Fails if the database is not migrated.
pub(super) async fn admin_ctx(flags: &Flags) -> Result<AdminCtx, CommandFailure> {
    let app = build_command(flags).await?;
    ensure_reachable(&app.config.database).await?;
    health::ensure_ready(&app).await.map_err(|error| database_failure(&app.config, error))?;
    Ok(AdminCtx::system(app))
}

/// Builds the context of `patron adopt`, with temporary keys. The database may not be migrated.
pub(super) async fn unprepared_ctx(flags: &Flags) -> Result<AdminCtx, CommandFailure> {
    let app = build_command(flags).await?;
    ensure_reachable(&app.config.database).await?;
    Ok(AdminCtx::system(app))
}

async fn build_command(flags: &Flags) -> Result<Arc<App>, CommandFailure> {
    let keys = |config: &Config, random: &Random| Ok(Keys::ephemeral(&config.tokens, random));
    let app = build(flags, MissingFile::Refuse, keys).await?;
    OPENED.lock().push(app.db.clone());
    Ok(app)
}

/// Opens the database of a command that needs nothing else of the program.
pub(super) async fn open(config: &Config) -> Result<Database, CommandFailure> {
    let database = open_database(config).await?;
    OPENED.lock().push(database.clone());
    Ok(database)
}

/// Closes the databases of a command, whether it succeeded or failed. The last connection to an SQLite database merges its
/// write-ahead log into it, so that it is a single file again.
pub(super) async fn close_databases() {
    let opened = std::mem::take(&mut *OPENED.lock());
    join_all(opened.into_iter().map(|database| close(database, CLOSE_TIMEOUT))).await;
}

/// Closes a database within this time, or logs why not.
pub(super) async fn close(database: Database, within: Duration) {
    match tokio::time::timeout(within, database.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the database could not be closed"),
        Err(_) => tracing::warn!("the database is still in use; stopping without closing it"),
    }
}

async fn build(
    flags: &Flags,
    missing: MissingFile,
    keys: impl Fn(&Config, &Random) -> Result<Keys, BuildError>,
) -> Result<Arc<App>, CommandFailure> {
    let config = Config::load(flags)?;
    start_telemetry(&config)?;
    for (name, nearest) in unknown_variables() {
        let suggestion = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        tracing::warn!("{name} is set, but is not a setting of patron{suggestion}");
    }
    ensure_file(&config, missing)?;
    let random = Random::System;
    let keys = keys(&config, &random)?;
    Ok(App::build(config, keys, Clock::System, random).await?)
}

/// Checks the file of an SQLite database. Creates a missing one, with its folder, only for a command that may.
pub(super) fn ensure_file(config: &Config, missing: MissingFile) -> Result<(), CommandFailure> {
    if missing == MissingFile::Create {
        create_database_folder(config)?;
    }
    let failed =
        |message| CommandFailure::Settings(vec![format!("{}: {message}", database_variable(config))]);
    check_file(&config.database, missing).map_err(failed)
}

/// The failure of a command whose database can't be used, with the path of an SQLite database.
pub(super) fn database_failure(config: &Config, error: Error) -> CommandFailure {
    match (sqlite_file(&config.database), error) {
        (Some(path), Error::DatabaseUnusable(reason)) => {
            let variable = database_variable(config);
            CommandFailure::Settings(vec![format!("{variable}: `{}`: {reason}", path.display())])
        }
        (_, error) => error.into(),
    }
}

/// Starts logging and the export of traces.
pub(super) fn start_telemetry(config: &Config) -> Result<(), CommandFailure> {
    telemetry::start(&config.log, &config.traces)
        .map_err(|error| CommandFailure::Settings(vec![format!("PATRON_OTLP_ENDPOINT: {error}")]))
}
