//! The migrations of the database schema.

use std::time::Duration;

use migration::adoption;
use migration::history::History;

use super::{Database, Sharing};
use crate::config::{DatabaseConfig, Pooler};
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

/// The refusal behind a connection pooler, with the remedy.
const POOLED: &str = "changes of the schema need a connection without a pooler: for this command, set DATABASE_URL to PostgreSQL itself and \
    PATRON_DATABASE_POOLER to none";

/// Checks that nothing is between patron and PostgreSQL, as `PATRON_DATABASE_POOLER` says. Changes of the schema use what
/// poolers refuse or do not keep: parameters of the start, statements with names, locks of a session.
///
/// # Errors
/// [`Error::DatabaseUnusable`] with the remedy.
pub fn ensure_unpooled(config: &DatabaseConfig) -> Result<()> {
    match config.pooler {
        Pooler::None => Ok(()),
        Pooler::Session | Pooler::Transaction => Err(Error::DatabaseUnusable(POOLED.to_owned())),
    }
}

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
    /// many rows takes longer than the timeout of requests. Through a pooler that can't be migrated through, it does nothing
    /// if nothing is to be done.
    ///
    /// # Errors
    /// As [`pending_migrations`](Self::pending_migrations), and [`Error::DatabaseUnusable`] if a pooler prevents it.
    pub async fn migrate(&self, config: &DatabaseConfig) -> Result<()> {
        let pending = self.pending_migrations().await?;
        if self.is_embedded() {
            return Ok(migration::up(self.migration_connection()).await?);
        }
        if !self.can_migrate_through(config.pooler).await? {
            let is_current = pending == 0 && self.has_its_guards().await?;
            return if is_current { Ok(()) } else { ensure_unpooled(config) };
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

    async fn can_migrate_through(&self, pooler: Pooler) -> Result<bool> {
        Ok(match pooler {
            Pooler::None => true,
            // An adopted database needs parameters of the start.
            Pooler::Session => self.known_sharing().await? == Sharing::Own,
            Pooler::Transaction => false,
        })
    }

    /// Whether the database has the guards that it needs, if EverShop shares it.
    async fn has_its_guards(&self) -> Result<bool> {
        Ok(self.known_sharing().await? != Sharing::Shared
            || adoption::guards_are_complete(&self.reader).await?)
    }
}
