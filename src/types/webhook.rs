//! How far telling somebody of an event is.

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// To be sent, or to be tried again.
    Pending,
    /// The receiver took it.
    Delivered,
    /// Given up after three days; it can be replayed.
    Parked,
}

impl DeliveryStatus {
    /// Its name, as in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
        }
    }
}
