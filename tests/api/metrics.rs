//! Metrics: their values, their bounded labels, and their availability.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::service::backlog;
use patron::{router, worker};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Backend, CUSTOMER_PASSWORD, TestApp, apply, execute,
    on_both_databases,
};

/// The samples, keyed by the series as written: name and labels.
async fn samples(app: &TestApp) -> BTreeMap<String, f64> {
    let response = app.anonymous().get("/metrics").await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let lines = response.text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        (series.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
    };
    lines.map(sample).collect()
}

fn value(samples: &BTreeMap<String, f64>, series: &str) -> f64 {
    *samples.get(series).unwrap_or_else(|| panic!("there is no {series}"))
}

#[apply(on_both_databases!)]
async fn requests_are_counted_by_route(app: &TestApp) {
    let uuid = app.register("marked@x.io").await["uuid"].as_str().unwrap().to_owned();
    for name in ["A", "B"] {
        app.admin().patch(&format!("/api/customers/{uuid}"), &json!({"full_name": name})).await.data();
    }
    app.anonymous()
        .patch(&format!("/api/customers/{uuid}"), &json!({}))
        .await
        .assert_failure(401, "unauthenticated");
    app.anonymous().get("/marked/path").await;
    app.anonymous().get("/marked/other").await;
    let unknown_method = Method::from_bytes(b"MARKED").unwrap();
    app.anonymous()
        .send(app.anonymous().request(unknown_method, "/api/customers"))
        .await
        .assert_failure(405, "method_not_allowed");
    let samples = samples(app).await;
    for (series, count) in [
        ("patron_http_requests_total{method=\"POST\",route=\"/api/customers\",status=\"201\"}", 1.0),
        ("patron_http_requests_total{method=\"PATCH\",route=\"/api/customers/{uuid}\",status=\"200\"}", 2.0),
        ("patron_http_requests_total{method=\"PATCH\",route=\"/api/customers/{uuid}\",status=\"401\"}", 1.0),
        ("patron_http_request_duration_seconds_count{method=\"PATCH\",route=\"/api/customers/{uuid}\"}", 3.0),
        ("patron_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}", 2.0),
        ("patron_http_requests_total{method=\"other\",route=\"/api/customers\",status=\"405\"}", 1.0),
        // The request for the metrics.
        ("patron_http_requests_in_flight", 1.0),
        // The admin's login and the customer's registration.
        ("patron_hashing_duration_seconds_count", 2.0),
        ("patron_hashing_waiting", 0.0),
    ] {
        assert_eq!(value(&samples, series), count, "{series}");
    }
    assert!(
        value(&samples, "patron_database_statement_duration_seconds_count{kind=\"update\",outcome=\"ok\"}")
            >= 2.0
    );
    assert!(value(&samples, "patron_database_begin_duration_seconds_count") >= 3.0);
    let (pool, max) = if app.database.is_some() { ("all", 4.0) } else { ("reader", 4.0) };
    assert_eq!(value(&samples, &format!("patron_database_connections_max{{pool=\"{pool}\"}}")), max);
    assert!(
        value(&samples, &format!("patron_database_connections{{pool=\"{pool}\",state=\"idle\"}}")) >= 1.0
    );
    let leaks = samples
        .keys()
        .filter(|series| series.contains("marked") || series.contains("MARKED") || series.contains(&uuid));
    assert_eq!(leaks.count(), 0, "labels contain no data of clients");
}

#[apply(on_both_databases!)]
async fn operations_are_counted_by_root_field(app: &TestApp) {
    app.admin().query("query Marked { marked: customers { total } }").await.data();
    app.anonymous().query("{ customers { total } }").await;
    app.anonymous()
        .query("{ currentCustomer { uuid } countries(countries: [\"DE\"]) { code } }")
        .await
        .data();
    app.anonymous().query("{ marked }").await;
    app.anonymous().query("{ marked ").await;
    app.anonymous().query("{ __typename }").await.data();
    let samples = samples(app).await;
    for (field, outcome, count) in [
        ("customers", "ok", 1.0),
        ("customers", "refused", 1.0),
        ("customers", "failed", 0.0),
        ("several", "ok", 1.0),
        ("other", "refused", 2.0),
        ("introspection", "ok", 1.0),
        ("node", "ok", 0.0),
    ] {
        let series = format!("patron_graphql_operations_total{{field=\"{field}\",outcome=\"{outcome}\"}}");
        assert_eq!(value(&samples, &series), count, "{series}");
    }
    assert_eq!(value(&samples, "patron_graphql_operation_duration_seconds_count{field=\"customers\"}"), 2.0);
    assert!(!samples.keys().any(|series| series.to_lowercase().contains("marked")));
}

/// Asserts the value of each series.
async fn assert_values(app: &TestApp, expected: &[(&str, f64)]) {
    let samples = samples(app).await;
    for (series, count) in expected {
        assert_eq!(value(&samples, series), *count, "{series}");
    }
}

#[apply(on_both_databases!)]
async fn registrations_logins_resets_and_mails_are_counted(app: &TestApp) {
    assert_values(
        app,
        &[
            ("patron_registrations_total{caller=\"customer\"}", 0.0),
            ("patron_logins_total{audience=\"customer\",outcome=\"ok\"}", 0.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"ok\"}", 1.0),
            ("patron_password_resets_total{step=\"completed\"}", 0.0),
            ("patron_mail_attempts_total{kind=\"invitation\",outcome=\"given_up\"}", 0.0),
        ],
    )
    .await;
    let customer = app.register("a@x.io").await;
    let taken = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD});
    assert_eq!(app.anonymous().post("/api/customers", &taken).await.status, 409);
    let other = json!({"full_name": "B", "email": "b@x.io", "password": CUSTOMER_PASSWORD});
    app.admin().post("/api/customers", &other).await.data();
    app.log_in_customer(&customer).await;
    let wrong = json!({"email": "a@x.io", "password": "wrong wrong"});
    for path in ["/api/customer/tokens", "/api/user/tokens"] {
        app.anonymous().post(path, &wrong).await.assert_failure(401, "unauthenticated");
    }
    let token = app.reset_token("a@x.io").await;
    let reset = json!({"token": token, "password": "another good one"});
    app.anonymous().post("/api/customers/password", &reset).await.data();
    assert_eq!(app.send_due().await, 1, "the mail about the new password");
    assert_values(
        app,
        &[
            ("patron_registrations_total{caller=\"customer\"}", 1.0),
            ("patron_registrations_total{caller=\"admin\"}", 1.0),
            ("patron_logins_total{audience=\"customer\",outcome=\"ok\"}", 1.0),
            ("patron_logins_total{audience=\"customer\",outcome=\"refused\"}", 1.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"ok\"}", 1.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"refused\"}", 1.0),
            ("patron_password_resets_total{step=\"requested\"}", 1.0),
            ("patron_password_resets_total{step=\"completed\"}", 1.0),
            ("patron_mail_attempts_total{kind=\"verify_email\",outcome=\"sent\"}", 2.0),
            ("patron_mail_attempts_total{kind=\"reset_password\",outcome=\"sent\"}", 1.0),
            ("patron_mail_attempts_total{kind=\"password_changed\",outcome=\"sent\"}", 1.0),
            ("patron_mail_attempts_total{kind=\"password_changed\",outcome=\"postponed\"}", 0.0),
        ],
    )
    .await;
}

#[apply(on_both_databases!)]
async fn refused_codes_and_limited_addresses_are_counted(backend: Backend) {
    let app = TestApp::start_with(backend, |flags| flags.with("PATRON_FAILURES_PER_ADDRESS", "1")).await;
    let factor = app.turn_factor_on(&app.admin()).await;
    let without_code = json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD});
    let response = app.anonymous().post("/api/user/tokens", &without_code).await;
    response.assert_failure(401, "second_factor_required");
    assert_eq!(app.log_in_with(&factor.code(&app, 0)).await.status, 200);
    let wrong = factor.wrong_code(&app);
    app.log_in_with(&wrong).await.assert_failure(401, "second_factor_invalid");
    app.log_in_with(&wrong).await.assert_failure(429, "rate_limited");
    assert_values(
        &app,
        &[
            ("patron_logins_total{audience=\"admin\",outcome=\"ok\"}", 2.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"code_required\"}", 1.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"code_refused\"}", 1.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"rate_limited\"}", 1.0),
            ("patron_logins_total{audience=\"admin\",outcome=\"refused\"}", 0.0),
        ],
    )
    .await;
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn queue_lag_is_measured(app: &TestApp) {
    app.register("a@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(90));
    let ctx = AdminCtx::system(Arc::clone(&app.app));
    backlog::measure(&ctx).await.unwrap();
    let before = samples(app).await;
    assert_eq!(value(&before, "patron_queue_due{queue=\"mail\"}"), 1.0);
    assert_eq!(value(&before, "patron_queue_lag_seconds{queue=\"mail\"}"), 90.0);
    assert_eq!(value(&before, "patron_queue_attempts_total{queue=\"mail\",outcome=\"sent\"}"), 0.0);
    app.send_due().await;
    backlog::measure(&ctx).await.unwrap();
    let after = samples(app).await;
    assert_eq!(value(&after, "patron_queue_due{queue=\"mail\"}"), 0.0);
    assert_eq!(value(&after, "patron_queue_lag_seconds{queue=\"mail\"}"), 0.0);
    assert_eq!(value(&after, "patron_queue_given_up{queue=\"mail\"}"), 0.0);
    assert_eq!(value(&after, "patron_queue_attempts_total{queue=\"mail\",outcome=\"sent\"}"), 1.0);
    assert_eq!(
        value(&after, "patron_queue_sampled_timestamp_seconds{queue=\"mail\"}"),
        app.now().timestamp() as f64
    );
}

#[apply(on_both_databases!)]
async fn metrics_are_not_public(app: &TestApp) {
    let off = app.another_with(|flags| flags.with("PATRON_METRICS", "off")).await;
    off.anonymous().get("/metrics").await.assert_failure(404, "not_found");
    let public = app.another_with(|flags| flags.with("PATRON_PUBLIC_URL", "https://shop.example.com")).await;
    public.anonymous().get("/metrics").await.assert_failure(404, "not_found");
    public.stop().await;
    // A separate operations address serves only the metrics and health.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(router::serve_operations(Arc::clone(&off.app), listener));
    let status =
        async |path: &str| off.client.get(format!("{url}{path}")).send().await.unwrap().status().as_u16();
    for path in ["/metrics", "/health/live", "/health/ready"] {
        assert_eq!(status(path).await, 200, "{path}");
    }
    for path in ["/api/openapi.json", "/api/graphql", "/playground"] {
        assert_eq!(status(path).await, 404, "{path}");
    }
    serving.abort();
    off.stop().await;
}

/// Runs the worker until it has measured the queues.
async fn run_worker(app: &TestApp) {
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(worker::run(Arc::clone(&app.app), stopped));
    let measured = async {
        while !samples(app).await.contains_key("patron_worker_success_timestamp_seconds{task=\"backlog\"}") {}
    };
    tokio::time::timeout(Duration::from_secs(30), measured).await.expect("the worker measures the queues");
    stop.send_replace(true);
    working.await.unwrap();
}

/// Every metric and label of the dashboard and of the alert rules exists, and every metric is used and documented.
#[apply(on_both_databases!)]
async fn dashboard_and_alerts_use_existing_metrics(app: &TestApp) {
    // Creates a sample of every metric.
    app.register("a@x.io").await;
    app.anonymous().query("{ countries { code } }").await.data();
    drop(app.app.metrics.http.begin("GET", Some("/health/live")));
    app.app.metrics.http.server.reset("stream", "stalled", 1);
    app.app.db.metrics.replicas.record("127.0.0.1:5433", true, Some(Duration::ZERO));
    app.app.db.metrics.replicas.read_from("primary");
    run_worker(app).await;
    let samples = samples(app).await;
    let (mut names, mut labels) = (BTreeSet::new(), BTreeMap::new());
    for series in samples.keys() {
        let (name, rest) = series.split_once('{').unwrap_or((series, ""));
        names.insert(name);
        let own: &mut BTreeSet<&str> = labels.entry(name).or_default();
        own.extend(rest.split(',').filter_map(|label| Some(label.split_once("=\"")?.0)));
    }
    let expressions = expressions();
    assert!(expressions.len() > 40, "{}", expressions.len());
    let mut used = BTreeSet::new();
    for (location, expression) in &expressions {
        let metrics: Vec<&str> = words(expression).filter(is_metric).collect();
        assert!(
            !metrics.is_empty() || expression.starts_with("up{"),
            "{location} uses no metric: {expression}"
        );
        let of_prometheus = ["instance", "job", "le"];
        for metric in &metrics {
            assert!(names.contains(metric), "{location} names {metric}, which is not in /metrics");
        }
        for label in named_labels(expression) {
            let known = metrics.iter().any(|metric| labels[metric].contains(label.as_str()));
            assert!(
                known || of_prometheus.contains(&label.as_str()),
                "{location} names the label {label}: {expression}"
            );
        }
        used.extend(metrics.into_iter().map(str::to_owned));
    }
    // Every metric is used by a panel or an alert.
    let unused: Vec<_> = names
        .iter()
        .filter(|name| {
            let base = name.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
            !used.iter().any(|name| name.starts_with(base))
        })
        .collect();
    assert!(unused.is_empty(), "in /metrics, but in no panel or alert: {unused:?}");
    let document = include_str!("../../docs/operations.md");
    let documented: BTreeSet<&str> = words(document).filter(is_metric).collect();
    let bases = names.iter().map(|name| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        base.unwrap_or(name)
    });
    let bases: BTreeSet<&str> = bases.collect();
    assert_eq!(documented, bases, "docs/operations.md lists all metrics, and no others");
}

/// The metrics are available without the database, and count the failures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_available_without_the_database() {
    let app = TestApp::start_with(Backend::Postgres, |flags| flags.with("PATRON_DATABASE_WAIT", "1")).await;
    let database = app.database.clone().unwrap();
    execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false")).await;
    execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"))
        .await;
    let body = json!({"full_name": "B", "email": "b@x.io", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customers", &body).await.assert_failure(503, "unavailable");
    let failed = samples(&app).await;
    let series = "patron_http_requests_total{method=\"POST\",route=\"/api/customers\",status=\"503\"}";
    assert_eq!(value(&failed, series), 1.0);
    execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true")).await;
    app.stop().await;
}

/// A request whose client disconnects before the response has no status and is counted separately.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abandoned_requests_are_counted() {
    use tokio::io::AsyncWriteExt;
    let app = TestApp::start(Backend::Sqlite).await;
    // The request waits until this write transaction ends.
    let writing = app.app.db.begin().await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let body = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD}).to_string();
    let head = "POST /api/customers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length:";
    stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let wait_for_in_flight = async |expected: f64| {
        let reached =
            async { while value(&samples(&app).await, "patron_http_requests_in_flight") != expected {} };
        tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the number is reached");
    };
    wait_for_in_flight(2.0).await;
    drop(stream);
    wait_for_in_flight(1.0).await;
    writing.rollback().await.unwrap();
    let samples = samples(&app).await;
    let abandoned = "patron_http_requests_abandoned_total{method=\"POST\",route=\"/api/customers\"}";
    assert_eq!(value(&samples, abandoned), 1.0);
    let has_status = |series: &&String| {
        series.starts_with("patron_http_requests_total{method=\"POST\",route=\"/api/customers\"")
    };
    assert_eq!(samples.keys().find(has_status), None);
    assert!(app.customers().await.is_empty());
    app.stop().await;
}

/// The PromQL expressions of the dashboard's panels and of the alert rules, with their location.
fn expressions() -> Vec<(String, String)> {
    let dashboard: Value =
        serde_json::from_str(include_str!("../../operations/grafana-dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let location = format!("panel {}", panel["title"]);
            expressions.push((location, target["expr"].as_str().unwrap().replace("$__rate_interval", "5m")));
        }
    }
    let rules = include_str!("../../operations/alerts.yml");
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap();
        let (_, rest) = rule.split_once("expr: ").unwrap_or_else(|| panic!("{name} has no expr"));
        let end = rest.find("\n        for: ").or_else(|| rest.find("\n        labels: "));
        let expression =
            rest[..end.unwrap_or_else(|| panic!("{name} has no labels"))].trim_start_matches('|');
        assert!(rule.contains("summary: ") && rule.contains("severity: "), "{name}");
        expressions.push((format!("alert {name}"), expression.trim().to_owned()));
    }
    expressions
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether a word is the name of a metric, of patron or of any process.
fn is_metric(word: &&str) -> bool {
    word.starts_with("patron_") || word.starts_with("process_")
}

/// The labels that an expression selects or groups by.
fn named_labels(expression: &str) -> Vec<String> {
    let mut labels = Vec::new();
    for selector in expression.split('{').skip(1) {
        let inside = &selector[..selector.find('}').expect("a selector ends")];
        labels.extend(inside.split(", ").map(|label| label.split(['=', '!']).next().unwrap().to_owned()));
    }
    for clause in [" by (", " on (", " ignoring ("] {
        for rest in expression.split(clause).skip(1) {
            let inside = &rest[..rest.find(')').expect("a clause ends")];
            labels.extend(inside.split(", ").map(str::to_owned));
        }
    }
    labels
}
