//! Whether the database can be worked with.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;

use crate::app::App;
use crate::entity::throttle;
use crate::error::{Error, Result};
use crate::transact;

/// The row that is written to see whether any can be.
const PROBE: &str = "readiness";

/// Something that has to be right for requests to be served.
#[derive(Debug)]
pub struct Check {
    /// `database`, `migrations` or `writes`.
    pub name: &'static str,
    /// How it is.
    pub state: CheckResult,
}

/// How a check came out.
#[derive(Debug)]
pub enum CheckResult {
    /// As it should be.
    Ok,
    /// Not as it should be, and why.
    Failed(Error),
    /// Another check failed first.
    Unknown,
}

/// Passes when the database can be reached and used, and its schema is up to date; changes nothing.
///
/// # Errors
/// [`Error::Unavailable`] when the database can't be reached, [`Error::DatabaseUnusable`] when its settings or its file
/// are wrong or another program created its schema, [`Error::MigrationsPending`] when migrations are pending.
pub async fn ensure_ready(app: &App) -> Result<()> {
    app.db.ensure_usable().await?;
    match app.db.pending_migrations().await? {
        0 => Ok(()),
        pending => Err(Error::MigrationsPending(pending)),
    }
}

/// Looks at everything that has to be right: whether the database can be reached, whether its schema is up to date, and
/// whether it takes writes. Of what depends on a failed one nothing is known.
pub async fn checks(app: &App) -> [Check; 3] {
    let [mut database, mut migrations, mut writes] =
        ["database", "migrations", "writes"].map(|name| Check { name, state: CheckResult::Unknown });
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

/// Passes when nobody was refused a write because the disk is full or the database is read-only. When somebody was, it
/// is tried until one succeeds: a server that is not ready gets no requests that would find out.
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
        // It stays until it is as old as the others that are forgotten.
        row.exec_without_returning(tx).await?;
        Ok(())
    })?;
    app.db.record_write();
    Ok(())
}
