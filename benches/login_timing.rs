//! Whether the time of a refused login tells who is a customer.
//!
//!     cargo bench --bench login_timing [-- ROUNDS]
//!
//! Starts patron on SQLite and, with `tests/postgres run cargo bench --bench login_timing`, on PostgreSQL. Each round
//! sends a login of each kind, in random order, one at a time. Compared with an unknown address: the difference of
//! the means in standard deviations (Cohen's d; below 0.2 counts as small) and the probability that one of the kind
//! takes longer than an unknown one (the common language effect size of the Mann-Whitney U test; 0.5 is a coin). It
//! judges nothing: machines are noisy, and what matters is how large the effect is.

use std::net::Ipv4Addr;
use std::sync::Arc;

use migration::{Migrator, MigratorTrait};
use patron::app::App;
use patron::clock::{Clock, Timer};
use patron::config::{Config, Flags, Values};
use patron::crypto::keys::Keys;
use patron::random::Random;
use patron::server;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

const PASSWORD: &str = "correct horse battery";
/// What is compared; the first is what the others are compared with.
const KINDS: [&str; 5] = ["unknown", "wrong", "disabled", "locked", "no address"];

struct Run {
    url: String,
    client: reqwest::Client,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

impl Run {
    async fn start(database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().display().to_string();
        let database_url = database_url.unwrap_or_else(|| format!("sqlite://{path}/patron.db"));
        // Many failures come from one address here.
        let flags = Flags::default()
            .with("PATRON_DATA_DIR", path)
            .with("DATABASE_URL", database_url)
            .with("PATRON_FAILURES_PER_ADDRESS", "1000000000")
            .with("PATRON_PASSWORDS_PER_ADDRESS", "1000000000")
            .with("PATRON_REGISTRATIONS_PER_ADDRESS", "1000000000");
        let config = Config::from_values(Values::only(&flags)).expect("the settings are right");
        let keys = Keys::load(&config.tokens, &config.data_dir, &Random::System).expect("there are keys");
        let app = App::build(config, keys, Clock::System, Random::System).await.expect("it is built");
        Migrator::up(app.db.owner(), None).await.expect("the migrations run");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(server::serve(Arc::clone(&app), listener, stopped));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let run = Self { url, client, stop, server, _folder: folder };
        // As many customers as a lookup should have to tell apart.
        for number in 0..200 {
            let body =
                json!({"full_name": "A", "email": format!("known{number}@x.io"), "password": PASSWORD});
            let answer = run.client.post(format!("{}/api/customers", run.url)).json(&body).send().await;
            assert_eq!(answer.expect("the server answers").status(), 201);
        }
        let sql = "UPDATE customer SET status = 0 WHERE email LIKE 'known1__@x.io'";
        app.db.owner().execute_unprepared(sql).await.expect("half of them are disabled");
        run
    }

    /// Milliseconds of a refused login.
    async fn refused(&self, email: &str, password: &str) -> f64 {
        let body = json!({"email": email, "password": password});
        let request = self.client.post(format!("{}/api/customer/tokens", self.url)).json(&body);
        let watch = Timer::start();
        let answer = request.send().await.expect("the server answers");
        assert_eq!(answer.status(), 401);
        answer.bytes().await.expect("the answer is read");
        watch.elapsed().as_secs_f64() * 1000.0
    }

    async fn round(&self, number: usize, times: &mut [Vec<f64>; 5]) {
        let mut order = [0, 1, 2, 3, 4];
        let bytes = Random::System.bytes::<5>();
        order.sort_by_key(|kind| bytes[*kind]);
        // Each address once a round, so that only the one that is meant to be locked is.
        let known = number % 100;
        for kind in order {
            let time = match KINDS[kind] {
                "unknown" => self.refused(&format!("unknown{number}@x.io"), PASSWORD).await,
                "wrong" => self.refused(&format!("known{known}@x.io"), "wrong wrong").await,
                "disabled" => self.refused(&format!("known{}@x.io", 100 + known), PASSWORD).await,
                "locked" => {
                    let email = "known0@x.io";
                    self.refused(email, "wrong wrong").await;
                    // Wrong as well: a right one would pass whenever the pause ends between the two.
                    self.refused(email, "wrong again").await
                }
                _ => self.refused(&format!("no address {number}"), PASSWORD).await,
            };
            times[kind].push(time);
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// The probability that one of `a` is greater than one of `b`, ties counting half.
fn greater(a: &[f64], b: &[f64]) -> f64 {
    let mut sorted = b.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wins = a.iter().map(|value| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        below as f64 + (up_to - below) as f64 / 2.0
    });
    wins.sum::<f64>() / (a.len() as f64 * b.len() as f64)
}

fn report(name: &str, times: &[Vec<f64>; 5]) {
    println!("\n{name}: {} logins of each kind", times[0].len());
    println!("  {:<11} {:>9} {:>10} {:>10} {:>12}", "kind", "mean", "deviation", "Cohen's d", "P(longer)");
    for (kind, values) in KINDS.iter().zip(times) {
        let pooled = f64::midpoint(variance(values), variance(&times[0])).sqrt();
        let d = (mean(values) - mean(&times[0])) / pooled;
        let (mean, deviation) = (mean(values), variance(values).sqrt());
        println!(
            "  {kind:<11} {mean:>6.2} ms {deviation:>7.2} ms {d:>10.3} {:>12.3}",
            greater(values, &times[0])
        );
    }
}

async fn measure(name: &str, database_url: Option<String>, rounds: usize) {
    let run = Run::start(database_url).await;
    let mut times = [const { Vec::new() }; 5];
    for number in 0..rounds + 20 {
        run.round(number, &mut times).await;
    }
    // The first ones warm up.
    times.iter_mut().for_each(|times| drop(times.drain(..20)));
    report(name, &times);
    run.stop.send_replace(true);
    run.server.await.expect("the server did not panic").expect("the server stopped in order");
}

#[tokio::main]
async fn main() {
    // `cargo bench` passes --bench; `cargo test --benches` none, and then nothing is measured.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    measure("SQLite", None, rounds).await;
    let Ok(server) = std::env::var("PATRON_TEST_POSTGRES_URL") else {
        println!("\nPostgreSQL: not measured; `tests/postgres run cargo bench --bench login_timing` does");
        return;
    };
    let name = format!("patron_timing_{}", std::process::id());
    let database = Database::connect(&server).await.expect("the server answers");
    database.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("the database is made");
    let url = server.replacen("/postgres?", &format!("/{name}?"), 1);
    measure("PostgreSQL", Some(url), rounds).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    database.execute_unprepared(&drop).await.expect("the database is dropped");
}
