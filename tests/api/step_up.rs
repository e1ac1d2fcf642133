//! Step-up: an admin with a second factor confirms with a code who it is, before it does what can't be undone.

use chrono::{SecondsFormat, TimeDelta};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_PASSWORD, Actor, Admin, CUSTOMER_PASSWORD, STEP, TestApp, TestResponse, apply, dump,
    on_both_databases,
};

const STEP_UP: &str = "/api/user/me/step-up";

/// How long a step-up lasts.
const DURATION: TimeDelta = TimeDelta::minutes(10);

/// The records that the actions change.
struct Records {
    customer: String,
    other_customer: String,
    admin: String,
    endpoint: String,
}

impl Records {
    async fn create(app: &TestApp, admin: &Admin<'_>) -> Self {
        let uuid = |row: Value| row["uuid"].as_str().unwrap().to_owned();
        let other = json!({"email": "other@localhost", "full_name": "Other", "password": ADMIN_PASSWORD});
        let endpoint = json!({"url": "https://hooks.example.com/", "events": ["*"]});
        Self {
            customer: uuid(app.register("a@x.io").await),
            other_customer: uuid(app.register("b@x.io").await),
            admin: uuid(admin.post("/api/users", &other).await.data()),
            endpoint: uuid(admin.post("/api/webhook-endpoints", &endpoint).await.data()),
        }
    }

    /// Every action that needs a step-up. They succeed in this order.
    fn actions(&self) -> [(Method, String, Value); 14] {
        let customer = format!("/api/customers/{}", self.customer);
        let (admin, endpoint) =
            (format!("/api/users/{}", self.admin), format!("/api/webhook-endpoints/{}", self.endpoint));
        let new_admin = json!({"email": "new@localhost", "full_name": "New", "password": ADMIN_PASSWORD});
        let bulk = json!({"action": "delete", "customers": [self.other_customer]});
        let factor = "/api/user/me/second-factor";
        let none = json!({});
        [
            (Method::PATCH, customer.clone(), json!({"full_name": "New", "password": "another good one"})),
            (Method::PATCH, customer.clone(), json!({"email": "new@x.io"})),
            (Method::POST, "/api/customers/bulk".to_owned(), bulk),
            (Method::DELETE, customer, none.clone()),
            (Method::POST, "/api/users".to_owned(), new_admin),
            (Method::PATCH, admin.clone(), json!({"full_name": "Renamed"})),
            (Method::DELETE, format!("{admin}/second-factor"), none.clone()),
            (
                Method::POST,
                "/api/webhook-endpoints".to_owned(),
                json!({"url": "https://hooks.example.com/b"}),
            ),
            (Method::PATCH, endpoint.clone(), json!({"url": "https://hooks.example.com/c"})),
            (Method::PATCH, endpoint.clone(), json!({"description": "ERP", "events": ["customer.*"]})),
            (Method::POST, format!("{endpoint}/secret"), none.clone()),
            (Method::DELETE, endpoint, none.clone()),
            (Method::POST, format!("{factor}/recovery-codes"), none.clone()),
            (Method::DELETE, factor.to_owned(), none),
        ]
    }
}

async fn send(admin: &Admin<'_>, (method, path, body): &(Method, String, Value)) -> TestResponse {
    admin.send(admin.request(method.clone(), path).json(body)).await
}

/// Whether the admin may do what needs a step-up. The request changes nothing.
async fn is_stepped_up(admin: &Admin<'_>) -> bool {
    let uuid = admin.query("{ me { uuid } }").await.data()["me"]["uuid"].clone();
    let response = admin.patch(&format!("/api/users/{}", uuid.as_str().unwrap()), &json!({})).await;
    if response.status != 200 {
        response.assert_failure(403, "step_up_required");
        assert_eq!(response.message(), "Confirm it is you: POST /api/user/me/step-up with a code");
    }
    response.status == 200
}

/// The end of the step-up, as GraphQL returns it.
async fn stepped_up_until(admin: &Admin<'_>) -> Value {
    admin.query("{ me { steppedUpUntil } }").await.data()["me"]["steppedUpUntil"].clone()
}

/// The end of a step-up that is given now.
fn end_from_now(app: &TestApp) -> Value {
    json!((app.now() + DURATION).to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[apply(on_both_databases!)]
async fn actions_are_refused_without_a_step_up(app: &TestApp) {
    let admin = app.admin();
    let factor = app.turn_factor_on(&admin).await;
    let records = Records::create(app, &admin).await;
    app.app.clock.advance(DURATION);
    let before = dump(app).await;
    for action in records.actions() {
        send(&admin, &action).await.assert_failure(403, "step_up_required");
    }
    assert!(dump(app).await == before, "a refused action changed something");
    // Other changes need none.
    let customer = format!("/api/customers/{}", records.customer);
    admin.patch(&customer, &json!({"full_name": "Renamed", "email": "a@x.io"})).await.data();
    let endpoint = format!("/api/webhook-endpoints/{}", records.endpoint);
    let same = json!({"description": "ERP", "url": "https://hooks.example.com/", "events": ["*"]});
    admin.patch(&endpoint, &same).await.data();
    let bulk = json!({"action": "disable", "customers": [records.other_customer]});
    admin.post("/api/customers/bulk", &bulk).await.data();
    // After it all succeed.
    admin.post(STEP_UP, &json!({"code": factor.code(app, 0)})).await.data();
    for action in records.actions() {
        let response = send(&admin, &action).await;
        assert!([200, 201].contains(&response.status), "{action:?}: {response:?}");
    }
    assert_eq!(app.customers().await, []);
}

/// Scripts that log in with a password keep working.
#[apply(on_both_databases!)]
async fn an_admin_without_a_factor_needs_no_step_up(app: &TestApp) {
    let admin = app.admin();
    let records = Records::create(app, &admin).await;
    let actions = records.actions();
    let (others, factor) = actions.split_last_chunk::<2>().unwrap();
    for action in others {
        let response = send(&admin, action).await;
        assert!([200, 201].contains(&response.status), "{action:?}: {response:?}");
    }
    for action in factor {
        let response = send(&admin, action).await;
        response.assert_failure(409, "conflict");
        assert_eq!(response.message(), "There is no second factor");
    }
}

#[apply(on_both_databases!)]
async fn a_step_up_lasts_ten_minutes_and_survives_a_refresh(app: &TestApp) {
    let factor = app.turn_factor_on(&app.admin()).await;
    app.app.clock.advance(DURATION);
    assert!(!is_stepped_up(&app.admin()).await);
    assert_eq!(stepped_up_until(&app.admin()).await, Value::Null);
    // A login with a code is one.
    let pair = app.log_in_with(&factor.code(app, 0)).await.data();
    assert_eq!(stepped_up_until(&app.admin_with(&pair)).await, end_from_now(app));
    assert!(!is_stepped_up(&app.admin()).await, "it belongs to the session");
    app.app.clock.advance(DURATION - TimeDelta::milliseconds(1));
    let refresh = json!({"refreshToken": pair["refreshToken"]});
    let pair = app.anonymous().post("/api/user/token/refresh", &refresh).await.data();
    let admin = app.admin_with(&pair);
    assert!(is_stepped_up(&admin).await);
    app.app.clock.advance(TimeDelta::milliseconds(1));
    assert!(!is_stepped_up(&admin).await);
    let stepped_up = admin.post(STEP_UP, &json!({"code": factor.code(app, 0)})).await;
    assert_eq!(stepped_up.data(), json!({"stepped_up_until": end_from_now(app)}));
    assert!(is_stepped_up(&admin).await);
    let query = r#"{ auditEntries(filter: {actions: ["admin_session.stepped_up"]}) { nodes { actor admin { email } } } }"#;
    let entries = admin.query(query).await.data()["auditEntries"]["nodes"].clone();
    assert_eq!(entries, json!([{"actor": "ADMIN", "admin": {"email": crate::support::ADMIN_EMAIL}}]));
}

/// A wrong code is counted even though the request fails.
#[apply(on_both_databases!)]
async fn wrong_codes_are_refused_and_delayed(app: &TestApp) {
    let admin = app.admin();
    let factor = app.turn_factor_on(&admin).await;
    app.app.clock.advance(DURATION);
    for body in [json!({}), json!({"password": ADMIN_PASSWORD})] {
        let missing = admin.post(STEP_UP, &body).await;
        missing.assert_failure(400, "validation_failed");
        assert_eq!(missing.details(), [("code", "Code is required")]);
    }
    for delay in ["1", "2"] {
        let wrong = admin.post(STEP_UP, &json!({"code": factor.wrong_code(app)})).await;
        wrong.assert_failure(400, "validation_failed");
        assert_eq!(wrong.details(), [("code", "The code is not valid")]);
        let delayed = admin.post(STEP_UP, &json!({"code": factor.code(app, 0)})).await;
        delayed.assert_failure(429, "rate_limited");
        assert_eq!(delayed.header("retry-after"), Some(delay));
        app.app.clock.advance(TimeDelta::seconds(delay.parse().unwrap()));
    }
    assert!(!is_stepped_up(&admin).await);
    // A login is delayed separately, so that an attacker with the password does not block the owner.
    let code = factor.code(app, 0);
    let pair = app.log_in_with(&code).await.data();
    let used = admin.post(STEP_UP, &json!({"code": code})).await;
    assert_eq!(used.details(), [("code", "The code is not valid")]);
    assert!(is_stepped_up(&app.admin_with(&pair)).await);
    app.app.clock.advance(STEP);
    admin.post(STEP_UP, &json!({"code": factor.recovery_codes[0]})).await.data();
    assert!(is_stepped_up(&admin).await);
}

#[apply(on_both_databases!)]
async fn of_concurrent_uses_of_a_code_one_succeeds(app: &TestApp) {
    let admin = app.admin();
    let factor = app.turn_factor_on(&admin).await;
    for code in [factor.code(app, 0), factor.recovery_codes[0].clone()] {
        let body = json!({"code": code});
        let attempts = (0..8).map(async |_| admin.post(STEP_UP, &body).await.status);
        let statuses = futures_util::future::join_all(attempts).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 400, 429].contains(status)), "{statuses:?}");
        app.app.clock.advance(TimeDelta::seconds(1));
    }
}

/// Without a second factor, the password confirms who it is.
#[apply(on_both_databases!)]
async fn an_admin_without_a_factor_steps_up_with_its_password(app: &TestApp) {
    let admin = app.admin();
    let missing = admin.post(STEP_UP, &json!({"code": "123456"})).await;
    assert_eq!(missing.details(), [("password", "Password is required")]);
    let wrong = admin.post(STEP_UP, &json!({"password": CUSTOMER_PASSWORD})).await;
    wrong.assert_failure(400, "validation_failed");
    assert_eq!(wrong.details(), [("password", "Password is incorrect")]);
    let delayed = admin.post(STEP_UP, &json!({"password": ADMIN_PASSWORD})).await;
    delayed.assert_failure(429, "rate_limited");
    app.app.clock.advance(TimeDelta::seconds(1));
    let stepped_up = admin.post(STEP_UP, &json!({"password": ADMIN_PASSWORD})).await;
    assert_eq!(stepped_up.data(), json!({"stepped_up_until": end_from_now(app)}));
    assert_eq!(stepped_up_until(&admin).await, end_from_now(app));
}
