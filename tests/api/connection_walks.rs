//! Paging through `customersConnection`: each row appears once and in order, forward and backward, while other rows are
//! inserted and deleted.

use std::cmp::Ordering;
use std::sync::Arc;

use patron::app::ctx::AdminCtx;
use patron::entity::customer::{self, Model};
use patron::service::demo;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Actor, Admin, TestApp, apply, on_both_databases};

const QUERY: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $sort: [CustomerSort!]) {
    customersConnection(first: $first, after: $after, last: $last, before: $before, sort: $sort) {
        nodes { customerId } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }";

/// Creates forty customers with equal values in every field but the e-mail address; some have no group, some are not
/// verified, some logged in.
async fn create_customers(app: &TestApp) {
    demo::seed(&AdminCtx::system(Arc::clone(&app.app)), 40).await.unwrap();
    let db = app.app.db.writer();
    let without_group =
        customer::Entity::update_many().col_expr(customer::Column::GroupId, Expr::value(None::<i32>));
    without_group.filter(customer::Column::CustomerId.is_in([3, 4, 17, 33])).exec(db).await.unwrap();
    for (column, value) in [(customer::Column::FullName, "Ümit"), (customer::Column::FullName, "ada")] {
        let alike = customer::Entity::update_many().col_expr(column, Expr::value(value));
        alike
            .filter(customer::Column::CustomerId.gt(if value == "ada" { 35 } else { 28 }))
            .exec(db)
            .await
            .unwrap();
    }
    let verified =
        customer::Entity::update_many().col_expr(customer::Column::EmailVerifiedAt, Expr::value(app.now()));
    verified.filter(customer::Column::CustomerId.between(5, 9)).exec(db).await.unwrap();
    for (from, to, minutes) in [(8, 20, 0), (17, 24, 7)] {
        let time = Expr::value(app.now() - chrono::TimeDelta::minutes(minutes));
        let logged_in = customer::Entity::update_many().col_expr(customer::Column::LastSignInAt, time);
        logged_in.filter(customer::Column::CustomerId.between(from, to)).exec(db).await.unwrap();
    }
}

/// Compares two rows by a field. Null is greater than every value; no login is earlier than every login.
fn compare(field: &str, a: &Model, b: &Model) -> Ordering {
    fn nulls_last<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
        (a.is_none(), a).cmp(&(b.is_none(), b))
    }
    match field {
        "CUSTOMER_ID" => a.customer_id.cmp(&b.customer_id),
        "EMAIL" => nulls_last(a.email_key.as_deref(), b.email_key.as_deref()),
        "FULL_NAME" => a.full_name.cmp(&b.full_name),
        "STATUS" => a.status.stored().cmp(&b.status.stored()),
        "GROUP_ID" => nulls_last(a.group_id, b.group_id),
        "EMAIL_VERIFIED_AT" => nulls_last(a.email_verified_at, b.email_verified_at),
        "CREATED_AT" => a.created_at.cmp(&b.created_at),
        "UPDATED_AT" => a.updated_at.cmp(&b.updated_at),
        "LAST_SIGN_IN_AT" => a.last_sign_in_at.cmp(&b.last_sign_in_at),
        other => panic!("{other}"),
    }
}

/// The ids in the requested order, sorted by Rust.
async fn expected(app: &TestApp, sort: &[(&str, &str)]) -> Vec<i32> {
    let mut rows = app.customers().await;
    let last = sort.last().map_or("DESC", |(_, direction)| direction);
    let mut keys = sort.to_vec();
    keys.push(("CUSTOMER_ID", last));
    rows.sort_by(|a, b| {
        let by = |(field, direction): &(&str, &str)| match *direction {
            "DESC" => compare(field, b, a),
            _ => compare(field, a, b),
        };
        keys.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows.iter().map(|row| row.customer_id).collect()
}

fn variables(sort: &[(&str, &str)], arguments: Value) -> Value {
    let sort: Vec<Value> =
        sort.iter().map(|(field, direction)| json!({"field": field, "direction": direction})).collect();
    let mut variables = json!({"sort": sort});
    variables.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    variables
}

async fn page(admin: &Admin<'_>, variables: Value) -> (Vec<i32>, Value) {
    let page = admin.query_with(QUERY, variables).await.data()["customersConnection"].clone();
    let ids: Vec<i32> = page["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| i32::try_from(node["customerId"].as_i64().unwrap()).unwrap())
        .collect();
    let cursors = page["edges"].as_array().unwrap();
    assert_eq!(cursors.len(), ids.len());
    assert_eq!(
        page["pageInfo"]["startCursor"],
        cursors.first().map_or(Value::Null, |edge| edge["cursor"].clone())
    );
    assert_eq!(
        page["pageInfo"]["endCursor"],
        cursors.last().map_or(Value::Null, |edge| edge["cursor"].clone())
    );
    (ids, page)
}

const SORTS: &[&[(&str, &str)]] = &[
    &[],
    &[("CUSTOMER_ID", "ASC")],
    &[("CUSTOMER_ID", "DESC"), ("EMAIL", "ASC")],
    &[("EMAIL", "ASC")],
    &[("EMAIL", "DESC")],
    &[("FULL_NAME", "ASC")],
    &[("FULL_NAME", "DESC")],
    &[("STATUS", "DESC")],
    &[("GROUP_ID", "ASC")],
    &[("GROUP_ID", "DESC")],
    &[("EMAIL_VERIFIED_AT", "ASC")],
    &[("EMAIL_VERIFIED_AT", "DESC")],
    &[("UPDATED_AT", "ASC")],
    &[("LAST_SIGN_IN_AT", "ASC")],
    &[("LAST_SIGN_IN_AT", "DESC")],
    &[("LAST_SIGN_IN_AT", "DESC"), ("FULL_NAME", "ASC")],
    &[("LAST_SIGN_IN_AT", "ASC"), ("GROUP_ID", "DESC")],
    &[("GROUP_ID", "ASC"), ("LAST_SIGN_IN_AT", "DESC")],
    &[("STATUS", "ASC"), ("CREATED_AT", "ASC")],
    &[("STATUS", "ASC"), ("CREATED_AT", "DESC")],
    &[("GROUP_ID", "DESC"), ("FULL_NAME", "ASC")],
    &[("GROUP_ID", "ASC"), ("EMAIL_VERIFIED_AT", "DESC"), ("FULL_NAME", "ASC"), ("STATUS", "DESC")],
];

/// The order equals that of Rust, so it is the same on both databases.
#[apply(on_both_databases!)]
async fn pages_walk_forward_and_backward_in_every_order(app: &TestApp) {
    create_customers(app).await;
    let admin = app.admin();
    for sort in SORTS {
        let expected = expected(app, sort).await;
        let (mut forward, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let (ids, page) = page(&admin, variables(sort, json!({"first": 7, "after": cursor}))).await;
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !forward.is_empty(), "{sort:?}");
            assert_eq!(page["totalCount"], 40);
            forward.extend(ids);
            cursor = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(forward, expected, "{sort:?}");
        let (mut backward, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let (ids, page) = page(&admin, variables(sort, json!({"last": 11, "before": cursor}))).await;
            assert_eq!(page["pageInfo"]["hasNextPage"], !backward.is_empty(), "{sort:?}");
            backward.extend(ids.into_iter().rev());
            cursor = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        backward.reverse();
        assert_eq!(backward, expected, "{sort:?} backward");
    }
}

/// Between pages, the row of the cursor is deleted and other rows are inserted.
#[apply(on_both_databases!)]
async fn no_row_is_skipped_or_repeated_during_changes(app: &TestApp) {
    create_customers(app).await;
    let admin = app.admin();
    for (number, sort) in SORTS.iter().enumerate() {
        let before = expected(app, sort).await;
        let (mut seen, mut deleted, mut cursor, mut turn) = (Vec::new(), Vec::new(), Value::Null, 0);
        loop {
            let (ids, page) = page(&admin, variables(sort, json!({"first": 9, "after": cursor}))).await;
            seen.extend(ids);
            cursor = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            let last = *seen.last().unwrap();
            if turn % 2 == 0 {
                customer::Entity::delete_by_id(last).exec(app.app.db.writer()).await.unwrap();
                deleted.push(last);
            }
            app.register(&format!("new{number}-{turn}@x.io")).await;
            turn += 1;
        }
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "{sort:?}: a row was seen twice");
        let stayed: Vec<i32> = seen.iter().copied().filter(|id| before.contains(id)).collect();
        assert_eq!(stayed, before, "{sort:?}");
    }
}

#[apply(on_both_databases!)]
async fn pages_between_two_cursors_have_the_right_rows(app: &TestApp) {
    create_customers(app).await;
    let admin = app.admin();
    for sort in SORTS {
        let expected = expected(app, sort).await;
        let (_, all) = page(&admin, variables(sort, json!({"first": 100}))).await;
        let cursor = |index: usize| all["edges"][index]["cursor"].clone();
        for (window, part, previous, next) in [
            (json!({"first": 100, "after": cursor(4), "before": cursor(9)}), 5..9, true, false),
            (json!({"first": 2, "after": cursor(4), "before": cursor(9)}), 5..7, true, true),
            (json!({"last": 2, "after": cursor(4), "before": cursor(9)}), 7..9, true, true),
            (json!({"after": cursor(38), "before": cursor(39)}), 39..39, true, false),
            (json!({"after": cursor(20), "before": cursor(10)}), 0..0, true, false),
            (json!({"first": 0}), 0..0, false, true),
            (json!({"last": 0}), 0..0, true, false),
            (json!({"before": cursor(30)}), 10..30, true, true),
            (json!({}), 0..20, false, true),
            (json!({"first": 40}), 0..40, false, false),
            (json!({"after": cursor(39)}), 0..0, true, false),
            (json!({"last": 5, "before": cursor(0)}), 0..0, false, true),
        ] {
            let (ids, page) = page(&admin, variables(sort, window.clone())).await;
            assert_eq!(ids, expected[part], "{sort:?} {window}");
            assert_eq!(
                (&page["pageInfo"]["hasPreviousPage"], &page["pageInfo"]["hasNextPage"]),
                (&json!(previous), &json!(next)),
                "{sort:?} {window}"
            );
        }
    }
}
