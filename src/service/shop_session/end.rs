//! Ends the sessions of EverShop that belong to an account of patron.
//!
//! EverShop does not check at a request whether the password has changed since the login. So what ends all sessions at patron
//! deletes the rows of EverShop's sessions as well, in the same transaction.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::types::Audience;

/// `patron_session_customer_idx` is an index of the expression.
const END_CUSTOMERS: &str = r#"DELETE FROM "session" WHERE "sess"->>'customerID' = $1"#;
/// `patron_session_admin_idx` is an index of the expression.
const END_ADMINS: &str = r#"DELETE FROM "session" WHERE "sess"->>'userID' = $1"#;

/// Ends all sessions of EverShop of the account with this primary key, if the database is shared with EverShop or was.
pub(in crate::service) async fn end_shop_sessions(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    audience: Audience,
    id: i32,
) -> TxResult<()> {
    if !ctx.app.db.has_shop_sessions() {
        return Ok(());
    }
    let delete = match audience {
        Audience::Customer => END_CUSTOMERS,
        Audience::Admin => END_ADMINS,
    };
    let delete = Statement::from_sql_and_values(DbBackend::Postgres, delete, [id.to_string().into()]);
    tx.execute_raw(delete).await?;
    Ok(())
}
