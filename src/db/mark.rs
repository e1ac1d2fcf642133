//! A database that EverShop uses as well: whether it is one, and the mark by which the database recognizes patron's writes.
//!
//! While both programs write, triggers of the database guard patron's columns against the writes of EverShop. A write passes
//! them unchanged if its transaction has the mark: the setting `patron.writer`, which [`Database::begin`] sets for the
//! transaction. So both programs may use one role, and a connection pooler between transactions does no harm.

use std::sync::atomic::Ordering;

use migration::adoption::{self, Phase};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::database::Database;
use super::open_transaction::OpenTransaction;
use super::sharing::Sharing;
use crate::error::{Error, Result};

/// Sets the mark until the transaction ends.
const SET_MARK: &str = "SET LOCAL patron.writer = 'on'";
/// Whether a connection has the mark.
const HAS_MARK: &str = "SELECT COALESCE(current_setting('patron.writer', true), '') = 'on'";
/// Whether the mark is a setting of a role or of the database, so that connections of EverShop may have it.
const IS_PERMANENT: &str = "SELECT EXISTS (SELECT FROM pg_db_role_setting, unnest(setconfig) AS setting \
    WHERE setting LIKE 'patron.writer=%' \
    AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))";
/// Whether the table of EverShop's sessions exists.
const HAS_SESSIONS: &str = "SELECT to_regclass('session') IS NOT NULL";

/// The error if the mark is set outside of patron's transactions.
const ALWAYS_MARKED: &str = "the setting patron.writer is set for a role or for the database, so the guards would accept every write \
    of EverShop: ALTER ROLE … RESET patron.writer, and ALTER DATABASE … RESET patron.writer";
/// The error if a transaction does not have its mark.
const NEVER_MARKED: &str = "a transaction does not keep its setting patron.writer, so the guards would take patron's writes for \
    those of EverShop: let the connection pooler pool sessions or transactions, not statements";

/// The error if a trigger is missing or disabled.
const UNGUARDED: &str = "triggers named patron_guard are missing or disabled, so EverShop could set patron's columns: run \
    `patron migrate up`, which creates them again, or `patron adopt --finish` if EverShop no longer writes";

impl Database {
    /// Who uses the database, as last read. [`Sharing::Own`] until it was read.
    pub fn sharing(&self) -> Sharing {
        self.sharing.get().unwrap_or(Sharing::Own)
    }

    /// Who uses the database. Reads it if it was not read before.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn known_sharing(&self) -> std::result::Result<Sharing, DbErr> {
        if !self.is_embedded() && self.sharing.get().is_none() {
            self.refresh_sharing().await?;
        }
        Ok(self.sharing())
    }

    /// Whether EverShop's table of sessions exists in a database that was adopted.
    pub fn has_shop_sessions(&self) -> bool {
        self.sharing.has_shop_sessions.load(Ordering::Acquire)
    }

    /// Reads again who uses the database: `patron adopt --finish` may run while patron serves. An own database stays one,
    /// because `patron adopt` refuses it. It is not known to be an own one before it is migrated: it may still be adopted.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn refresh_sharing(&self) -> std::result::Result<(), DbErr> {
        if self.is_embedded() || self.sharing.get() == Some(Sharing::Own) {
            return Ok(());
        }
        let sharing = match adoption::phase(&self.reader).await? {
            Some(Phase::Finished) => Sharing::Finished,
            Some(Phase::Adopting | Phase::Shared | Phase::Undoing) => Sharing::Shared,
            None => match self.pending_migrations().await {
                Ok(0) => Sharing::Own,
                // An empty database, one of an EverShop, or an error that the next statement reports.
                _ => return Ok(()),
            },
        };
        let has_sessions = sharing != Sharing::Own && is_true(&self.reader, HAS_SESSIONS).await?;
        self.sharing.has_shop_sessions.store(has_sessions, Ordering::Release);
        self.sharing.set(sharing);
        Ok(())
    }

    /// Marks a transaction as one of patron, unless it is known that there are no guards.
    pub(super) async fn mark(&self, transaction: &OpenTransaction) -> std::result::Result<(), DbErr> {
        if !self.is_embedded() && matches!(self.sharing.get(), None | Some(Sharing::Shared)) {
            transaction.execute_unprepared(SET_MARK).await?;
        }
        Ok(())
    }

    /// Proves that the guards can distinguish patron's writes from those of EverShop: a transaction of the pool has the mark,
    /// and a statement outside of a transaction does not.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] with the remedy.
    pub async fn ensure_marked(&self) -> Result<()> {
        let transaction = self.begin().await?;
        let is_marked = is_true(&transaction, HAS_MARK).await?;
        transaction.rollback().await?;
        if is_true(&self.writer, HAS_MARK).await? || is_true(&self.writer, IS_PERMANENT).await? {
            Err(Error::DatabaseUnusable(ALWAYS_MARKED.to_owned()))
        } else if !is_marked {
            Err(Error::DatabaseUnusable(NEVER_MARKED.to_owned()))
        } else {
            Ok(())
        }
    }

    /// Checks that EverShop's writes are guarded. They are not if an operator has disabled the triggers, or if
    /// `patron adopt --finish` was interrupted.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] with the remedy.
    pub async fn ensure_guarded(&self) -> Result<()> {
        match adoption::guards_are_complete(&self.reader).await? {
            true => Ok(()),
            false => Err(Error::DatabaseUnusable(UNGUARDED.to_owned())),
        }
    }

    /// The modules of EverShop whose versions differ from those at the adoption, such as `customer 1.0.4 → 1.0.5`. Empty if
    /// the database was not adopted, or EverShop was removed.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn upgraded_modules(&self) -> std::result::Result<Vec<String>, DbErr> {
        let Some(adoption) = adoption::read(&self.reader).await? else { return Ok(Vec::new()) };
        let Some(modules) = adoption::modules(&self.reader).await? else { return Ok(Vec::new()) };
        let changes = adoption::KNOWN_MODULES.iter().filter_map(|(name, _)| {
            let (before, now) = (adoption.modules.get(*name), modules.get(*name));
            let text = |version: Option<&String>| version.map_or("none", String::as_str).to_owned();
            (before != now).then(|| format!("{name} {} → {}", text(before), text(now)))
        });
        Ok(changes.collect())
    }
}

/// Reads a single boolean.
async fn is_true(db: &impl ConnectionTrait, select: &str) -> std::result::Result<bool, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, select)).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}
