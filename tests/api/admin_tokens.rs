//! `POST /api/user/tokens`, `POST /api/user/token/refresh` and `POST /api/user/token/revoke`, and the events that end a
//! token.

use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode;
use patron::app::ctx::AdminCtx;
use patron::entity::{admin_session, journal_entry};
use patron::service::admin;
use patron::types::{EmailAddress, EventKind, Password};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, TestApp, TestResponse, apply, on_both_databases, sign,
};

async fn query_with_token(app: &TestApp, token: &str) -> TestResponse {
    let request = app.anonymous().request(reqwest::Method::POST, "/api/admin/graphql");
    let request = request.bearer_auth(token).json(&json!({"query": "{customers{total}}"}));
    app.anonymous().send(request).await
}

async fn refresh(app: &TestApp, token: &Value) -> TestResponse {
    app.anonymous().post("/api/user/token/refresh", &json!({"refreshToken": token})).await
}

/// The next pair of tokens.
async fn next(app: &TestApp, pair: &Value) -> Value {
    refresh(app, &pair["refreshToken"]).await.data()
}

async fn revoke(app: &TestApp, token: &Value) -> TestResponse {
    app.anonymous().post("/api/user/token/revoke", &json!({"refreshToken": token})).await
}

async fn is_logged_in(app: &TestApp, pair: &Value) -> bool {
    let response = query_with_token(app, pair["accessToken"].as_str().unwrap()).await;
    assert!(response.status == 200 || response.status == 401, "{response:?}");
    response.status == 200
}

async fn set_password(app: &TestApp, password: &str) {
    let (email, password) =
        (EmailAddress::parse_local(ADMIN_EMAIL).unwrap(), Password::new(password.into()).unwrap());
    admin::set_password(&AdminCtx::system(app.app.clone()), &email, &password).await.unwrap();
}

async fn sessions(app: &TestApp) -> u64 {
    admin_session::Entity::find().count(app.app.db.writer()).await.unwrap()
}

/// The journal entries about admin sessions, oldest first.
async fn journal(app: &TestApp) -> Vec<journal_entry::Model> {
    use journal_entry::Column::{JournalEntryId, Kind};
    let kinds = [EventKind::AdminSessionCreated, EventKind::AdminSessionRevoked];
    let select = journal_entry::Entity::find().filter(Kind.is_in(kinds)).order_by_asc(JournalEntryId);
    select.all(app.app.db.writer()).await.unwrap()
}

async fn disable(app: &TestApp) {
    let email = EmailAddress::parse_local(ADMIN_EMAIL).unwrap();
    admin::set_status(&AdminCtx::system(app.app.clone()), &email, false).await.unwrap();
}

#[apply(on_both_databases!)]
async fn login_and_refresh_return_tokens(app: &TestApp) {
    let response = app
        .anonymous()
        .post("/api/user/tokens", &json!({"email": "ADMIN@LOCALHOST", "password": ADMIN_PASSWORD}))
        .await;
    assert_eq!(response.status, 200);
    let pair = response.data();
    assert_eq!(pair.as_object().unwrap().keys().collect::<Vec<_>>(), ["accessToken", "refreshToken"]);
    let next = refresh(app, &pair["refreshToken"]).await.data();
    for token in [&pair["accessToken"], &next["accessToken"]] {
        assert_eq!(query_with_token(app, token.as_str().unwrap()).await.status, 200);
    }
}

#[apply(on_both_databases!)]
async fn claims_match_those_of_evershop(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let claims: Value = insecure_decode(pair["accessToken"].as_str().unwrap()).unwrap().claims;
    let now = app.now().timestamp();
    assert_eq!(claims["user"]["email"], ADMIN_EMAIL);
    assert_eq!(
        claims["user"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["admin_user_id", "email", "full_name", "id", "roles", "status", "uuid"]
    );
    let names = ["admin_user_id", "id", "roles", "status"].map(|name| &claims["user"][name]);
    assert_eq!(names, [&json!(1), &json!(1), &json!("*"), &json!(1)]);
    for (claim, value) in [
        ("tokenType", json!("admin")),
        ("tokenKind", json!("access")),
        ("aud", json!("admin")),
        ("iss", json!("evershop")),
        ("iat", json!(now)),
        ("exp", json!(now + 900)),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    let claims: Value = insecure_decode(pair["refreshToken"].as_str().unwrap()).unwrap().claims;
    assert_eq!((&claims["tokenKind"], &claims["exp"]), (&json!("refresh"), &json!(now + 54_000)));
}

#[apply(on_both_databases!)]
async fn wrong_unknown_and_disabled_receive_the_same_response(app: &TestApp) {
    let attempt = async |email: &str, password: &str| {
        app.anonymous().post("/api/user/tokens", &json!({"email": email, "password": password})).await
    };
    let mut responses = vec![
        attempt(ADMIN_EMAIL, "not the password").await,
        attempt("nobody@localhost", ADMIN_PASSWORD).await,
        attempt("no address", ADMIN_PASSWORD).await,
        attempt(ADMIN_EMAIL, "").await,
    ];
    disable(app).await;
    responses.push(attempt(ADMIN_EMAIL, ADMIN_PASSWORD).await);
    for response in responses {
        response.assert_failure(401, "unauthenticated");
        assert_eq!(response.message(), "Invalid email or password");
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    }
}

#[apply(on_both_databases!)]
async fn disabling_an_admin_ends_its_tokens_at_once(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    // A token that was accepted before is remembered, but not its account.
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 200);
    disable(app).await;
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 401);
    refresh(app, &pair["refreshToken"]).await.assert_failure(401, "unauthenticated");
}

/// The clock stands still: the new password is set in the same second in which the old token was issued.
#[apply(on_both_databases!)]
async fn a_new_password_ends_the_tokens_of_the_old_one(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 200);
    let (email, password) =
        (EmailAddress::parse_local(ADMIN_EMAIL).unwrap(), Password::new("another good one".into()).unwrap());
    admin::set_password(&AdminCtx::system(app.app.clone()), &email, &password).await.unwrap();
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 401);
    assert_eq!(refresh(app, &pair["refreshToken"]).await.status, 401);
    let pair = app.admin_tokens(ADMIN_EMAIL, "another good one").await;
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 200);
}

#[apply(on_both_databases!)]
async fn tokens_expire(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    app.app.clock.advance(TimeDelta::seconds(899));
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 200);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(query_with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 401);
    app.app.clock.advance(TimeDelta::seconds(53_099));
    assert_eq!(refresh(app, &pair["refreshToken"]).await.status, 200);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(refresh(app, &pair["refreshToken"]).await.status, 401);
}

/// An invalid token is 401 on every route; it is never treated as an anonymous request.
/// The claims of a token, changed.
fn claims_of(token: &str, change: fn(&mut Value)) -> Value {
    let mut claims: Value = insecure_decode(token).unwrap().claims;
    change(&mut claims);
    claims
}

/// Tokens that are made of a valid pair and are not valid, with what is wrong with them.
fn invalid_tokens(pair: &Value) -> Vec<(&'static str, String)> {
    let good = pair["accessToken"].as_str().unwrap();
    let (header, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let signed = |change: fn(&mut Value)| sign("admin", &claims_of(good, change));
    let without = |name: &str| {
        let mut claims = claims_of(good, |_| ());
        claims.as_object_mut().unwrap().remove(name).unwrap();
        sign("admin", &claims)
    };
    let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
    let hs512 = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9";
    vec![
        ("malformed", "abc".to_owned()),
        ("cut", good[..good.len() - 2].to_owned()),
        ("alg none, unsigned", format!("{none}.{claims}.")),
        ("alg none, signed", format!("{none}.{claims}.{signature}")),
        ("another algorithm", format!("{hs512}.{claims}.{signature}")),
        (
            "signature of another token",
            format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>()),
        ),
        ("a refresh token", pair["refreshToken"].as_str().unwrap().to_owned()),
        ("wrong audience", signed(|c| c["aud"] = "customer".into())),
        ("wrong type", signed(|c| c["tokenType"] = "customer".into())),
        ("wrong kind", signed(|c| c["tokenKind"] = "refresh".into())),
        ("wrong issuer", signed(|c| c["iss"] = "someone".into())),
        ("no issuer", without("iss")),
        ("an admin signed with the customers' key", sign("customer", &claims_of(good, |_| ()))),
        ("unknown account", signed(|c| c["user"]["uuid"] = "433ba97f-8be7-4be9-be3f-a9f341f2b89f".into())),
        ("later generation", signed(|c| c["gen"] = 1.into())),
        ("expired", signed(|c| c["exp"] = 1_000_000.into())),
        ("no expiry", without("exp")),
    ]
}

#[apply(on_both_databases!)]
async fn invalid_tokens_are_refused(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let good = pair["accessToken"].as_str().unwrap();
    let same = sign("admin", &claims_of(good, |_| ()));
    assert_eq!(query_with_token(app, &same).await.status, 200, "the test signs correctly");
    for (what, token) in invalid_tokens(&pair) {
        let response = query_with_token(app, &token).await;
        assert_eq!((response.status, response.graphql_code()), (401, "UNAUTHENTICATED"), "{what}");
        let request = app.anonymous().request(reqwest::Method::POST, "/api/customers").bearer_auth(&token);
        let response = app
            .anonymous()
            .send(request.json(&json!({"full_name": "A", "email": "a@x.io", "password": "correct horse"})))
            .await;
        response.assert_failure(401, "unauthenticated");
    }
    for header in ["Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer ", good] {
        let request =
            app.anonymous().request(reqwest::Method::POST, "/api/graphql").header("authorization", header);
        assert_eq!(
            app.anonymous().send(request.json(&json!({"query": "{__typename}"}))).await.status,
            401,
            "{header}"
        );
    }
    assert_eq!(app.customers().await, []);
}

#[apply(on_both_databases!)]
async fn missing_fields_are_reported(app: &TestApp) {
    let response = app.anonymous().post("/api/user/tokens", &json!({"password": 5})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(
        response.details(),
        [("email", "Email is required"), ("password", "Password must be a string")]
    );
    refresh(app, &Value::Null).await.assert_failure(400, "validation_failed");
    refresh(app, &json!("abc")).await.assert_failure(401, "unauthenticated");
}

#[apply(on_both_databases!)]
async fn reuse_of_a_superseded_token_ends_the_session(app: &TestApp) {
    let first = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let second = next(app, &first).await;
    let third = next(app, &second).await;
    assert!(is_logged_in(app, &first).await && is_logged_in(app, &third).await);
    // The first token is superseded: its child has been used. The token family ends, access tokens included.
    refresh(app, &first["refreshToken"]).await.assert_failure(401, "unauthenticated");
    refresh(app, &third["refreshToken"]).await.assert_failure(401, "unauthenticated");
    assert!(!is_logged_in(app, &first).await && !is_logged_in(app, &third).await);
    app.admin().query("{ customers { total } }").await.data();
}

/// Two tabs refresh at once, or a response is lost.
#[apply(on_both_databases!)]
async fn a_double_refresh_is_tolerated_until_a_child_is_used(app: &TestApp) {
    let first = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let (one, other) = (next(app, &first).await, next(app, &first).await);
    assert_ne!(one["refreshToken"], other["refreshToken"]);
    let ahead = next(app, &one).await;
    next(app, &ahead).await;
    // Only one of the two children is accepted.
    refresh(app, &other["refreshToken"]).await.assert_failure(401, "unauthenticated");
    assert!(!is_logged_in(app, &ahead).await);
}

#[apply(on_both_databases!)]
async fn concurrent_refreshes_all_succeed(app: &TestApp) {
    let first = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let responses =
        futures_util::future::join_all((0..20).map(|_| refresh(app, &first["refreshToken"]))).await;
    assert!(responses.iter().all(|response| response.status == 200), "{responses:?}");
    let counts = admin_session::Entity::find().order_by_desc(admin_session::Column::AdminSessionId);
    let session = counts.one(app.app.db.writer()).await.unwrap().unwrap();
    assert_eq!(session.refresh_count, 1, "concurrent refreshes count once");
}

#[apply(on_both_databases!)]
async fn logging_out_ends_only_this_session(app: &TestApp) {
    let (here, there) = (
        app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await,
        app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await,
    );
    let response = revoke(app, &here["refreshToken"]).await;
    assert_eq!((response.status, response.data()), (200, json!({})));
    assert!(!is_logged_in(app, &here).await && is_logged_in(app, &there).await);
    refresh(app, &here["refreshToken"]).await.assert_failure(401, "unauthenticated");
    for token in [&here["refreshToken"], &json!("abc"), &there["accessToken"]] {
        assert_eq!(revoke(app, token).await.status, 200, "revoking is idempotent");
    }
    assert!(is_logged_in(app, &there).await);
    revoke(app, &Value::Null).await.assert_failure(400, "validation_failed");
    // Tokens of the other kind of account end nothing.
    let customer = app.customer("a@x.io").await;
    revoke(app, &json!(customer.refresh_token)).await.data();
    assert_eq!(customer.query("{ currentCustomer { uuid } }").await.status, 200);
    app.anonymous()
        .post("/api/customer/token/revoke", &json!({"refreshToken": there["refreshToken"]}))
        .await
        .data();
    assert!(is_logged_in(app, &there).await);
}

#[apply(on_both_databases!)]
async fn disabling_and_a_new_password_end_all_sessions(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(sessions(app).await, 2, "the session of the test app and this one");
    set_password(app, "another good one").await;
    assert_eq!(sessions(app).await, 0);
    assert!(!is_logged_in(app, &pair).await);
    app.admin_tokens(ADMIN_EMAIL, "another good one").await;
    disable(app).await;
    assert_eq!(sessions(app).await, 0);
}

#[apply(on_both_databases!)]
async fn sessions_are_bounded_and_expired_ones_are_deleted(app: &TestApp) {
    let first = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    for _ in 0..50 {
        app.app.clock.advance(TimeDelta::milliseconds(1));
        app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    }
    assert_eq!(sessions(app).await, 50);
    assert!(!is_logged_in(app, &first).await, "the least recently used session ended");
    app.app.clock.advance(TimeDelta::days(1));
    patron::service::housekeeping::run_once(&AdminCtx::system(app.app.clone())).await.unwrap();
    assert_eq!(sessions(app).await, 0);
}

/// The journal records admin sessions as it records customer sessions.
#[apply(on_both_databases!)]
async fn logins_and_logouts_are_in_the_journal(app: &TestApp) {
    let before = journal(app).await.len();
    let first = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    revoke(app, &first["refreshToken"]).await.data();
    revoke(app, &first["refreshToken"]).await.data();
    set_password(app, "another good one").await;
    let entries = journal(app).await.split_off(before);
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.name()).collect();
    assert_eq!(kinds, ["admin_session.created", "admin_session.revoked", "admin_session.revoked"]);
    assert_eq!(
        (entries[0].record, &entries[0].data["session"]),
        (entries[1].record, &entries[1].data["session"])
    );
    assert_eq!((&entries[1].data["count"], &entries[2].data["count"]), (&json!(1), &json!(1)));
    assert!(
        entries
            .iter()
            .all(|entry| entry.data["admin"] == entries[0].data["admin"] && entry.customer_uuid.is_none())
    );
    assert_eq!(entries[0].ip_address.as_deref(), Some("127.0.0.1"));
}

/// Refreshing does not extend a session beyond that (ASVS 7.3.2), and no token outlives it.
#[apply(on_both_databases!)]
async fn a_session_ends_seven_days_after_the_login(app: &TestApp) {
    let (mut pair, start) = (app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await, app.now());
    let end = (start + TimeDelta::days(7)).timestamp();
    for _ in 0..12 {
        app.app.clock.advance(TimeDelta::hours(14) - TimeDelta::minutes(1));
        pair = next(app, &pair).await;
    }
    for (token, kind) in [("accessToken", "access"), ("refreshToken", "refresh")] {
        let claims: Value = insecure_decode(pair[token].as_str().unwrap()).unwrap().claims;
        assert_eq!((&claims["tokenKind"], &claims["exp"]), (&json!(kind), &json!(end)));
    }
    assert!(is_logged_in(app, &pair).await);
    app.app.clock.advance(start + TimeDelta::days(7) - app.now());
    assert!(!is_logged_in(app, &pair).await);
    refresh(app, &pair["refreshToken"]).await.assert_failure(401, "unauthenticated");
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert!(is_logged_in(app, &next(app, &pair).await).await);
}

/// An access token without a session is valid until it expires.
#[apply(on_both_databases!)]
async fn tokens_of_evershop_need_no_session(app: &TestApp) {
    let pair = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let mut claims: Value = insecure_decode(pair["accessToken"].as_str().unwrap()).unwrap().claims;
    claims.as_object_mut().unwrap().remove("sid").unwrap();
    assert_eq!(query_with_token(app, &sign("admin", &claims)).await.status, 200);
    claims["sid"] = "433ba97f-8be7-4be9-be3f-a9f341f2b89f".into();
    assert_eq!(query_with_token(app, &sign("admin", &claims)).await.status, 401, "there is no such session");
}
