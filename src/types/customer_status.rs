//! The status of a customer: enabled or disabled.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable, Value};

/// The status of a customer. Another program may have stored any number, or NULL: every value but 1 means disabled.
#[derive(Clone, Copy, Debug)]
pub enum CustomerStatus {
    /// The customer may log in. Stored as 1.
    Enabled,
    /// The customer may not log in. Contains the stored number, because rows are sorted by it, so cursors contain it.
    Disabled(i64),
}

impl CustomerStatus {
    /// Disabled, with the number that patron stores.
    pub const DISABLED: Self = Self::Disabled(0);

    /// Whether the customer may log in.
    pub fn is_enabled(self) -> bool {
        matches!(self, Self::Enabled)
    }

    /// The number in the API: 1 enabled, 0 disabled.
    pub fn number(self) -> i16 {
        self.is_enabled().into()
    }

    /// The stored number.
    pub fn stored(self) -> i64 {
        match self {
            Self::Enabled => 1,
            Self::Disabled(number) => number,
        }
    }

    fn of_stored(number: i64) -> Self {
        if number == 1 { Self::Enabled } else { Self::Disabled(number) }
    }
}

/// Two disabled values are equal, so that disabling a disabled customer changes nothing.
impl PartialEq for CustomerStatus {
    fn eq(&self, other: &Self) -> bool {
        self.is_enabled() == other.is_enabled()
    }
}

impl Eq for CustomerStatus {}

impl From<CustomerStatus> for Value {
    fn from(status: CustomerStatus) -> Self {
        let stored = status.stored();
        <i16 as TryFrom<i64>>::try_from(stored).map_or_else(|_| stored.into(), Self::from)
    }
}

impl TryGetable for CustomerStatus {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match Option::<i16>::try_get_by(row, index) {
            Ok(stored) => Ok(Self::of_stored(stored.unwrap_or_default().into())),
            // SQLite stores values of any type in any column.
            Err(error) => {
                match (Option::<i64>::try_get_by(row, index), Option::<String>::try_get_by(row, index)) {
                    (Ok(stored), _) => Ok(Self::of_stored(stored.unwrap_or_default())),
                    (_, Ok(_)) => Ok(Self::Disabled(i64::MAX)),
                    _ => Option::<f64>::try_get_by(row, index)
                        .map(|_| Self::Disabled(i64::MAX))
                        .map_err(|_| error),
                }
            }
        }
    }
}

impl ValueType for CustomerStatus {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::BigInt(Some(stored)) => Ok(Self::of_stored(stored)),
            value => <i16 as ValueType>::try_from(value).map(|stored| Self::of_stored(stored.into())),
        }
    }

    fn type_name() -> String {
        "CustomerStatus".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::SmallInt
    }

    fn column_type() -> ColumnType {
        ColumnType::SmallInteger
    }
}

impl Nullable for CustomerStatus {
    fn null() -> Value {
        Value::SmallInt(None)
    }
}
