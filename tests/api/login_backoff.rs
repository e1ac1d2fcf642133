//! Login attempts: refusals reveal nothing, and repeated wrong passwords are delayed and limited.

use chrono::TimeDelta;
use patron::config::{Config, Flags, Values};
use patron::crypto::password_hasher::{Lane, PasswordHasher};
use patron::entity::{customer, throttle};
use patron::types::{Password, PasswordHash};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::json;

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply,
    on_both_databases,
};

async fn log_in(app: &TestApp, email: &str, password: &str) -> TestResponse {
    app.anonymous().post("/api/customer/tokens", &json!({"email": email, "password": password})).await
}

async fn set_hash(app: &TestApp, hash: &str) {
    let mut row = app.customers().await.remove(0).into_active_model();
    row.password = Set(PasswordHash::new(hash.to_owned()));
    row.update(app.app.db.writer()).await.unwrap();
}

async fn hash(app: &TestApp) -> String {
    app.customers().await[0].password.expose().to_owned()
}

/// The delay is 1 s and doubles with each wrong password, up to 15 minutes. A login during the delay is refused like a
/// wrong password.
#[apply(on_both_databases!)]
async fn each_wrong_password_doubles_the_delay(app: &TestApp) {
    app.register("a@x.io").await;
    for delay in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::milliseconds(delay * 1000 - 1));
        let refused = log_in(app, "A@X.io", CUSTOMER_PASSWORD).await;
        refused.assert_failure(401, "unauthenticated");
        assert_eq!(refused.message(), "Invalid email or password");
        assert_eq!(refused.header("retry-after"), None, "the refusal does not reveal the delay");
        app.app.clock.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
    // A successful login resets the delay to 1 s.
    log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
}

#[apply(on_both_databases!)]
async fn wrong_passwords_expire_after_twelve_hours(app: &TestApp) {
    app.register("a@x.io").await;
    for _ in 0..4 {
        log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(10));
    }
    app.app.clock.advance(TimeDelta::hours(12));
    log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
}

/// Of many concurrent login attempts, only those before the first wrong one are verified.
#[apply(on_both_databases!)]
async fn concurrent_login_attempts_are_limited(app: &TestApp) {
    app.register("a@x.io").await;
    let attempt = async |number: usize| {
        let password = if number == 20 { CUSTOMER_PASSWORD.to_owned() } else { format!("wrong {number}") };
        log_in(app, "a@x.io", &password).await.status
    };
    let statuses = futures_util::future::join_all((0..40).map(attempt)).await;
    assert!(statuses.iter().filter(|status| **status == 401).count() >= 39, "{statuses:?}");
    let count = throttle::Entity::find().all(app.app.db.writer()).await.unwrap();
    let account = count.iter().find(|row| row.key.starts_with("customer:")).unwrap();
    assert_eq!(account.count, 1, "the other attempts were refused without verification");
}

#[apply(on_both_databases!)]
async fn concurrent_correct_logins_all_succeed(app: &TestApp) {
    app.register("a@x.io").await;
    let statuses = futures_util::future::join_all(
        (0..12).map(async |_| log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status),
    )
    .await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let counted = throttle::Entity::find().all(app.app.db.writer()).await.unwrap();
    let counted: Vec<&str> = counted.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(counted, ["address:register:127.0.0.1"], "no wrong passwords are counted");
}

/// Attempts for unknown addresses are counted too, because the response time would reveal them otherwise. Keys don't
/// contain the address in plain text.
#[apply(on_both_databases!)]
async fn unknown_addresses_are_counted_alike(app: &TestApp) {
    for email in ["nobody@x.io", "Nobody@x.io", "no address"] {
        log_in(app, email, "wrong wrong").await.assert_failure(401, "unauthenticated");
    }
    let rows = throttle::Entity::find().all(app.app.db.writer()).await.unwrap();
    let mut keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(
        keys[0] == "address:customer:127.0.0.1"
            && keys[1].starts_with("customer:")
            && !rows.iter().any(|row| row.key.contains('@')),
        "{keys:?}"
    );
    assert_eq!(rows.iter().find(|row| row.key == keys[0]).unwrap().count, 3);
}

/// Login attempts of others don't affect existing sessions, nor a reset by mail.
#[apply(on_both_databases!)]
async fn the_owner_is_never_locked_out(app: &TestApp) {
    let device = app.customer("a@x.io").await;
    for _ in 0..12 {
        log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(20));
    }
    log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.assert_failure(401, "unauthenticated");
    let refreshed = app
        .anonymous()
        .post("/api/customer/token/refresh", &json!({"refreshToken": device.refresh_token}))
        .await;
    assert_eq!(refreshed.status, 200);
    let changed = device
        .post(
            "/api/customers/me/password",
            &json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"}),
        )
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(log_in(app, "a@x.io", "another good one").await.status, 200, "the change resets the delay");
    for _ in 0..12 {
        log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(20));
    }
    let token = app.reset_token("a@x.io").await;
    let reset = app
        .anonymous()
        .post("/api/customers/password", &json!({"token": token, "password": "yet another one"}))
        .await;
    // Password guessing continues, and the owner is logged in nevertheless.
    log_in(app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
    log_in(app, "a@x.io", "yet another one").await.assert_failure(401, "unauthenticated");
    let owner = device.with_tokens(&reset.data());
    assert_eq!(owner.query("{ currentCustomer { uuid } }").await.status, 200);
}

#[apply(on_both_databases!)]
async fn admin_logins_are_delayed(app: &TestApp) {
    let log_in = async |password: &str| {
        app.anonymous()
            .post("/api/user/tokens", &json!({"email": ADMIN_EMAIL, "password": password}))
            .await
            .status
    };
    assert_eq!(log_in("wrong wrong").await, 401);
    assert_eq!(log_in(ADMIN_PASSWORD).await, 401, "refused during the delay of a second");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(ADMIN_PASSWORD).await, 200);
}

/// Hashes of EverShop and of earlier releases are replaced; sessions continue, and no other column changes.
#[apply(on_both_databases!)]
async fn old_hashes_are_replaced_at_the_next_login(app: &TestApp) {
    let device = app.customer("a@x.io").await;
    let bcrypt = bcrypt::hash_with_result(CUSTOMER_PASSWORD, 4).unwrap();
    for old in
        [bcrypt.format_for_version(bcrypt::Version::TwoA), bcrypt.format_for_version(bcrypt::Version::TwoB)]
    {
        set_hash(app, &old).await;
        let before = app.customers().await.remove(0);
        assert_eq!(log_in(app, "a@x.io", "wrong wrong").await.status, 401);
        assert_eq!(hash(app).await, old, "a wrong password replaces nothing");
        app.app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
        let after = app.customers().await.remove(0);
        assert!(after.password.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        // The login writes an event, and its time is recorded.
        let (event_sequence, last_sign_in_at) = (before.event_sequence, before.last_sign_in_at);
        let password = before.password.clone();
        assert_eq!(customer::Model { password, event_sequence, last_sign_in_at, ..after }, before);
        let current = hash(app).await;
        assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
        assert_eq!(hash(app).await, current, "a hash with the current parameters stays");
    }
    device.query("{ currentCustomer { uuid } }").await.data();
    for broken in
        ["", "$2a$16$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2b$99$x", "plain text"]
    {
        set_hash(app, broken).await;
        app.app.clock.advance(TimeDelta::hours(1));
        assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 401);
    }
}

/// The login is refused even with the correct password. A new password replaces the hash.
#[apply(on_both_databases!)]
async fn a_stored_hash_that_costs_too_much_is_not_verified(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let flags = Flags::default().with("PATRON_HASH_MEMORY", "163840").with("PATRON_HASH_THREADS", "1");
    let costly_hasher =
        PasswordHasher::new(&Config::from_values(Values::only(&flags)).unwrap().hashing).unwrap();
    let password = Password::new(CUSTOMER_PASSWORD.into()).unwrap();
    let costly =
        costly_hasher.hash(&patron::db::BackgroundJob, Lane::System, &password, [7; 16]).await.unwrap();
    assert!(
        costly_hasher
            .verify(&patron::db::BackgroundJob, Lane::System, password.secret(), Some(&costly))
            .await
            .unwrap()
            .verdict
            .is_match()
    );
    set_hash(app, costly.expose()).await;
    for password in [CUSTOMER_PASSWORD, "wrong wrong"] {
        let refused = log_in(app, "a@x.io", password).await;
        refused.assert_failure(401, "unauthenticated");
        assert_eq!(refused.message(), "Invalid email or password");
        app.app.clock.advance(TimeDelta::minutes(1));
    }
    let change = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
    let refused = customer.post("/api/customers/me/password", &change).await;
    refused.assert_failure(400, "validation_failed");
    assert_eq!(hash(app).await, costly.expose());
    let path = format!("/api/customers/{}", app.customers().await[0].uuid);
    assert_eq!(app.admin().patch(&path, &json!({"password": CUSTOMER_PASSWORD})).await.status, 200);
    app.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(log_in(app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
}

/// After too many failures, for any accounts, a network address receives 429 for ten minutes, even with correct
/// passwords.
async fn a_network_address_is_limited(backend: Backend) {
    let app = TestApp::start_with(backend, |flags| flags.with("PATRON_FAILURES_PER_ADDRESS", "5")).await;
    app.register("a@x.io").await;
    for number in 0..5 {
        log_in(&app, &format!("b{number}@x.io"), "wrong wrong").await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(60));
    }
    let limited = log_in(&app, "a@x.io", CUSTOMER_PASSWORD).await;
    limited.assert_failure(429, "rate_limited");
    assert_eq!(limited.header("retry-after"), Some("600"));
    // Admin logins and reset links have separate limits.
    assert_eq!(app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await.as_object().unwrap().len(), 2);
    let body = json!({"email": "a@x.io"});
    for _ in 0..5 {
        assert_eq!(app.anonymous().post("/api/customers/reset-password", &body).await.status, 200);
    }
    app.anonymous().post("/api/customers/reset-password", &body).await.assert_failure(429, "rate_limited");
    app.app.clock.advance(TimeDelta::seconds(600));
    assert_eq!(log_in(&app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_address_is_limited_sqlite() {
    a_network_address_is_limited(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_address_is_limited_postgres() {
    a_network_address_is_limited(Backend::Postgres).await;
}

/// Instances on one database share the counters.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_the_counters() {
    let one = TestApp::start(Backend::Postgres).await;
    one.register("a@x.io").await;
    let other = one.second_instance().await;
    log_in(&one, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
    log_in(&other, "a@x.io", CUSTOMER_PASSWORD).await.assert_failure(401, "unauthenticated");
    other.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(&other, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
    other.stop().await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_can_be_switched_off() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_RATE_LIMITS", "off")).await;
    app.register("a@x.io").await;
    for _ in 0..3 {
        log_in(&app, "a@x.io", "wrong wrong").await.assert_failure(401, "unauthenticated");
    }
    assert_eq!(log_in(&app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200);
    assert_eq!(throttle::Entity::find().count(app.app.db.writer()).await.unwrap(), 0);
    app.stop().await;
}
