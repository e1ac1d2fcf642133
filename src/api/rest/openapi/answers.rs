//! What is true of every answer, said once: the request's id, the headers of failures, an example of each.

use super::conditions;
use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Response};

/// The headers, by the name of their component.
const REQUEST_ID: &str = "RequestId";
const LOCATION: &str = "Location";
const RETRY_AFTER: &str = "RetryAfter";
const ACCEPT_ENCODING: &str = "AcceptEncoding";
const CHALLENGE: &str = "Challenge";
const ENTITY_TAG: &str = "EntityTag";
const REPLAYED: &str = "IdempotencyReplayed";
const RATE_LIMIT: &str = "RateLimit";
const RATE_LIMIT_POLICY: &str = "RateLimitPolicy";

/// Completes the answers of all operations.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (is_post, operation) in changes(item) {
            conditions::describe(path, is_post, operation);
            let tagged = conditions::has_versions(path);
            for (status, response) in answers(operation) {
                match status.as_str() {
                    "200" if tagged && !response.description.ends_with("was") => {
                        refer(response, "ETag", ENTITY_TAG)
                    }
                    "201" if tagged => refer(response, "ETag", ENTITY_TAG),
                    _ => {}
                }
                refer(response, "Idempotency-Replayed", REPLAYED);
            }
        }
        for operation in operations(item) {
            let is_limited = is_limited_by_address(operation);
            for (status, response) in answers(operation) {
                complete_answer(status, response, is_limited);
            }
        }
    }
    describe_headers(document.components.get_or_insert_default());
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, patch, delete, .. } = item;
    [get, post, patch, delete].into_iter().flatten()
}

/// The operations that change something, and whether each is a POST.
fn changes(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { post, patch, delete, .. } = item;
    let post = post.as_mut().map(|operation| (true, operation));
    post.into_iter().chain([patch, delete].into_iter().flatten().map(|operation| (false, operation)))
}

fn answers(operation: &mut Operation) -> impl Iterator<Item = (&String, &mut Response)> {
    operation.responses.responses.iter_mut().filter_map(|(status, response)| match response {
        RefOr::T(response) => Some((status, response)),
        RefOr::Ref(_) => None,
    })
}

fn refer(response: &mut Response, name: &str, component: &str) {
    let reference = Ref::new(format!("#/components/headers/{component}"));
    response.headers.insert(name.to_owned(), RefOr::Ref(reference));
}

/// Whether the operation is one that anybody may call, but only so often (`src/http/rate_limit.rs`). What is limited by
/// account as well, to who is logged in, says nothing of it before it is too much.
fn is_limited_by_address(operation: &Operation) -> bool {
    let anybody = SecurityRequirement::default();
    let for_anybody = operation.security.as_ref().is_some_and(|security| security.contains(&anybody));
    for_anybody && operation.responses.responses.contains_key("429")
}

fn complete_answer(status: &str, response: &mut Response, is_limited: bool) {
    let in_use = response.description.contains("Idempotency-Key");
    let mut header = |name: &str, component| refer(response, name, component);
    header("X-Request-Id", REQUEST_ID);
    if is_limited {
        header("RateLimit", RATE_LIMIT);
        header("RateLimit-Policy", RATE_LIMIT_POLICY);
    }
    match status {
        "201" => header("Location", LOCATION),
        "409" if in_use => header("Retry-After", RETRY_AFTER),
        "401" => header("WWW-Authenticate", CHALLENGE),
        "415" => header("Accept-Encoding", ACCEPT_ENCODING),
        "429" | "503" => header("Retry-After", RETRY_AFTER),
        _ => {}
    }
    let examples = examples(status, &response.description);
    if let Some(RefOr::T(content)) = response.content.get_mut("application/json") {
        for (code, value) in examples {
            content.examples.insert(code.to_owned(), ExampleBuilder::new().value(Some(value)).build().into());
        }
    }
}

/// What a failure may look like, by its code. Which conflict it is, and whose password or token was wrong, only
/// the description tells.
fn examples(status: &str, description: &str) -> Vec<(&'static str, Value)> {
    let example = |code: &'static str, message: &str, details: Value| {
        let status: u16 = status.parse().unwrap_or_default();
        let request_id = "4be2ef3a9b6f4d7c8e1a2b3c4d5e6f70";
        let error = json!({
            "status": status, "message": message, "code": code, "details": details, "request_id": request_id,
        });
        (code, json!({"error": error}))
    };
    let plain = |code, message| vec![example(code, message, json!([]))];
    let says = |part: &str| description.contains(part);
    match status {
        "400" => {
            let email = "Email must be a valid email address (e.g., user@example.com)";
            let password = "Password must be at least 8 characters";
            let details = json!([
                {"field": "email", "message": email},
                {"field": "password", "message": password},
            ]);
            vec![
                example("validation_failed", email, details),
                example(
                    "malformed_json",
                    "The body is not valid JSON: EOF while parsing a value at line 1 column 1",
                    json!([]),
                ),
            ]
        }
        "401" if says("Invalid email or password") => plain("unauthenticated", "Invalid email or password"),
        "401" if says("refresh token") => plain("unauthenticated", "The refresh token is invalid or expired"),
        "401" => plain("unauthenticated", "The token is invalid or expired"),
        "403" if says("an admin's") => plain("forbidden", "Only customers may do this"),
        "403" => plain("forbidden", "Only admins may do this"),
        "404" => plain("not_found", missing(description)),
        "409" if says("email_taken") => plain("email_taken", "Email is already used"),
        "409" => plain("conflict", contradiction(description)),
        "412" => plain("precondition_failed", "It was changed meanwhile; read it again"),
        "422" => plain("idempotency_mismatch", "This Idempotency-Key came with another request before"),
        "428" => plain(
            "precondition_required",
            "Changes need the header If-Match with the version that was read (e.g., If-Match: \"3\")",
        ),
        "408" => plain("bad_request", "The body did not arrive in time"),
        "413" => plain("payload_too_large", "The body is larger than 256 KiB"),
        "415" => plain(
            "unsupported_media_type",
            "The body must be JSON, with the header Content-Type: application/json",
        ),
        "429" => plain("rate_limited", "Too many attempts; try again later"),
        "500" => plain("internal", "Internal error"),
        "503" if says("`checks`") => {
            let (name, message) = ("database", "The database can't be reached");
            let (code, mut value) =
                example("unavailable", message, json!([{"field": name, "message": message}]));
            value["error"]["checks"] = json!([
                {"name": name, "status": "failed", "message": message},
                {"name": "migrations", "status": "unknown"},
                {"name": "writes", "status": "unknown"},
            ]);
            vec![(code, value)]
        }
        "503" => plain("unavailable", "The service is temporarily unavailable"),
        _ => Vec::new(),
    }
}

fn describe_headers(components: &mut Components) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    for (name, schema, description) in [
        (
            REQUEST_ID,
            text().pattern(Some("^[0-9A-Za-z._-]{1,64}$")),
            "Names this request in the server's log. One that the client sent, of 1 to 64 letters, digits and `._-`, \
             is kept",
        ),
        (
            LOCATION,
            text().format(Some(SchemaFormat::Custom("uri-reference".to_owned()))),
            "The URL of what was made",
        ),
        (
            RETRY_AFTER,
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)),
            "Seconds to wait before trying again",
        ),
        (
            ACCEPT_ENCODING,
            text().enum_values(Some(["identity"])),
            "Only when the body has a `Content-Encoding`: send it without one (RFC 9110 15.5.16)",
        ),
        (ENTITY_TAG, text().pattern(Some("^\"[0-9]+\"$")), "The version, for `If-Match` (RFC 9110 8.8.3)"),
        (
            REPLAYED,
            text().enum_values(Some(["true"])),
            "This is the answer that the first request with this key got",
        ),
        (
            RATE_LIMIT,
            text().examples(["\"passwords\";r=599;t=60"]),
            "What is left of the limit of the caller's network address: `r` requests at once, or spread over `t` seconds \
             without end (draft-ietf-httpapi-ratelimit-headers-11). Not there when limits are switched off, nor for an \
             admin's token",
        ),
        (
            RATE_LIMIT_POLICY,
            text().examples(["\"passwords\";q=600;w=60"]),
            "The limit of each network address: `q` requests in `w` seconds",
        ),
        (CHALLENGE, text().enum_values(Some(["Bearer"])), "How to show who calls (RFC 6750)"),
    ] {
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        components.headers.insert(name.to_owned(), header.into());
    }
}

/// What can't be as things are, by what the description says of it.
///
/// # Panics
/// For a description that no message is known of: a document without it would lie.
fn contradiction(description: &str) -> &'static str {
    for (reason, message) in [
        ("has 100 addresses", "A customer has at most 100 addresses"),
        ("There are 50 endpoints", "There are at most 50 webhook endpoints"),
        ("The name is used", "Group name is already used"),
        ("the default group", "The default group can't be deleted"),
        ("still being deleted", "\"custom.loyalty\" is still being deleted; try again in a moment"),
        ("Idempotency-Key", "A request with this Idempotency-Key is still being answered"),
        ("waits to be verified", "The e-mail address is verified already"),
    ] {
        if description.contains(reason) {
            return message;
        }
    }
    panic!("no message is known for 409 {description:?}")
}

/// What is not there, by what the description says of it.
fn missing(description: &str) -> &'static str {
    for (noun, message) in [
        ("no such address", "Address not found"),
        ("no such group", "Group not found"),
        ("no such definition", "Metafield definition not found"),
        ("no such session", "Session not found"),
        ("no such webhook endpoint", "Webhook endpoint not found"),
        ("no such webhook delivery", "Webhook delivery not found"),
        ("Not on this address", "There is nothing at this URL"),
    ] {
        if description.contains(noun) {
            return message;
        }
    }
    "Customer not found"
}
