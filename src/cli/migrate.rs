//! `patron migrate`.

use clap::Subcommand;
use migration::{Migrator, MigratorTrait, search_index};

use super::exit::{Failure, print};
use super::start::warn_of_slow_searches;
use crate::app::open_database;
use crate::config::{Config, Flags};
use crate::error::Error;

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the migrations that have not run
    Up,
    /// Undo the last migration; what it added is lost
    Down {
        /// Undo all of them
        #[arg(long)]
        all: bool,
    },
    /// List the migrations and whether they have run; exit code 1 when one has not
    Status,
}

/// Runs the command.
pub(super) async fn run(flags: &Flags, command: &Command) -> Result<(), Failure> {
    // Not the whole program: whoever migrates needs no keys, and no place to keep them.
    let config = Config::load(flags)?;
    super::build::start_telemetry(&config)?;
    let db = open_database(&config).await?;
    let owner = db.migration_connection();
    let database = |error| Failure::from(Error::from(error));
    match command {
        Command::Up => {
            db.ensure_usable().await?;
            db.migrate(&config.database).await?;
        }
        Command::Down { all } => {
            db.pending_migrations().await?;
            let steps = if *all { None } else { Some(1) };
            Migrator::down(owner, steps).await.map_err(database)?;
        }
        Command::Status => {}
    }
    db.pending_migrations().await?;
    let pending = migration::history::pending(db.reader()).await.map_err(database)?;
    let mut text = String::new();
    for step in migration::STEPS {
        let state = if pending.contains(&step.name) { "pending" } else { "applied" };
        text.push_str(&format!("{state}  {}\n", step.name));
    }
    print(&text)?;
    if pending.is_empty() && !search_index::exists(owner).await.map_err(database)? {
        warn_of_slow_searches();
    }
    if matches!(command, Command::Status) && !pending.is_empty() {
        return Err(Failure::Refused(format!("{} migrations are pending", pending.len())));
    }
    Ok(())
}
