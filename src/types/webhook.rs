//! The status of webhook deliveries.

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// The status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Not delivered yet. It will be sent or retried.
    Pending,
    /// The receiver accepted it.
    Delivered,
    /// Failed for three days and not retried any more (dead letter). It can be replayed.
    #[sea_orm(string_value = "parked")]
    DeadLetter,
}

impl DeliveryStatus {
    /// Its name, as in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::DeadLetter => "parked",
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ActiveEnum, Iterable};

    use super::DeliveryStatus;

    #[test]
    fn names_are_equal_to_the_stored_values() {
        for status in DeliveryStatus::iter() {
            assert_eq!(status.name(), status.to_value());
        }
    }
}
