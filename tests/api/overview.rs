//! The numbers of the overview.

use chrono::{DateTime, TimeDelta, Utc};
use patron::app::ctx::AdminCtx;
use patron::entity::{customer, mail, webhook_delivery};
use patron::service::admin;
use patron::types::{DeliveryStatus, EmailAddress, MailStatus, Password};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases, plan_without_scans, statements_of};

const QUERY: &str = "{ overview { customers enabledCustomers registeredLastDay registeredLastWeek registeredPerDay { date count }
    mailsPending mailsFailed deliveriesPending deliveriesFailed admins adminsWithoutSecondFactor } }";

async fn overview(app: &TestApp) -> Value {
    app.log_in_admin().await.query(QUERY).await.data()["overview"].clone()
}

async fn set_created_at(app: &TestApp, customer_id: i32, created_at: DateTime<Utc>) {
    let row = customer::ActiveModel {
        customer_id: Unchanged(customer_id),
        created_at: Set(created_at),
        ..Default::default()
    };
    row.update(app.app.db.writer()).await.unwrap();
}

#[apply(on_both_databases!)]
async fn an_empty_shop_has_zeros(app: &TestApp) {
    let numbers = overview(app).await;
    let days = numbers["registeredPerDay"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    assert_eq!(
        (&days[0], &days[29]),
        (&json!({"date": "2025-12-04", "count": 0}), &json!({"date": "2026-01-02", "count": 0}))
    );
    for name in [
        "customers",
        "enabledCustomers",
        "registeredLastDay",
        "registeredLastWeek",
        "mailsPending",
        "mailsFailed",
        "deliveriesPending",
        "deliveriesFailed",
    ] {
        assert_eq!(numbers[name], 0, "{name}");
    }
    assert_eq!((&numbers["admins"], &numbers["adminsWithoutSecondFactor"]), (&json!(1), &json!(1)));
}

#[apply(on_both_databases!)]
async fn customers_are_counted_by_their_registration(app: &TestApp) {
    let (now, midnight) = (app.now(), "2026-01-02T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let times = [
        now,
        midnight,
        midnight - TimeDelta::milliseconds(1),
        now - TimeDelta::days(1),
        now - TimeDelta::days(6),
        midnight - TimeDelta::days(29),
        midnight - TimeDelta::days(29) - TimeDelta::milliseconds(1),
    ];
    for (number, time) in times.into_iter().enumerate() {
        let row = app.register(&format!("{number}@x.io")).await;
        let id = i32::try_from(row["customer_id"].as_i64().unwrap()).unwrap();
        set_created_at(app, id, time).await;
    }
    let first = app.customers().await.remove(0);
    app.admin().patch(&format!("/api/customers/{}", first.uuid), &json!({"status": 0})).await.data();
    let numbers = overview(app).await;
    assert_eq!((&numbers["customers"], &numbers["enabledCustomers"]), (&json!(7), &json!(6)));
    assert_eq!(
        (&numbers["registeredLastDay"], &numbers["registeredLastWeek"]),
        (&json!(4), &json!(5)),
        "{times:?}"
    );
    let days = numbers["registeredPerDay"].as_array().unwrap();
    let counts: Vec<(String, i64)> = days
        .iter()
        .map(|day| (day["date"].as_str().unwrap().to_owned(), day["count"].as_i64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let expected = [("2025-12-04", 1), ("2025-12-27", 1), ("2026-01-01", 2), ("2026-01-02", 2)];
    assert_eq!(counts, expected.map(|(day, count)| (day.to_owned(), count)));
    // The next day, the window moves.
    app.app.clock.advance(TimeDelta::days(1));
    let moved = overview(app).await["registeredPerDay"].clone();
    assert_eq!(
        (&moved[0]["date"], &moved[29]),
        (&json!("2025-12-05"), &json!({"date": "2026-01-03", "count": 0}))
    );
}

#[apply(on_both_databases!)]
async fn queues_are_counted(app: &TestApp) {
    let body = json!({"url": "https://hooks.example.com/", "events": ["customer.created"]});
    app.admin().post("/api/webhook-endpoints", &body).await.data();
    for number in 0..4 {
        app.register(&format!("{number}@x.io")).await;
    }
    app.publish().await;
    let db = app.app.db.writer();
    let failed =
        mail::Entity::update_many().col_expr(mail::Column::Status, Expr::val(MailStatus::Failed.to_string()));
    failed.filter(mail::Column::Recipient.eq("0@x.io")).exec(db).await.unwrap();
    let sent =
        mail::Entity::update_many().col_expr(mail::Column::Status, Expr::val(MailStatus::Sent.to_string()));
    sent.filter(mail::Column::Recipient.eq("1@x.io")).exec(db).await.unwrap();
    let numbers = overview(app).await;
    assert_eq!((&numbers["mailsPending"], &numbers["mailsFailed"]), (&json!(2), &json!(1)));
    assert_eq!((&numbers["deliveriesPending"], &numbers["deliveriesFailed"]), (&json!(4), &json!(0)));
    let dead =
        webhook_delivery::ActiveModel { status: Set(DeliveryStatus::DeadLetter), ..Default::default() };
    webhook_delivery::Entity::update_many().set(dead).exec(db).await.unwrap();
    let numbers = overview(app).await;
    assert_eq!((&numbers["deliveriesPending"], &numbers["deliveriesFailed"]), (&json!(0), &json!(4)));
}

#[apply(on_both_databases!)]
async fn enabled_admins_are_counted(app: &TestApp) {
    let ctx = AdminCtx::system(app.app.clone());
    for number in 0..2 {
        let email = EmailAddress::parse_local(&format!("{number}@localhost")).unwrap();
        let password = Password::new("another correct horse".into()).unwrap();
        admin::create(&ctx, email, "A".to_owned(), &password).await.unwrap();
    }
    let counts = async || {
        let numbers = overview(app).await;
        (numbers["admins"].clone(), numbers["adminsWithoutSecondFactor"].clone())
    };
    assert_eq!(counts().await, (json!(3), json!(3)));
    app.turn_factor_on(&app.admin()).await;
    // The caller itself needs no further sign-in.
    let numbers = app.admin().query(QUERY).await.data()["overview"].clone();
    assert_eq!((&numbers["admins"], &numbers["adminsWithoutSecondFactor"]), (&json!(3), &json!(2)));
}

/// Each number is counted only if it is selected, and in an index.
#[apply(on_both_databases!)]
async fn numbers_are_counted_in_indexes(app: &TestApp) {
    app.register("a@x.io").await;
    for (selection, count, index) in [
        ("customers enabledCustomers", 1, "customer_status_customer_id_idx"),
        (
            "registeredLastDay registeredLastWeek registeredPerDay { count }",
            2,
            "customer_created_at_customer_id_idx",
        ),
        ("mailsPending mailsFailed", 1, "mail_status_"),
        ("deliveriesPending deliveriesFailed", 1, "webhook_delivery_status_delivered_at_idx"),
        ("admins adminsWithoutSecondFactor", 1, ""),
    ] {
        let query = format!("{{ overview {{ {selection} }} }}");
        let (response, statements) = statements_of(&app.admin(), &query, json!({})).await;
        response.data();
        // And the caller.
        assert_eq!(statements.len(), 1 + count, "{selection}: {statements:#?}");
        for statement in statements[1..].iter().filter(|_| !index.is_empty()) {
            let plan = plan_without_scans(app, statement).await;
            let is_covered = !plan.contains("Seq Scan") && !plan.contains(" USING INDEX ");
            assert!(is_covered && plan.contains(index), "{selection}: {statement}\n{plan}");
        }
    }
}
