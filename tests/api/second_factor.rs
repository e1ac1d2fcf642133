//! Second factors of admins: setting up, codes at the login, recovery codes, delays after wrong codes, and removal.

use chrono::TimeDelta;
use patron::entity::throttle;
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Admin, Backend, STEP, SecondFactor, TestApp, TestResponse, apply,
    dump, dump_contains, on_both_databases, recovery_codes,
};

const SETUP: &str = "/api/user/me/second-factor";
const CONFIRM: &str = "/api/user/me/second-factor/confirm";
const NEW_CODES: &str = "/api/user/me/second-factor/recovery-codes";

/// The calling admin.
async fn me(admin: &Admin<'_>) -> Value {
    let query = "{ me { email secondFactor secondFactorRequired recoveryCodesLeft } }";
    admin.query(query).await.data()["me"].clone()
}

#[track_caller]
fn assert_refused(response: &TestResponse) {
    response.assert_failure(401, "second_factor_invalid");
    assert_eq!(response.message(), "The code is not valid");
}

/// The audit entries of second factors, the oldest first.
async fn audit(admin: &Admin<'_>) -> Vec<(String, Value)> {
    let query = r#"{ auditEntries(filter: {actions: ["second_factor.*", "recovery_codes.*", "recovery_code.*"]}) {
        nodes { action admin { email } changes } } }"#;
    let entries = admin.query(query).await.data()["auditEntries"]["nodes"].as_array().unwrap().clone();
    let entry = |entry: &Value| {
        assert_eq!(entry["changes"], json!({}));
        (entry["action"].as_str().unwrap().to_owned(), entry["admin"]["email"].clone())
    };
    entries.iter().rev().map(entry).collect()
}

#[apply(on_both_databases!)]
async fn a_factor_is_set_up_in_two_steps(app: &TestApp) {
    let admin = app.admin();
    let wrong = admin.post(SETUP, &json!({"password": "wrong wrong"})).await;
    wrong.assert_failure(400, "validation_failed");
    assert_eq!(wrong.details(), [("password", "Password is incorrect")]);
    admin.post(CONFIRM, &json!({"code": "000000"})).await.assert_failure(409, "conflict");
    app.app.clock.advance(TimeDelta::seconds(1));
    let created = admin.post(SETUP, &json!({"password": ADMIN_PASSWORD})).await;
    assert_eq!((created.status, created.header("location")), (201, Some(SETUP)));
    assert_eq!(created.header("cache-control"), Some("no-store"));
    let secret = created.data()["secret"].as_str().unwrap().to_owned();
    let uri = created.data()["uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("otpauth://totp/patron%20") && uri.contains(&secret), "{uri}");
    assert_eq!(secret.len(), 32);
    // It is pending: a login needs no code.
    app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(me(&admin).await["secondFactor"], false);
    let factor = SecondFactor::of_secret(&json!(secret));
    let wrong = admin.post(CONFIRM, &json!({"code": factor.wrong_code(app)})).await;
    wrong.assert_failure(400, "validation_failed");
    assert_eq!(wrong.details(), [("code", "The code is not valid")]);
    app.app.clock.advance(TimeDelta::seconds(1));
    let code = factor.code(app, 0);
    let confirmed = admin.post(CONFIRM, &json!({"code": format!("{} {}", &code[..3], &code[3..])})).await;
    assert_eq!((confirmed.status, confirmed.header("cache-control")), (200, Some("no-store")));
    let codes = recovery_codes(&confirmed);
    let is_well_formed = |code: &String| {
        code.split('-').map(str::len).eq([5, 5]) && code.is_ascii() && *code == code.to_lowercase()
    };
    assert!(codes.len() == 10 && codes.iter().all(is_well_formed), "{codes:?}");
    let expected = json!({"email": ADMIN_EMAIL, "secondFactor": true, "secondFactorRequired": false, "recoveryCodesLeft": 10});
    assert_eq!(me(&admin).await, expected);
    for (path, body) in [(SETUP, json!({"password": ADMIN_PASSWORD})), (CONFIRM, json!({"code": code}))] {
        let again = admin.post(path, &body).await;
        again.assert_failure(409, "conflict");
        assert_eq!(again.message(), "A second factor is already on");
    }
    assert_eq!(audit(&admin).await, [("second_factor.enabled".to_owned(), json!(ADMIN_EMAIL))]);
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (ADMIN_EMAIL, "Your second factor is on"));
    assert!(mail.text.contains("Hello Admin,") && mail.text.contains("2026-01-02 03:04 UTC"), "{mail:?}");
}

#[apply(on_both_databases!)]
async fn a_secret_is_pending_for_an_hour(app: &TestApp) {
    let factor = app.new_factor(&app.admin()).await;
    app.app.clock.advance(TimeDelta::hours(1));
    let admin = app.log_in_admin().await;
    let late = admin.post(CONFIRM, &json!({"code": factor.code(app, 0)})).await;
    late.assert_failure(409, "conflict");
    // A new secret replaces an earlier one.
    let first = app.new_factor(&admin).await;
    let second = app.new_factor(&admin).await;
    let code = first.code(app, 0);
    admin.post(CONFIRM, &json!({"code": code})).await.assert_failure(400, "validation_failed");
    app.app.clock.advance(TimeDelta::seconds(1));
    admin.post(CONFIRM, &json!({"code": second.code(app, 0)})).await.data();
}

/// They began without a code.
#[apply(on_both_databases!)]
async fn turning_the_factor_on_ends_the_other_sessions(app: &TestApp) {
    let other = app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    app.turn_factor_on(&app.admin()).await;
    let refused = app.admin_with(&other).query("{ me { uuid } }").await;
    assert_eq!((refused.status, refused.graphql_code()), (401, "UNAUTHENTICATED"));
    let refresh = json!({"refreshToken": other["refreshToken"]});
    app.anonymous().post("/api/user/token/refresh", &refresh).await.assert_failure(401, "unauthenticated");
    assert_eq!(me(&app.admin()).await["secondFactor"], true);
}

#[apply(on_both_databases!)]
async fn a_login_needs_a_code(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    let log_in = async |password: &str, code: Value| {
        let body = json!({"email": ADMIN_EMAIL, "password": password, "code": code});
        app.anonymous().post("/api/user/tokens", &body).await
    };
    let without = json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD});
    let missing = app.anonymous().post("/api/user/tokens", &without).await;
    missing.assert_failure(401, "second_factor_required");
    assert_eq!(missing.message(), "A code of the second factor is required");
    // Only the right password reveals that there is a second factor.
    let refused = log_in("wrong wrong", json!(factor.code(app, 0))).await;
    refused.assert_failure(401, "unauthenticated");
    assert_eq!(refused.message(), "Invalid email or password");
    app.app.clock.advance(TimeDelta::seconds(1));
    for (code, message) in [(json!(123_456), "Code must be a string"), (Value::Null, "Code must be a string")]
    {
        let invalid = log_in(ADMIN_PASSWORD, code).await;
        invalid.assert_failure(400, "validation_failed");
        assert_eq!(invalid.details(), [("code", message)]);
    }
    let long = log_in(ADMIN_PASSWORD, json!("1".repeat(65))).await;
    assert_eq!(long.details(), [("code", "Code must be at most 64 characters")]);
    assert_refused(&log_in(ADMIN_PASSWORD, json!("")).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_refused(&log_in(ADMIN_PASSWORD, json!(factor.wrong_code(app))).await);
    app.app.clock.advance(TimeDelta::seconds(2));
    let pair = log_in(ADMIN_PASSWORD, json!(factor.code(app, 0))).await.data();
    assert_eq!(me(&app.admin_with(&pair)).await["email"], ADMIN_EMAIL);
}

#[apply(on_both_databases!)]
async fn a_code_is_accepted_once(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    let first = factor.code(app, 0);
    app.log_in_with(&first).await.data();
    assert_refused(&app.log_in_with(&first).await);
    app.app.clock.advance(STEP);
    // Of the next step first: then the code of the current step is not accepted any more.
    let (current, next) = (factor.code(app, 0), factor.code(app, 1));
    app.log_in_with(&next).await.data();
    assert_refused(&app.log_in_with(&current).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_refused(&app.log_in_with(&next).await);
    app.app.clock.advance(STEP * 2);
    app.log_in_with(&factor.code(app, 0)).await.data();
}

#[apply(on_both_databases!)]
async fn one_step_of_drift_is_accepted(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    app.app.clock.advance(STEP * 4);
    for (steps, delay) in [(-2, 1), (2, 2)] {
        assert_refused(&app.log_in_with(&factor.code(app, steps)).await);
        app.app.clock.advance(TimeDelta::seconds(delay));
    }
    for steps in [-1, 0, 1] {
        let response = app.log_in_with(&factor.code(app, steps)).await;
        assert_eq!(response.status, 200, "{steps}: {response:?}");
    }
}

#[apply(on_both_databases!)]
async fn each_recovery_code_is_accepted_once(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    app.deliver_mails().await;
    let [first, second, third, ..] = &factor.recovery_codes[..] else { panic!("there are ten") };
    app.log_in_with(first).await.data();
    assert_refused(&app.log_in_with(first).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    let typed = second.replace('-', "").to_uppercase();
    let admin = app.admin_with(&app.log_in_with(&typed).await.data());
    assert_eq!(me(&admin).await["recoveryCodesLeft"], 8);
    let subjects: Vec<String> = app.deliver_mails().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["A recovery code was used", "A recovery code was used"]);
    // New codes replace the unused ones.
    let created = admin.post(NEW_CODES, &json!({})).await;
    assert_eq!(created.header("cache-control"), Some("no-store"));
    let codes = recovery_codes(&created);
    assert!(codes.len() == 10 && codes.iter().all(|code| !factor.recovery_codes.contains(code)));
    assert_eq!(me(&admin).await["recoveryCodesLeft"], 10);
    assert_refused(&app.log_in_with(third).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    app.log_in_with(&codes[9]).await.data();
    let subjects: Vec<String> = app.deliver_mails().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["A recovery code was used", "You have new recovery codes"]);
    let actions: Vec<(String, Value)> = audit(&admin).await.split_off(1);
    let expected = [
        ("recovery_code.used", Value::Null),
        ("recovery_code.used", Value::Null),
        ("recovery_codes.created", json!(ADMIN_EMAIL)),
        ("recovery_code.used", Value::Null),
    ];
    assert_eq!(actions, expected.map(|(action, admin)| (action.to_owned(), admin)));
}

/// The right password does not reset the delay. A right code during the delay is refused and stays unused.
#[apply(on_both_databases!)]
async fn wrong_codes_are_delayed_like_wrong_passwords(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    for delay in [1, 2, 4, 8] {
        assert_refused(&app.log_in_with(&factor.wrong_code(app)).await);
        app.app.clock.advance(TimeDelta::milliseconds(delay * 1000 - 1));
        assert_refused(&app.log_in_with(&factor.code(app, 0)).await);
        app.app.clock.advance(TimeDelta::milliseconds(1));
    }
    app.log_in_with(&factor.code(app, 0)).await.data();
    let counted = throttle::Entity::find().all(app.app.db.writer()).await.unwrap();
    let counted: Vec<&str> = counted.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(counted, ["address:admin:127.0.0.1"], "the right code resets the count");
}

/// Instances on one database share the counts and the used codes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_codes_and_delays() {
    let sealed = |flags: patron::config::Flags| {
        flags.with("PATRON_SEALING_SECRET", "the same secret on both instances, 32 bytes")
    };
    let one = TestApp::start_with(Backend::Postgres, sealed).await;
    let other = one.second_instance_with(sealed).await;
    let factor = one.turn_factor_on(&one.admin()).await;
    other.app.clock.advance(STEP);
    let code = factor.code(&one, 0);
    assert_eq!(code, factor.code(&other, 0));
    assert_refused(&one.log_in_with(&factor.wrong_code(&one)).await);
    assert_refused(&other.log_in_with(&code).await);
    other.app.clock.advance(TimeDelta::seconds(1));
    other.log_in_with(&code).await.data();
    one.app.clock.advance(TimeDelta::seconds(1));
    assert_refused(&one.log_in_with(&code).await);
    other.stop().await;
    one.stop().await;
}

#[apply(on_both_databases!)]
async fn of_concurrent_logins_with_a_code_one_succeeds(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    for code in [factor.code(app, 0), factor.recovery_codes[0].clone()] {
        let attempts = (0..8).map(async |_| app.log_in_with(&code).await.status);
        let statuses = futures_util::future::join_all(attempts).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{code}: {statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 7, "{code}: {statuses:?}");
        app.app.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(me(&app.admin()).await["recoveryCodesLeft"], 9);
}

#[apply(on_both_databases!)]
async fn of_concurrent_confirmations_one_succeeds(app: &TestApp) {
    let admin = app.admin();
    let factor = app.new_factor(&admin).await;
    let body = json!({"code": factor.code(app, 0)});
    let attempts = (0..8).map(async |_| admin.post(CONFIRM, &body).await.status);
    let statuses = futures_util::future::join_all(attempts).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(audit(&admin).await.len(), 1);
}

/// Only the response that issues a secret contains it, also when the request is repeated with its key.
#[apply(on_both_databases!)]
async fn secrets_are_only_in_the_responses_that_issue_them(app: &TestApp) {
    let admin = app.admin();
    let send = async |path: &str, body: &Value| {
        let request = admin.request(Method::POST, path).header("idempotency-key", "the-key-of-this-test");
        admin.send(request.json(body)).await
    };
    let body = json!({"password": ADMIN_PASSWORD});
    let (created, again) = (send(SETUP, &body).await, send(SETUP, &body).await);
    assert_eq!(
        (created.text.as_str(), again.header("idempotency-replayed")),
        (again.text.as_str(), Some("true"))
    );
    let secret = created.data()["secret"].as_str().unwrap().to_owned();
    let factor = SecondFactor::of_secret(&json!(secret));
    let body = json!({"code": factor.code(app, 0)});
    let (confirmed, again) = (send(CONFIRM, &body).await, send(CONFIRM, &body).await);
    assert_eq!(confirmed.text, again.text);
    let codes = recovery_codes(&confirmed);
    let dump = dump(app).await;
    let hex: String = factor.secret().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dump_contains(&dump, &secret) && !dump.contains(&hex));
    assert!(codes.iter().all(|code| !dump_contains(&dump, code)));
    let query = "{ me { email updateApi } admins { nodes { email secondFactor } }
        auditEntries(first: 100) { nodes { action changes fields } } events(first: 100) { nodes { type data } } }";
    app.publish().await;
    let read = admin.query(query).await.text;
    assert!(read.contains("second_factor.enabled") && !read.contains(&secret), "{read}");
    assert!(codes.iter().all(|code| !read.contains(code)));
    let mail = app.one_mail().await;
    assert!(!mail.text.contains(&secret) && codes.iter().all(|code| !mail.text.contains(code)));
}

#[apply(on_both_databases!)]
async fn an_admin_turns_its_factor_off(app: &TestApp) {
    let admin = app.admin();
    admin.delete(SETUP).await.assert_failure(409, "conflict");
    let factor = app.turn_factor_on(&admin).await;
    app.deliver_mails().await;
    assert_eq!(admin.delete(SETUP).await.data(), json!({}));
    admin.delete(SETUP).await.assert_failure(409, "conflict");
    admin.post(NEW_CODES, &json!({})).await.assert_failure(409, "conflict");
    app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(me(&admin).await["recoveryCodesLeft"], 0);
    assert_eq!(app.one_mail().await.subject, "Your second factor is off");
    assert_eq!(audit(&admin).await[1], ("second_factor.disabled".to_owned(), json!(ADMIN_EMAIL)));
    // The next factor has another secret.
    let next = app.turn_factor_on(&admin).await;
    assert_ne!(next.secret(), factor.secret());
    assert_refused(&app.log_in_with(&factor.recovery_codes[0]).await);
}

/// Without a factor they would need no step-up any more.
#[apply(on_both_databases!)]
async fn turning_the_factor_off_ends_the_other_sessions(app: &TestApp) {
    let admin = app.admin();
    let factor = app.turn_factor_on(&admin).await;
    let other = app.log_in_with(&factor.code(app, 0)).await.data();
    assert_eq!(admin.delete(SETUP).await.data(), json!({}));
    let refused = app.admin_with(&other).query("{ me { uuid } }").await;
    assert_eq!((refused.status, refused.graphql_code()), (401, "UNAUTHENTICATED"));
    let refresh = json!({"refreshToken": other["refreshToken"]});
    app.anonymous().post("/api/user/token/refresh", &refresh).await.assert_failure(401, "unauthenticated");
    assert_eq!(me(&admin).await["secondFactor"], false);
}

#[apply(on_both_databases!)]
async fn removing_a_lost_factor_ends_the_sessions(app: &TestApp) {
    let admin = app.admin();
    app.turn_factor_on(&admin).await;
    let uuid = admin.query("{ me { uuid } }").await.data()["me"]["uuid"].as_str().unwrap().to_owned();
    let ann = json!({"email": "ann@shop.io", "full_name": "Ann", "password": ADMIN_PASSWORD});
    admin.post("/api/users", &ann).await.data();
    let ann = app.admin_with(&app.admin_tokens("ann@shop.io", ADMIN_PASSWORD).await);
    ann.delete(&format!("/api/users/{uuid}/second-factor")).await.data();
    let refused = admin.query("{ me { uuid } }").await;
    assert_eq!((refused.status, refused.graphql_code()), (401, "UNAUTHENTICATED"));
    assert_eq!(me(&ann).await["email"], "ann@shop.io");
}

/// With the setting, an admin without a second factor can do nothing but set it up.
#[apply(on_both_databases!)]
async fn the_settings_can_require_a_factor(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_ADMIN_SECOND_FACTOR", "required")).await;
    let admin = app.admin();
    for (method, path) in [
        (Method::POST, "/api/customer-groups"),
        (Method::POST, "/api/customers"),
        (Method::POST, "/api/users"),
        (Method::DELETE, SETUP),
    ] {
        let body = json!({"group_name": "VIP"});
        let refused = admin.send(admin.request(method, path).json(&body)).await;
        refused.assert_failure(403, "second_factor_setup_required");
    }
    let refused = admin.query("{ customers { total } }").await;
    assert_eq!(refused.graphql_code(), "SECOND_FACTOR_SETUP_REQUIRED");
    let body = json!({"query": "{ me { secondFactor secondFactorRequired } }"});
    let allowed = admin.post("/api/admin/graphql", &body).await.data();
    assert_eq!(allowed["me"], json!({"secondFactor": false, "secondFactorRequired": true}));
    let change = json!({"current_password": ADMIN_PASSWORD, "password": ADMIN_PASSWORD});
    let admin = app.admin_with(&admin.post("/api/user/me/password", &change).await.data());
    app.turn_factor_on(&admin).await;
    admin.post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    let refused = admin.delete(SETUP).await;
    refused.assert_failure(403, "forbidden");
    assert_eq!(refused.message(), "The settings require a second factor");
    app.stop().await;
}
