//! What the front door needs, checked at the start.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::app::App;
use crate::config::FrontDoorConfig;
use crate::db::Sharing;
use crate::error::{Error, Result};

/// The error without a database of EverShop.
const NOT_ADOPTED: &str = "PATRON_COMPAT=evershop needs the PostgreSQL database of an EverShop that patron has adopted: run \
    `patron adopt --check`, or unset PATRON_COMPAT";
/// The error without rights to EverShop's sessions.
const NO_RIGHTS: &str = "PATRON_COMPAT=evershop reads and writes EverShop's sessions, and this role may not, or the table does not \
    exist. As its owner: GRANT SELECT, INSERT, UPDATE, DELETE ON \"session\" TO the role of DATABASE_URL";

const HAS_RIGHTS: &str = "SELECT coalesce(bool_and(has_table_privilege(to_regclass('session')::oid, privilege)), false) \
    FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege";
const IS_TIME_ZONE: &str =
    "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE lower(name) = lower($1::text))";

/// The settings of the front door.
///
/// # Errors
/// [`Error::Internal`] if patron is not one, which is a defect: its routes don't exist then.
pub fn settings(app: &App) -> Result<&FrontDoorConfig> {
    app.config.front_door.as_ref().ok_or_else(|| Error::internal("patron is not a front door"))
}

/// Checks that the settings of the front door, if it is switched on, fit the database.
///
/// # Errors
/// [`Error::DatabaseUnusable`] with the reason and the remedy.
pub async fn ensure_ready(app: &App) -> Result<()> {
    let Some(door) = &app.config.front_door else { return Ok(()) };
    if app.db.known_sharing().await? == Sharing::Own {
        return Err(Error::DatabaseUnusable(NOT_ADOPTED.to_owned()));
    }
    let db = app.db.reader();
    if !is_true(db, Statement::from_string(DbBackend::Postgres, HAS_RIGHTS)).await? {
        return Err(Error::DatabaseUnusable(NO_RIGHTS.to_owned()));
    }
    let values = [door.time_zone.as_str().into()];
    if !is_true(db, Statement::from_sql_and_values(DbBackend::Postgres, IS_TIME_ZONE, values)).await? {
        return Err(Error::DatabaseUnusable(format!(
            "PATRON_EVERSHOP_TIMEZONE: PostgreSQL has no time zone `{}`; set it to shop.timezone of EverShop's configuration, \
             such as Europe/Berlin",
            door.time_zone
        )));
    }
    if door.has_published_secret() {
        tracing::warn!(
            "PATRON_EVERSHOP_COOKIE_SECRET is the secret that is published with EverShop's source: set another one, and the same \
             one as system.session.cookieSecret in EverShop's configuration"
        );
    }
    Ok(())
}

/// Reads a single boolean.
async fn is_true(db: &impl ConnectionTrait, select: Statement) -> Result<bool> {
    let row = db.query_one_raw(select).await?;
    Ok(row.map_or(Ok(false), |row| row.try_get_by_index(0))?)
}
