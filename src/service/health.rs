//! Checks whether patron is ready to serve requests: the database is available, migrated and writable.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;

use crate::app::App;
use crate::clock::Timer;
use crate::entity::throttle;
use crate::error::{Error, Result};
use crate::transact;

/// Key of the row that the write check writes.
const PROBE: &str = "readiness";
/// A check of writes within this time after a successful one does not write again, so that many probes write little.
const PROOF: Duration = Duration::from_secs(1);
/// How long the check of writes waits for SQLite, which runs one write at a time: a write that takes longer than this is
/// running, so the database accepts writes.
const WAIT_FOR_WRITER: Duration = Duration::from_millis(250);

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
        0 => {
            app.had_current_schema.store(true, Ordering::Relaxed);
            Ok(())
        }
        pending => Err(Error::MigrationsPending(pending)),
    }
}

/// As [`ensure_ready`], for a server that runs. A newer release may have migrated the database since it started, because an
/// upgrade migrates the database first and replaces the instances then. Its migrations leave the schema usable for the
/// release before it (docs/upgrading.md).
async fn ensure_still_ready(app: &App) -> Result<()> {
    match ensure_ready(app).await {
        Err(error @ Error::DatabaseUnusable(_)) if app.had_current_schema.load(Ordering::Relaxed) => {
            if app.db.is_of_newer_release().await? { Ok(()) } else { Err(error) }
        }
        outcome => outcome,
    }
}

/// Runs all readiness checks: the database is available, its schema is up to date, and it accepts writes. A check that
/// depends on a failed one is [`CheckResult::Unknown`]. They take at most as long as a request waits for the database.
pub async fn checks(app: &App) -> [ReadinessCheck; 3] {
    let [mut database, mut migrations, mut writes] =
        [CheckName::Database, CheckName::Migrations, CheckName::Writes]
            .map(|name| ReadinessCheck { name, state: CheckResult::Unknown });
    let (limit, timer) = (app.config.database.acquire_timeout, Timer::start());
    match in_time(limit, ensure_still_ready(app)).await {
        Ok(()) => {
            (database.state, migrations.state) = (CheckResult::Ok, CheckResult::Ok);
            let left = limit.saturating_sub(timer.elapsed());
            writes.state =
                check_writes(app, left).await.map_or_else(CheckResult::Failed, |()| CheckResult::Ok);
        }
        Err(error @ Error::MigrationsPending(_)) => {
            (database.state, migrations.state) = (CheckResult::Ok, CheckResult::Failed(error));
        }
        Err(error) => database.state = CheckResult::Failed(error),
    }
    [database, migrations, writes]
}

/// Checks writes in at most this time.
async fn check_writes(app: &App, limit: Duration) -> Result<()> {
    if app.db.is_embedded() {
        let outcome = tokio::time::timeout(limit.min(WAIT_FOR_WRITER), ensure_writable(app)).await;
        return outcome.unwrap_or(Ok(()));
    }
    in_time(limit, ensure_writable(app)).await
}

/// The outcome of a check, or an error after this time: a server that is frozen accepts connections and never responds.
async fn in_time(limit: Duration, check: impl Future<Output = Result<()>>) -> Result<()> {
    let outcome = tokio::time::timeout(limit, check).await;
    outcome.unwrap_or_else(|_| Err(Error::unavailable("the database does not respond in time")))
}

/// Checks that the database accepts writes, by a write. It does not wait for a write of a request that fails: a server
/// behind a load balancer that is not ready receives no requests, and one that is new has received none yet.
async fn ensure_writable(app: &App) -> Result<()> {
    if app.db.last_proven_write().is_some_and(|elapsed| elapsed < PROOF) {
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
