//! Small changes of a customer with much data: only the change may be stored, not the whole customer again.

use std::io;

use serde_json::json;

use super::client::Client;
use super::target::Attacker;
use super::wire::Request;

const FIELDS: &str = "/api/customers/me/metafields";

/// Stores as much data of the customer as the server accepts.
pub(crate) async fn fill(client: &Client, admin: &str, customer: &str) {
    let field = json!({
        "ownerType": "customer", "fieldKey": "notes", "name": "notes", "fieldType": "long_text", "isList": true,
    });
    let (status, response) = client.post("/api/metafield-definitions", &field, Some(admin)).await;
    assert_eq!(status, 201, "{response}");
    for length in [60_000, 20_000, 10_000, 5_000, 1_000] {
        let body = json!({"metafields": {"custom": {"notes": vec!["x".repeat(length); 4]}}});
        if client.patch(FIELDS, &body, customer).await.0 == 200 {
            println!("renames: four texts of {length} letters are accepted");
            return;
        }
    }
    panic!("no data is accepted");
}

pub(crate) async fn round(attacker: &Attacker, _round: usize) -> io::Result<()> {
    let body = json!({"full_name": format!("John {}", attacker.target.number())});
    let request = Request::json("PATCH", "/api/customers/me", body.to_string());
    attacker.send_without_token(&attacker.as_customer(request)).await
}
