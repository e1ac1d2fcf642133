//! Reads columns as the guards record them.

use sea_orm::prelude::Json;
use sea_orm::sea_query::ValueType;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::types::EmailAddress;

pub(super) fn read<'a, T: Deserialize<'a>>(columns: &'a Json) -> Result<T> {
    // The error of the deserializer may quote a value.
    T::deserialize(columns).map_err(|_| unreadable())
}

/// The error for columns that have another form.
pub(super) fn unreadable() -> Error {
    Error::internal("the columns of a row that EverShop changed can't be read")
}

/// An address as it is stored, valid or not.
pub(super) fn stored_email(email: String) -> Result<EmailAddress> {
    <EmailAddress as ValueType>::try_from(email.into()).map_err(Error::internal)
}
