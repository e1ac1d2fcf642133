//! Two instances behind HAProxy are replaced one after the other under load, and no request is lost.
//!
//! HAProxy asks `/health/ready` and sends requests only to instances that are ready. Its configuration retries no request that
//! has reached an instance. `PATRON_TEST_REQUESTS` is the number of requests at least, 2 000 by default.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use patron::clock::Timer;
use serde_json::{Value, json};

use crate::support::{Folder, Postgres, ProcessGroup, Server, client, free_address, tool};

/// Clients that send requests at the same time.
const CLIENTS: usize = 4;
/// How often each instance is replaced.
const REPLACEMENTS: usize = 3;
/// A limit for what HAProxy does within a second, on a busy machine.
const SOON: Duration = Duration::from_secs(60);

fn requests() -> usize {
    std::env::var("PATRON_TEST_REQUESTS").map_or(2000, |count| count.parse().expect("a number of requests"))
}

/// The path of HAProxy, which Debian installs where only root looks for programs.
fn haproxy() -> PathBuf {
    let installed = Path::new("/usr/sbin/haproxy");
    if installed.is_file() { installed.to_owned() } else { tool(&["haproxy"]) }
}

/// Starts HAProxy in front of the instances `a` and `b`. A check that takes long is not a failed one: without a time for it,
/// HAProxy waits as long as until the next check, and on a busy machine leaves the instance that is left.
fn start_proxy(folder: &Path, address: &str, [a, b]: [&str; 2]) -> ProcessGroup {
    let configuration = format!(
        "global\n  maxconn 256\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n  \
         timeout check 10s\nlisten patron\n  bind {address}\n  option httpchk GET /health/ready\n  option redispatch\n  \
         http-response set-header x-instance %s\n  server a {a} check inter 200ms fall 2 rise 1\n  \
         server b {b} check inter 200ms fall 2 rise 1\n"
    );
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, configuration).expect("the configuration is written");
    let mut command = Command::new(haproxy());
    command.arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    ProcessGroup::start(&mut command)
}

/// Waits until the proxy sends requests to this instance.
async fn wait_for(proxy: &str, instance: &str) {
    let timer = Timer::start();
    while timer.elapsed() < SOON {
        // A client for each request, so that the proxy chooses an instance each time.
        let response = client().get(format!("{proxy}/health/live")).send().await;
        if response
            .is_ok_and(|response| response.headers().get("x-instance").is_some_and(|name| name == instance))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the proxy sends no request to {instance}");
}

/// The load: its counters, and what went wrong.
struct Load {
    url: String,
    token: String,
    sent: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    /// Sends reads and writes until the load is over. Returns the failures.
    async fn run(self: Arc<Self>) -> Vec<String> {
        let client = client();
        let mut failures = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            let request = if number.is_multiple_of(10) {
                let name = json!({"full_name": format!("Name {number}")});
                client.patch(format!("{}/api/customers/me", self.url)).json(&name)
            } else {
                let query = json!({"query": "{ currentCustomer { email } }"});
                client.post(format!("{}/api/graphql", self.url)).json(&query)
            };
            match request.bearer_auth(&self.token).send().await {
                Ok(response) if response.status() == 200 => drop(response.bytes().await),
                Ok(response) => failures.push(format!("{number}: {}", response.status())),
                Err(error) => failures.push(format!("{number}: {error:?}")),
            }
        }
        failures
    }

    /// Waits until this number of requests was sent.
    async fn wait_for(&self, count: usize) {
        while self.sent.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Registers a customer and returns its access token.
async fn log_in(url: &str) -> String {
    let account = json!({"full_name": "A", "email": "a@x.io", "password": "correct horse battery"});
    let registered = client().post(format!("{url}/api/customers")).json(&account).send().await;
    assert_eq!(registered.expect("a response").status(), 201);
    let pair = client().post(format!("{url}/api/customer/tokens")).json(&account).send().await;
    let pair: Value = pair.expect("a response").json().await.expect("JSON");
    pair["data"]["accessToken"].as_str().expect("the customer logs in").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_instances_behind_a_proxy_loses_no_request() {
    let (folder, database) = (Folder::new(), Postgres::create("rolling"));
    let (proxy, a, b) = (free_address(), free_address(), free_address());
    let serve = |address: &str| {
        let settings = [
            ("DATABASE_URL", &*database.url),
            ("PATRON_LISTEN", address),
            ("PATRON_RATE_LIMITS", "off"),
            ("PATRON_DRAIN", "3"),
            ("PATRON_LOG", "warn"),
        ];
        Server::serve(folder.path(), &settings)
    };
    let names = [(a.as_str(), "a"), (b.as_str(), "b")];
    let mut servers = names.map(|(address, _)| Some(serve(address)));
    let _proxy = start_proxy(folder.path(), &proxy, [&a, &b]);
    let url = format!("http://{proxy}");
    wait_for(&url, "a").await;
    wait_for(&url, "b").await;
    let token = log_in(&url).await;
    let load = Load { url: url.clone(), token, sent: AtomicUsize::new(0), is_over: AtomicBool::new(false) };
    let load = Arc::new(load);
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(Arc::clone(&load).run())).collect();
    for round in 1..=REPLACEMENTS {
        for ((address, name), server) in names.into_iter().zip(&mut servers) {
            let (code, log) = server.take().expect("it runs").terminate();
            assert_eq!(code, Some(0), "{log}");
            *server = Some(serve(address));
            wait_for(&url, name).await;
        }
        load.wait_for(requests() * round / REPLACEMENTS).await;
    }
    load.is_over.store(true, Ordering::Relaxed);
    let mut failures = Vec::new();
    for client in clients {
        failures.extend(client.await.expect("the client does not panic"));
    }
    let sent = load.sent.load(Ordering::Relaxed);
    assert!(failures.is_empty(), "{} of {sent} requests failed: {failures:#?}", failures.len());
    println!("{} replacements, {sent} requests, 0 failed", 2 * REPLACEMENTS);
}
