//! The caller of a service function.

use uuid::Uuid;

/// The caller of a service function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A client without a token.
    Anonymous,
    /// A customer with a token of an enabled account.
    Customer {
        /// Primary key of the account.
        customer_id: i32,
        /// Public identifier of the account.
        uuid: Uuid,
        /// The session of the token. `None` for a token that EverShop issued.
        session: Option<Uuid>,
    },
    /// An admin with a token of an enabled account.
    Admin {
        /// Primary key of the account.
        admin_user_id: i32,
        /// Public identifier of the account.
        uuid: Uuid,
    },
    /// The program itself: a command or a job.
    System,
}
