//! The journal entry of a mail that an admin requested for a customer.

use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer;
use crate::service::journal::{self, Change};
use crate::types::{EventKind, MailKind};

/// Records in the journal that an admin had a link mailed to a customer, whose row the calling code has locked.
pub(in crate::service) async fn record_request(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer: &customer::Model,
) -> TxResult<()> {
    let data = json!({"uuid": customer.uuid.to_string(), "kind": kind.to_string()});
    let requested = Change::event(EventKind::MailRequested, customer.uuid, data);
    journal::append_numbered(ctx, tx, customer.customer_id, vec![requested]).await
}
