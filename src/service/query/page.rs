//! Filters and pages of lists, as EverShop's collections take them.

use std::fmt;

use sea_orm::sea_query::{Asterisk, BinOper, Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{Condition, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::error::{Error, Result};

/// Rows on a page when nothing is said.
pub const DEFAULT_LIMIT: u32 = 20;
/// The most rows on a page.
pub const MAX_LIMIT: u32 = 100;

/// The last page there can be: a GraphQL `Int` has 32 bits, one of them the sign.
const MAX_PAGE: u32 = i32::MAX.unsigned_abs();
/// The most filters of a list.
const MAX_FILTERS: usize = 50;
/// The longest value of a filter, in characters.
const MAX_VALUE: usize = 1000;

/// How a filter compares; the names are those of the API.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Eq,
    Neq,
    Gt,
    Gteq,
    Lt,
    Lteq,
    Like,
    Nlike,
    In,
    Nin,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::Gt => "gt",
            Self::Gteq => "gteq",
            Self::Lt => "lt",
            Self::Lteq => "lteq",
            Self::Like => "like",
            Self::Nlike => "nlike",
            Self::In => "in",
            Self::Nin => "nin",
        })
    }
}

/// One filter of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What is compared.
    pub key: String,
    /// How.
    pub operation: Operation,
    /// With what.
    pub value: String,
}

impl Filter {
    /// An error about this filter's value.
    pub fn bad_value(&self, expected: &str) -> Error {
        let Self { key, value, .. } = self;
        Error::invalid(key, format!("Filter \"{key}\": {expected}, but the value is \"{}\"", shorten(value)))
    }

    /// An error about a key that the list doesn't know.
    pub fn unknown_key(&self, known: &[&str]) -> Error {
        let key = shorten(&self.key);
        Error::invalid(&key, format!("Unknown filter key \"{key}\". Known keys: {}", known.join(", ")))
    }

    /// Lets the operations pass that the key knows.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming them, for any other.
    pub fn allow(&self, operations: &[Operation]) -> Result<()> {
        if operations.contains(&self.operation) {
            return Ok(());
        }
        let known: Vec<String> = operations.iter().map(Operation::to_string).collect();
        Err(Error::invalid(
            &self.key,
            format!(
                "Filter \"{}\" does not know the operation \"{}\". Known operations: {}",
                self.key,
                self.operation,
                known.join(", ")
            ),
        ))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

/// What a list answers with: which rows, in which order, which part of them.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The rows.
    pub condition: Condition,
    /// Their order; always ends in the primary key.
    pub order: Vec<(SimpleExpr, Order)>,
    /// The page, from 1.
    pub page: u32,
    /// Rows on a page, 1 to 100.
    pub limit: u32,
    /// The filters, as they were given.
    pub filters: Vec<Filter>,
}

impl ListQuery {
    /// Reads the filters. `sort_keys` are the values of `ob` with their expressions, `primary_key` breaks
    /// ties, and `condition` says what any other key means.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the first key, operation or value that isn't known.
    pub fn parse(
        filters: Vec<Filter>,
        primary_key: SimpleExpr,
        sort_keys: &[(&str, SimpleExpr)],
        condition: impl Fn(&Filter) -> Result<SimpleExpr>,
    ) -> Result<Self> {
        let mut query = Self {
            condition: Condition::all(),
            order: Vec::new(),
            page: 1,
            limit: DEFAULT_LIMIT,
            filters: Vec::new(),
        };
        if filters.len() > MAX_FILTERS {
            return Err(Error::invalid("filters", format!("At most {MAX_FILTERS} filters are allowed")));
        }
        let (mut sort, mut direction) = (None, None);
        for filter in &filters {
            if filter.value.contains('\0') {
                return Err(filter.bad_value("NUL can't be searched for"));
            }
            if filter.value.chars().count() > MAX_VALUE {
                let expected = format!("the value must be at most {MAX_VALUE} characters long");
                return Err(filter.bad_value(&expected));
            }
            match filter.key.as_str() {
                "page" => query.page = number(filter, 1, MAX_PAGE)?,
                "limit" => query.limit = number(filter, 1, MAX_LIMIT)?,
                "ob" => sort = Some(one_of(filter, sort_keys)?),
                "od" => {
                    let directions = [("asc", Order::Asc), ("desc", Order::Desc)];
                    direction = Some(one_of(filter, &directions)?);
                }
                _ => query.condition = query.condition.add(condition(filter)?),
            }
        }
        // Newest first when nothing is said; a chosen column starts at its beginning.
        let otherwise = if sort.is_some() { Order::Asc } else { Order::Desc };
        let direction = direction.unwrap_or(otherwise);
        query.order.extend(sort.map(|key| (key, direction.clone())));
        query.order.push((primary_key, direction));
        query.filters = filters;
        Ok(query)
    }

    /// The rows of this page. Whoever calls it has made sure that the caller may see them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rows<E: EntityTrait>(&self, db: &impl ConnectionTrait) -> Result<Vec<E::Model>> {
        let mut select = E::find().filter(self.condition.clone());
        for (key, direction) in &self.order {
            select = select.order_by(key.clone(), direction.clone());
        }
        let offset = u64::from(self.page - 1) * u64::from(self.limit);
        let select = select.offset(offset).limit(u64::from(self.limit));
        Ok(select.all(db).await?)
    }

    /// The number of rows on all pages.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count<E: EntityTrait>(&self, db: &impl ConnectionTrait) -> Result<i64> {
        let select = E::find().select_only().expr(Expr::col(Asterisk).count());
        let select = select.filter(self.condition.clone()).into_tuple();
        Ok(select.one(db).await?.unwrap_or_default())
    }
}

fn number(filter: &Filter, least: u32, most: u32) -> Result<u32> {
    filter.allow(&[Operation::Eq])?;
    let number = filter.value.parse().ok().filter(|n| (least..=most).contains(n));
    number
        .ok_or_else(|| filter.bad_value(&format!("the value must be a whole number from {least} to {most}")))
}

fn one_of<T: Clone>(filter: &Filter, values: &[(&str, T)]) -> Result<T> {
    filter.allow(&[Operation::Eq])?;
    let found = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(&filter.value));
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        filter.bad_value(&format!("the value must be one of {}", names.join(", ")))
    })
}

/// Whether `column` holds `text`, whatever the case: of ASCII letters on SQLite, of all letters on PostgreSQL.
pub fn holds(column: impl Into<SimpleExpr>, text: &str) -> SimpleExpr {
    matches_pattern(column, &format!("%{}%", escape(text)))
}

/// Whether `column` matches `text`, in which `%` stands for anything; without one, whether it holds `text`.
pub fn like(column: impl Into<SimpleExpr>, text: &str) -> SimpleExpr {
    if text.contains('%') {
        let parts: Vec<String> = text.split('%').map(escape).collect();
        matches_pattern(column, &parts.join("%"))
    } else {
        holds(column, text)
    }
}

/// Both sides are folded by the database, so that they are folded alike.
fn matches_pattern(column: impl Into<SimpleExpr>, pattern: &str) -> SimpleExpr {
    let pattern = SimpleExpr::from(Func::lower(Expr::val(pattern)));
    SimpleExpr::from(Func::lower(column.into()))
        .binary(BinOper::Like, pattern.binary(BinOper::Escape, Expr::cust("'\\'")))
}

/// Whether `expression` holds `text` as it is; both have to be folded alike.
pub fn contains(expression: SimpleExpr, text: &str) -> SimpleExpr {
    fits(expression, format!("%{}%", escape(text)))
}

/// Whether `expression` starts with `text` as it is; both have to be folded alike.
pub fn starts_with(expression: SimpleExpr, text: &str) -> SimpleExpr {
    fits(expression, format!("{}%", escape(text)))
}

fn fits(expression: SimpleExpr, pattern: String) -> SimpleExpr {
    let pattern = Expr::val(pattern).binary(BinOper::Escape, Expr::cust("'\\'"));
    expression.binary(BinOper::Like, pattern)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
