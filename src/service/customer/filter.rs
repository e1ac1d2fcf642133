//! The filters of the list of customers.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};

use super::criterion::{email_matches, is_enabled};
use super::search::required_keyword;
use crate::app::App;
use crate::entity::customer::{Column, Entity};
use crate::error::Result;
use crate::service::query::page::{Filter, ListQuery, Operation, holds, like};
use crate::types::EmailAddress;

/// The keys, for the message about one that isn't known.
const KEYS: &[&str] =
    &["keyword", "full_name", "email", "status", "group_id", "created_at", "ob", "od", "page", "limit"];

/// Reads the filters of a list of customers; they are joined by AND.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) names the first key, operation or value that isn't known.
pub fn parse(filters: Vec<Filter>, app: &App) -> Result<ListQuery> {
    let sort_keys = [
        ("email", column(Column::EmailKey)),
        ("name", column(Column::FullName)),
        ("status", column(Column::Status)),
        ("created_at", column(Column::CreatedAt)),
    ];
    ListQuery::parse(filters, column(Column::CustomerId), &sort_keys, |filter| condition(filter, app))
}

fn column(column: Column) -> SimpleExpr {
    Expr::col((Entity, column))
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
            Ok(negate_if(operation == Nlike, holds(column(Column::FullName), value)))
        }
        "email" => {
            filter.allow(&[Eq, Like, Nlike])?;
            if operation != Eq {
                return Ok(negate_if(operation == Nlike, email_matches(value, like)));
            }
            // What is no address is nobody's.
            Ok(match EmailAddress::parse(value) {
                Ok(email) => Column::EmailKey.eq(email.key()),
                Err(_) => Expr::val(1).eq(0),
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
            let moment = timestamp(value).ok_or_else(|| {
                filter.bad_value("the value must be a date (2023-02-07) or a time (2023-02-07T14:18:05Z)")
            })?;
            Ok(match operation {
                Gt => Column::CreatedAt.gt(moment),
                Gteq => Column::CreatedAt.gte(moment),
                Lt => Column::CreatedAt.lt(moment),
                _ => Column::CreatedAt.lte(moment),
            })
        }
        _ => Err(filter.unknown_key(KEYS)),
    }
}

fn negate_if(negate: bool, condition: SimpleExpr) -> SimpleExpr {
    if negate { condition.not() } else { condition }
}

/// A moment that every database can hold.
fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    parse_moment(text).filter(|moment| (1..=9999).contains(&moment.year()))
}

/// RFC 3339, or the forms of EverShop's own answers and date pickers, in UTC.
fn parse_moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc());
    }
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
        if let Ok(moment) = NaiveDateTime::parse_from_str(text, format) {
            return Some(moment.and_utc());
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_time(chrono::NaiveTime::MIN).and_utc())
}
