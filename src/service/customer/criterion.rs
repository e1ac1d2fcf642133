//! The filter of a customer connection: conditions that can be nested.
//!
//! A condition evaluates to true or false, never to NULL, so a customer that does not meet a condition meets its
//! negation. Text comparison ignores the case of ASCII letters, which both databases fold in the same way. A filter
//! that exceeds a limit on depth, conditions, values or text length is a validation error.

use chrono::{DateTime, Utc};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{ExprTrait, Func, SimpleExpr};

use super::address_criterion::AddressCriterion;
use super::compare::{Compare, CompareText, check_text, check_values};
use super::metafield_criterion::MetafieldCriterion;
use super::reading::Reading;
use super::search::{keyword, required_keyword};
use super::sign_in_criterion::{SignInCriterion, check_timestamps};
use crate::app::App;
use crate::entity::customer::{Column, Entity};
use crate::entity::name_key;
use crate::error::{Error, Result};
use crate::service::query::condition::{all_of, any_of, column, matches_everything, matches_nothing};
use crate::service::query::page::{contains, starts_with};
use crate::types::EmailAddress;

/// Maximum nesting depth.
const MAX_DEPTH: usize = 10;
/// Maximum number of conditions, including `All`, `Any` and `Not`.
const MAX_CONDITIONS: usize = 100;

/// A condition.
#[derive(Clone, Debug)]
pub enum Criterion {
    /// All of these conditions. An empty list matches every customer.
    All(Vec<Self>),
    /// At least one of these conditions. An empty list matches no customer.
    Any(Vec<Self>),
    /// Not this condition.
    Not(Box<Self>),
    /// The primary key.
    CustomerId(Compare<i32>),
    /// 1 enabled, 0 disabled.
    Status(Compare<i32>),
    /// The group's primary key.
    GroupId(Compare<i32>),
    /// Display name.
    FullName(CompareText),
    /// E-mail address.
    Email(CompareText),
    /// Whether the e-mail address is verified.
    EmailVerified(bool),
    /// Time of the registration.
    CreatedAt(Compare<DateTime<Utc>>),
    /// Time of the last change.
    UpdatedAt(Compare<DateTime<Utc>>),
    /// Time of the last login.
    LastSignInAt(SignInCriterion),
    /// An address of the customer.
    Address(AddressCriterion),
    /// A custom field.
    Metafield(MetafieldCriterion),
    /// Name, e-mail address and the texts of the addresses together contain every word of the text.
    Keyword(String),
}

impl Criterion {
    /// Checks the limits before the filter is sent to the database.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the filter is nested too deeply, has too many conditions or values, or contains a text or
    /// timestamp that can't be searched for.
    pub(super) fn check(&self) -> Result<()> {
        let mut remaining = MAX_CONDITIONS;
        self.check_within(MAX_DEPTH, &mut remaining)
    }

    fn check_within(&self, depth: usize, remaining: &mut usize) -> Result<()> {
        if depth == 0 {
            return Err(Error::invalid("filter", format!("A filter is at most {MAX_DEPTH} levels deep")));
        }
        let Some(fewer_remaining) = remaining.checked_sub(self.count()) else {
            return Err(Error::invalid(
                "filter",
                format!("A filter has at most {MAX_CONDITIONS} conditions"),
            ));
        };
        *remaining = fewer_remaining;
        match self {
            Self::All(inner) | Self::Any(inner) => {
                inner.iter().try_for_each(|inner| inner.check_within(depth - 1, remaining))
            }
            Self::Not(inner) => inner.check_within(depth - 1, remaining),
            Self::CustomerId(compare) | Self::Status(compare) | Self::GroupId(compare) => {
                check_values(compare.values().len())
            }
            Self::EmailVerified(_) => Ok(()),
            Self::CreatedAt(compare) | Self::UpdatedAt(compare) => check_timestamps(compare),
            Self::LastSignInAt(last_sign_in) => last_sign_in.check(),
            Self::FullName(compare) | Self::Email(compare) => compare.check(),
            Self::Address(address) => address.check(),
            Self::Metafield(metafield) => metafield.check(),
            Self::Keyword(text) => check_text(text),
        }
    }

    /// How much it counts for the limit on conditions, without the conditions in it.
    fn count(&self) -> usize {
        match self {
            Self::Address(address) => 1 + address.count(),
            Self::LastSignInAt(last_sign_in) => last_sign_in.count(),
            _ => 1,
        }
    }

    /// Builds the SQL condition.
    pub(super) fn condition(&self, app: &App, reading: Reading) -> SimpleExpr {
        self.part(app, reading, true)
    }

    /// Builds the SQL condition as a part of another one. `required`: every customer in the result must meet this part.
    fn part(&self, app: &App, reading: Reading, required: bool) -> SimpleExpr {
        match self {
            Self::All(inner) => all_of(inner.iter().map(|inner| inner.part(app, reading, required))),
            Self::Any(inner) => any_of(inner.iter().map(|inner| inner.part(app, reading, false))),
            Self::Not(inner) => inner.part(app, reading, false).not(),
            Self::CustomerId(compare) => compare.condition(column(Column::CustomerId)),
            Self::Status(compare) => match (compare.accepts(&1), compare.accepts(&0)) {
                (true, true) => matches_everything(),
                (true, false) => is_enabled(true),
                (false, true) => is_enabled(false),
                (false, false) => matches_nothing(),
            },
            Self::GroupId(compare) => {
                Column::GroupId.is_not_null().and(compare.condition(column(Column::GroupId)))
            }
            Self::FullName(compare) => full_name(compare, app),
            Self::Email(compare) => email(compare),
            Self::EmailVerified(true) => Column::EmailVerifiedAt.is_not_null(),
            Self::EmailVerified(false) => Column::EmailVerifiedAt.is_null(),
            Self::CreatedAt(compare) => compare.condition(column(Column::CreatedAt)),
            Self::UpdatedAt(compare) => compare.condition(column(Column::UpdatedAt)),
            Self::LastSignInAt(last_sign_in) => last_sign_in.condition(app, reading),
            Self::Address(address) => address.condition(app, reading, required),
            Self::Metafield(metafield) => metafield.condition(app, reading),
            Self::Keyword(text) if required => required_keyword(text, app),
            Self::Keyword(text) => keyword(text),
        }
    }
}

/// The condition that a customer is enabled, or disabled. "Not 1" is written as `< 1 OR > 1`, for which the database
/// can use an index; see [`CustomerStatus`](crate::types::CustomerStatus).
pub(super) fn is_enabled(enabled: bool) -> SimpleExpr {
    match enabled {
        true => Column::Status.eq(1),
        false => Column::Status.lt(1).or(Column::Status.gt(1)),
    }
}

/// The condition that a customer's e-mail key matches a part of an address. The key is compared with its domain as
/// A-labels and in Unicode, and the part in every possible spelling. The condition is never NULL.
pub(super) fn email_matches(part: &str, matches: impl Fn(SimpleExpr, &str) -> SimpleExpr) -> SimpleExpr {
    let matches_in = |key: Column| {
        let spellings = EmailAddress::fold_part(part).into_iter();
        key.is_not_null().and(any_of(spellings.map(|part| matches(column(key), &part))))
    };
    matches_in(Column::EmailKey).or(matches_in(Column::EmailUnicode))
}

/// The comparison of a name, which ignores the case of ASCII letters.
fn full_name(compare: &CompareText, app: &App) -> SimpleExpr {
    let name = lower(name_key(Entity, app.db.backend()));
    match compare {
        CompareText::Eq(text) => name.eq(text.to_ascii_lowercase()),
        CompareText::In(texts) => name.is_in(texts.iter().map(|text| text.to_ascii_lowercase())),
        CompareText::Contains(text) => contains(name, &text.to_ascii_lowercase()),
        CompareText::StartsWith(text) => starts_with(name, &text.to_ascii_lowercase()),
    }
}

/// The comparison of an e-mail address. A text that is not a valid address matches no customer.
fn email(compare: &CompareText) -> SimpleExpr {
    let key = |text: &str| EmailAddress::parse(text).ok().map(|email| email.key());
    let is_one_of =
        |keys: Vec<String>| Column::EmailKey.is_not_null().and(column(Column::EmailKey).is_in(keys));
    match compare {
        CompareText::Eq(text) => is_one_of(key(text).into_iter().collect()),
        CompareText::In(texts) => is_one_of(texts.iter().filter_map(|text| key(text)).collect()),
        CompareText::Contains(text) => email_matches(text, contains),
        CompareText::StartsWith(text) => email_matches(text, starts_with),
    }
}

fn lower(text: SimpleExpr) -> SimpleExpr {
    Func::lower(text).into()
}
