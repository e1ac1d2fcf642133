//! Values are validated against their definitions.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::value_cases::cases;
use super::{MINE, custom, define, metafields_url};
use crate::support::{Actor, TestApp, apply, on_both_databases};

/// Sets `custom.field` as an admin. Returns the status with the stored value or the error messages.
async fn set(app: &TestApp, url: &str, value: &Value) -> (u16, String) {
    let response = app.admin().patch(url, &custom(json!({"field": value}))).await;
    if response.status == 400 {
        response.assert_failure(400, "validation_failed");
        let details = response.details();
        assert!(
            details.iter().all(|(field, message)| *field == "custom.field" && message.chars().count() <= 300),
            "{details:?}"
        );
        return (400, details.iter().map(|(_, message)| *message).collect::<Vec<_>>().join("; "));
    }
    (response.status, response.data()["metaData"]["custom"]["field"].to_string())
}

/// Each type, alone and with each validation: accepted values, and refused values with their messages.
#[apply(on_both_databases!)]
async fn each_type_and_validation_is_checked(app: &TestApp) {
    let url = metafields_url(&app.register("a@x.io").await);
    for (field_type, overrides, good, bad) in cases() {
        let definition = define(app, "field", field_type, overrides.clone()).await;
        for value in good {
            assert_eq!(set(app, &url, &value).await, (200, value.to_string()), "{field_type} {overrides}");
        }
        let before = app.customers().await;
        for (value, reason) in bad {
            assert_eq!(
                set(app, &url, &value).await,
                (400, format!("\"custom.field\": {reason}")),
                "{field_type} {overrides} {value}"
            );
        }
        assert_eq!(app.customers().await, before);
        // `null` and an empty text remove the value.
        for empty in [json!(null), json!("")] {
            assert_eq!(set(app, &url, &empty).await, (200, "null".to_owned()), "{field_type}");
        }
        assert_eq!(app.customers().await[0].meta_data, json!({}));
        app.admin().delete(&definition).await.data();
        while patron::service::metafield::clean_up(&patron::app::ctx::SystemCtx::system(app.app.clone()))
            .await
            .unwrap()
        {}
    }
}

/// Absent fields stay, and an equal value, also in another notation, changes nothing.
#[apply(on_both_databases!)]
async fn a_patch_keeps_absent_fields(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = metafields_url(&row);
    define(app, "level", "short_text", json!({"required": true})).await;
    define(app, "points", "number", json!({})).await;
    define(app, "tags", "short_text", json!({"namespace": "crm", "isList": true})).await;
    app.admin()
        .patch(
            &format!("/api/customers/{}", row["uuid"].as_str().unwrap()),
            &json!({"meta_data": {"free": [1], "custom": {"own": 1}}}),
        )
        .await
        .data();
    app.app.clock.advance(TimeDelta::seconds(1));
    let response = app.admin().patch(&url, &json!({"metafields": {"custom": {"level": "gold", "points": 1.0}, "crm": {"tags": ["a"]}}, "unknown": 1})).await;
    let all =
        json!({"free": [1], "custom": {"own": 1, "level": "gold", "points": 1}, "crm": {"tags": ["a"]}});
    assert_eq!(response.body, json!({"data": {"metaData": all}}));
    let stored = app.customers().await.remove(0);
    assert_eq!((stored.version, &stored.meta_data, stored.updated_at), (3, &all, app.now()));
    app.app.clock.advance(TimeDelta::seconds(1));
    for unchanged in [
        json!({"metafields": {}}),
        json!({"metafields": {"nowhere": {}}}),
        custom(json!({"points": 1})),
        custom(json!({"points": 1.0})),
        custom(json!({"level": "gold"})),
        json!({"metafields": {"crm": {"tags": ["a"]}}}),
    ] {
        assert_eq!(app.admin().patch(&url, &unchanged).await.data()["metaData"], all);
    }
    assert_eq!(app.customers().await, [stored], "nothing changes");
    for empty in [json!(null), json!(""), json!([])] {
        app.admin().patch(&url, &json!({"metafields": {"crm": {"tags": ["b"]}}})).await.data();
        let data = app.admin().patch(&url, &json!({"metafields": {"crm": {"tags": empty}}})).await.data();
        assert_eq!(
            data["metaData"],
            json!({"free": [1], "custom": {"own": 1, "level": "gold", "points": 1}})
        );
    }
    for empty in [json!(null), json!("")] {
        let response = app.admin().patch(&url, &custom(json!({"level": empty, "points": null}))).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [("custom.level", "\"custom.level\" is required")]);
    }
    assert_eq!(app.customers().await[0].meta_data["custom"]["points"], 1, "a refused body has no effect");
}

/// Empty sub-fields count as absent, and so does a group that has only empty sub-fields.
#[apply(on_both_databases!)]
async fn empty_sub_fields_are_dropped(app: &TestApp) {
    let url = metafields_url(&app.register("a@x.io").await);
    define(app, "field", "group", json!({"subFields": [{"key": "a", "type": "integer"}, {"key": "b", "type": "short_text"}, {"key": "c", "type": "group", "subFields": [{"key": "d", "type": "url"}]}]})).await;
    assert_eq!(
        set(app, &url, &json!({"a": 1, "b": "", "c": {"d": null}})).await,
        (200, json!({"a": 1}).to_string())
    );
    assert_eq!(set(app, &url, &json!({"a": null, "b": "", "c": {"d": ""}})).await, (200, "null".to_owned()));
    assert_eq!(app.customers().await[0].meta_data, json!({}));
}

#[apply(on_both_databases!)]
async fn all_problems_are_reported_at_once(app: &TestApp) {
    let url = metafields_url(&app.register("a@x.io").await);
    define(app, "level", "short_text", json!({"required": true})).await;
    define(app, "points", "integer", json!({})).await;
    let body = json!({"metafields": {"custom": {"level": null, "nothing": 1, "points": "x"}, "other": 5, "wrong": {"a": 1}}});
    let response = app.admin().patch(&url, &body).await;
    response.assert_failure(400, "validation_failed");
    let mut details = response.details();
    details.sort_unstable();
    assert_eq!(
        details,
        [
            ("custom.level", "\"custom.level\" is required"),
            ("custom.nothing", "There is no custom field \"custom.nothing\""),
            ("custom.points", "\"custom.points\": must be of the type integer"),
            ("other", "Custom fields of \"other\" must be an object"),
            ("wrong.a", "There is no custom field \"wrong.a\""),
        ]
    );
    for (body, message) in [
        (json!({}), "Custom fields are required"),
        (json!({"metafields": null}), "Custom fields are required"),
        (json!({"metafields": []}), "Custom fields must be an object"),
        (json!({"metafields": "x"}), "Custom fields must be an object"),
        (json!({"metafields": {"custom": null}}), "Custom fields of \"custom\" must be an object"),
    ] {
        let response = app.admin().patch(&url, &body).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.message(), message);
    }
    // Errors don't repeat long names and values, and their number is limited.
    let many: serde_json::Map<String, Value> =
        (0..5000).map(|number| (format!("{number}{}", "x".repeat(30)), json!(1))).collect();
    assert_eq!(app.admin().patch(&url, &custom(json!(many))).await.details().len(), 100);
    let long = app.admin().patch(&url, &custom(json!({"x".repeat(100_000): 1}))).await;
    assert!(long.text.len() < 1000, "{}", long.text.len());
    let value = app.admin().patch(&url, &custom(json!({"level": "secret ".repeat(1000)}))).await;
    assert!(value.status == 400 && !value.text.contains("secret"), "{value:?}");
    assert_eq!(app.customers().await[0].version, 1);
    for unknown in
        ["/api/customers/x/metafields", "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f/metafields"]
    {
        app.admin().patch(unknown, &custom(json!({}))).await.assert_failure(404, "not_found");
    }
}

/// The patterns take exponential time in backtracking engines.
#[apply(on_both_databases!)]
async fn patterns_run_in_linear_time(app: &TestApp) {
    let url = metafields_url(&app.register("a@x.io").await);
    define(app, "field", "long_text", json!({"validations": [{"type": "regexp", "pattern": "^(a+)+$"}, {"type": "regexp", "pattern": "^(a|a)*b?$"}]})).await;
    assert_eq!(set(app, &url, &json!(format!("{}!", "a".repeat(60_000)))).await.0, 400);
    assert_eq!(set(app, &url, &json!("a".repeat(60_000))).await.0, 200);
}

/// `meta_data` is free-form except for defined custom fields.
#[apply(on_both_databases!)]
async fn meta_data_is_validated_against_definitions(app: &TestApp) {
    define(app, "level", "short_text", json!({"required": true})).await;
    define(app, "points", "integer", json!({})).await;
    let body = |meta_data: Value| json!({"full_name": "Jo", "email": "jo@x.io", "password": "correct horse battery", "meta_data": meta_data});
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    for (meta_data, messages) in [
        (
            json!({"custom": {"level": 5, "points": "x"}}),
            vec![
                "\"custom.level\": must be of the type string",
                "\"custom.points\": must be of the type integer",
            ],
        ),
        (json!({"custom": {"level": null}}), vec!["\"custom.level\" is required"]),
        (json!({"custom": 5}), vec!["Custom fields of \"custom\" must be an object"]),
    ] {
        for response in [
            app.admin().post("/api/customers", &body(meta_data.clone())).await,
            app.admin().patch(&url, &json!({"meta_data": meta_data})).await,
        ] {
            response.assert_failure(400, "validation_failed");
            let expected: Vec<_> = messages.iter().map(|message| ("meta_data", *message)).collect();
            assert_eq!(response.details(), expected);
        }
    }
    assert_eq!(app.customers().await.len(), 1);
    let free = json!({"custom": {"free": {"level": 5}, "points": 3}, "level": 5});
    app.admin().post("/api/customers", &body(free.clone())).await.data();
    app.admin().patch(&url, &json!({"meta_data": {"custom": {"points": null, "free": 1}}})).await.data();
    let customers = app.customers().await;
    assert_eq!((&customers[0].meta_data, &customers[1].meta_data), (&json!({"custom": {"free": 1}}), &free));
    // `meta_data` of a registration is ignored, valid or not.
    let mut registration = body(json!({"custom": {"level": 5}}));
    registration["email"] = json!("b@x.io");
    app.anonymous().post("/api/customers", &registration).await.data();
    assert_eq!(app.customers().await[2].meta_data, json!({}));
}

/// No change overwrites another.
#[apply(on_both_databases!)]
async fn concurrent_patches_all_count(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for number in 0..10 {
        define(app, &format!("k{number}"), "integer", json!({})).await;
    }
    let set = async |number: usize| {
        customer.patch(MINE, &custom(json!({format!("k{}", number % 10): number}))).await.data()
    };
    futures_util::future::join_all((0..50).map(set)).await;
    let stored = app.customers().await.remove(0);
    assert_eq!((stored.version, stored.meta_data["custom"].as_object().unwrap().len()), (51, 10));
}
