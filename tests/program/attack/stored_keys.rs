//! Requests that change nothing, each with a new idempotency key: the keys should not be stored.

use std::io;

use super::target::Attacker;
use super::wire::Request;

pub(crate) async fn round(attacker: &Attacker, _round: usize) -> io::Result<()> {
    let number = attacker.target.number();
    let body = format!("{{\"refreshToken\":\"garbage-{number}\"}}");
    let request = Request::json("POST", "/api/customer/token/revoke", body);
    attacker.send_without_token(&request.with("idempotency-key", format!("stored-{number}"))).await
}
