//! Filters and offset pages of lists, as EverShop's collections define them. Filters are joined by AND. An unknown key,
//! operation or value is a validation error that names it. Every sort order ends in the primary key.

use std::fmt;

use sea_orm::sea_query::{Asterisk, BinOper, Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::app::ctx::AdminCtx;
use crate::error::{Error, Result};
use crate::types::first_characters;

/// The default number of rows on a page.
pub const DEFAULT_LIMIT: u32 = 20;
/// The maximum number of rows on a page.
pub const MAX_LIMIT: u32 = 100;

/// The maximum page number: a GraphQL `Int` is a signed 32-bit integer.
const MAX_PAGE: u32 = i32::MAX.unsigned_abs();
/// The maximum number of filters of a list.
const MAX_FILTERS: usize = 50;
/// The maximum length of a filter value, in characters.
const MAX_VALUE: usize = 1000;
/// The maximum length of a key or value in a message, in characters.
const MAX_SHOWN: usize = 100;

/// The comparison of a filter. The names are those of the API.
#[expect(missing_docs, reason = "the names are self-explanatory")]
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
    /// The key of the list that is compared.
    pub key: String,
    /// The comparison.
    pub operation: Operation,
    /// The value that the key is compared with.
    pub value: String,
}

impl Filter {
    /// The error for an invalid value of this filter.
    pub fn bad_value(&self, expected: &str) -> Error {
        let Self { key, value, .. } = self;
        Error::invalid(
            key,
            format!(
                "Filter \"{key}\": {expected}, but the value is \"{}\"",
                first_characters(value, MAX_SHOWN)
            ),
        )
    }

    /// The error for a key that the list does not support.
    pub fn unknown_key(&self, known: &[&str]) -> Error {
        let key = first_characters(&self.key, MAX_SHOWN);
        Error::invalid(key, format!("Unknown filter key \"{key}\". Known keys: {}", known.join(", ")))
    }

    /// Checks that the operation is one of those that the key supports.
    ///
    /// # Errors
    /// [`Error::Invalid`], with the supported operations, for any other.
    pub fn allow(&self, operations: &[Operation]) -> Result<()> {
        if operations.contains(&self.operation) {
            return Ok(());
        }
        let supported: Vec<String> = operations.iter().map(Operation::to_string).collect();
        Err(Error::invalid(
            &self.key,
            format!(
                "Filter \"{}\" does not support the operation \"{}\". Supported operations: {}",
                self.key,
                self.operation,
                supported.join(", ")
            ),
        ))
    }
}

/// A parsed query of a list: condition, order and page.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The condition that the rows match.
    pub condition: Condition,
    /// The order of the rows, which ends in the primary key.
    pub order: Vec<(SimpleExpr, Order)>,
    /// The page number, from 1.
    pub page: u32,
    /// The number of rows on a page, from 1 to 100.
    pub limit: u32,
    /// The filters of the request.
    pub filters: Vec<Filter>,
}

impl ListQuery {
    /// Parses the filters. `sort_keys` are the values of the filter `ob` with their expressions. `primary_key` breaks
    /// ties. `condition` translates every other filter.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the first unknown key, operation or value.
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
        // The default order is newest first; the default direction of a sort key is ascending.
        let default = if sort.is_some() { Order::Asc } else { Order::Desc };
        let direction = direction.unwrap_or(default);
        query.order.extend(sort.map(|key| (key, direction.clone())));
        query.order.push((primary_key, direction));
        query.filters = filters;
        Ok(query)
    }

    /// Reads the rows of the page.
    pub async fn rows<E: EntityTrait>(&self, ctx: &AdminCtx) -> Result<Vec<E::Model>> {
        self.rows_of(E::find(), ctx).await
    }

    /// Reads the rows of the page, with the columns of this selection.
    pub async fn rows_of<E, R>(&self, all: Select<E>, ctx: &AdminCtx) -> Result<Vec<R>>
    where
        E: EntityTrait,
        R: FromQueryResult,
    {
        let mut select = all.filter(self.condition.clone());
        for (key, direction) in &self.order {
            select = select.order_by(key.clone(), direction.clone());
        }
        let offset = u64::from(self.page - 1) * u64::from(self.limit);
        let select = select.offset(offset).limit(u64::from(self.limit));
        Ok(select.into_model().all(&ctx.list_reader()).await?)
    }

    /// Counts the rows on all pages.
    pub async fn count<E: EntityTrait>(&self, ctx: &AdminCtx) -> Result<i64> {
        count_matching::<E>(ctx, &self.condition).await
    }
}

/// Counts the rows that match a condition.
pub(in crate::service) async fn count_matching<E: EntityTrait>(
    ctx: &AdminCtx,
    condition: &Condition,
) -> Result<i64> {
    let select = E::find().select_only().expr(Expr::col(Asterisk).count());
    let select = select.filter(condition.clone()).into_tuple();
    Ok(select.one(&ctx.list_reader()).await?.unwrap_or_default())
}

fn number(filter: &Filter, min: u32, max: u32) -> Result<u32> {
    filter.allow(&[Operation::Eq])?;
    let number = filter.value.parse().ok().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| filter.bad_value(&format!("the value must be a whole number from {min} to {max}")))
}

fn one_of<T: Clone>(filter: &Filter, values: &[(&str, T)]) -> Result<T> {
    filter.allow(&[Operation::Eq])?;
    let value = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(&filter.value));
    value.map(|(_, value)| value.clone()).ok_or_else(|| {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        filter.bad_value(&format!("the value must be one of {}", names.join(", ")))
    })
}

/// Whether `column` contains `text`. SQLite ignores the case of ASCII letters, PostgreSQL the case of all letters.
pub fn contains_ignoring_case(column: impl Into<SimpleExpr>, text: &str) -> SimpleExpr {
    matches_pattern(column, &format!("%{}%", escape(text)))
}

/// Whether `column` matches `text`, in which `%` matches any characters. Without `%`: whether it contains `text`.
pub fn like(column: impl Into<SimpleExpr>, text: &str) -> SimpleExpr {
    if text.contains('%') {
        let parts: Vec<String> = text.split('%').map(escape).collect();
        matches_pattern(column, &parts.join("%"))
    } else {
        contains_ignoring_case(column, text)
    }
}

/// The database folds both sides, so that both are folded by the same rules.
fn matches_pattern(column: impl Into<SimpleExpr>, pattern: &str) -> SimpleExpr {
    let pattern = SimpleExpr::from(Func::lower(Expr::val(pattern)));
    SimpleExpr::from(Func::lower(column.into()))
        .binary(BinOper::Like, pattern.binary(BinOper::Escape, Expr::cust("'\\'")))
}

/// Whether `expression` contains `text`. The caller has to fold both by the same rules.
pub fn contains(expression: SimpleExpr, text: &str) -> SimpleExpr {
    like_pattern(expression, format!("%{}%", escape(text)))
}

/// Whether `expression` starts with `text`. The caller has to fold both by the same rules.
pub fn starts_with(expression: SimpleExpr, text: &str) -> SimpleExpr {
    like_pattern(expression, format!("{}%", escape(text)))
}

fn like_pattern(expression: SimpleExpr, pattern: String) -> SimpleExpr {
    let pattern = Expr::val(pattern).binary(BinOper::Escape, Expr::cust("'\\'"));
    expression.binary(BinOper::Like, pattern)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
