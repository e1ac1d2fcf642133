//! Creates sessions of the shop: rows that EverShop reads as its own.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use serde_json::json;

use crate::config::FrontDoorConfig;
use crate::db::TxResult;
use crate::error::Error;

/// The maximum number of sessions of a customer at the shop. A further login ends the one that expires first.
const MAX_SESSIONS: i64 = 50;

const INSERT: &str = r#"INSERT INTO "session" (sid, sess, expire)
    VALUES ($1, $2::json, $3::timestamptz AT TIME ZONE $4::text)"#;
const EVICT: &str = r#"WITH ended AS (
        DELETE FROM "session" WHERE sid IN (
            SELECT sid FROM "session" WHERE sess ->> 'customerID' = $1 ORDER BY expire DESC OFFSET $2
        ) RETURNING expire
    ) SELECT count(*) FROM ended WHERE expire AT TIME ZONE $3::text > $4::timestamptz"#;
const REPLACE: &str = r#"DELETE FROM "session" WHERE sid = $1 AND coalesce(sess ->> 'customerID', $2) = $2
    RETURNING (sess ->> 'customerID') IS NOT NULL"#;
const MAY_MOVE_CARTS: &str = r#"SELECT coalesce(
    has_table_privilege(to_regclass('cart')::oid, 'SELECT') AND has_table_privilege(to_regclass('cart')::oid, 'UPDATE'), false)"#;
const MOVE_CARTS: &str = r#"UPDATE "cart" SET sid = $1 WHERE sid = $2"#;

/// Creates a session of a customer, which begins now.
pub(in crate::service) async fn create(
    tx: &impl ConnectionTrait,
    door: &FrontDoorConfig,
    customer_id: i32,
    sid: &str,
    now: DateTime<Utc>,
) -> TxResult<()> {
    let lifetime = TimeDelta::from_std(door.session_lifetime).map_err(Error::internal)?;
    let expires = now + lifetime;
    // The members that EverShop's session middleware writes.
    let session = json!({
        "cookie": {
            "originalMaxAge": lifetime.num_milliseconds(),
            "expires": expires.to_rfc3339_opts(SecondsFormat::Millis, true),
            "httpOnly": true,
            "path": "/",
            "sameSite": "lax",
        },
        "customerID": customer_id,
    });
    let values: [Value; 4] =
        [sid.into(), session.to_string().into(), expires.into(), door.time_zone.as_str().into()];
    tx.execute_raw(statement(INSERT, values)).await?;
    Ok(())
}

/// Deletes sessions of a customer if it has too many for another one. Returns how many of them had not expired.
pub(in crate::service) async fn evict(
    tx: &impl ConnectionTrait,
    door: &FrontDoorConfig,
    customer_id: i32,
    now: DateTime<Utc>,
) -> TxResult<i64> {
    let values: [Value; 4] = [
        customer_id.to_string().into(),
        (MAX_SESSIONS - 1).into(),
        door.time_zone.as_str().into(),
        now.into(),
    ];
    let row = tx.query_one_raw(statement(EVICT, values)).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}

/// Ends an earlier session of the same browser, unless it belongs to another customer, and moves its cart to the new session.
/// Returns whether a customer was logged in.
///
/// A login always gets a new session: an attacker may know the identifier of the earlier one (session fixation). EverShop
/// finds the cart of a visitor by the identifier of the session.
pub(in crate::service) async fn replace(
    tx: &impl ConnectionTrait,
    earlier: &str,
    customer_id: i32,
    sid: &str,
) -> TxResult<bool> {
    let values: [Value; 2] = [earlier.into(), customer_id.to_string().into()];
    let Some(row) = tx.query_one_raw(statement(REPLACE, values)).await? else { return Ok(false) };
    let select = Statement::from_string(DbBackend::Postgres, MAY_MOVE_CARTS);
    let may_move_carts = tx.query_one_raw(select).await?;
    if may_move_carts.map_or(Ok(false), |row| row.try_get_by_index(0))? {
        tx.execute_raw(statement(MOVE_CARTS, [sid.into(), earlier.into()])).await?;
    }
    Ok(row.try_get_by_index(0)?)
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
