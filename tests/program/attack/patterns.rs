//! Custom fields whose patterns take long to match.

use std::io;

use serde_json::json;

use super::client::Client;
use super::target::Attacker;
use super::wire::Request;

/// Custom fields with the worst patterns that an admin may define: the first number of repetitions that is accepted.
pub(crate) async fn define(client: &Client, admin: &str) {
    for (repeated, count) in [(400, 20), (400, 1), (200, 20), (100, 20), (50, 10), (20, 5), (5, 1)] {
        let pattern = json!({"type": "regexp", "pattern": format!("[ab]*a[ab]{{{repeated}}}y")});
        let body = json!({
            "ownerType": "customer", "fieldKey": "code", "name": "code", "fieldType": "long_text", "isList": true,
            "validations": vec![pattern; count],
        });
        let (status, answer) = client.post("/api/metafield-definitions", &body, Some(admin)).await;
        if status == 201 {
            println!("patterns: {count} of {repeated} repetitions each are accepted");
            return;
        }
        println!(
            "patterns: {count} of {repeated} repetitions each are refused: {}",
            answer["error"]["message"]
        );
    }
    panic!("no pattern is accepted");
}

/// As much text as a body may have, every letter of which might begin a match.
pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let texts = match round % 3 {
        0 | 1 => vec!["a".repeat(65_000); 3],
        _ => vec!["a".repeat(2400); 100],
    };
    let body = json!({"metafields": {"custom": {"code": texts}}}).to_string();
    let request = attacker.as_customer(Request::json("PATCH", "/api/customers/me/metafields", body));
    attacker.send_as_it_is(&request).await
}
