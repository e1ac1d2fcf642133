//! The filter by addresses: one address of the customer meets all conditions.
//!
//! Addresses are compared by their keys (`types::address_key`), which ignore case, accents and punctuation. Equality and
//! prefixes are found by the indexes of the keys. A part of a city, postcode or telephone number is found by the index
//! of the keyword search, because the customer's search text contains them.

use sea_orm::sea_query::{ExprTrait, SimpleExpr};

use super::compare::CompareText;
use super::owned_rows::{has_one_of_few, has_row};
use super::reading::{Reading, first_few};
use super::search::required_keyword;
use crate::app::App;
use crate::app::ctx::Ctx;
use crate::entity::customer_address::{Column, Entity};
use crate::error::Result;
use crate::service::query::condition::{all_of, column};
use crate::service::query::page::contains;
use crate::types::{place_key, postcode_key, telephone_key};

/// A part of an address.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressField {
    Country,
    Province,
    City,
    Postcode,
    Telephone,
}

/// A filter by addresses. Without conditions it matches the customers that have an address.
#[derive(Clone, Debug)]
pub struct AddressCriterion {
    conditions: Vec<(AddressField, CompareText)>,
    /// A field whose indexed conditions few addresses meet, if there is one.
    few: Option<AddressField>,
}

impl AddressField {
    /// Those that usually narrow a search down most come first.
    const ALL: [Self; 5] = [Self::Telephone, Self::Postcode, Self::City, Self::Province, Self::Country];

    fn key(self) -> Column {
        match self {
            Self::Country => Column::CountryKey,
            Self::Province => Column::ProvinceKey,
            Self::City => Column::CityKey,
            Self::Postcode => Column::PostcodeKey,
            Self::Telephone => Column::TelephoneKey,
        }
    }

    fn fold(self, text: &str) -> String {
        match self {
            Self::Country | Self::Province | Self::City => place_key(text),
            Self::Postcode => postcode_key(text),
            Self::Telephone => telephone_key(text),
        }
    }

    /// Whether search texts contain it.
    fn is_searched(self) -> bool {
        matches!(self, Self::City | Self::Postcode | Self::Telephone)
    }

    fn condition(self, compare: &CompareText) -> SimpleExpr {
        let key = column(self.key());
        match compare {
            CompareText::Eq(text) => key.eq(self.fold(text)),
            CompareText::In(texts) => key.is_in(texts.iter().map(|text| self.fold(text))),
            CompareText::Contains(text) => contains(key, &self.fold(text)),
            CompareText::StartsWith(text) => starts_with(key, self.fold(text)),
        }
    }
}

impl AddressCriterion {
    /// The filter with these conditions.
    pub fn new(conditions: Vec<(AddressField, CompareText)>) -> Self {
        Self { conditions, few: None }
    }

    /// The number of conditions.
    pub(super) fn count(&self) -> usize {
        self.conditions.len()
    }

    pub(super) fn check(&self) -> Result<()> {
        self.conditions.iter().try_for_each(|(_, compare)| compare.check())
    }

    /// Finds out how the customers are best read.
    pub(super) async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        let indexed = |field: AddressField| Some((field, self.indexed(field)?));
        let (fields, conditions): (Vec<_>, Vec<_>) =
            AddressField::ALL.into_iter().filter_map(indexed).unzip();
        self.few = first_few::<Entity>(ctx, conditions).await?.and_then(|index| fields.get(index).copied());
        Ok(())
    }

    /// The conditions on a field that its index finds, if there are any.
    fn indexed(&self, field: AddressField) -> Option<SimpleExpr> {
        let is_indexed = |compare: &CompareText| !matches!(compare, CompareText::Contains(_));
        let of_field =
            self.conditions.iter().filter(|(other, compare)| *other == field && is_indexed(compare));
        of_field.map(|(field, compare)| field.condition(compare)).reduce(ExprTrait::and)
    }

    /// The condition on a customer. `required`: every customer in the result must meet it.
    pub(super) fn condition(&self, app: &App, reading: Reading, required: bool) -> SimpleExpr {
        let backend = app.db.backend();
        let found_first = self.few.and_then(|field| self.indexed(field));
        let found_first = found_first.map(|rows| has_one_of_few::<Entity>(Column::CustomerId, rows, backend));
        let is_paged = reading.is_paged() || found_first.is_some();
        let rows = all_of(self.conditions.iter().map(|(field, compare)| field.condition(compare)));
        let exact = has_row::<Entity>(Column::CustomerId, rows, is_paged, backend);
        match found_first {
            Some(found_first) if self.conditions.len() == 1 => found_first,
            Some(found_first) => found_first.and(exact),
            None if required => {
                self.parts().fold(exact, |exact, part| required_keyword(&part, app).and(exact))
            }
            None => exact,
        }
    }

    /// The parts of texts that search texts contain.
    fn parts(&self) -> impl Iterator<Item = String> {
        self.conditions.iter().filter_map(|(field, compare)| match compare {
            CompareText::Contains(text) if field.is_searched() => Some(field.fold(text)),
            _ => None,
        })
    }
}

/// The condition that a key starts with a prefix, as a range: an index finds it on both databases.
fn starts_with(key: SimpleExpr, prefix: String) -> SimpleExpr {
    match end_of(&prefix) {
        Some(end) => key.clone().gte(prefix).and(key.lt(end)),
        None => key.gte(prefix),
    }
}

/// The least text that is greater than every text with this prefix, if there is one.
fn end_of(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Not every number is a character.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::end_of;

    #[test]
    fn the_end_of_a_prefix_is_greater_than_every_text_with_it() {
        for (prefix, end) in
            [("ab", Some("ac")), ("a\u{d7ff}", Some("a\u{e000}")), ("a\u{10ffff}", Some("b")), ("", None)]
        {
            assert_eq!(end_of(prefix).as_deref(), end);
        }
        assert_eq!(end_of("\u{10ffff}"), None);
    }
}
