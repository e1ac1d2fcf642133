//! The two kinds of accounts.

use serde::{Deserialize, Serialize};

/// The kind of account that logs in, and that a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// An admin, in the back office.
    Admin,
    /// A customer, in the storefront.
    Customer,
}

impl Audience {
    /// Its name, as in tokens, in logs and in the keys of counters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Customer => "customer",
        }
    }
}
