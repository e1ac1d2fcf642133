//! Logins whose clients hang up at once: nobody waits for the hash. The password is right, so that nothing is counted as
//! a failure.

use std::future::pending;
use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::target::{Attacker, HOSTILE, PASSWORD};
use super::wire::{self, Request};

/// How often each connection does it: all of them together stay within 600 a minute, what an address may.
const ROUNDS: usize = 4;

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    if round >= ROUNDS {
        pending::<()>().await;
    }
    let body = json!({"email": HOSTILE, "password": PASSWORD}).to_string();
    let request = Request::json("POST", "/api/customer/tokens", body);
    if attacker.speaks_http2() {
        let client = wire::http2(attacker.target.address, 65_535).await?;
        let (client, answer) = wire::open(client, &request).await?;
        // Time to send it; then the connection ends.
        sleep(Duration::from_millis(10)).await;
        drop((client, answer));
    } else {
        let mut stream = wire::connect(attacker.target.address, None).await?;
        stream.write_all(&request.bytes("close")).await?;
        sleep(Duration::from_millis(10)).await;
    }
    attacker.target.tally.count("hung up");
    Ok(())
}
