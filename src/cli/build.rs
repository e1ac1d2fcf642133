//! Builds the program for a command: reads the settings, starts logging, and loads the keys.
//!
//! Only a command that serves loads or generates the keys in the data folder. Invalid settings end the command with exit
//! code 78.

use std::sync::Arc;

use super::exit::Failure;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{BuildError, Config, Flags, unknown_variables};
use crate::crypto::keys::Keys;
use crate::random::Random;
use crate::telemetry;

/// Builds the program of a command that serves, with the keys of the data folder.
pub(super) async fn build_server(flags: &Flags) -> Result<Arc<App>, Failure> {
    build(flags, |config, random| {
        Keys::load(&config.tokens, &config.data_dir, random)
            .map_err(|error| BuildError::new("PATRON_DATA_DIR", &error))
    })
    .await
}

/// Builds the program of a command that does not serve, with temporary keys.
pub(super) async fn build_command(flags: &Flags) -> Result<Arc<App>, Failure> {
    let app = build(flags, |config, random| Ok(Keys::ephemeral(&config.tokens, random))).await?;
    app.db.ensure_usable().await?;
    Ok(app)
}

async fn build(
    flags: &Flags,
    keys: impl Fn(&Config, &Random) -> Result<Keys, BuildError>,
) -> Result<Arc<App>, Failure> {
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
pub(super) fn start_telemetry(config: &Config) -> Result<(), Failure> {
    telemetry::start(&config.log, &config.traces)
        .map_err(|error| Failure::Settings(vec![format!("PATRON_OTLP_ENDPOINT: {error}")]))
}
