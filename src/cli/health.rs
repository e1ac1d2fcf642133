//! `patron health`: asks the server on this machine whether it is ready, for the health checks of containers and units.
//!
//! The address is that of the settings, `PATRON_METRICS_LISTEN` or else `PATRON_LISTEN`. The command opens no database. Each
//! question has one time limit for connecting, sending and reading together, and a response of limited size.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::exit::{CommandFailure, print};
use crate::clock::Timer;
use crate::config::{Config, Flags};

/// The time limit of one question. The server itself answers within `PATRON_DATABASE_WAIT`.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The pause between two questions while the command waits.
const PAUSE: Duration = Duration::from_millis(200);

/// The bytes of a response that are read; more than any response of a health check has.
const MAX_RESPONSE: usize = 65_536;

/// The options of `patron health`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Ask only whether the server responds, without its database
    #[arg(long)]
    live: bool,
    /// Ask again until the server is ready, for this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=3600))]
    wait: u64,
}

/// Prints `ready` or `live`, or fails with the reason (69).
pub(super) fn run(flags: &Flags, options: &Options) -> Result<(), CommandFailure> {
    let config = Config::load(flags)?;
    let address = reachable(config.metrics.listen.unwrap_or(config.server.listen));
    let (path, state) = if options.live { ("/health/live", "live") } else { ("/health/ready", "ready") };
    let (timer, limit) = (Timer::start(), Duration::from_secs(options.wait));
    loop {
        let reason = match ask(address, path) {
            Ok(response) if response.starts_with("HTTP/1.1 200 ") => return print(&format!("{state}\n")),
            Ok(response) => failure_reason(&response),
            Err(error) => format!("{error}; `patron serve` starts the server"),
        };
        if timer.elapsed() >= limit {
            return Err(CommandFailure::Unavailable(format!("{address} is not {state}: {reason}")));
        }
        std::thread::sleep(PAUSE);
    }
}

/// The address at which this machine reaches a listening address: `0.0.0.0` and `[::]` stand for all addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The response to a GET request, with its first line and headers.
fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let timer = Timer::start();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    let mut part = [0; 4096];
    while response.len() < MAX_RESPONSE {
        let remaining = TIMEOUT.saturating_sub(timer.elapsed());
        if remaining.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(remaining))?;
        match stream.read(&mut part)? {
            0 => break,
            length => response.extend_from_slice(&part[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&response).into_owned())
}

/// Why the server is not ready: the message of its failure, or else the first line of the response.
fn failure_reason(response: &str) -> String {
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((response, ""));
    let failure: Option<Value> = serde_json::from_str(body).ok();
    let message =
        failure.as_ref().and_then(|failure| failure.pointer("/error/message")).and_then(Value::as_str);
    message.or_else(|| head.lines().next()).unwrap_or("the response is empty").to_owned()
}
