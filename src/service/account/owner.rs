//! Whose things are meant, by whom.

use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::error::Result;

/// The customer whose addresses or custom fields are meant.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The customer whose token it is.
    Me,
    /// Any customer; for admins.
    Customer(Uuid),
}

impl Owner {
    /// The customer that is meant, when the caller may change what is its own.
    pub(in crate::service) fn authorize(self, ctx: &Ctx) -> Result<Uuid> {
        match self {
            Self::Me => ctx.require_customer().map(|(_, uuid)| uuid),
            Self::Customer(uuid) => ctx.require_admin().map(|()| uuid),
        }
    }
}
