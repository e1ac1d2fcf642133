//! Reads from replicas: two instances with a standby whose replay is paused, that lags, is busy, does not respond, is older
//! than the schema, or is ahead of the primary.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use patron::app::ctx::{AdminCtx, SystemCtx};
use patron::service::{admin, replicas};
use patron::types::{EmailAddress, Password};
use patron::worker;
use reqwest::Method;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Backend, Cluster, Standby, Switch, TestApp};

/// `PATRON_READ_AFTER_WRITE` by default, in seconds.
const WINDOW: i64 = 5;
/// How long an admin reads from the primary after a change, or a login, in seconds.
const OWN_WINDOW: i64 = WINDOW + 3;

const LIST: &str =
    "{ customersConnection(first: 100) { totalCount nodes { fullName } } overview { customers } }";

/// A primary with a standby, and two instances that read from it.
struct ReplicatedShop {
    /// Only provides the settings of the two.
    app: TestApp,
    cluster: Cluster,
    standby: Standby,
    /// In front of the standby.
    switch: Switch,
    servers: [TestApp; 2],
    /// The tokens of an admin.
    tokens: Value,
}

/// A server on the primary of a cluster, which it migrates, with a replica at this port.
async fn serve(app: &TestApp, cluster: &Cluster, replica: u16) -> TestApp {
    serve_with(app, cluster, &cluster.url(&format!("127.0.0.1:{replica}"))).await
}

/// As [`serve`], with the URL of the replica.
async fn serve_with(app: &TestApp, cluster: &Cluster, read_url: &str) -> TestApp {
    let url = cluster.url(&format!("127.0.0.1:{}", cluster.port));
    let server = app
        .second_instance_with(|flags| {
            flags.with("DATABASE_URL", url.as_str()).with("DATABASE_READ_URL", read_url)
        })
        .await;
    server.app.db.migrate(&server.app.config.database).await.expect("the migrations run");
    server
}

async fn create_admin(server: &TestApp) -> Value {
    let ctx = AdminCtx::system(Arc::clone(&server.app));
    let email = EmailAddress::parse_local(ADMIN_EMAIL).expect("an address");
    let password = Password::new(ADMIN_PASSWORD.into()).expect("a good password");
    admin::create(&ctx, email, "Admin".to_owned(), &password).await.expect("the admin is created");
    server.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await
}

/// Checks the replica, as the worker does every second.
async fn check(server: &TestApp) {
    replicas::check(&SystemCtx::system(Arc::clone(&server.app))).await.expect("the primary responds");
}

/// Waits until this many rows are selected on a server.
async fn wait_for(server: &DatabaseConnection, select: &str, rows: usize) {
    let select = Statement::from_string(DbBackend::Postgres, select);
    while server.query_all_raw(select.clone()).await.expect("the server responds").len() < rows {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn metric(server: &TestApp, series: &str) -> f64 {
    let metrics = server.anonymous().get("/metrics").await.text;
    let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
    value.unwrap_or_default()
}

/// The names of the customers as an admin lists them. The numbers have to agree.
async fn names(server: &TestApp, tokens: &Value) -> Vec<String> {
    let data = server.admin_with(tokens).query(LIST).await.data();
    let nodes = data["customersConnection"]["nodes"].as_array().expect("a list");
    assert_eq!(data["customersConnection"]["totalCount"], nodes.len(), "{data}");
    assert_eq!(data["overview"]["customers"], nodes.len(), "{data}");
    nodes.iter().map(|node| node["fullName"].as_str().expect("a name").to_owned()).collect()
}

impl ReplicatedShop {
    /// Starts with a replica that is fresh, and an admin that has not changed anything lately.
    async fn start() -> Self {
        let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
        let standby = cluster.start_standby().await;
        let switch = Switch::start(&standby.port).await;
        let servers = [serve(&app, &cluster, switch.port).await, serve(&app, &cluster, switch.port).await];
        let tokens = create_admin(&servers[0]).await;
        let shop = Self { app, cluster, standby, switch, servers, tokens };
        shop.pass(OWN_WINDOW).await;
        shop.replicate().await;
        shop
    }

    /// Lets some seconds pass on both instances, and their workers check the replica.
    async fn pass(&self, seconds: i64) {
        for server in &self.servers {
            server.app.clock.advance(TimeDelta::seconds(seconds));
            check(server).await;
        }
    }

    /// Waits until the standby shows everything, and both instances know it.
    async fn replicate(&self) {
        self.pass(0).await;
        self.cluster.catch_up(&self.standby).await;
        self.pass(0).await;
        for server in &self.servers {
            assert_eq!(self.of_replica(server, "up").await, 1.0);
        }
    }

    /// A metric of the replica.
    async fn of_replica(&self, server: &TestApp, name: &str) -> f64 {
        let label = if name == "reads_total" { "server" } else { "replica" };
        let port = self.switch.port;
        metric(server, &format!("patron_replica_{name}{{{label}=\"127.0.0.1:{port}\"}}")).await
    }

    async fn stop(self) {
        for server in self.servers {
            server.stop().await;
        }
        self.app.stop().await;
        self.cluster.stop().await;
    }
}

/// The replica does not show a customer that was registered while its replay was paused. So what lacks the customer was read
/// from the replica, and what has it from the primary.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_reads_of_admins_use_a_fresh_replica() {
    let shop = ReplicatedShop::start().await;
    shop.cluster.pause_replay(&shop.standby).await;
    shop.servers[0].register("late@x.io").await;
    for server in &shop.servers {
        let reads = shop.of_replica(server, "reads_total").await;
        assert!(names(server, &shop.tokens).await.is_empty());
        assert!(shop.of_replica(server, "reads_total").await >= reads + 3.0);
        assert_eq!(metric(server, "patron_replica_reads_total{server=\"primary\"}").await, 0.0);
        let admin = server.admin_with(&shop.tokens);
        let search = "{ customers(filters: [{key: \"keyword\", operation: eq, value: \"late\"}]) { total } }";
        assert_eq!(admin.query(search).await.data()["customers"]["total"], 0);
        let audit = "{ auditEntries(filter: {actions: [\"customer.created\"]}) { nodes { id } } }";
        assert_eq!(admin.query(audit).await.data()["auditEntries"]["nodes"], json!([]));
        // A single customer is read from the primary.
        let one = admin.query("{ customer(email: \"late@x.io\") { email } }").await.data();
        assert_eq!(one["customer"]["email"], "late@x.io");
    }
    // What a customer reads of itself is never old.
    let customer = shop.servers[1].log_in_customer(&json!({"email": "late@x.io"})).await;
    let own = customer.query("{ currentCustomer { email } }").await.data();
    assert_eq!(own["currentCustomer"]["email"], "late@x.io");
    // An export records that it was made, which is a change of the admin.
    let admin = shop.servers[0].admin_with(&shop.tokens);
    let export = admin.request(Method::GET, "/api/customers/export").query(&[("format", "ndjson")]);
    let export = admin.send(export).await;
    assert_eq!((export.status, export.text.as_str()), (200, ""));
    for server in &shop.servers {
        assert_eq!(names(server, &shop.tokens).await, ["John Smith"]);
    }
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_reads_every_own_change_on_every_instance() {
    let shop = ReplicatedShop::start().await;
    let row = shop.servers[0].register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    shop.cluster.pause_replay(&shop.standby).await;
    for number in 0..50 {
        if number == 40 {
            shop.cluster.resume_replay(&shop.standby).await;
        }
        let name = format!("Name {number}");
        let writer = shop.servers[number % 2].admin_with(&shop.tokens);
        writer.patch(&url, &json!({"full_name": name})).await.data();
        // From the change to the end of the time in which the admin reads from the primary, and longer.
        for seconds in [0, i64::try_from(number).unwrap() % OWN_WINDOW, 1] {
            shop.pass(seconds).await;
            for server in &shop.servers {
                assert_eq!(names(server, &shop.tokens).await, [name.as_str()], "{number}, {seconds} s");
            }
        }
    }
    shop.pass(OWN_WINDOW).await;
    shop.replicate().await;
    for server in &shop.servers {
        let reads = shop.of_replica(server, "reads_total").await;
        assert_eq!(names(server, &shop.tokens).await, ["Name 49"]);
        assert!(shop.of_replica(server, "reads_total").await > reads, "the replica is used again");
    }
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_admin_is_refused_at_once() {
    let shop = ReplicatedShop::start().await;
    let [first, second] = &shop.servers;
    let body = json!({"email": "ann@shop.io", "full_name": "Ann", "password": ADMIN_PASSWORD});
    let ann = first.admin_with(&shop.tokens).post("/api/users", &body).await.data();
    let tokens = first.admin_tokens("ann@shop.io", ADMIN_PASSWORD).await;
    shop.pass(OWN_WINDOW).await;
    shop.replicate().await;
    shop.cluster.pause_replay(&shop.standby).await;
    for server in &shop.servers {
        let reads = shop.of_replica(server, "reads_total").await;
        assert!(names(server, &tokens).await.is_empty());
        assert!(shop.of_replica(server, "reads_total").await > reads);
    }
    let url = format!("/api/users/{}", ann["uuid"].as_str().unwrap());
    second.admin_with(&shop.tokens).patch(&url, &json!({"status": 0})).await.data();
    for server in &shop.servers {
        let refused = server.admin_with(&tokens).query(LIST).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert_eq!(shop.of_replica(server, "up").await, 1.0, "the replica still shows the admin as enabled");
    }
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lags_is_left_out_until_it_has_caught_up() {
    let shop = ReplicatedShop::start().await;
    let [server, _] = &shop.servers;
    assert_eq!(shop.of_replica(server, "lag_seconds").await, 0.0);
    shop.cluster.pause_replay(&shop.standby).await;
    server.register("late@x.io").await;
    shop.pass(WINDOW).await;
    assert_eq!(shop.of_replica(server, "up").await, 1.0);
    assert!(names(server, &shop.tokens).await.is_empty());
    // Also between two checks.
    server.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(names(server, &shop.tokens).await, ["John Smith"]);
    check(server).await;
    let state = (shop.of_replica(server, "up").await, shop.of_replica(server, "lag_seconds").await);
    assert_eq!(state, (0.0, 6.0));
    assert!(metric(server, "patron_replica_reads_total{server=\"primary\"}").await >= 3.0);
    shop.cluster.resume_replay(&shop.standby).await;
    shop.replicate().await;
    assert_eq!(shop.of_replica(server, "lag_seconds").await, 0.0);
    let reads = shop.of_replica(server, "reads_total").await;
    assert_eq!(names(server, &shop.tokens).await, ["John Smith"]);
    assert!(shop.of_replica(server, "reads_total").await > reads);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_replica_the_primary_answers() {
    let shop = ReplicatedShop::start().await;
    let [server, other] = &shop.servers;
    server.register("a@x.io").await;
    shop.replicate().await;
    // Its connections are closed. New ones may be opened at once.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'patron'";
    shop.cluster.execute_on(&shop.standby.port, end).await;
    for server in [server, other] {
        assert_eq!(names(server, &shop.tokens).await, ["John Smith"]);
    }
    shop.replicate().await;
    // It does not respond, and its connections stay open.
    shop.switch.set_target(None);
    shop.switch.freeze();
    for server in [server, other] {
        assert_eq!(names(server, &shop.tokens).await, ["John Smith"]);
        assert_eq!(shop.of_replica(server, "up").await, 0.0);
    }
    shop.switch.set_target(Some(&shop.standby.port));
    shop.replicate().await;
    // It refuses connections.
    let ReplicatedShop { app, cluster, switch, servers, tokens, .. } = shop;
    drop(switch);
    for server in &servers {
        assert_eq!(names(server, &tokens).await, ["John Smith"]);
        check(server).await;
        assert_eq!(names(server, &tokens).await, ["John Smith"]);
        assert_eq!(server.anonymous().get("/health/ready").await.status, 200);
    }
    for server in servers {
        server.stop().await;
    }
    app.stop().await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_with_an_older_schema_is_left_out() {
    let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
    let standby = cluster.start_standby().await;
    cluster.pause_replay(&standby).await;
    let switch = Switch::start(&standby.port).await;
    let server = serve(&app, &cluster, switch.port).await;
    let tokens = create_admin(&server).await;
    server.app.clock.advance(TimeDelta::seconds(OWN_WINDOW));
    server.register("a@x.io").await;
    let up = format!("patron_replica_up{{replica=\"127.0.0.1:{}\"}}", switch.port);
    check(&server).await;
    assert_eq!(metric(&server, &up).await, 0.0);
    assert_eq!(names(&server, &tokens).await, ["John Smith"]);
    cluster.resume_replay(&standby).await;
    cluster.catch_up(&standby).await;
    check(&server).await;
    assert_eq!(metric(&server, &up).await, 1.0);
    assert_eq!(names(&server, &tokens).await, ["John Smith"]);
    let reads = format!("patron_replica_reads_total{{server=\"127.0.0.1:{}\"}}", switch.port);
    assert!(metric(&server, &reads).await >= 3.0);
    server.stop().await;
    app.stop().await;
    cluster.stop().await;
}

/// The standby replays the lock of a table, and not yet its end. So statements wait there, and on the primary they don't.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_replica_is_not_left_out() {
    const COUNT: &str = "{ customersConnection { totalCount } }";
    let shop = ReplicatedShop::start().await;
    let [server, _] = &shop.servers;
    server.register("a@x.io").await;
    shop.replicate().await;
    let primary = shop.cluster.database(&shop.cluster.port).await;
    let lock = primary.begin().await.expect("the primary responds");
    let locked = lock.execute_unprepared("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE").await;
    locked.expect("the table is locked");
    shop.cluster.pause_replay(&shop.standby).await;
    lock.rollback().await.expect("the lock ends");
    let connections = usize::try_from(server.app.config.database.max_connections).unwrap();
    let admin = server.admin_with(&shop.tokens);
    let waiting = join_all((0..connections).map(|_| admin.query(COUNT)));
    let others = async {
        let standby = shop.cluster.database(&shop.standby.port).await;
        let select =
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'patron'";
        wait_for(&standby, select, connections).await;
        let of_primary = "patron_replica_reads_total{server=\"primary\"}";
        let reads = metric(server, of_primary).await;
        assert_eq!(admin.query(COUNT).await.data()["customersConnection"]["totalCount"], 1);
        assert_eq!(metric(server, of_primary).await, reads + 1.0);
        assert_eq!(shop.of_replica(server, "up").await, 1.0);
        check(server).await;
        assert_eq!(shop.of_replica(server, "up").await, 1.0);
        shop.cluster.resume_replay(&shop.standby).await;
        standby.close().await.expect("the connection closes");
    };
    let reads = shop.of_replica(server, "reads_total").await;
    let (counts, ()) = tokio::join!(waiting, others);
    for count in counts {
        assert_eq!(count.data()["customersConnection"]["totalCount"], 1);
    }
    let connections = f64::from(server.app.config.database.max_connections);
    assert_eq!(shop.of_replica(server, "reads_total").await, reads + connections);
    primary.close().await.expect("the connection closes");
    shop.stop().await;
}

/// The role of `DATABASE_READ_URL` may read the heartbeat and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_refuses_is_read_from_the_primary() {
    let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
    let standby = cluster.start_standby().await;
    let url = cluster.url(&format!("127.0.0.1:{}", standby.port));
    let (_, rest) = url.split_once('@').expect("a user");
    let server = serve_with(&app, &cluster, &format!("postgres://reader:secret@{rest}")).await;
    let tokens = create_admin(&server).await;
    server.app.clock.advance(TimeDelta::seconds(OWN_WINDOW));
    server.register("a@x.io").await;
    for sql in ["CREATE ROLE reader LOGIN PASSWORD 'secret'", "GRANT SELECT ON throttle TO reader"] {
        cluster.execute_on(&cluster.port, sql).await;
    }
    check(&server).await;
    cluster.catch_up(&standby).await;
    check(&server).await;
    let up = format!("patron_replica_up{{replica=\"127.0.0.1:{}\"}}", standby.port);
    assert_eq!(metric(&server, &up).await, 1.0);
    assert_eq!(names(&server, &tokens).await, ["John Smith"]);
    let failures = format!("patron_replica_read_failures_total{{replica=\"127.0.0.1:{}\"}}", standby.port);
    assert!(metric(&server, &failures).await >= 1.0);
    server.stop().await;
    app.stop().await;
    cluster.stop().await;
}

/// The primary waits for another standby before it shows a commit, and this one shows it at once. After a failover to the other
/// one the commit may be lost, and its positions are assigned again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_shown_when_the_primary_shows_it() {
    const EVENTS: &str = "{ events(first: 100) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let shop = ReplicatedShop::start().await;
    let ([server, _], primary) = (&shop.servers, shop.cluster.port.as_str());
    let configure = async |setting: &str| {
        for sql in [format!("ALTER SYSTEM {setting}").as_str(), "SELECT pg_reload_conf()"] {
            shop.cluster.execute_on(primary, sql).await;
        }
    };
    // Without effect before the second setting.
    configure("SET synchronous_standby_names = 'missing'").await;
    server.register("a@x.io").await;
    shop.replicate().await;
    configure("SET synchronous_commit = on").await;
    let is_set = "SELECT 1 WHERE current_setting('synchronous_commit') = 'on'";
    let connection = shop.cluster.database(primary).await;
    wait_for(&connection, is_set, 1).await;
    connection.close().await.expect("the connection closes");
    let admin = server.admin_with(&shop.tokens);
    let events = async || admin.query(EVENTS).await.data()["events"].clone();
    let ctx = AdminCtx::system(Arc::clone(&server.app));
    let reading = async {
        let standby = shop.cluster.database(&shop.standby.port).await;
        wait_for(&standby, "SELECT 1 FROM journal_position WHERE position > 0", 1).await;
        standby.close().await.expect("the connection closes");
        let reads = shop.of_replica(server, "reads_total").await;
        let nothing = json!({"nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}});
        assert_eq!(events().await, nothing);
        assert!(shop.of_replica(server, "reads_total").await > reads);
        configure("RESET synchronous_standby_names").await;
    };
    let (published, ()) = tokio::join!(worker::publish(&ctx), reading);
    let published = published.expect("the primary confirms the commit");
    shop.replicate().await;
    let reads = shop.of_replica(server, "reads_total").await;
    assert_eq!(events().await["nodes"].as_array().expect("a list").len(), published);
    assert!(shop.of_replica(server, "reads_total").await > reads);
    shop.stop().await;
}
