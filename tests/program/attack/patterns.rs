//! Values of custom fields whose patterns are slow to match.

use std::io;

use serde_json::json;

use super::client::Client;
use super::target::Attacker;
use super::wire::Request;

/// Defines a custom field with the most expensive patterns that the server accepts.
pub(crate) async fn define(client: &Client, admin: &str) {
    for (repeated, count) in [(400, 20), (400, 1), (200, 20), (100, 20), (50, 10), (20, 5), (5, 1)] {
        let pattern = json!({"type": "regexp", "pattern": format!("[ab]*a[ab]{{{repeated}}}y")});
        let body = json!({
            "ownerType": "customer", "fieldKey": "code", "name": "code", "fieldType": "long_text", "isList": true,
            "validations": vec![pattern; count],
        });
        let (status, response) = client.post("/api/metafield-definitions", &body, Some(admin)).await;
        if status == 201 {
            println!("patterns: {count} of {repeated} repetitions each are accepted");
            return;
        }
        println!(
            "patterns: {count} of {repeated} repetitions each are refused: {}",
            response["error"]["message"]
        );
    }
    panic!("no pattern is accepted");
}

/// Sends as much text as a body may have; a match may start at every letter.
pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let texts = match round % 3 {
        0 | 1 => vec!["a".repeat(65_000); 3],
        _ => vec!["a".repeat(2400); 100],
    };
    let body = json!({"metafields": {"custom": {"code": texts}}}).to_string();
    let request = attacker.as_customer(Request::json("PATCH", "/api/customers/me/metafields", body));
    attacker.send_without_token(&request).await
}
