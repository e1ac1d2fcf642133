//! Values are validated against their definitions.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{MINE, custom, define, metafields_url};
use crate::support::{Actor, TestApp, apply, on_both_databases};

/// A type, further fields of its definition, accepted values, and refused values with the reason.
type Case = (&'static str, Value, Vec<Value>, Vec<(Value, &'static str)>);

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
    let long = |count: usize| json!("é".repeat(count));
    let group = json!({"subFields": [
        {"key": "street", "type": "short_text", "required": true}, {"key": "zip", "type": "integer"},
        {"key": "lines", "type": "group", "isList": true, "subFields": [{"key": "text", "type": "short_text"}]},
    ]});
    let rule = |rule: Value| json!({"validations": [rule]});
    let cases: Vec<Case> = vec![
        (
            "short_text",
            json!({}),
            vec![json!("x"), long(1000), json!(" "), json!("a\tb")],
            vec![
                (long(1001), "must be at most 1000 characters"),
                (json!(5), "must be of the type string"),
                (json!(["x"]), "must be of the type string"),
                (json!("a\nb"), "must not contain line breaks"),
                (json!("a\r"), "must not contain line breaks"),
                (json!("a\0b"), "must not contain NUL"),
            ],
        ),
        (
            "long_text",
            json!({}),
            vec![json!("a\nb"), long(30_000)],
            vec![
                (long(65536), "must be at most 65535 characters"),
                (json!({"a": 1}), "must be of the type string"),
                (json!("\0"), "must not contain NUL"),
            ],
        ),
        (
            "rich_text",
            json!({}),
            vec![json!([{"id": 1, "columns": [{"data": "x"}]}])],
            vec![
                (json!("x"), "must be of the type array"),
                (json!([{"a": 1}, 5]), "[1] must be of the type object"),
                (json!({"a": 1}), "must be of the type array"),
                (json!([{"a": ["\0"]}]), "must not contain NUL"),
                (json!([{"\0": 1}]), "must not contain NUL"),
            ],
        ),
        (
            "integer",
            json!({}),
            vec![json!(0), json!(-5), json!(9_007_199_254_740_991_i64)],
            vec![
                (json!(1.5), "must be of the type integer"),
                (json!("1"), "must be of the type integer"),
                (json!(true), "must be of the type integer"),
                (json!(9_007_199_254_740_992_i64), "must be at most 9007199254740991"),
                (json!(-1e300), "must be at least -9007199254740991"),
            ],
        ),
        (
            "number",
            json!({}),
            vec![json!(1.5), json!(0.1), json!(-1e300), json!(1e-300)],
            vec![(json!("1.5"), "must be of the type number"), (json!([1]), "must be of the type number")],
        ),
        (
            "boolean",
            json!({}),
            vec![json!(true), json!(false)],
            vec![(json!("true"), "must be of the type boolean"), (json!(0), "must be of the type boolean")],
        ),
        (
            "date",
            json!({}),
            vec![json!("2024-02-29")],
            vec![
                (json!("2023-02-29"), "must be a date such as 2026-01-31"),
                (json!("29.2.2024"), "must be a date such as 2026-01-31"),
                (json!("2024-02-29T00:00:00Z"), "must be a date such as 2026-01-31"),
                (json!(20240229), "must be of the type string"),
            ],
        ),
        (
            "color",
            json!({}),
            vec![json!("#1a2B3c")],
            vec![
                (json!("#1a2b3"), "must be a color such as #1a2b3c"),
                (json!("red"), "must be a color such as #1a2b3c"),
                (json!("#1a2b3c\n"), "must be a color such as #1a2b3c"),
                (json!("#1a2b3g"), "must be a color such as #1a2b3c"),
            ],
        ),
        (
            "url",
            json!({}),
            vec![json!("https://x.io/a?b#c"), json!("HTTP://x.io")],
            vec![
                (json!("javascript:alert(1)"), "must be an http or https URL"),
                (json!("ftp://x.io"), "must be an http or https URL"),
                (json!("//x.io"), "must be an http or https URL"),
                (json!("https://"), "must be an http or https URL"),
                (json!("https://x.io/a b"), "must be an http or https URL"),
                (json!(1), "must be of the type string"),
            ],
        ),
        (
            "group",
            group,
            vec![json!({"street": "x"}), json!({"street": "x", "zip": 1, "lines": [{"text": "a"}]})],
            vec![
                (json!({"zip": 1}), "street is required"),
                (json!({"street": 5}), "street must be of the type string"),
                (json!({"street": "x", "town": "y"}), "there is no field town"),
                (
                    json!({"street": "x", "lines": [{"text": "a"}, {"text": 5}]}),
                    "lines[1].text must be of the type string",
                ),
                (json!("x"), "must be of the type object"),
                (json!([]), "must be of the type object"),
                (json!({"street": "a\0"}), "must not contain NUL"),
            ],
        ),
        (
            "integer",
            json!({"isList": true}),
            vec![json!([1]), json!(vec![1; 100])],
            vec![
                (json!(vec![1; 101]), "must have at most 100 items"),
                (json!(1), "must be of the type array"),
                (json!([1, "x"]), "[1] must be of the type integer"),
                (json!([null]), "[0] must be of the type integer"),
            ],
        ),
        (
            "short_text",
            rule(json!({"type": "size", "min": 2, "max": 3})),
            vec![json!("éé"), json!("abc")],
            vec![
                (json!("é"), "must be at least 2 characters"),
                (json!("abcd"), "must be at most 3 characters"),
            ],
        ),
        (
            "number",
            rule(json!({"type": "range", "min": -1.5, "max": 2})),
            vec![json!(-1.5), json!(2)],
            vec![(json!(-1.6), "must be at least -1.5"), (json!(2.01), "must be at most 2")],
        ),
        (
            "long_text",
            rule(json!({"type": "regexp", "pattern": "^[A-Z]+$"})),
            vec![json!("ABC")],
            vec![(json!("abc"), "must match ^[A-Z]+$"), (json!("ABC\n"), "must match ^[A-Z]+$")],
        ),
        (
            "short_text",
            rule(json!({"type": "choices", "values": ["gold", "silver"]})),
            vec![json!("gold")],
            vec![(json!("Gold"), "must be one of [\"gold\",\"silver\"]")],
        ),
        (
            "integer",
            rule(json!({"type": "choices", "values": [1, 2.0]})),
            vec![json!(2)],
            vec![(json!(3), "must be one of [1,2]")],
        ),
        (
            "short_text",
            json!({"isList": true, "validations": [{"type": "size", "max": 2}]}),
            vec![json!(["ab"])],
            vec![(json!(["ab", "abc"]), "[1] must be at most 2 characters")],
        ),
    ];
    for (field_type, overrides, good, bad) in cases {
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
