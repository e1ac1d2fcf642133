//! `patron migrate`: runs, reverts and lists the migrations of the database schema.

use clap::Subcommand;
use migration::{Migrator, MigratorTrait, search_index};

use super::exit::{CommandFailure, print};
use super::start::warn_of_slow_searches;
use crate::app::open_database;
use crate::config::{Config, Flags};
use crate::error::Error;

/// The refusal to revert a migration of a database that a shop uses, with the remedy.
const ADOPTED: &str = "patron shares this database with an EverShop shop, and its migrations can only be reverted together: run \
    `patron adopt --undo`, which leaves the shop's tables as they were";

/// The subcommands of `patron migrate`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run all pending migrations
    Up,
    /// Revert the last migration; the data that it added is lost. Not on an adopted database: see patron adopt --undo
    Down {
        /// Revert all migrations
        #[arg(long)]
        all: bool,
    },
    /// List the migrations with their status; exit code 1 if any is pending
    Status,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, command: &Command) -> Result<(), CommandFailure> {
    // Does not build the whole program: migrations need neither keys nor a data folder.
    let config = Config::load(flags)?;
    super::build::start_telemetry(&config)?;
    let db = open_database(&config).await?;
    let connection = db.writer();
    let database = |error| CommandFailure::from(Error::from(error));
    match command {
        Command::Up => {
            db.ensure_usable().await?;
            db.migrate(&config.database).await?;
        }
        Command::Down { all } => {
            db.pending_migrations().await?;
            if migration::adoption::phase(connection).await.map_err(database)?.is_some() {
                return Err(CommandFailure::Refused(ADOPTED.to_owned()));
            }
            let steps = if *all { None } else { Some(1) };
            Migrator::down(connection, steps).await.map_err(database)?;
        }
        Command::Status => {}
    }
    db.pending_migrations().await?;
    let pending = migration::history::pending(db.reader()).await.map_err(database)?;
    let mut text = String::new();
    for step in migration::STEPS {
        let status = if pending.contains(&step.name) { "pending" } else { "applied" };
        text.push_str(&format!("{status}  {}\n", step.name));
    }
    print(&text)?;
    if pending.is_empty() && !search_index::exists(connection).await.map_err(database)? {
        warn_of_slow_searches();
    }
    if matches!(command, Command::Status) && !pending.is_empty() {
        return Err(CommandFailure::Refused(format!("{} migrations are pending", pending.len())));
    }
    Ok(())
}
