//! The account that a mail is for.

use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::{admin_user, customer, mail};
use crate::outbound::mailer::Variables;
use crate::service::greeting;

/// The account that a mail is for.
pub(super) enum MailRecipient {
    Customer(Box<customer::Model>),
    Admin(Box<admin_user::Model>),
}

impl MailRecipient {
    /// Finds the account and locks its row, shared, until the transaction ends.
    pub(super) async fn lock(tx: &impl ConnectionTrait, mail: &mail::Model) -> TxResult<Option<Self>> {
        if mail.kind.is_for_admins() {
            let admin = admin_user::Entity::find_by_address(&mail.recipient).lock_shared().one(tx).await?;
            return Ok(admin.map(|admin| Self::Admin(Box::new(admin))));
        }
        let customer = match mail.customer_id {
            Some(id) => customer::Entity::find_by_id(id),
            None => customer::Entity::find_by_address(&mail.recipient),
        };
        let customer = customer.lock_shared().one(tx).await?;
        Ok(customer.map(|customer| Self::Customer(Box::new(customer))))
    }
}

/// The variables of a mail to an admin. Only admins set the names of admins, so they are shown as they are.
pub(super) fn variables_for_admin(ctx: &Ctx, mail: &mail::Model, admin: &admin_user::Model) -> Variables {
    Variables {
        full_name: admin.full_name.clone(),
        recipient: greeting::displayed_address(&mail.recipient),
        time: greeting::displayed_time(mail.created_at),
        public_url: ctx.app.public_url(),
        ..Variables::default()
    }
}
