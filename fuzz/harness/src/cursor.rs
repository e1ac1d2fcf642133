//! Cursors (`src/service/query/keyset.rs`), by way of the connection of customers.
//!
//! The first byte of an input selects the order, the second the format of the rest, which is a cursor or its content.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use patron::entity::customer_row::CustomerRow;
use patron::error::{Error, Result};
use patron::service::customer::{Connection, Sort, SortField};
use patron::service::query::keyset::Window;
use serde_json::Value;

use crate::World;

/// A cursor is refused, or it is a position in the order: the customers after it and before it are those that the order
/// says. A cursor of a page leads to the next customer, and is stable when it is encoded again.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let [order, format, rest @ ..] = input else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let sort = sort(*order);
    let cursor = match format % 4 {
        0 => text.to_owned(),
        1 => URL_SAFE_NO_PAD.encode(text),
        // Only the values of a cursor, in this order.
        _ => encode(&sort, text),
    };
    let after = Window { first: Some(100), after: Some(cursor.clone()), ..Window::default() };
    let before = Window { last: Some(100), before: Some(cursor.clone()), ..Window::default() };
    let (rows_after, rows_before) = match (rows(world, &after, &sort), rows(world, &before, &sort)) {
        (Ok(rows_after), Ok(rows_before)) => (rows_after, rows_before),
        (Err(Error::Invalid(_)), Err(Error::Invalid(_))) => return,
        other => panic!("{other:?}"),
    };
    let all = rows(world, &Window { first: Some(100), ..Window::default() }, &sort).expect("all customers");
    let position = decode(&cursor).expect("an accepted text is a cursor");
    let exact = world.app().db.is_embedded();
    let side = |row: &&Row| compare(&row.values, &position, &sort, exact);
    let ids_on =
        |expected: Ordering| all.iter().filter(|row| side(row) == expected).map(|row| row.id).collect();
    let ids = |rows: &[Row]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let (expected_after, expected_before): (Vec<i32>, Vec<i32>) =
        (ids_on(Ordering::Greater), ids_on(Ordering::Less));
    assert_eq!(ids(&rows_after), expected_after, "after {position:?}");
    assert_eq!(ids(&rows_before), expected_before, "before {position:?}");

    // Follows the cursors of some rows, one by one.
    for (row, next) in rows_after.iter().zip(rows_after.iter().skip(1)).take(3) {
        let text = URL_SAFE_NO_PAD.decode(&row.cursor).expect("base64url");
        let json: Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(URL_SAFE_NO_PAD.encode(json.to_string()), row.cursor, "the cursor is encoded again");
        let window = Window { first: Some(1), after: Some(row.cursor.clone()), ..Window::default() };
        let page = rows(world, &window, &sort).expect("a cursor of a page");
        assert_eq!(ids(&page), [next.id]);
        assert_eq!(page.first().map(|row| &row.cursor), Some(&next.cursor), "a customer has one cursor");
    }
}

const FIELDS: [SortField; 8] = [
    SortField::CustomerId,
    SortField::Email,
    SortField::FullName,
    SortField::Status,
    SortField::GroupId,
    SortField::EmailVerifiedAt,
    SortField::CreatedAt,
    SortField::UpdatedAt,
];

/// Decodes an order of one or two fields, each in either direction. The primary key comes last, as in patron.
fn sort(byte: u8) -> Vec<Sort> {
    let field = |number: u8| FIELDS[usize::from(number % 8)];
    let first = Sort { field: field(byte), descending: byte & 8 != 0 };
    let second = Sort { field: field(byte.wrapping_add(byte >> 5)), descending: byte & 16 != 0 };
    let mut sort = vec![first];
    if second.field != first.field {
        sort.push(second);
    }
    if sort.iter().all(|sort| sort.field != SortField::CustomerId) {
        let descending = sort.last().is_some_and(|last| last.descending);
        sort.push(Sort { field: SortField::CustomerId, descending });
    }
    sort
}

/// A customer of a page.
#[derive(Debug)]
struct Row {
    id: i32,
    cursor: String,
    values: Vec<Value>,
}

fn rows(world: &World, window: &Window, sort: &[Sort]) -> Result<Vec<Row>> {
    let connection = Connection::parse(&world.ctx, window, None, sort)?;
    let slice = world.run(async {
        // The query must be valid, whatever its result.
        connection.has_rows_before_start(&world.ctx).await.expect("the database responds");
        connection.rows(&world.ctx).await.expect("the database responds")
    });
    let row = |row: &CustomerRow| Row {
        id: row.customer_id,
        cursor: connection.cursor(row),
        values: sort.iter().map(|sort| value(sort.field, row)).collect(),
    };
    Ok(slice.rows.iter().map(row).collect())
}

/// The value of a customer that a field sorts by.
fn value(field: SortField, row: &CustomerRow) -> Value {
    match field {
        SortField::CustomerId => row.customer_id.into(),
        SortField::Email => row.email.key().into(),
        SortField::FullName => row.full_name.clone().into(),
        SortField::Status => row.status.stored().into(),
        SortField::GroupId => row.group_id.into(),
        SortField::EmailVerifiedAt => row.email_verified_at.map(|timestamp| timestamp.to_rfc3339()).into(),
        SortField::CreatedAt => row.created_at.to_rfc3339().into(),
        SortField::UpdatedAt => row.updated_at.to_rfc3339().into(),
        SortField::LastSignInAt => row.last_sign_in_at.map(|timestamp| timestamp.to_rfc3339()).into(),
    }
}

/// Decodes the values of a cursor.
fn decode(cursor: &str) -> Option<Vec<Value>> {
    let json: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    json.get(2)?.as_array().cloned()
}

/// Encodes a cursor of an order, with these values.
fn encode(sort: &[Sort], values: &str) -> String {
    let name = |field: SortField| match field {
        SortField::CustomerId => "CUSTOMER_ID",
        SortField::Email => "EMAIL",
        SortField::FullName => "FULL_NAME",
        SortField::Status => "STATUS",
        SortField::GroupId => "GROUP_ID",
        SortField::EmailVerifiedAt => "EMAIL_VERIFIED_AT",
        SortField::CreatedAt => "CREATED_AT",
        SortField::UpdatedAt => "UPDATED_AT",
        SortField::LastSignInAt => "LAST_SIGN_IN_AT",
    };
    let key = |sort: &Sort| format!("{} {}", name(sort.field), if sort.descending { "DESC" } else { "ASC" });
    let order = sort.iter().map(key).collect::<Vec<_>>().join(", ");
    URL_SAFE_NO_PAD.encode(format!("[1, \"{order}\", {values}]"))
}

/// Compares two rows in an order. NULL is greater than all other values. Timestamps are compared exactly if `exact`, and
/// otherwise in microseconds without leap seconds, like PostgreSQL.
fn compare(one: &[Value], other: &[Value], sort: &[Sort], exact: bool) -> Ordering {
    let keys = one.iter().zip(other).zip(sort);
    let compared = keys.map(|((one, other), sort)| {
        let order = match (one, other) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            (Value::String(one), Value::String(other)) => {
                match (DateTime::parse_from_rfc3339(one), DateTime::parse_from_rfc3339(other)) {
                    (Ok(one), Ok(other)) if is_timestamp(sort.field) && exact => one.cmp(&other),
                    (Ok(one), Ok(other)) if is_timestamp(sort.field) => {
                        one.timestamp_micros().cmp(&other.timestamp_micros())
                    }
                    _ => one.cmp(other),
                }
            }
            (one, other) => one.as_i64().cmp(&other.as_i64()),
        };
        if sort.descending { order.reverse() } else { order }
    });
    compared.fold(Ordering::Equal, Ordering::then)
}

fn is_timestamp(field: SortField) -> bool {
    matches!(field, SortField::EmailVerifiedAt | SortField::CreatedAt | SortField::UpdatedAt)
}
