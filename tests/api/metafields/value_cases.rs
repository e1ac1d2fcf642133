//! Values of custom fields that are accepted, and values that are refused with their messages.

use serde_json::{Value, json};

/// A type, further fields of its definition, accepted values, and refused values with the reason.
pub(super) type Case = (&'static str, Value, Vec<Value>, Vec<(Value, &'static str)>);

/// Each type, alone and with each validation.
pub(super) fn cases() -> Vec<Case> {
    [texts(), numbers(), formatted_texts(), groups_and_lists(), validations()].concat()
}

fn long(count: usize) -> Value {
    json!("é".repeat(count))
}

fn rule(rule: Value) -> Value {
    json!({"validations": [rule]})
}

/// Types of texts.
fn texts() -> Vec<Case> {
    vec![
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
    ]
}

/// Numbers and booleans.
fn numbers() -> Vec<Case> {
    vec![
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
    ]
}

/// Texts with a format.
fn formatted_texts() -> Vec<Case> {
    vec![
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
    ]
}

/// Groups and lists.
fn groups_and_lists() -> Vec<Case> {
    let group = json!({"subFields": [
        {"key": "street", "type": "short_text", "required": true}, {"key": "zip", "type": "integer"},
        {"key": "lines", "type": "group", "isList": true, "subFields": [{"key": "text", "type": "short_text"}]},
    ]});
    vec![
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
    ]
}

/// Types with validations.
fn validations() -> Vec<Case> {
    vec![
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
    ]
}
