//! The server under attack, and one connection's view of it.

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

/// The customer that another client logs in as.
pub(crate) const GOOD: &str = "good@x.io";
/// The customer that attackers have an account of.
pub(crate) const HOSTILE: &str = "hostile@x.io";
/// The password of both.
pub(crate) const PASSWORD: &str = "customer correct horse";

/// What is attacked.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// An access token of the hostile customer.
    token: String,
    /// What the attackers were answered.
    pub(crate) tally: Tally,
    numbers: AtomicUsize,
}

impl Target {
    /// A number that no other request had.
    pub(crate) fn number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// Starts the program with its default settings and makes what attacks need: two customers, an old hash, a custom field.
pub(crate) async fn start(folder: &Path) -> (Server, Arc<Target>) {
    let settings = [("PATRON_ADMIN_EMAIL", ADMIN[0]), ("PATRON_ADMIN_PASSWORD", ADMIN[1])];
    let server = Server::serve(folder, &settings);
    let client = Client::new(&server.url());
    for email in [GOOD, HOSTILE] {
        let body = json!({"full_name": "John Smith", "email": email, "password": PASSWORD});
        assert_eq!(client.post("/api/customers", &body, None).await.0, 201);
    }
    let token = async |path: &str, email: &str, password: &str| {
        let (status, answer) = client.post(path, &json!({"email": email, "password": password}), None).await;
        assert_eq!(status, 200, "{email}: {answer}");
        answer["data"]["accessToken"].as_str().expect("a token").to_owned()
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
    /// Every other one is a customer.
    pub(crate) fn token(&self) -> Option<String> {
        (self.number % 2 == 1).then(|| format!("Bearer {}", self.target.token))
    }

    /// As the hostile customer.
    pub(crate) fn as_customer(&self, request: Request) -> Request {
        request.with("authorization", format!("Bearer {}", self.target.token))
    }

    /// Whether it speaks HTTP/2: of those who are customers and of those who aren't, every other one.
    pub(crate) fn speaks_http2(&self) -> bool {
        self.number % 4 >= 2
    }

    /// Sends a request as whoever it is, reads all of the answer and counts it.
    pub(crate) async fn send(&self, request: Request) -> io::Result<()> {
        let request = match self.token() {
            Some(token) => request.with("authorization", token),
            None => request,
        };
        self.send_as_it_is(&request).await
    }

    /// The same, without a token.
    pub(crate) async fn send_as_it_is(&self, request: &Request) -> io::Result<()> {
        let address = self.target.address;
        let (status, bytes) = match self.speaks_http2() {
            true => wire::over_http2(address, request).await?,
            false => wire::over_http1(address, request).await?,
        };
        self.target.tally.answer(status, bytes);
        Ok(())
    }
}

/// What attackers were answered.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    /// How often, by status or in words.
    times: BTreeMap<String, usize>,
    /// Bytes of the largest answer.
    largest: usize,
    /// Answers that should not be.
    wrong: BTreeSet<String>,
}

impl Tally {
    /// Counts an answer.
    pub(crate) fn answer(&self, status: u16, bytes: usize) {
        self.count(&status.to_string());
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.largest = counted.largest.max(bytes);
    }

    /// Counts something else.
    pub(crate) fn count(&self, what: &str) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.times.entry(what.to_owned()).or_default() += 1;
    }

    /// Notes an answer that should not be.
    pub(crate) fn wrong(&self, what: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wrong.insert(what.to_owned());
    }

    /// What was counted since the last time, in words, and what was wrong with it.
    pub(crate) fn take(&self) -> (String, Vec<String>) {
        let counted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let times: Vec<_> = counted.times.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        let text = format!("{{{}}}, largest answer {} KiB", times.join(", "), counted.largest / 1024);
        (text, counted.wrong.into_iter().collect())
    }
}
