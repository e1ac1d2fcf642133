//! The server under attack, the attackers' connections, and the tally of their responses.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::client::Client;
use super::wire::{self, Request};
use super::{keyed_logins, patterns, renames};
use crate::support::{ADMIN, Server};

/// The customer account of the legitimate client.
pub(crate) const GOOD: &str = "good@x.io";
/// The customer account of the attackers.
pub(crate) const HOSTILE: &str = "hostile@x.io";
/// The password of both customers.
pub(crate) const PASSWORD: &str = "customer correct horse";

/// The server under attack.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// An access token of the hostile customer.
    token: String,
    pub(crate) tally: Tally,
    numbers: AtomicUsize,
}

impl Target {
    /// A number that is unique among all requests.
    pub(crate) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// Starts the program with its default settings and creates the data of the attacks: two customers, an imported hash,
/// custom fields.
pub(crate) async fn start(folder: &Path) -> (Server, Arc<Target>) {
    let settings = [("PATRON_ADMIN_EMAIL", ADMIN[0]), ("PATRON_ADMIN_PASSWORD", ADMIN[1])];
    let server = Server::serve(folder, &settings);
    let client = Client::new(&server.url());
    for email in [GOOD, HOSTILE] {
        let body = json!({"full_name": "John Smith", "email": email, "password": PASSWORD});
        assert_eq!(client.post("/api/customers", &body, None).await.0, 201);
    }
    let token = async |path: &str, email: &str, password: &str| {
        let (status, response) =
            client.post(path, &json!({"email": email, "password": password}), None).await;
        assert_eq!(status, 200, "{email}: {response}");
        response["data"]["accessToken"].as_str().expect("a token").to_owned()
    };
    let admin = token("/api/user/tokens", ADMIN[0], ADMIN[1]).await;
    patterns::define(&client, &admin).await;
    keyed_logins::import_old_hash(folder);
    token("/api/customer/tokens", keyed_logins::OLD.0, keyed_logins::OLD.1).await;
    let token = token("/api/customer/tokens", HOSTILE, PASSWORD).await;
    renames::fill(&client, &admin, &token).await;
    let address = server.address.parse();
    let target = Target {
        url: server.url(),
        address: address.expect("an address"),
        token,
        tally: Tally::default(),
        numbers: AtomicUsize::new(0),
    };
    (server, Arc::new(target))
}

/// One connection of an attack.
pub(crate) struct Attacker {
    pub(crate) target: Arc<Target>,
    pub(crate) number: usize,
}

impl Attacker {
    /// The `Authorization` header of the hostile customer for every second attacker; the others are anonymous.
    pub(crate) fn token(&self) -> Option<String> {
        (self.number % 2 == 1).then(|| format!("Bearer {}", self.target.token))
    }

    /// Adds the token of the hostile customer.
    pub(crate) fn as_customer(&self, request: Request) -> Request {
        request.with("authorization", format!("Bearer {}", self.target.token))
    }

    /// Whether it uses HTTP/2: half of the customers and half of the anonymous attackers do.
    pub(crate) fn speaks_http2(&self) -> bool {
        self.number % 4 >= 2
    }

    /// Sends a request with the attacker's token, if it has one, reads the whole response and counts it.
    pub(crate) async fn send(&self, request: Request) -> io::Result<()> {
        let request = match self.token() {
            Some(token) => request.with("authorization", token),
            None => request,
        };
        self.send_without_token(&request).await
    }

    /// Like `send`, without adding a token.
    pub(crate) async fn send_without_token(&self, request: &Request) -> io::Result<()> {
        let address = self.target.address;
        let (status, bytes) = match self.speaks_http2() {
            true => wire::over_http2(address, request).await?,
            false => wire::over_http1(address, request).await?,
        };
        self.target.tally.response(status, bytes);
        Ok(())
    }
}

/// Counts the attackers' responses.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Occurrences by status or description.
    times: BTreeMap<String, usize>,
    /// The size of the largest response, in bytes.
    largest: usize,
    /// Responses that must not occur.
    unexpected: BTreeSet<String>,
}

impl Tally {
    /// Counts a response.
    pub(crate) fn response(&self, status: u16, bytes: usize) {
        self.count(&status.to_string());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.largest = counts.largest.max(bytes);
    }

    /// Counts an event other than a response.
    pub(crate) fn count(&self, description: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.times.entry(description.to_owned()).or_default() += 1;
    }

    /// Records a response that must not occur.
    pub(crate) fn unexpected(&self, description: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unexpected.insert(description.to_owned());
    }

    /// A summary of the counts since the last call, and the responses that must not occur.
    pub(crate) fn take(&self) -> (String, Vec<String>) {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let times: Vec<_> = counts.times.iter().map(|(key, count)| format!("{key}: {count}")).collect();
        let text = format!("{{{}}}, largest response {} KiB", times.join(", "), counts.largest / 1024);
        (text, counts.unexpected.into_iter().collect())
    }
}
