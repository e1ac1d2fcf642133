//! The customer that a request acts on, and whether the caller may do so.

use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::error::Result;

/// The customer whose addresses or custom fields a request reads or changes.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The authenticated customer.
    Me,
    /// Any customer, by public identifier; admins only.
    Customer(Uuid),
}

impl Owner {
    /// Returns the customer's public identifier if the caller may change this customer's data.
    pub(in crate::service) fn authorize(self, ctx: &Ctx) -> Result<Uuid> {
        match self {
            Self::Me => ctx.require_customer().map(|(_, uuid)| uuid),
            Self::Customer(uuid) => ctx.require_admin().map(|()| uuid),
        }
    }
}
