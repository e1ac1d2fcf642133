//! The filter by a custom field. Values are found by their copies in `customer_metafield_value`.

use sea_orm::sea_query::{ExprTrait, SimpleExpr};
use serde_json::Value;

use super::compare::{check_text, check_values};
use super::owned_rows::{has_one_of_few, has_row};
use super::reading::{Reading, are_few};
use crate::app::App;
use crate::app::ctx::Ctx;
use crate::entity::customer_metafield_value::{Column, Entity};
use crate::entity::metafield_definition;
use crate::error::{Error, Result, truncate};
use crate::service::account::{metafield_name, value_key};
use crate::service::query::condition::column;

/// The maximum length of an unknown name in a message, in characters.
const MAX_NAME: usize = 64;

/// A filter by a custom field.
#[derive(Clone, Debug)]
pub struct MetafieldCriterion {
    namespace: String,
    key: String,
    compare: CompareMetafield,
    /// Whether few values match.
    few: bool,
}

/// The comparison of a custom field.
#[derive(Clone, Debug)]
pub enum CompareMetafield {
    /// The value, or an item of it, is one of these texts, numbers and booleans.
    In(Vec<Value>),
    /// Whether the customer has a value.
    Exists(bool),
    /// No comparison was given, which is an error.
    Missing,
}

impl MetafieldCriterion {
    /// The filter with this comparison.
    pub fn new(namespace: String, key: String, compare: CompareMetafield) -> Self {
        Self { namespace, key, compare, few: false }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_text(&self.namespace)?;
        check_text(&self.key)?;
        let values = match &self.compare {
            CompareMetafield::In(values) => values,
            CompareMetafield::Exists(_) => return Ok(()),
            CompareMetafield::Missing => {
                let message = "A condition on a custom field needs eq, in or exists";
                return Err(Error::invalid("filter", message));
            }
        };
        check_values(values.len())?;
        for value in values {
            if value_key(value).is_none() {
                let message = "A custom field is compared with a text, a number, true or false";
                return Err(Error::invalid("filter", message));
            }
            value.as_str().map_or(Ok(()), check_text)?;
        }
        Ok(())
    }

    /// Checks that the field is defined.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field.
    pub(super) fn check_defined(&self, definitions: &[metafield_definition::Model]) -> Result<()> {
        let Self { namespace, key, .. } = self;
        if definitions.iter().any(|row| row.namespace == *namespace && row.field_key == *key) {
            return Ok(());
        }
        let name = [namespace, key].map(|part| truncate(part.clone(), MAX_NAME)).join(".");
        Err(Error::invalid("filter", format!("There is no custom field \"{name}\"")))
    }

    /// Finds out how the customers are best read.
    pub(super) async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        // A customer without a value has no row.
        if self.has_row() {
            self.few = are_few::<Entity>(ctx, self.rows()).await?;
        }
        Ok(())
    }

    /// The condition on a customer.
    pub(super) fn condition(&self, app: &App, reading: Reading) -> SimpleExpr {
        let backend = app.db.backend();
        if self.few {
            return has_one_of_few::<Entity>(Column::CustomerId, self.rows(), backend);
        }
        let has_row = has_row::<Entity>(Column::CustomerId, self.rows(), reading.is_paged(), backend);
        if self.has_row() { has_row } else { has_row.not() }
    }

    /// Whether a customer that meets the condition has a row that matches.
    fn has_row(&self) -> bool {
        matches!(self.compare, CompareMetafield::In(_) | CompareMetafield::Exists(true))
    }

    fn rows(&self) -> SimpleExpr {
        let has_name = column(Column::Name).eq(metafield_name(&self.namespace, &self.key));
        match &self.compare {
            CompareMetafield::In(values) => {
                has_name.and(column(Column::ValueKey).is_in(values.iter().filter_map(value_key)))
            }
            CompareMetafield::Exists(_) | CompareMetafield::Missing => has_name,
        }
    }
}
