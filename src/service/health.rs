//! Checks whether patron is ready to serve requests: the database is available, migrated and writable.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;

use crate::app::App;
use crate::entity::throttle;
use crate::error::{Error, Result};
use crate::transact;

/// Key of the row that the write check writes.
const PROBE: &str = "readiness";

/// What a check of the readiness probe examines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckName {
    /// The database is reachable and usable.
    Database,
    /// The schema is up to date.
    Migrations,
    /// The database accepts writes.
    Writes,
}

impl CheckName {
    /// The name in responses and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Migrations => "migrations",
            Self::Writes => "writes",
        }
    }
}

/// One check of the readiness probe.
#[derive(Debug)]
pub struct ReadinessCheck {
    /// What the check examines.
    pub name: CheckName,
    /// The result of the check.
    pub state: CheckResult,
}

/// The result of a check.
#[derive(Debug)]
pub enum CheckResult {
    /// The check passed.
    Ok,
    /// The check failed with this error.
    Failed(Error),
    /// The check did not run, because another check failed first.
    Unknown,
}

/// Checks that the database is available and usable and that its schema is up to date. Writes nothing.
///
/// # Errors
/// [`Error::Unavailable`] if the database can't be reached, [`Error::DatabaseUnusable`] if its settings or its file are
/// wrong or another program created its schema, [`Error::MigrationsPending`] if migrations are pending.
pub async fn ensure_ready(app: &App) -> Result<()> {
    app.db.ensure_usable().await?;
    match app.db.pending_migrations().await? {
        0 => Ok(()),
        pending => Err(Error::MigrationsPending(pending)),
    }
}

/// Runs all readiness checks: the database is available, its schema is up to date, and it accepts writes. A check that
/// depends on a failed one is [`CheckResult::Unknown`].
pub async fn checks(app: &App) -> [ReadinessCheck; 3] {
    let [mut database, mut migrations, mut writes] =
        [CheckName::Database, CheckName::Migrations, CheckName::Writes]
            .map(|name| ReadinessCheck { name, state: CheckResult::Unknown });
    match ensure_ready(app).await {
        Ok(()) => {
            (database.state, migrations.state) = (CheckResult::Ok, CheckResult::Ok);
            writes.state = ensure_writable(app).await.map_or_else(CheckResult::Failed, |()| CheckResult::Ok);
        }
        Err(error @ Error::MigrationsPending(_)) => {
            (database.state, migrations.state) = (CheckResult::Ok, CheckResult::Failed(error));
        }
        Err(error) => database.state = CheckResult::Failed(error),
    }
    [database, migrations, writes]
}

/// Checks that the database accepts writes. It passes if no write was refused because the disk is full or the
/// database is read-only. After a refused write, each check tries a write until one succeeds: a server
/// that is not ready receives no requests that could show that the database accepts writes again.
async fn ensure_writable(app: &App) -> Result<()> {
    if !app.db.is_read_only() {
        return Ok(());
    }
    let now = app.clock.now();
    let row = throttle::ActiveModel {
        key: Set(PROBE.to_owned()),
        count: Set(0),
        since: Set(now),
        updated_at: Set(now),
        blocked_until: Set(None),
    };
    transact!(app.db, |tx| {
        let row = throttle::Entity::insert(row.clone()).on_conflict(
            OnConflict::column(throttle::Column::Key).update_column(throttle::Column::UpdatedAt).to_owned(),
        );
        // Housekeeping deletes the row with the other old throttle counters.
        row.exec_without_returning(tx).await?;
        Ok(())
    })?;
    app.db.record_write();
    Ok(())
}
