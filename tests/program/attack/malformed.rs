//! Invalid HTTP/1.1 requests (RFC 9112 3.2), and bytes that are not HTTP.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::target::Attacker;
use super::wire;

pub(crate) async fn round(attacker: &Attacker, round: usize) -> io::Result<()> {
    let variants = [
        ("without Host", "GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned()),
        (
            "two of Host",
            "GET /health/live HTTP/1.1\r\nhost: x\r\nhost: y\r\nconnection: close\r\n\r\n".to_owned(),
        ),
        ("not HTTP", "\u{16}\u{3}\u{1}\r\n\r\n".to_owned()),
        ("large head", format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(60_000))),
        ("HTTP/2 and garbage", format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{}", "\0".repeat(50_000))),
    ];
    let (name, bytes) = &variants[(attacker.number + round) % variants.len()];
    let mut stream = wire::connect(attacker.target.address, None).await?;
    stream.write_all(bytes.as_bytes()).await?;
    let mut response = vec![0; 12];
    let read = stream.read(&mut response).await?;
    let status = String::from_utf8_lossy(&response[..read]).split(' ').nth(1).unwrap_or("closed").to_owned();
    attacker.target.tally.count(&format!("{name} {status}"));
    if name.contains("Host") && status != "400" {
        attacker.target.tally.unexpected(&format!("{name} got {status} instead of 400"));
    }
    Ok(())
}
