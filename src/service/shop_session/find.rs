//! Finds and ends single sessions of the shop.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

use crate::config::FrontDoorConfig;
use crate::crypto::digest::sha256_hex;
use crate::db::TxResult;
use crate::types::Audience;

const CUSTOMER: &str = r#"SELECT sess ->> 'customerID' FROM "session"
    WHERE sid = $1 AND expire AT TIME ZONE $2::text > $3::timestamptz"#;
const ADMIN: &str = r#"SELECT sess ->> 'userID' FROM "session"
    WHERE sid = $1 AND expire AT TIME ZONE $2::text > $3::timestamptz"#;
const DELETE: &str = r#"DELETE FROM "session" WHERE sid = $1 AND sess ->> 'customerID' = $2"#;

/// The primary key of the account that is logged in with a session, if the session exists and has not expired.
pub(in crate::service) async fn account_id(
    db: &impl ConnectionTrait,
    door: &FrontDoorConfig,
    audience: Audience,
    sid: &str,
    now: DateTime<Utc>,
) -> Result<Option<i32>, DbErr> {
    let select = match audience {
        Audience::Customer => CUSTOMER,
        Audience::Admin => ADMIN,
    };
    let values: [Value; 3] = [sid.into(), door.time_zone.as_str().into(), now.into()];
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, select, values)).await?;
    let Some(row) = row else { return Ok(None) };
    let id: Option<String> = row.try_get_by_index(0)?;
    Ok(id.and_then(|id| id.parse().ok()))
}

/// Ends a session of a customer. Returns false if there is no such session.
pub(in crate::service) async fn end_one(
    tx: &impl ConnectionTrait,
    sid: &str,
    customer_id: i32,
) -> TxResult<bool> {
    let values: [Value; 2] = [sid.into(), customer_id.to_string().into()];
    let delete = Statement::from_sql_and_values(DbBackend::Postgres, DELETE, values);
    Ok(tx.execute_raw(delete).await?.rows_affected() > 0)
}

/// The identifier of a session in the journal. The session's own identifier is a secret.
pub(in crate::service) fn public_id(sid: &str) -> Uuid {
    let digest = sha256_hex(sid);
    // The digest has 64 digits, so the half of it is valid.
    let half = Uuid::try_parse(&digest[..32]).unwrap_or_default();
    uuid::Builder::from_custom_bytes(half.into_bytes()).into_uuid()
}
