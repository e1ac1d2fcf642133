//! Measures whether the response time of a refused login reveals which e-mail addresses belong to customers.
//!
//!     cargo bench --bench login_timing [-- ROUNDS]
//!
//! Starts patron on SQLite and, with `tests/postgres run cargo bench --bench login_timing`, on PostgreSQL. Each round
//! sends one login of each kind, in random order, one at a time. Each kind is compared with an unknown address by two
//! figures: the difference of the means in standard deviations (Cohen's d; below 0.2 counts as small), and the probability
//! that a login of the kind takes longer (the common language effect size of the Mann-Whitney U test; 0.5 is a coin toss).
//! There is no pass or fail: machines are noisy, and only the size of the effect matters.

use std::net::Ipv4Addr;
use std::sync::Arc;

use migration::{Migrator, MigratorTrait};
use patron::app::App;
use patron::clock::{Clock, Timer};
use patron::config::{Config, Flags, Values};
use patron::crypto::keys::Keys;
use patron::random::Random;
use patron::router;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

const PASSWORD: &str = "correct horse battery";
/// The kinds of login. All others are compared with the first.
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
        // All failed logins come from one address.
        let flags = Flags::default()
            .with("PATRON_DATA_DIR", path)
            .with("DATABASE_URL", database_url)
            .with("PATRON_FAILURES_PER_ADDRESS", "1000000000")
            .with("PATRON_PASSWORDS_PER_ADDRESS", "1000000000")
            .with("PATRON_REGISTRATIONS_PER_ADDRESS", "1000000000");
        let config = Config::from_values(Values::only(&flags)).expect("the settings are valid");
        let keys =
            Keys::load(&config.tokens, &config.data_dir, &Random::System).expect("the keys are loaded");
        let app =
            App::build(config, keys, Clock::System, Random::System).await.expect("the program is built");
        Migrator::up(app.db.migration_connection(), None).await.expect("the migrations run");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(router::serve(Arc::clone(&app), listener, stopped));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let run = Self { url, client, stop, server, _folder: folder };
        // Enough customers to make a lookup realistic.
        for number in 0..200 {
            let body =
                json!({"full_name": "A", "email": format!("known{number}@x.io"), "password": PASSWORD});
            let response = run.client.post(format!("{}/api/customers", run.url)).json(&body).send().await;
            assert_eq!(response.expect("the server responds").status(), 201);
        }
        let sql = "UPDATE customer SET status = 0 WHERE email LIKE 'known1__@x.io'";
        app.db.writer().execute_unprepared(sql).await.expect("half of the customers are disabled");
        run
    }

    /// Sends a login that is refused, and returns its duration in milliseconds.
    async fn refused_login(&self, email: &str, password: &str) -> f64 {
        let body = json!({"email": email, "password": password});
        let request = self.client.post(format!("{}/api/customer/tokens", self.url)).json(&body);
        let timer = Timer::start();
        let response = request.send().await.expect("the server responds");
        assert_eq!(response.status(), 401);
        response.bytes().await.expect("the response body is read");
        timer.elapsed().as_secs_f64() * 1000.0
    }

    async fn round(&self, number: usize, times: &mut [Vec<f64>; 5]) {
        let mut order = [0, 1, 2, 3, 4];
        let bytes = Random::System.bytes::<5>();
        order.sort_by_key(|kind| bytes[*kind]);
        // Each address is used once per 100 rounds, so that only the address of the kind `locked` is locked.
        let known = number % 100;
        for kind in order {
            let time = match KINDS[kind] {
                "unknown" => self.refused_login(&format!("unknown{number}@x.io"), PASSWORD).await,
                "wrong" => self.refused_login(&format!("known{known}@x.io"), "wrong wrong").await,
                "disabled" => self.refused_login(&format!("known{}@x.io", 100 + known), PASSWORD).await,
                "locked" => {
                    let email = "known0@x.io";
                    self.refused_login(email, "wrong wrong").await;
                    // A wrong password as well: the right one would succeed if the delay ended between the two requests.
                    self.refused_login(email, "wrong again").await
                }
                _ => self.refused_login(&format!("no address {number}"), PASSWORD).await,
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

/// The probability that a value of `a` is greater than a value of `b`; ties count half.
fn greater(a: &[f64], b: &[f64]) -> f64 {
    let mut sorted = b.to_vec();
    sorted.sort_by(f64::total_cmp);
    let shares = a.iter().map(|value| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        below as f64 + (up_to - below) as f64 / 2.0
    });
    shares.sum::<f64>() / (a.len() as f64 * b.len() as f64)
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
    // The first 20 rounds warm up.
    times.iter_mut().for_each(|times| drop(times.drain(..20)));
    report(name, &times);
    run.stop.send_replace(true);
    run.server.await.expect("the server did not panic").expect("the server stopped without an error");
}

#[tokio::main]
async fn main() {
    // `cargo bench` passes --bench. `cargo test --benches` does not, and measures nothing.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    measure("SQLite", None, rounds).await;
    let Ok(server) = std::env::var("PATRON_TEST_POSTGRES_URL") else {
        println!("\nPostgreSQL: not measured; run `tests/postgres run cargo bench --bench login_timing`");
        return;
    };
    let name = format!("patron_timing_{}", std::process::id());
    let database = Database::connect(&server).await.expect("the server accepts the connection");
    database.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("the database is created");
    let url = server.replacen("/postgres?", &format!("/{name}?"), 1);
    measure("PostgreSQL", Some(url), rounds).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    database.execute_unprepared(&drop).await.expect("the database is dropped");
}
