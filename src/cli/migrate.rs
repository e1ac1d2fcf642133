//! `patron migrate`: runs, reverts and lists the migrations of the database schema.

use clap::Subcommand;
use migration::{Migrator, MigratorTrait, search_index};
use serde_json::json;

use super::exit::CommandFailure;
use super::list_format::ListOptions;
use super::start::warn_of_slow_searches;
use super::text::count;
use crate::config::{Config, Flags};
use crate::db::{MissingFile, ensure_reachable, ensure_unpooled, is_missing};
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
    /// List the migrations with their status; exit code 1 if any is pending. Creates no database
    Status(ListOptions),
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, command: &Command) -> Result<(), CommandFailure> {
    // Does not build the whole program: migrations need neither keys nor a data folder.
    let config = Config::load(flags)?;
    super::build::start_telemetry(&config)?;
    if let Command::Status(options) = command
        && is_missing(&config.database)
    {
        let all: Vec<&str> = migration::STEPS.iter().map(|step| step.name).collect();
        print_steps(&all, options)?;
        return Err(pending_steps(all.len()));
    }
    let missing = if matches!(command, Command::Up) { MissingFile::Create } else { MissingFile::Refuse };
    super::build::ensure_file(&config, missing)?;
    ensure_reachable(&config.database).await?;
    let db = super::build::open(&config).await?;
    let connection = db.migration_connection();
    let database = |error| CommandFailure::from(Error::from(error));
    let unusable = |error| super::build::database_failure(&config, error);
    match command {
        Command::Up => {
            db.ensure_usable().await.map_err(unusable)?;
            db.migrate(&config.database).await.map_err(unusable)?;
        }
        Command::Down { all } => {
            db.pending_migrations().await.map_err(unusable)?;
            if !db.is_embedded() {
                ensure_unpooled(&config.database).map_err(unusable)?;
            }
            if migration::adoption::phase(connection).await.map_err(database)?.is_some() {
                return Err(CommandFailure::Refused(ADOPTED.to_owned()));
            }
            let steps = if *all { None } else { Some(1) };
            Migrator::down(connection, steps).await.map_err(database)?;
        }
        Command::Status(_) => {}
    }
    db.pending_migrations().await.map_err(unusable)?;
    let pending = migration::history::pending(db.reader()).await.map_err(database)?;
    let default = ListOptions::default();
    print_steps(&pending, if let Command::Status(options) = command { options } else { &default })?;
    if pending.is_empty() && !search_index::exists(db.reader()).await.map_err(database)? {
        warn_of_slow_searches();
    }
    if matches!(command, Command::Status(_)) && !pending.is_empty() {
        return Err(pending_steps(pending.len()));
    }
    Ok(())
}

/// Prints all migrations with their status.
fn print_steps(pending: &[&str], options: &ListOptions) -> Result<(), CommandFailure> {
    let status = |name: &str| if pending.contains(&name) { "pending" } else { "applied" };
    options.print(
        migration::STEPS.iter().map(|step| step.name),
        |name| format!("{}  {name}\n", status(name)),
        |name| json!({"name": name, "status": status(name)}),
    )
}

fn pending_steps(number: usize) -> CommandFailure {
    let verb = if number == 1 { "is" } else { "are" };
    CommandFailure::Refused(format!("{} {verb} pending", count(number, "migration", "migrations")))
}
