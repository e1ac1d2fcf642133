//! Responses that the client does not read: pipelined over HTTP/1.1, and over HTTP/2 with a flow-control window of zero.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::large_responses::COUNTRIES;
use super::target::Attacker;
use super::wire::{self, Request};

/// Streams of one connection.
const STREAMS: usize = 200;
/// Requests that are pipelined on an HTTP/1.1 connection.
const PIPELINED: usize = 50;

pub(crate) async fn round(attacker: &Attacker, _round: usize) -> io::Result<()> {
    let request = match attacker.token() {
        Some(token) => Request::graphql(COUNTRIES).with("authorization", token),
        None => Request::graphql(COUNTRIES),
    };
    // Most over HTTP/2, where a connection can have more responses.
    if attacker.number.is_multiple_of(4) {
        pipelined(attacker, &request).await
    } else {
        streams(attacker, &request).await
    }
}

async fn streams(attacker: &Attacker, request: &Request) -> io::Result<()> {
    let mut client = wire::http2(attacker.target.address, 0).await?;
    let mut unread = Vec::new();
    for _ in 0..STREAMS {
        // Waits while the server allows no more streams; fails when the server closes the connection.
        let (sender, response) = wire::open(client, request).await?;
        client = sender;
        // Only the head of the response is read, not its body.
        unread.push(tokio::spawn(response));
        attacker.target.tally.count("unread streams");
    }
    // Until the server closes the connection or the attack ends.
    loop {
        sleep(Duration::from_millis(100)).await;
        client = client.ready().await.map_err(io::Error::other)?;
        unread.retain(|response| !response.is_finished());
    }
}

async fn pipelined(attacker: &Attacker, request: &Request) -> io::Result<()> {
    let mut stream = wire::connect(attacker.target.address, Some(4096)).await?;
    let bytes = request.bytes("keep-alive");
    for _ in 0..PIPELINED {
        stream.write_all(&bytes).await?;
        attacker.target.tally.count("unread pipelined");
    }
    loop {
        sleep(Duration::from_millis(500)).await;
        stream.write_all(&bytes).await?;
    }
}
