//! Pages that go on from a row. A cursor holds that row's values of the sort keys, so it stays good while rows come
//! and go, and the database finds the place by its index instead of counting the rows before it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, SimpleExpr};
use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, Order, QueryFilter, QuerySelect, QueryTrait, Select, Value,
};
use serde_json::Value as Json;

use crate::error::Result;
use crate::service::input::patch::Problems;
use crate::service::query::page::{DEFAULT_LIMIT, MAX_LIMIT};

/// The form of cursors; another one can't be read by this program.
const VERSION: u32 = 1;

/// What a sort key's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A whole number of 32 bits.
    Number,
    /// A whole number of 64 bits.
    Long,
    /// A text, sorted by code point.
    Text,
    /// A moment.
    Timestamp,
}

/// The value of a moment in a cursor, to the last digit that the database holds.
pub fn timestamp(moment: DateTime<Utc>) -> Json {
    Json::String(moment.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

impl ColumnKind {
    /// What a cursor says, as the database takes it; a NULL is none. An error when it can't be such a value.
    fn read(self, value: &Json) -> std::result::Result<Option<Value>, Broken> {
        let value = match (self, value) {
            (_, Json::Null) => return Ok(None),
            (Self::Number, Json::Number(number)) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                number.ok_or(Broken)?.into()
            }
            (Self::Long, Json::Number(number)) => number.as_i64().ok_or(Broken)?.into(),
            // PostgreSQL takes no NUL, and neither database a year of five digits.
            (Self::Text, Json::String(text)) if !text.contains('\0') => text.as_str().into(),
            (Self::Timestamp, Json::String(text)) => {
                let moment = DateTime::parse_from_rfc3339(text).map_err(|_| Broken)?.to_utc();
                Some(moment).filter(|moment| (1..=9999).contains(&moment.year())).ok_or(Broken)?.into()
            }
            _ => return Err(Broken),
        };
        Ok(Some(value))
    }
}

/// One of the keys that rows are sorted by.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// Its name in cursors and messages.
    pub name: &'static str,
    /// What is compared.
    pub expression: SimpleExpr,
    /// What its values are.
    pub kind: ColumnKind,
    /// Whether it may be NULL, which counts as greater than everything else.
    pub nullable: bool,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl SortKey {
    fn same(&self, value: Option<&Value>) -> SimpleExpr {
        match value {
            Some(value) => self.expression.clone().eq(value.clone()),
            None => self.expression.clone().is_null(),
        }
    }

    /// The rows past this value, upwards or downwards; none when there can be none.
    fn past(&self, value: Option<&Value>, upwards: bool) -> Option<SimpleExpr> {
        let expression = self.expression.clone();
        match (value, upwards) {
            (Some(value), true) => {
                let greater = expression.clone().gt(value.clone());
                Some(if self.nullable { greater.or(expression.is_null()) } else { greater })
            }
            (Some(value), false) => Some(expression.lt(value.clone())),
            (None, true) => None,
            (None, false) => Some(expression.is_not_null()),
        }
    }
}

/// Which part of the rows is wanted, as a caller says it (GraphQL Cursor Connections Specification, 4).
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// So many from the beginning.
    pub first: Option<i32>,
    /// Those behind this cursor.
    pub after: Option<String>,
    /// So many from the end.
    pub last: Option<i32>,
    /// Those ahead of this cursor.
    pub before: Option<String>,
}

/// The values of a row's sort keys.
type Place = Vec<Option<Value>>;

/// The text is no cursor.
#[derive(Debug)]
struct Broken;

/// A part of the rows in an order whose last key is unique.
#[derive(Clone, Debug)]
pub struct Keyset {
    keys: Vec<SortKey>,
    after: Option<Place>,
    before: Option<Place>,
    /// The most rows.
    count: usize,
    /// Whether they are counted from the end.
    backward: bool,
}

/// Rows in their order.
#[derive(Clone, Debug)]
pub struct Slice<M> {
    /// The rows.
    pub rows: Vec<M>,
    /// Whether there are more in the direction that was read.
    pub more: bool,
}

impl Keyset {
    /// Reads what a caller wants; the last of the keys has to be unique.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for counts that are out of bounds and for cursors that are broken or of another order.
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
        let mut place = |name: &str, cursor: &Option<String>| {
            let place = cursor.as_ref().map(|cursor| read(&keys, name, cursor)).transpose();
            place.map_err(|message| problems.add(name, message)).ok().flatten()
        };
        let (after, before) = (place("after", &window.after), place("before", &window.before));
        problems.finish()?;
        let count = window.first.or(window.last).and_then(|count| usize::try_from(count).ok());
        let count = count.unwrap_or(DEFAULT_LIMIT as usize);
        // `before` alone asks for those right ahead of it.
        let backward = window.last.is_some()
            || window.first.is_none() && window.before.is_some() && window.after.is_none();
        Ok(Self { keys, after, before, count, backward })
    }

    /// Whether rows are counted from the end.
    pub fn backward(&self) -> bool {
        self.backward
    }

    /// The numbers that its cursors name, where rows are in the order of a number.
    pub fn numbers(&self) -> impl Iterator<Item = i64> {
        let number = |place: &Place| match place.first() {
            Some(Some(Value::BigInt(number))) => *number,
            _ => None,
        };
        self.after.iter().chain(&self.before).filter_map(number)
    }

    /// The cursor of a row with these values of the sort keys.
    pub fn cursor(&self, values: Vec<Json>) -> String {
        let cursor = serde_json::json!([VERSION, order(&self.keys), values]);
        URL_SAFE_NO_PAD.encode(cursor.to_string())
    }

    /// The wanted part of the rows that meet the condition.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rows<E: EntityTrait>(
        &self,
        condition: &Condition,
        db: &impl ConnectionTrait,
    ) -> Result<Slice<E::Model>> {
        let mut condition = condition.clone();
        for (place, ahead) in [(&self.after, true), (&self.before, false)] {
            condition = condition.add_option(place.as_ref().map(|place| self.beyond(place, ahead, false)));
        }
        // One more than wanted tells whether there are more.
        let most = self.count as u64 + 1;
        let mut rows = Vec::new();
        match self.first_key_upwards() {
            // Past a value come greater ones, and then the NULLs. Asked for both at once, a database reads all rows
            // before them.
            Some((key, value)) => {
                let greater = condition.clone().add(key.expression.clone().gte(value.clone()));
                rows.extend(self.select::<E>(greater, most).all(db).await?);
                let rest = most - rows.len() as u64;
                if rest > 0 {
                    let nulls = condition.add(key.expression.clone().is_null());
                    rows.extend(self.select::<E>(nulls, rest).all(db).await?);
                }
            }
            None => rows.extend(self.select::<E>(condition, most).all(db).await?),
        }
        let more = rows.len() > self.count;
        rows.truncate(self.count);
        if self.backward {
            rows.reverse();
        }
        Ok(Slice { rows, more })
    }

    /// The first key, when it may be NULL and is read upwards, and the value that reading starts from, when there is one.
    fn first_key_upwards(&self) -> Option<(&SortKey, &Value)> {
        let key = self.keys.first().filter(|key| key.nullable && key.descending == self.backward)?;
        let start = if self.backward { &self.before } else { &self.after };
        Some((key, start.as_ref()?.first()?.as_ref()?))
    }

    /// So many rows that meet the condition, in the order in which they are read.
    fn select<E: EntityTrait>(&self, condition: Condition, most: u64) -> Select<E> {
        let mut select = E::find().filter(condition);
        for key in &self.keys {
            let (order, nulls) = match key.descending != self.backward {
                true => (Order::Desc, NullOrdering::First),
                false => (Order::Asc, NullOrdering::Last),
            };
            let query = QueryTrait::query(&mut select);
            match key.nullable {
                true => query.order_by_expr_with_nulls(key.expression.clone(), order, nulls),
                false => query.order_by_expr(key.expression.clone(), order),
            };
        }
        select.limit(most)
    }

    /// Whether rows that meet the condition lie on the other side of the cursor that was started from.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn has_rows_behind<E: EntityTrait>(
        &self,
        condition: &Condition,
        db: &impl ConnectionTrait,
    ) -> Result<bool> {
        let start = if self.backward { &self.before } else { &self.after };
        let Some(place) = start else { return Ok(false) };
        let condition = condition.clone().add(self.beyond(place, self.backward, true));
        let select = E::find().select_only().expr(Expr::val(1)).filter(condition).limit(1);
        Ok(select.into_tuple::<i32>().one(db).await?.is_some())
    }

    /// The rows that come after a place, or before it; with `inclusive` the row at the place as well.
    fn beyond(&self, place: &Place, ahead: bool, inclusive: bool) -> SimpleExpr {
        let exact = self.exactly_beyond(place, ahead, inclusive);
        // Says nothing new, but in a form that every index is entered by: at the first key's value, not at its end.
        match (self.keys.first(), place.first()) {
            (Some(key), Some(Some(value))) if ahead == key.descending => {
                key.expression.clone().lte(value.clone()).and(exact)
            }
            (Some(key), Some(Some(value))) if !key.nullable => {
                key.expression.clone().gte(value.clone()).and(exact)
            }
            _ => exact,
        }
    }

    fn exactly_beyond(&self, place: &Place, ahead: bool, inclusive: bool) -> SimpleExpr {
        let upwards = |key: &SortKey| ahead != key.descending;
        // Where all keys go one way, a row comparison says it in the form that indexes are used for best.
        let direction = self.keys.first().is_some_and(upwards);
        if self.keys.iter().all(|key| !key.nullable && upwards(key) == direction) {
            let row = Expr::tuple(self.keys.iter().map(|key| key.expression.clone()));
            let values = Expr::tuple(place.iter().flatten().cloned().map(Expr::val));
            return match (direction, inclusive) {
                (true, false) => row.gt(values),
                (true, true) => row.gte(values),
                (false, false) => row.lt(values),
                (false, true) => row.lte(values),
            };
        }
        // Otherwise: past the first key's value, or at it and past the second's, and so on.
        let mut rest = inclusive.then(|| Expr::val(1).eq(1));
        for (key, value) in self.keys.iter().zip(place).rev() {
            let past = key.past(value.as_ref(), upwards(key));
            let tied = rest.map(|rest| key.same(value.as_ref()).and(rest));
            rest = match (past, tied) {
                (Some(past), Some(tied)) => Some(past.or(tied)),
                (past, tied) => past.or(tied),
            };
        }
        rest.unwrap_or_else(|| Expr::val(1).eq(0))
    }
}

/// The keys and their directions: what a cursor is good for.
fn order(keys: &[SortKey]) -> String {
    let key = |key: &SortKey| format!("{} {}", key.name, if key.descending { "DESC" } else { "ASC" });
    keys.iter().map(key).collect::<Vec<_>>().join(", ")
}

/// The place that a cursor names, or what is wrong with it.
fn read(keys: &[SortKey], name: &str, cursor: &str) -> std::result::Result<Place, String> {
    let broken = |_| format!("\"{name}\" is no cursor that a page answered with");
    let (version, sorted_by, values) = decode(cursor).map_err(broken)?;
    let wanted = order(keys);
    if version != VERSION {
        return Err(format!("\"{name}\" is a cursor of another version; start again without it"));
    }
    if sorted_by != wanted {
        let sorted_by: String = sorted_by.chars().take(200).collect();
        return Err(format!("\"{name}\" is a cursor of the order {sorted_by}, but this order is {wanted}"));
    }
    if values.len() != keys.len() {
        return Err(broken(Broken));
    }
    let values = keys.iter().zip(&values).map(|(key, value)| match key.kind.read(value) {
        Ok(None) if !key.nullable => Err(Broken),
        value => value,
    });
    values.collect::<std::result::Result<_, _>>().map_err(broken)
}

fn decode(cursor: &str) -> std::result::Result<(u32, String, Vec<Json>), Broken> {
    let text = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Broken)?;
    serde_json::from_slice(&text).map_err(|_| Broken)
}
