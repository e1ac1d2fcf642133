//! The cost of a request: the size of the response, the memory, the processor time and the stored data stay within limits
//! (`docs/limits.md`), whatever the request is.
//!
//! An input is a recipe (`recipe.rs`): its first line selects the route, and the rest expands to the request body. A recipe
//! is short even if the body is long, so that a mutation of it is another long body.

mod documents;
mod measure;
mod recipe;

use axum::http::Method;
use serde_json::{Value, json};

use crate::World;
use measure::{Cost, Meter};

pub use recipe::MAX_BYTES;

/// The maximum size of a GraphQL response in bytes: the limit of its data, and some bytes around the data.
const MAX_GRAPHQL: usize = 8 * 1024 * 1024 + 64 * 1024;
/// The maximum size of a REST response in bytes.
const MAX_REST: usize = 1024 * 1024;
/// The maximum peak of memory of a request in bytes.
const MAX_MEMORY: usize = 64 * 1024 * 1024;
/// The maximum processor time of a request in milliseconds; a debug build is slower.
const MAX_MILLISECONDS: u128 = if cfg!(debug_assertions) { 10_000 } else { 2_000 };
/// The number of times that a customer is renamed, to measure the stored data.
const RENAMES: u64 = 10;
/// The maximum growth of the database per renaming in bytes.
const MAX_STORED: u64 = 32 * 1024;

/// A request costs no more than the published limits, and gets a response.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let (route, body) = recipe::expand(input);
    let customer = format!("/api/customers/{}", world.customer().uuid);
    let graphql = |query: &str| json!({ "query": query }).to_string();
    match route.as_str() {
        "anonymous" => send_graphql(world, &graphql(&body), false),
        "admin" => send_graphql(world, &graphql(&body), true),
        "made" => send_graphql(world, &graphql(&documents::generate(&body)), body.len().is_multiple_of(2)),
        "json" => send_graphql(world, &body, false),
        "customer" => send(world, Method::PATCH, &customer, &body),
        "metafields" => send(world, Method::PATCH, &format!("{customer}/metafields"), &body),
        "definition" => send(world, Method::POST, "/api/metafield-definitions", &body),
        "register" => send(world, Method::POST, "/api/customers", &body),
        "patterns" => {
            let pattern = define_pattern(world);
            send(world, Method::PATCH, &format!("{customer}/metafields"), &body);
            assert!(pattern.is_some(), "no pattern is accepted");
        }
        "rename" => rename(world, &customer, &body),
        _ => {}
    }
    world.restore();
}

fn send_graphql(world: &World, body: &str, as_admin: bool) {
    let cost = cost_of(world, &Method::POST, "/api/graphql", body, as_admin);
    assert!(cost.response <= MAX_GRAPHQL, "a response of {} bytes to {} bytes", cost.response, body.len());
}

fn send(world: &World, method: Method, path: &str, body: &str) {
    let cost = cost_of(world, &method, path, body, true);
    assert!(cost.response <= MAX_REST, "a response of {} bytes to {} bytes", cost.response, body.len());
}

fn cost_of(world: &World, method: &Method, path: &str, body: &str, as_admin: bool) -> Cost {
    let meter = Meter::start();
    let (status, response) = world.send_raw(method.as_str(), path, body.as_bytes(), as_admin);
    let cost = meter.stop(response.len());
    // A request that exceeds its timeout fails with 503.
    assert!(status < 500 || status == 503, "{status}: {}", String::from_utf8_lossy(&response));
    assert!(cost.memory <= MAX_MEMORY, "{} bytes of memory for {} bytes", cost.memory, body.len());
    let elapsed = cost.time.as_millis();
    assert!(elapsed <= MAX_MILLISECONDS, "{elapsed} ms of processor time for {} bytes", body.len());
    cost
}

/// Defines a custom field with the costliest accepted patterns, unless it is already defined.
fn define_pattern(world: &World) -> Option<u32> {
    [400, 200, 100, 50, 20, 5].into_iter().find(|repetitions| {
        let pattern = format!("[ab]*a[ab]{{{repetitions}}}y");
        let pattern = json!({"type": "regexp", "pattern": pattern});
        let definition = json!({
            "ownerType": "customer", "namespace": "cost", "fieldKey": "code", "name": "code", "fieldType": "long_text",
            "isList": true, "validations": [pattern, pattern, pattern, pattern],
        });
        let body = definition.to_string();
        let (status, _) = world.send_raw("POST", "/api/metafield-definitions", body.as_bytes(), true);
        // 409: the field is already defined.
        status == 201 || status == 409
    })
}

/// A change stores only the change, however large the customer is.
fn rename(world: &World, customer: &str, meta_data: &str) {
    let Ok(meta_data) = serde_json::from_str::<Value>(meta_data) else { return };
    send(world, Method::PATCH, customer, &json!({ "meta_data": meta_data }).to_string());
    let before = world.database_size();
    for number in 0..RENAMES {
        send(world, Method::PATCH, customer, &json!({"full_name": format!("Ann {number}")}).to_string());
    }
    let growth = world.database_size().saturating_sub(before);
    assert!(growth <= RENAMES * MAX_STORED, "{growth} bytes for {RENAMES} renamings");
}
