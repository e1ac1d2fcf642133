//! Requests that change nothing, each with a key of its own: nothing of them should be stored.

use std::io;

use super::target::Attacker;
use super::wire::Request;

pub(crate) async fn round(attacker: &Attacker, _round: usize) -> io::Result<()> {
    let number = attacker.target.number();
    let body = format!("{{\"refreshToken\":\"garbage-{number}\"}}");
    let request = Request::json("POST", "/api/customer/token/revoke", body);
    attacker.send_as_it_is(&request.with("idempotency-key", format!("stored-{number}"))).await
}
