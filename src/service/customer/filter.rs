//! Parses the filters of EverShop's customer list into conditions.
//!
//! An unknown key, operation or value is a validation error that names it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{ExprTrait, SimpleExpr};

use super::criterion::{email_matches, is_enabled};
use super::search::required_keyword;
use crate::app::App;
use crate::entity::customer::Column;
use crate::error::Result;
use crate::service::query::condition::{column, matches_nothing};
use crate::service::query::page::{Filter, ListQuery, Operation, contains_ignoring_case, like};
use crate::types::{EmailAddress, InvalidTimestamp, is_leap_second, is_storable, parse_rfc3339};

/// The known keys, for the error message about an unknown one.
const KEYS: &[&str] =
    &["keyword", "full_name", "email", "status", "group_id", "created_at", "ob", "od", "page", "limit"];

/// Parses the filters of a list of customers. They are joined by AND.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) names the first unknown key, operation or value.
pub fn parse(filters: Vec<Filter>, app: &App) -> Result<ListQuery> {
    let sort_keys = [
        ("email", column(Column::EmailKey)),
        ("name", column(Column::FullName)),
        ("status", column(Column::Status)),
        ("created_at", column(Column::CreatedAt)),
    ];
    ListQuery::parse(filters, column(Column::CustomerId), &sort_keys, |filter| condition(filter, app))
}

fn condition(filter: &Filter, app: &App) -> Result<SimpleExpr> {
    use Operation::{Eq, Gt, Gteq, In, Like, Lt, Lteq, Nlike};
    let (key, operation, value) = (filter.key.as_str(), filter.operation, filter.value.as_str());
    match key {
        "keyword" => {
            filter.allow(&[Eq])?;
            Ok(required_keyword(value, app))
        }
        "full_name" => {
            filter.allow(&[Like, Nlike])?;
            Ok(negate_if(operation == Nlike, contains_ignoring_case(column(Column::FullName), value)))
        }
        "email" => {
            filter.allow(&[Eq, Like, Nlike])?;
            if operation != Eq {
                return Ok(negate_if(operation == Nlike, email_matches(value, like)));
            }
            // No customer has an e-mail address that is not valid.
            Ok(match EmailAddress::parse(value) {
                Ok(email) => Column::EmailKey.eq(email.key()),
                Err(_) => matches_nothing(),
            })
        }
        "status" => {
            filter.allow(&[Eq])?;
            match value {
                "0" => Ok(is_enabled(false)),
                "1" => Ok(is_enabled(true)),
                _ => Err(filter.bad_value("the value must be 0 or 1")),
            }
        }
        "group_id" => {
            filter.allow(&[Eq, In])?;
            let ids: std::result::Result<Vec<i32>, _> = match operation {
                In => value.split(',').map(|id| id.trim().parse()).collect(),
                _ => value.parse().map(|id| vec![id]),
            };
            let ids = ids.map_err(|_| {
                filter.bad_value("the value must be a group id, with \"in\" several separated by commas")
            })?;
            Ok(Column::GroupId.is_in(ids))
        }
        "created_at" => {
            filter.allow(&[Gt, Gteq, Lt, Lteq])?;
            let timestamp = parse_storable_timestamp(value).map_err(|reason| match reason {
                InvalidTimestamp::Malformed => {
                    filter.bad_value("the value must be a date (2023-02-07) or a time (2023-02-07T14:18:05Z)")
                }
                InvalidTimestamp::LeapSecond => filter.bad_value(&format!("the value {reason}")),
            })?;
            Ok(match operation {
                Gt => Column::CreatedAt.gt(timestamp),
                Gteq => Column::CreatedAt.gte(timestamp),
                Lt => Column::CreatedAt.lt(timestamp),
                _ => Column::CreatedAt.lte(timestamp),
            })
        }
        _ => Err(filter.unknown_key(KEYS)),
    }
}

fn negate_if(negate: bool, condition: SimpleExpr) -> SimpleExpr {
    if negate { condition.not() } else { condition }
}

/// Parses a timestamp of a year that both databases can store.
fn parse_storable_timestamp(text: &str) -> std::result::Result<DateTime<Utc>, InvalidTimestamp> {
    let timestamp = parse_timestamp(text)?;
    if is_storable(timestamp) { Ok(timestamp) } else { Err(InvalidTimestamp::Malformed) }
}

/// Parses RFC 3339, or the formats of EverShop's responses and date pickers, which are in UTC.
fn parse_timestamp(text: &str) -> std::result::Result<DateTime<Utc>, InvalidTimestamp> {
    match parse_rfc3339(text) {
        Err(InvalidTimestamp::Malformed) => {}
        parsed => return parsed,
    }
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
        match NaiveDateTime::parse_from_str(text, format) {
            Ok(timestamp) if is_leap_second(&timestamp) => return Err(InvalidTimestamp::LeapSecond),
            Ok(timestamp) => return Ok(timestamp.and_utc()),
            Err(_) => {}
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| InvalidTimestamp::Malformed)?;
    Ok(date.and_time(chrono::NaiveTime::MIN).and_utc())
}
