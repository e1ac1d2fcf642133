//! The filter of a customer connection: conditions that can be nested.
//!
//! A condition evaluates to true or false, never to NULL, so a customer that does not meet a condition meets its
//! negation. Text comparison ignores the case of ASCII letters, which both databases fold in the same way. A filter
//! that exceeds a limit on depth, conditions, values or text length is a validation error.

use chrono::{DateTime, Utc};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};

use super::search::{keyword, required_keyword};
use crate::app::App;
use crate::entity::customer::{Column, Entity};
use crate::entity::name_key;
use crate::error::{Error, Result};
use crate::service::query::condition::{all_of, any_of, column, matches_everything, matches_nothing};
use crate::service::query::page::{contains, starts_with};
use crate::types::{EmailAddress, is_storable};

/// Maximum nesting depth.
const MAX_DEPTH: usize = 10;
/// Maximum number of conditions, including `All`, `Any` and `Not`.
const MAX_CONDITIONS: usize = 100;
/// Maximum number of values that one condition compares with.
const MAX_VALUES: usize = 100;
/// Maximum length of a text, in characters.
const MAX_TEXT: usize = 1000;

/// The comparison of a value.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub enum Compare<T> {
    Eq(T),
    In(Vec<T>),
    Gt(T),
    Gteq(T),
    Lt(T),
    Lteq(T),
}

/// The comparison of a text.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Debug)]
pub enum CompareText {
    Eq(String),
    In(Vec<String>),
    Contains(String),
    StartsWith(String),
}

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
    /// Name or e-mail address contains every word of the text.
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
        let invalid = |message: String| Err(Error::invalid("filter", message));
        if depth == 0 {
            return invalid(format!("A filter is at most {MAX_DEPTH} levels deep"));
        }
        let Some(fewer_remaining) = remaining.checked_sub(1) else {
            return invalid(format!("A filter has at most {MAX_CONDITIONS} conditions"));
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
            Self::CreatedAt(compare) | Self::UpdatedAt(compare) => {
                check_values(compare.values().len())?;
                match compare.values().iter().all(|timestamp| is_storable(*timestamp)) {
                    true => Ok(()),
                    false => invalid("A timestamp must be in the years 1 to 9999".to_owned()),
                }
            }
            Self::FullName(compare) | Self::Email(compare) => {
                check_values(compare.values().len())?;
                compare.values().iter().try_for_each(|text| check_text(text))
            }
            Self::Keyword(text) => check_text(text),
        }
    }

    /// Builds the SQL condition.
    pub(super) fn condition(&self, app: &App) -> SimpleExpr {
        self.part(app, true)
    }

    /// Builds the SQL condition as a part of another one. `required`: every customer in the result must meet this part.
    fn part(&self, app: &App, required: bool) -> SimpleExpr {
        let backend = app.db.backend();
        match self {
            Self::All(inner) => all_of(inner.iter().map(|inner| inner.part(app, required))),
            Self::Any(inner) => any_of(inner.iter().map(|inner| inner.part(app, false))),
            Self::Not(inner) => inner.part(app, false).not(),
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
            Self::FullName(compare) => {
                let name = name_key(Entity, backend);
                match compare {
                    CompareText::Eq(text) => lower(name).eq(text.to_ascii_lowercase()),
                    CompareText::In(texts) => {
                        lower(name).is_in(texts.iter().map(|text| text.to_ascii_lowercase()))
                    }
                    CompareText::Contains(text) => contains(lower(name), &text.to_ascii_lowercase()),
                    CompareText::StartsWith(text) => starts_with(lower(name), &text.to_ascii_lowercase()),
                }
            }
            Self::Email(compare) => {
                // A text that is not a valid address matches no customer.
                let key = |text: &str| EmailAddress::parse(text).ok().map(|email| email.key());
                let is_one_of = |keys: Vec<String>| {
                    Column::EmailKey.is_not_null().and(column(Column::EmailKey).is_in(keys))
                };
                match compare {
                    CompareText::Eq(text) => is_one_of(key(text).into_iter().collect()),
                    CompareText::In(texts) => is_one_of(texts.iter().filter_map(|text| key(text)).collect()),
                    CompareText::Contains(text) => email_matches(text, contains),
                    CompareText::StartsWith(text) => email_matches(text, starts_with),
                }
            }
            Self::EmailVerified(true) => Column::EmailVerifiedAt.is_not_null(),
            Self::EmailVerified(false) => Column::EmailVerifiedAt.is_null(),
            Self::CreatedAt(compare) => compare.condition(column(Column::CreatedAt)),
            Self::UpdatedAt(compare) => compare.condition(column(Column::UpdatedAt)),
            Self::Keyword(text) if required => required_keyword(text, app),
            Self::Keyword(text) => keyword(text),
        }
    }
}

impl<T: Clone + Into<sea_orm::Value>> Compare<T> {
    fn condition(&self, expression: SimpleExpr) -> SimpleExpr {
        match self.clone() {
            Self::Eq(value) => expression.eq(value.into()),
            Self::In(values) => expression.is_in(values.into_iter().map(|value| Expr::val(value.into()))),
            Self::Gt(value) => expression.gt(value.into()),
            Self::Gteq(value) => expression.gte(value.into()),
            Self::Lt(value) => expression.lt(value.into()),
            Self::Lteq(value) => expression.lte(value.into()),
        }
    }
}

impl<T: PartialOrd> Compare<T> {
    /// Whether this value meets the comparison.
    fn accepts(&self, value: &T) -> bool {
        match self {
            Self::Eq(other) => value == other,
            Self::In(others) => others.contains(value),
            Self::Gt(other) => value > other,
            Self::Gteq(other) => value >= other,
            Self::Lt(other) => value < other,
            Self::Lteq(other) => value <= other,
        }
    }
}

impl<T> Compare<T> {
    fn values(&self) -> &[T] {
        match self {
            Self::In(values) => values,
            Self::Eq(value) | Self::Gt(value) | Self::Gteq(value) | Self::Lt(value) | Self::Lteq(value) => {
                std::slice::from_ref(value)
            }
        }
    }
}

impl CompareText {
    fn values(&self) -> &[String] {
        match self {
            Self::In(values) => values,
            Self::Eq(text) | Self::Contains(text) | Self::StartsWith(text) => std::slice::from_ref(text),
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

fn lower(text: SimpleExpr) -> SimpleExpr {
    Func::lower(text).into()
}

fn check_values(count: usize) -> Result<()> {
    match count <= MAX_VALUES {
        true => Ok(()),
        false => Err(Error::invalid("filter", format!("A condition has at most {MAX_VALUES} values"))),
    }
}

fn check_text(text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::invalid("filter", "NUL can't be searched for"));
    }
    match text.chars().count() <= MAX_TEXT {
        true => Ok(()),
        false => Err(Error::invalid("filter", format!("A text is at most {MAX_TEXT} characters long"))),
    }
}
