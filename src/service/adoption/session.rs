//! What a command that changes the adoption has for its whole run: the right to change the schema, which only one program has
//! at a time, and a connection without the statement timeout of requests.

use std::time::Duration;

use migration::adoption::{self, AdoptionLock};
use sea_orm::{DatabaseConnection, DbErr, SqlErr};

use crate::app::ctx::AdminCtx;
use crate::config::DatabaseConfig;
use crate::db::Database;
use crate::error::{Error, Result, refused_statement};

/// The right to adopt the database, to undo the adoption, or to finish it. PostgreSQL takes it back when the program ends.
#[derive(Debug)]
pub struct AdoptionSession {
    database: Database,
    lock: AdoptionLock,
}

impl AdoptionSession {
    /// Gets the right.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another program has it; [`Error::DatabaseUnusable`] if a setting of the database has a value
    /// that patron refuses; [`Error::Unavailable`] if the database can't be reached.
    pub async fn begin(ctx: &AdminCtx) -> Result<Self> {
        ctx.app.db.ensure_usable().await?;
        let config = ctx.app.config.database.clone();
        // Building an index over many rows takes longer than the timeout of requests.
        let config = DatabaseConfig { statement_timeout: Duration::ZERO, max_connections: 2, ..config };
        let database = Database::connect(&config).await?;
        // Chooses among several hosts.
        database.ensure_usable().await?;
        let lock = adoption::lock(database.migration_connection()).await.map_err(failure)?;
        Ok(Self { database, lock })
    }

    /// Returns the right.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the connection is lost.
    pub async fn end(self) -> Result<()> {
        self.lock.release().await?;
        Ok(self.database.close().await?)
    }

    pub(super) fn connection(&self) -> &DatabaseConnection {
        self.database.migration_connection()
    }
}

/// The error of a failed change of the schema. The migrations explain refusals in words.
pub(super) fn failure(error: DbErr) -> Error {
    match error {
        DbErr::Migration(text) | DbErr::Custom(text) => Error::conflict(text),
        error if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Error::conflict(
            "a row has appeared that patron can't have twice, so a unique index could not be built: run \
                 `patron adopt --check`, decide about the row, and run `patron adopt` again",
        ),
        error => match refused_statement(&error) {
            Some(reason) => Error::conflict(format!(
                "the database refuses a change of the schema: {reason}; correct that, and run the command again, which continues \
                 where it stopped, or take the adoption back with `patron adopt --undo`"
            )),
            None => error.into(),
        },
    }
}
