//! What a request costs: whatever is asked, the answer, the memory that making it takes, the time of the processor and
//! what is stored stay within limits (`docs/limits.md`).
//!
//! An input is a recipe (`recipe.rs`): its first line says where to send what the rest says. Recipes are short where
//! documents are long, so that mutations of them are other long documents.

mod documents;
mod measure;
mod recipe;

use axum::http::Method;
use serde_json::{Value, json};

use crate::World;
use measure::{Cost, Meter};

pub use recipe::MAX_BYTES;

/// The most that an answer of GraphQL may have: its data, and what is around it, in bytes.
const MAX_GRAPHQL: usize = 8 * 1024 * 1024 + 64 * 1024;
/// The most that an answer of REST may have, in bytes.
const MAX_REST: usize = 1024 * 1024;
/// The most memory that may be allocated at once for a request, in bytes.
const MAX_MEMORY: usize = 64 * 1024 * 1024;
/// The most time of the processor that a request may take, in milliseconds; a debug build is slower.
const MAX_MILLISECONDS: u128 = if cfg!(debug_assertions) { 10_000 } else { 2_000 };
/// How often a customer is renamed, to see what that stores.
const RENAMES: u64 = 10;
/// The most that the database may grow by for each renaming, in bytes.
const MAX_STORED: u64 = 32 * 1024;

/// A request costs no more than the published limits, and is answered.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let (route, body) = recipe::expand(input);
    let customer = format!("/api/customers/{}", world.customer().uuid);
    let graphql = |query: &str| json!({ "query": query }).to_string();
    match route.as_str() {
        "anonymous" => ask(world, &graphql(&body), false),
        "admin" => ask(world, &graphql(&body), true),
        "made" => ask(world, &graphql(&documents::make(&body)), body.len().is_multiple_of(2)),
        "json" => ask(world, &body, false),
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

fn ask(world: &World, body: &str, as_admin: bool) {
    let cost = cost_of(world, &Method::POST, "/api/graphql", body, as_admin);
    assert!(cost.answer <= MAX_GRAPHQL, "an answer of {} bytes to {} bytes", cost.answer, body.len());
}

fn send(world: &World, method: Method, path: &str, body: &str) {
    let cost = cost_of(world, &method, path, body, true);
    assert!(cost.answer <= MAX_REST, "an answer of {} bytes to {} bytes", cost.answer, body.len());
}

fn cost_of(world: &World, method: &Method, path: &str, body: &str, as_admin: bool) -> Cost {
    let meter = Meter::start();
    let (status, answer) = world.send_raw(method.as_str(), path, body.as_bytes(), as_admin);
    let cost = meter.stop(answer.len());
    // A request that takes too long may be given up.
    assert!(status < 500 || status == 503, "{status}: {}", String::from_utf8_lossy(&answer));
    assert!(cost.memory <= MAX_MEMORY, "{} bytes of memory for {} bytes", cost.memory, body.len());
    let took = cost.time.as_millis();
    assert!(took <= MAX_MILLISECONDS, "{took} ms of the processor for {} bytes", body.len());
    cost
}

/// Defines a custom field with the costliest patterns that an admin may define, once.
fn define_pattern(world: &World) -> Option<u32> {
    [400, 200, 100, 50, 20, 5].into_iter().find(|repeated| {
        let pattern = format!("[ab]*a[ab]{{{repeated}}}y");
        let pattern = json!({"type": "regexp", "pattern": pattern});
        let definition = json!({
            "ownerType": "customer", "namespace": "cost", "fieldKey": "code", "name": "code", "fieldType": "long_text",
            "isList": true, "validations": [pattern, pattern, pattern, pattern],
        });
        let body = definition.to_string();
        let (status, _) = world.send_raw("POST", "/api/metafield-definitions", body.as_bytes(), true);
        // It is there already.
        status == 201 || status == 409
    })
}

/// What is stored with a change is about the change, however much the customer has.
fn rename(world: &World, customer: &str, meta_data: &str) {
    let Ok(meta_data) = serde_json::from_str::<Value>(meta_data) else { return };
    send(world, Method::PATCH, customer, &json!({ "meta_data": meta_data }).to_string());
    let before = world.stored();
    for number in 0..RENAMES {
        send(world, Method::PATCH, customer, &json!({"full_name": format!("Ann {number}")}).to_string());
    }
    let grown = world.stored().saturating_sub(before);
    assert!(grown <= RENAMES * MAX_STORED, "{grown} bytes for {RENAMES} renamings");
}
