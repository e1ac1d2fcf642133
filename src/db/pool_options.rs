//! The options that all pools have in common.

use std::time::Duration;

use sea_orm::ConnectOptions;

use crate::config::DatabaseConfig;

/// The options of a pool of connections to this URL.
pub(super) fn pool_options(config: &DatabaseConfig, url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .connect_timeout(config.acquire_timeout)
        .sqlx_logging_level(tracing::log::LevelFilter::Trace)
        // The driver logs the statement with placeholders, never with values.
        .sqlx_slow_statements_logging_settings(
            tracing::log::LevelFilter::Warn,
            config.slow.unwrap_or(Duration::MAX),
        );
    options
}
