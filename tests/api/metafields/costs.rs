//! Limits on the cost of definitions and values, especially of regular expressions.

use patron::entity::metafield_definition;
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{DEFINITIONS, custom, define, definition, metafields_url};
use crate::support::{Actor, CUSTOMER_PASSWORD, TestApp, apply, on_both_databases};

/// Linear but slow: 400 states are active at once, and no prefix decides the match.
const SLOW: &str = "[ab]*a[ab]{400}y";

/// Pseudo-random letters `a` and `b`, so that no state of the engine's automaton repeats (xorshift, Marsaglia 2003).
fn letters(count: usize) -> String {
    let mut x: u64 = 88_172_645_463_325_252;
    let next = |_| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if x & 1 == 0 { 'a' } else { 'b' }
    };
    (0..count).map(next).collect()
}

fn patterns(pattern: &str, count: usize) -> Value {
    json!({"validations": vec![json!({"type": "regexp", "pattern": pattern}); count]})
}

/// Stores a definition with [`SLOW`] twenty times, as an earlier release accepted it.
async fn define_slow(app: &TestApp, key: &str) {
    let url = define(app, key, "long_text", json!({})).await;
    let rows = metafield_definition::Entity::find().all(app.app.db.writer()).await.unwrap();
    let row = rows.into_iter().find(|row| url.ends_with(&row.uuid.to_string())).unwrap();
    let mut row = row.into_active_model();
    row.validations = Set(patterns(SLOW, 20)["validations"].clone());
    row.update(app.app.db.writer()).await.unwrap();
}

#[apply(on_both_databases!)]
async fn patterns_that_are_too_large_are_refused(app: &TestApp) {
    for pattern in [SLOW, "((a{100}){100}){100}", "(?:(?:){60000}){60000}x{1000}", "[\\s\\S]{400}"] {
        let response =
            app.admin().post(DEFINITIONS, &definition("field", "long_text", patterns(pattern, 1))).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details()[0].0, "validations[0]", "{pattern}");
    }
    let response =
        app.admin().post(DEFINITIONS, &definition("field", "long_text", patterns("^[a-c]{150}$", 20))).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details()[0].1, "The regexp validations of the definition are too large together");
    for (number, pattern) in [
        "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$",
        r"^\S+@\S+\.[a-z]{2,24}$",
        r"^\+?[0-9 ()/-]{5,25}$",
        "^[0-9a-f]{64}$",
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$",
        r"^[\w.-]{1,64}$",
        r"^\p{L}+$",
        "^(https?)://[^/]+/.*$",
        "^.{1,20}$",
    ]
    .into_iter()
    .enumerate()
    {
        define(app, &format!("good{number}"), "short_text", patterns(pattern, 1)).await;
    }
    let choices = json!({"validations": [{"type": "choices", "values": ["x".repeat(70_000)]}]});
    let response = app.admin().post(DEFINITIONS, &definition("field", "long_text", choices)).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details(), [("validations", "validations must be at most 64 KiB")]);
}

/// With definitions of an earlier release, values whose check would take a minute are refused at once, and other
/// requests are served at the same time.
#[apply(on_both_databases!)]
async fn values_that_take_too_long_to_check_are_refused(app: &TestApp) {
    let (row, other) = (app.register("a@x.io").await, app.register("b@x.io").await);
    for key in ["one", "two", "three", "four"] {
        define_slow(app, key).await;
    }
    define(app, "quick", "short_text", patterns("^[a-z]+$", 1)).await;
    let text = letters(65_000);
    let attack = custom(json!({"one": text, "two": text, "three": text, "four": text}));
    let url = metafields_url(&row);
    let (admin, good) = (app.admin(), custom(json!({"quick": "abc"})));
    let attacks = futures_util::future::join_all((0..8).map(|_| admin.patch(&url, &attack)));
    let others = async {
        for _ in 0..10 {
            assert_eq!(app.anonymous().get("/health/live").await.status, 200);
            assert_eq!(app.admin().patch(&metafields_url(&other), &good).await.status, 200);
        }
    };
    let (attacks, ()) = tokio::join!(attacks, others);
    for response in attacks {
        response.assert_failure(400, "validation_failed");
        let fields: Vec<_> = response.details().iter().map(|(field, _)| field.to_string()).collect();
        assert_eq!(fields, ["custom.four", "custom.one", "custom.three", "custom.two"]);
        let message = "\"custom.one\": checking the custom fields of this request would take too long; send shorter values or fewer at once";
        assert_eq!(response.details()[1].1, message);
    }
    // The limit applies to `meta_data` too.
    let customer = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let text = letters(60_000);
    app.admin()
        .patch(&customer, &json!({"meta_data": {"custom": {"one": text}}}))
        .await
        .assert_failure(400, "validation_failed");
    let new = json!({"full_name": "A", "email": "c@x.io", "password": CUSTOMER_PASSWORD, "meta_data": {"custom": {"one": text}}});
    app.admin().post("/api/customers", &new).await.assert_failure(400, "validation_failed");
    // Short values of the same field are checked.
    let response = app.admin().patch(&url, &custom(json!({"one": "abab"}))).await;
    response.assert_failure(400, "validation_failed");
    assert!(response.details()[0].1.contains("must match"), "{response:?}");
    let matching = format!("a{}y", "b".repeat(400));
    assert_eq!(app.admin().patch(&url, &custom(json!({"one": matching}))).await.status, 200);
}

/// Definitions change during writes. Each write and its repetition with the same key succeed, fail validation or
/// conflict.
#[apply(on_both_databases!)]
async fn definitions_can_change_during_writes(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let (url, rule) = (metafields_url(&row), define(app, "field", "short_text", json!({})).await);
    let admin = app.admin();
    let change = async |number: usize| {
        let max = if number.is_multiple_of(2) { 3 } else { 9 };
        admin.patch(&rule, &json!({"validations": [{"type": "size", "max": max}]})).await
    };
    let write = async |number: usize| {
        let request = admin.request(Method::PATCH, &url).header("idempotency-key", format!("k{number}"));
        admin.send(request.json(&custom(json!({"field": format!("value{number}")})))).await
    };
    for number in 0..10 {
        let (changed, first, second) = tokio::join!(change(number), write(number), write(number + 100));
        assert!([200, 409].contains(&changed.status), "{changed:?}");
        for written in [first, second] {
            assert!([200, 400, 409].contains(&written.status), "{written:?}");
        }
        let repeated = write(number).await;
        assert!([200, 400, 409].contains(&repeated.status), "{repeated:?}");
    }
    assert_eq!(change(1).await.status, 200);
    assert_eq!(write(1000).await.status, 200);
}
