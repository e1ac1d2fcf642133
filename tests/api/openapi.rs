//! The OpenAPI document as the reference shows it: optional headers, groups, guides, and webhooks as they are sent.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use super::coverage::operations;
use super::mutations::{Fixture, Role};
use crate::support::{Actor, Receiver, TestApp, apply, on_both_databases};

async fn document(app: &TestApp) -> Value {
    app.anonymous().get("/api/openapi.json").await.body
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The operations of `paths` or `webhooks`, each with its name.
fn operations_of(paths: &Value) -> impl Iterator<Item = (String, &Value)> {
    members(paths).flat_map(|(path, item)| {
        members(item).map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// The reference sends the examples of parameters with each test request. A second request with the same key would get the
/// response of the first one.
#[apply(on_both_databases!)]
async fn optional_headers_have_no_examples(app: &TestApp) {
    let document = document(app).await;
    let mut names = Vec::new();
    for (name, operation) in operations_of(&document["paths"]) {
        for parameter in items(&operation["parameters"]).filter(|parameter| parameter["in"] == "header") {
            assert_eq!(parameter["required"], false, "{name}: {parameter}");
            for place in [parameter, &parameter["schema"]] {
                for keyword in ["example", "examples", "default"] {
                    assert!(place.get(keyword).is_none(), "{name}: {parameter}");
                }
            }
            names.push(parameter["name"].as_str().unwrap().to_owned());
        }
    }
    for name in ["Idempotency-Key", "If-Match"] {
        assert!(names.iter().filter(|one| *one == name).count() >= 5, "{names:?}");
    }
}

#[apply(on_both_databases!)]
async fn groups_and_guides_are_described(app: &TestApp) {
    let document = document(app).await;
    let mut groups = BTreeSet::new();
    for tag in items(&document["tags"]) {
        let text = |name: &str| tag[name].as_str().unwrap_or_default();
        assert!(text("description").ends_with('.'), "{tag}");
        assert!(text("x-displayName").starts_with(|c: char| c.is_uppercase()), "{tag}");
        groups.insert(text("name"));
    }
    for (name, operation) in operations_of(&document["paths"]).chain(operations_of(&document["webhooks"])) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.starts_with(|c: char| c.is_uppercase()) && !summary.ends_with('.'), "{name}");
        let tags: Vec<&str> = items(&operation["tags"]).filter_map(Value::as_str).collect();
        assert!(tags.len() == 1 && groups.contains(tags[0]), "{name}: {tags:?} is not in {groups:?}");
    }
    let guides = document["info"]["description"].as_str().unwrap();
    let titles: Vec<&str> = guides.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let expected = ["Overview", "Authentication", "Errors", "Safe retries", "Versions", "Limits", "Webhooks"];
    assert_eq!(titles, expected);
}

#[apply(on_both_databases!)]
async fn the_reference_can_be_switched_off(app: &TestApp) {
    let off = app.another_with(|flags| flags.with("PATRON_REFERENCE", "off")).await;
    for path in ["/api/docs", "/api/docs/", "/api/docs/index.html"] {
        off.anonymous().get(path).await.assert_failure(404, "not_found");
    }
    assert_eq!(off.anonymous().get("/api/openapi.json").await.status, 200);
    assert_eq!(off.anonymous().get("/playground/server.json").await.body["reference"], false);
    off.stop().await;
}

/// Every mutation is made once, with an endpoint that receives all events.
#[apply(on_both_databases!)]
async fn webhooks_match_the_document(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.publish().await;
    app.add_endpoint(&receiver.url, &["*"]).await;
    change_everything(&app).await;
    remove_other_endpoints(&app, &receiver.url).await;
    while app.deliver_webhooks().await > 0 {}
    let document = document(&app).await;
    let mut seen = BTreeSet::new();
    for received in receiver.take() {
        let kind = received.kind().0;
        let webhook = &document["webhooks"][kind]["post"];
        for parameter in items(&webhook["parameters"]) {
            received.header(parameter["name"].as_str().unwrap());
        }
        let schema = &webhook["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{kind} is not documented");
        assert!(is_valid(&document, schema, &received.body), "{kind}: {}", received.text);
        let described = properties(&document, schema, "");
        let sent = members(&received.body).map(|(name, _)| name.clone());
        let sent = sent.chain(members(&received.body["data"]).map(|(name, _)| format!("data.{name}")));
        let unknown: Vec<String> = sent.filter(|name| !described.contains(name)).collect();
        assert!(unknown.is_empty(), "{kind} has more than documented: {unknown:?}");
        seen.insert(kind.to_owned());
    }
    let documented = members(&document["webhooks"]).map(|(kind, _)| kind.clone());
    let unseen: Vec<String> = documented.filter(|kind| !seen.contains(kind)).collect();
    assert!(unseen.len() <= 3, "no test sends {unseen:?}");
    receiver.stop();
    app.stop().await;
}

async fn change_everything(app: &TestApp) {
    for (number, (method, path, _)) in operations().into_iter().enumerate() {
        if method == Method::GET {
            continue;
        }
        let fixture = Fixture::new(app, number).await;
        let (role, path, body, _) = fixture.mutation(&format!("{method} {path}")).await;
        let request = match &role {
            Role::Anonymous => app.anonymous().request(method, &path),
            Role::Customer => fixture.customer.request(method, &path),
            Role::Admin => app.admin().request(method, &path),
            Role::OtherAdmin(admin) => admin.request(method, &path),
        };
        let response = app.anonymous().send(request.json(&body)).await;
        assert!([200, 201].contains(&response.status), "{path}: {response:?}");
        // Rate limits of one mutation don't affect the next one.
        app.app.clock.advance(TimeDelta::seconds(1));
    }
    let uuid = app.register("exported@x.io").await["uuid"].as_str().unwrap().to_owned();
    app.admin().get(&format!("/api/customers/{uuid}/export")).await;
}

/// The mutations create endpoints at a host that does not exist.
async fn remove_other_endpoints(app: &TestApp, url: &str) {
    let endpoints = app.admin().query("{ webhookEndpoints { uuid url } }").await.data();
    for endpoint in items(&endpoints["webhookEndpoints"]).filter(|endpoint| endpoint["url"] != url) {
        let path = format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap());
        app.admin().delete(&path).await.data();
    }
}

/// The schema that a reference leads to, or the schema itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a component"),
        None => schema,
    }
}

/// Whether a value matches a schema, by the keywords that the document uses for events.
fn is_valid(document: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolve(document, schema);
    let count = |name: &str| items(&schema[name]).filter(|one| is_valid(document, one, value)).count();
    let types = &schema["type"];
    let is_of = |name: &Value| match name.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => true,
    };
    (if types.is_array() { items(types).any(is_of) } else { is_of(types) })
        && items(&schema["allOf"]).all(|one| is_valid(document, one, value))
        && (schema["anyOf"].is_null() || count("anyOf") > 0)
        && (schema["oneOf"].is_null() || count("oneOf") == 1)
        && (schema["enum"].is_null() || items(&schema["enum"]).any(|one| one == value))
        && items(&schema["required"]).all(|name| value.get(name.as_str().unwrap()).is_some())
        && items(value).all(|item| schema["items"].is_null() || is_valid(document, &schema["items"], item))
        && members(&schema["properties"])
            .all(|(name, schema)| value.get(name).is_none_or(|value| is_valid(document, schema, value)))
}

/// The names of the properties that a schema describes: `type`, `data.uuid`.
fn properties(document: &Value, schema: &Value, prefix: &str) -> BTreeSet<String> {
    let schema = resolve(document, schema);
    let mut names = BTreeSet::new();
    for part in ["allOf", "anyOf", "oneOf"].iter().flat_map(|name| items(&schema[*name])) {
        names.extend(properties(document, part, prefix));
    }
    for (name, schema) in members(&schema["properties"]) {
        names.insert(format!("{prefix}{name}"));
        if name == "data" {
            names.extend(properties(document, schema, "data."));
        }
    }
    names
}
