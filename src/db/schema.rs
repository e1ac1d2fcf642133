//! The migrations of the database schema.

use std::time::Duration;

use migration::history::History;

use super::Database;
use crate::config::DatabaseConfig;
use crate::error::{Error, Result};

/// The error if an unreleased build created the schema, with the remedy.
const UNRELEASED_SCHEMA: &str = "an unreleased build of patron created this database, and its schema can't be upgraded. Move its \
    customers to a new database: with the old program, `patron export --with-password-hashes -o customers.ndjson`; with \
    this one and another DATABASE_URL, `patron migrate up` and `patron import --create-groups customers.ndjson`. Admins, \
    definitions of custom fields and webhooks have to be created there";

/// The error on the database of a shop, with the remedy.
const EVERSHOP: &str = "this is the database of an EverShop shop, which patron has not adopted: run `patron adopt --check`, which \
    changes nothing, then `patron adopt`";

/// The error if an adoption is incomplete, with the remedy.
const ADOPTING: &str = "an adoption of this EverShop database is running or was interrupted: run `patron adopt` again, or \
    `patron adopt --undo`";

/// The error if the undo of an adoption is incomplete, with the remedy.
const UNDOING: &str = "the undo of an adoption of this EverShop database is running or was interrupted: run `patron adopt --undo` \
    again, or `patron adopt` to adopt it after all";

impl Database {
    /// The number of pending migrations.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] if an unreleased build or a newer version of patron created the schema, or if it is the
    /// database of an EverShop shop that is not adopted, or not completely.
    pub async fn pending_migrations(&self) -> Result<usize> {
        match migration::history::read(&self.reader).await? {
            History::Current => Ok(0),
            History::Pending(count) => Ok(count),
            History::Unreleased => Err(Error::DatabaseUnusable(UNRELEASED_SCHEMA.to_owned())),
            History::EverShop => Err(Error::DatabaseUnusable(EVERSHOP.to_owned())),
            History::Adopting => Err(Error::DatabaseUnusable(ADOPTING.to_owned())),
            History::Undoing => Err(Error::DatabaseUnusable(UNDOING.to_owned())),
            History::Newer(name) => Err(Error::DatabaseUnusable(format!(
                "the database is of a newer release of patron, which has run the migration {name}: run that release, or see \
                 docs/upgrading.md on going back"
            ))),
        }
    }

    /// Whether a newer release of patron has migrated the database.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn is_of_newer_release(&self) -> Result<bool> {
        Ok(matches!(migration::history::read(&self.reader).await?, History::Newer(_)))
    }

    /// Runs the pending migrations on a separate connection without a statement timeout, because building an index over
    /// many rows takes longer than the timeout of requests.
    ///
    /// # Errors
    /// As [`pending_migrations`](Self::pending_migrations).
    pub async fn migrate(&self, config: &DatabaseConfig) -> Result<()> {
        self.pending_migrations().await?;
        if self.is_embedded() {
            return Ok(migration::up(self.migration_connection()).await?);
        }
        let unlimited =
            DatabaseConfig { statement_timeout: Duration::ZERO, max_connections: 1, ..config.clone() };
        let database = Self::connect(&unlimited).await?;
        // Chooses among several hosts.
        database.ensure_usable().await?;
        let migrated = migration::up(database.migration_connection()).await;
        database.close().await?;
        Ok(migrated?)
    }
}
