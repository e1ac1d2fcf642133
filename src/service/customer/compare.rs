//! The comparisons of a filter, and the limits of their values.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};

use crate::error::{Error, Result};

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

impl<T: Clone + Into<sea_orm::Value>> Compare<T> {
    pub(super) fn condition(&self, expression: SimpleExpr) -> SimpleExpr {
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
    pub(super) fn accepts(&self, value: &T) -> bool {
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
    pub(super) fn values(&self) -> &[T] {
        match self {
            Self::In(values) => values,
            Self::Eq(value) | Self::Gt(value) | Self::Gteq(value) | Self::Lt(value) | Self::Lteq(value) => {
                std::slice::from_ref(value)
            }
        }
    }
}

impl CompareText {
    /// Checks that the texts can be searched for.
    pub(super) fn check(&self) -> Result<()> {
        let texts = match self {
            Self::In(values) => values,
            Self::Eq(text) | Self::Contains(text) | Self::StartsWith(text) => std::slice::from_ref(text),
        };
        check_values(texts.len())?;
        texts.iter().try_for_each(|text| check_text(text))
    }
}

/// Checks the number of values that a condition compares with.
pub(super) fn check_values(count: usize) -> Result<()> {
    match count <= MAX_VALUES {
        true => Ok(()),
        false => Err(Error::invalid("filter", format!("A condition has at most {MAX_VALUES} values"))),
    }
}

/// Checks that a text can be searched for.
pub(super) fn check_text(text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::invalid("filter", "NUL can't be searched for"));
    }
    match text.chars().count() <= MAX_TEXT {
        true => Ok(()),
        false => Err(Error::invalid("filter", format!("A text is at most {MAX_TEXT} characters long"))),
    }
}
