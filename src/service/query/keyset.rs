//! Keyset pagination. A cursor contains the sort key values of a row. It stays valid when rows are inserted or deleted,
//! and the database finds its position with an index instead of counting the rows before it.
//!
//! Each sort key that may be NULL says whether NULL is its greatest or its smallest value, on both databases. A cursor also
//! contains its version and the sort order; a cursor of another version or order is a validation error.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, SimpleExpr};
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QuerySelect, QueryTrait,
    Select, Value,
};
use serde_json::Value as Json;

use crate::error::Result;
use crate::service::input::patch::Problems;
use crate::service::query::condition::{matches_everything, matches_nothing};
use crate::service::query::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::types::{first_characters, is_storable, parse_rfc3339};

/// The version of the cursor format. Cursors of other versions are rejected.
const VERSION: u32 = 1;

/// The type of a sort key's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A 32-bit integer.
    Number,
    /// A 64-bit integer.
    Long,
    /// A text, sorted by code point.
    Text,
    /// A timestamp.
    Timestamp,
}

/// Encodes a timestamp for a cursor, with the full precision of the database.
pub fn cursor_timestamp(timestamp: DateTime<Utc>) -> Json {
    Json::String(timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

impl ColumnKind {
    /// Converts a value of a cursor to a value for the database; `None` is NULL. Fails if the value has another type.
    fn parse(self, value: &Json) -> std::result::Result<Option<Value>, InvalidCursor> {
        let value = match (self, value) {
            (_, Json::Null) => return Ok(None),
            (Self::Number, Json::Number(number)) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                number.ok_or(InvalidCursor)?.into()
            }
            (Self::Long, Json::Number(number)) => number.as_i64().ok_or(InvalidCursor)?.into(),
            // PostgreSQL rejects NUL, and both databases reject years with five digits.
            (Self::Text, Json::String(text)) if !text.contains('\0') => text.as_str().into(),
            (Self::Timestamp, Json::String(text)) => {
                let timestamp = parse_rfc3339(text).map_err(|_| InvalidCursor)?;
                Some(timestamp).filter(|time| is_storable(*time)).ok_or(InvalidCursor)?.into()
            }
            _ => return Err(InvalidCursor),
        };
        Ok(Some(value))
    }
}

/// Whether a sort key may be NULL, and where its order has NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// It is never NULL.
    Never,
    /// NULL is greater than every other value.
    Greatest,
    /// NULL is smaller than every other value.
    Smallest,
}

/// A sort key of a list.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The name in cursors and messages.
    pub name: &'static str,
    /// The SQL expression.
    pub expression: SimpleExpr,
    /// The type of its values.
    pub kind: ColumnKind,
    /// Whether it may be NULL.
    pub nulls: Nulls,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

impl SortKey {
    fn equals(&self, value: Option<&Value>) -> SimpleExpr {
        match value {
            Some(value) => self.expression.clone().eq(value.clone()),
            None => self.expression.clone().is_null(),
        }
    }

    /// Whether NULL lies in this direction from the other values: towards the greater ones, or the smaller ones if `upwards`
    /// is false.
    fn has_nulls(&self, upwards: bool) -> bool {
        match self.nulls {
            Nulls::Never => false,
            Nulls::Greatest => upwards,
            Nulls::Smallest => !upwards,
        }
    }

    /// Matches the rows with this value and with those in this direction from it, but not those with NULL.
    fn at_or_past(&self, value: &Value, upwards: bool) -> SimpleExpr {
        let expression = self.expression.clone();
        if upwards { expression.gte(value.clone()) } else { expression.lte(value.clone()) }
    }

    /// Matches the rows with a greater value, or with a smaller one if `upwards` is false. `None` if no row can match.
    fn past(&self, value: Option<&Value>, upwards: bool) -> Option<SimpleExpr> {
        let (expression, has_nulls) = (self.expression.clone(), self.has_nulls(upwards));
        let Some(value) = value else {
            return (!has_nulls).then(|| expression.is_not_null());
        };
        let past = match upwards {
            true => expression.clone().gt(value.clone()),
            false => expression.clone().lt(value.clone()),
        };
        Some(if has_nulls { past.or(expression.is_null()) } else { past })
    }
}

/// The pagination arguments of a request (GraphQL Cursor Connections Specification, 4).
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Return the first n rows.
    pub first: Option<i32>,
    /// Return rows after this cursor.
    pub after: Option<String>,
    /// Return the last n rows.
    pub last: Option<i32>,
    /// Return rows before this cursor.
    pub before: Option<String>,
}

/// The sort key values of a row: its position in the order.
type Position = Vec<Option<Value>>;

/// The text is not a valid cursor.
#[derive(Debug)]
struct InvalidCursor;

/// A page in an order whose last sort key is unique.
#[derive(Clone, Debug)]
pub struct Keyset {
    keys: Vec<SortKey>,
    after: Option<Position>,
    before: Option<Position>,
    /// The maximum number of rows.
    count: usize,
    /// Whether the page is read from the end.
    backward: bool,
}

/// The rows of a page, in their order.
#[derive(Clone, Debug)]
pub struct Slice<M> {
    /// The rows.
    pub rows: Vec<M>,
    /// Whether there are more rows in the direction of reading.
    pub more: bool,
}

impl Keyset {
    /// Parses the pagination arguments. The last sort key has to be unique.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for a count out of range, and for a cursor that is invalid or
    /// belongs to another order.
    pub fn parse(keys: Vec<SortKey>, window: &Window) -> Result<Self> {
        let mut problems = Problems::default();
        for (name, count) in [("first", window.first), ("last", window.last)] {
            if count.is_some_and(|count| u32::try_from(count).is_ok_and(|count| count <= MAX_LIMIT)) {
                continue;
            }
            if let Some(count) = count {
                problems.add(name, format!("\"{name}\" must be from 0 to {MAX_LIMIT}, but is {count}"));
            }
        }
        if window.first.is_some() && window.last.is_some() {
            problems.add("last", "Give either \"first\" or \"last\"");
        }
        let mut position = |name: &str, cursor: &Option<String>| {
            let position = cursor.as_ref().map(|cursor| parse_cursor(&keys, name, cursor)).transpose();
            position.map_err(|message| problems.add(name, message)).ok().flatten()
        };
        let (after, before) = (position("after", &window.after), position("before", &window.before));
        problems.finish()?;
        let count = window.first.or(window.last).and_then(|count| usize::try_from(count).ok());
        let count = count.unwrap_or(DEFAULT_LIMIT as usize);
        // `before` alone returns the rows directly before the cursor.
        let backward = window.last.is_some()
            || window.first.is_none() && window.before.is_some() && window.after.is_none();
        Ok(Self { keys, after, before, count, backward })
    }

    /// Whether the page is read from the end.
    pub fn backward(&self) -> bool {
        self.backward
    }

    /// The numbers in the cursors, if the first sort key is a 64-bit number.
    pub fn numbers(&self) -> impl Iterator<Item = i64> {
        let number = |position: &Position| match position.first() {
            Some(Some(Value::BigInt(number))) => *number,
            _ => None,
        };
        self.after.iter().chain(&self.before).filter_map(number)
    }

    /// Encodes the cursor of a row with these sort key values.
    pub fn cursor(&self, values: Vec<Json>) -> String {
        let cursor = serde_json::json!([VERSION, order(&self.keys), values]);
        URL_SAFE_NO_PAD.encode(cursor.to_string())
    }

    /// Reads the page of the rows that match the condition.
    pub async fn rows<E: EntityTrait>(
        &self,
        condition: &Condition,
        db: &impl ConnectionTrait,
    ) -> Result<Slice<E::Model>> {
        self.rows_of(E::find(), condition, db).await
    }

    /// Reads the page of the rows that match the condition, with the columns of this selection.
    pub async fn rows_of<E, R>(
        &self,
        all: Select<E>,
        condition: &Condition,
        db: &impl ConnectionTrait,
    ) -> Result<Slice<R>>
    where
        E: EntityTrait,
        R: FromQueryResult,
    {
        let mut condition = condition.clone();
        for (position, ahead) in [(&self.after, true), (&self.before, false)] {
            let beyond = position.as_ref().map(|position| self.beyond(position, ahead, false));
            condition = condition.add_option(beyond);
        }
        // One additional row shows whether there are more.
        let limit = self.count as u64 + 1;
        let mut rows = Vec::new();
        match self.first_key_before_nulls() {
            // The other values follow, and then the NULLs. In one statement for both, a database would read all rows
            // before them.
            Some((key, value)) => {
                let others = condition.clone().add(key.at_or_past(value, self.reads_upwards(key)));
                rows.extend(self.select(&all, others, limit).into_model::<R>().all(db).await?);
                let remaining = limit - rows.len() as u64;
                if remaining > 0 {
                    let nulls = condition.add(key.expression.clone().is_null());
                    rows.extend(self.select(&all, nulls, remaining).into_model::<R>().all(db).await?);
                }
            }
            None => rows.extend(self.select(&all, condition, limit).into_model::<R>().all(db).await?),
        }
        let more = rows.len() > self.count;
        rows.truncate(self.count);
        if self.backward {
            rows.reverse();
        }
        Ok(Slice { rows, more })
    }

    /// Whether a sort key is read from its smaller values to its greater ones.
    fn reads_upwards(&self, key: &SortKey) -> bool {
        key.descending == self.backward
    }

    /// The first sort key and its value in the start cursor, if the value is not NULL and the NULLs are read after it.
    fn first_key_before_nulls(&self) -> Option<(&SortKey, &Value)> {
        let key = self.keys.first().filter(|key| key.has_nulls(self.reads_upwards(key)))?;
        let start = if self.backward { &self.before } else { &self.after };
        Some((key, start.as_ref()?.first()?.as_ref()?))
    }

    /// Selects up to `limit` rows that match the condition, in the order of reading.
    fn select<E: EntityTrait>(&self, all: &Select<E>, condition: Condition, limit: u64) -> Select<E> {
        let mut select = all.clone().filter(condition);
        for key in &self.keys {
            let upwards = self.reads_upwards(key);
            let order = if upwards { Order::Asc } else { Order::Desc };
            let nulls = if key.has_nulls(upwards) { NullOrdering::Last } else { NullOrdering::First };
            let query = QueryTrait::query(&mut select);
            match key.nulls {
                Nulls::Never => query.order_by_expr(key.expression.clone(), order),
                Nulls::Greatest | Nulls::Smallest => {
                    query.order_by_expr_with_nulls(key.expression.clone(), order, nulls)
                }
            };
        }
        select.limit(limit)
    }

    /// Whether rows that match the condition exist on the other side of the start cursor.
    pub async fn has_rows_before_start<E: EntityTrait>(
        &self,
        condition: &Condition,
        db: &impl ConnectionTrait,
    ) -> Result<bool> {
        let start = if self.backward { &self.before } else { &self.after };
        let Some(position) = start else { return Ok(false) };
        let condition = condition.clone().add(self.beyond(position, self.backward, true));
        let select = E::find().select_only().expr(Expr::val(1)).filter(condition).limit(1);
        Ok(select.into_tuple::<i32>().one(db).await?.is_some())
    }

    /// Matches the rows after a position, or before it if `ahead` is false. With `inclusive`, the row at the position
    /// matches as well.
    fn beyond(&self, position: &Position, ahead: bool, inclusive: bool) -> SimpleExpr {
        let exact = self.exactly_beyond(position, ahead, inclusive);
        // Logically redundant, but it lets the database start its index scan at the first key's value.
        match (self.keys.first(), position.first()) {
            (Some(key), Some(Some(value))) if !key.has_nulls(ahead != key.descending) => {
                key.at_or_past(value, ahead != key.descending).and(exact)
            }
            _ => exact,
        }
    }

    fn exactly_beyond(&self, position: &Position, ahead: bool, inclusive: bool) -> SimpleExpr {
        let upwards = |key: &SortKey| ahead != key.descending;
        // If all keys have the same direction, a row comparison makes the best use of an index.
        let all_upwards = self.keys.first().is_some_and(upwards);
        if self.keys.iter().all(|key| key.nulls == Nulls::Never && upwards(key) == all_upwards) {
            let row = Expr::tuple(self.keys.iter().map(|key| key.expression.clone()));
            let values = Expr::tuple(position.iter().flatten().cloned().map(Expr::val));
            return match (all_upwards, inclusive) {
                (true, false) => row.gt(values),
                (true, true) => row.gte(values),
                (false, false) => row.lt(values),
                (false, true) => row.lte(values),
            };
        }
        // Otherwise: past the first key's value, or equal to it and past the second key's value, and so on.
        let mut condition = inclusive.then(matches_everything);
        for (key, value) in self.keys.iter().zip(position).rev() {
            let past = key.past(value.as_ref(), upwards(key));
            let tied = condition.map(|condition| key.equals(value.as_ref()).and(condition));
            condition = match (past, tied) {
                (Some(past), Some(tied)) => Some(past.or(tied)),
                (past, tied) => past.or(tied),
            };
        }
        condition.unwrap_or_else(matches_nothing)
    }
}

/// The sort keys and their directions, as a cursor contains them.
fn order(keys: &[SortKey]) -> String {
    let key = |key: &SortKey| format!("{} {}", key.name, if key.descending { "DESC" } else { "ASC" });
    keys.iter().map(key).collect::<Vec<_>>().join(", ")
}

/// Parses the cursor of the argument `name`. Fails with the error message.
fn parse_cursor(keys: &[SortKey], name: &str, cursor: &str) -> std::result::Result<Position, String> {
    let invalid = |_| format!("\"{name}\" is not a valid cursor");
    let (version, cursor_order, values) = decode(cursor).map_err(invalid)?;
    let requested_order = order(keys);
    if version != VERSION {
        return Err(format!("\"{name}\" is a cursor of another version; start again without a cursor"));
    }
    if cursor_order != requested_order {
        let cursor_order = first_characters(&cursor_order, 200);
        return Err(format!(
            "\"{name}\" is a cursor of the order {cursor_order}, but the requested order is {requested_order}"
        ));
    }
    if values.len() != keys.len() {
        return Err(invalid(InvalidCursor));
    }
    let values = keys.iter().zip(&values).map(|(key, value)| match key.kind.parse(value) {
        Ok(None) if key.nulls == Nulls::Never => Err(InvalidCursor),
        value => value,
    });
    values.collect::<std::result::Result<_, _>>().map_err(invalid)
}

fn decode(cursor: &str) -> std::result::Result<(u32, String, Vec<Json>), InvalidCursor> {
    let text = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    serde_json::from_slice(&text).map_err(|_| InvalidCursor)
}
