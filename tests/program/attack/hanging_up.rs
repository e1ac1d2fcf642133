//! Logins whose clients close the connection at once, before the password is hashed. The password is right, so that no
//! failure is counted.

use std::future::pending;
use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::target::{Attacker, HOSTILE, PASSWORD};
use super::wire::{self, Request};

/// Rounds of each connection: all connections together stay below the rate limit of an address, 600 logins a minute.
const ROUNDS: usize = 4;

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    if round >= ROUNDS {
        pending::<()>().await;
    }
    let body = json!({"email": HOSTILE, "password": PASSWORD}).to_string();
    let request = Request::json("POST", "/api/customer/tokens", body);
    if attacker.speaks_http2() {
        let client = wire::http2(attacker.target.address, 65_535).await?;
        let (client, response) = wire::open(client, &request).await?;
        // Time to send the request; then the connection is closed.
        sleep(Duration::from_millis(10)).await;
        drop((client, response));
    } else {
        let mut stream = wire::connect(attacker.target.address, None).await?;
        stream.write_all(&request.bytes("close")).await?;
        sleep(Duration::from_millis(10)).await;
    }
    attacker.target.tally.count("hung up");
    Ok(())
}
