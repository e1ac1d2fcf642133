//! Small changes of a customer who has much data: what is stored is about the change.

use std::io;

use serde_json::json;

use super::client::Client;
use super::target::Attacker;
use super::wire::Request;

const FIELDS: &str = "/api/customers/me/metafields";

/// Gives the customer as much data as is accepted.
pub(crate) async fn fill(client: &Client, admin: &str, customer: &str) {
    let field = json!({
        "ownerType": "customer", "fieldKey": "notes", "name": "notes", "fieldType": "long_text", "isList": true,
    });
    let (status, answer) = client.post("/api/metafield-definitions", &field, Some(admin)).await;
    assert_eq!(status, 201, "{answer}");
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
    attacker.send_as_it_is(&attacker.as_customer(request)).await
}
