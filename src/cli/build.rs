//! Builds the program for a command: reads the settings, starts logging, and loads the keys.
//!
//! Only a command that serves loads or generates the keys in the data folder. Invalid settings end the command with exit
//! code 78.

use std::sync::Arc;

use super::exit::CommandFailure;
use crate::app::App;
use crate::app::ctx::AdminCtx;
use crate::clock::Clock;
use crate::config::{BuildError, Config, Flags, unknown_variables};
use crate::crypto::keys::Keys;
use crate::random::Random;
use crate::service::health;
use crate::telemetry;

/// Builds the program of a command that serves, with the keys of the data folder.
pub(super) async fn build_server(flags: &Flags) -> Result<Arc<App>, CommandFailure> {
    build(flags, |config, random| {
        Keys::load(&config.tokens, &config.data_dir, random)
            .map_err(|error| BuildError::new("PATRON_DATA_DIR", &error))
    })
    .await
}

/// Builds the context of a command that does not serve, with temporary keys. Fails if the database is not migrated.
pub(super) async fn admin_ctx(flags: &Flags) -> Result<AdminCtx, CommandFailure> {
    let app = build(flags, |config, random| Ok(Keys::ephemeral(&config.tokens, random))).await?;
    health::ensure_ready(&app).await?;
    Ok(AdminCtx::system(app))
}

/// Builds the context of `patron adopt`, with temporary keys. The database may not be migrated.
pub(super) async fn unprepared_ctx(flags: &Flags) -> Result<AdminCtx, CommandFailure> {
    let app = build(flags, |config, random| Ok(Keys::ephemeral(&config.tokens, random))).await?;
    Ok(AdminCtx::system(app))
}

async fn build(
    flags: &Flags,
    keys: impl Fn(&Config, &Random) -> Result<Keys, BuildError>,
) -> Result<Arc<App>, CommandFailure> {
    let config = Config::load(flags)?;
    start_telemetry(&config)?;
    for (name, nearest) in unknown_variables() {
        let suggestion = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        tracing::warn!("{name} is set, but is not a setting of patron{suggestion}");
    }
    let random = Random::System;
    let keys = keys(&config, &random)?;
    Ok(App::build(config, keys, Clock::System, random).await?)
}

/// Starts logging and the export of traces.
pub(super) fn start_telemetry(config: &Config) -> Result<(), CommandFailure> {
    telemetry::start(&config.log, &config.traces)
        .map_err(|error| CommandFailure::Settings(vec![format!("PATRON_OTLP_ENDPOINT: {error}")]))
}
