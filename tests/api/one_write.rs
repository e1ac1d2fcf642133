//! The single write transaction of a request: it is committed with its stored response, executed once per idempotency
//! key, and never open while the request waits for something else.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use patron::entity::idempotency_key;
use patron::types::PasswordHash;
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};

use super::coverage::operations;
use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Backend, CUSTOMER_PASSWORD, Customer, Mail, TestApp, TestResponse,
    apply, dump, on_both_databases,
};

/// A hash that takes much longer to verify than new ones.
const BCRYPT: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

async fn keyed(actor: &impl Actor, method: &Method, path: &str, key: &str, body: &Value) -> TestResponse {
    let request = actor.request(method.clone(), path).header("idempotency-key", key).json(body);
    actor.send(request).await
}

async fn stored_keys(app: &TestApp) -> u64 {
    idempotency_key::Entity::find().count(app.app.db.writer()).await.unwrap()
}

/// The caller of a mutation.
#[derive(Clone, Copy)]
enum Role {
    Anonymous,
    Customer,
    Admin,
}

/// The expected response to the second request with the same key and token.
#[derive(Clone, Copy, PartialEq)]
enum Repeat {
    /// The response of the first request.
    Replayed,
    /// 401, because the first request ended the token.
    Refused,
}

/// The records that a mutation needs; each mutation has its own.
struct Fixture<'a> {
    app: &'a TestApp,
    number: usize,
    customer: Customer<'a>,
    address: String,
}

impl<'a> Fixture<'a> {
    async fn new(app: &'a TestApp, number: usize) -> Self {
        let customer = app.customer(&format!("{number}@x.io")).await;
        let address = app.add_address(&customer.row, "US-CA", true).await;
        let address = address["uuid"].as_str().unwrap().to_owned();
        Self { app, number, customer, address }
    }

    async fn create(&self, path: &str, body: Value) -> String {
        self.app.admin().post(path, &body).await.data()["uuid"].as_str().unwrap().to_owned()
    }

    async fn group(&self) -> String {
        self.create("/api/customer-groups", json!({"group_name": format!("Group {}", self.number)})).await
    }

    async fn definition(&self) -> String {
        self.create("/api/metafield-definitions", self.new_definition()).await
    }

    async fn endpoint(&self) -> String {
        self.create("/api/webhook-endpoints", json!({"url": "https://hooks.example.com/", "events": ["*"]}))
            .await
    }

    fn new_definition(&self) -> Value {
        json!({"ownerType": "customer", "fieldKey": format!("field_{}", self.number), "name": "F", "fieldType": "integer"})
    }

    /// The token in the mail that was just sent to the customer.
    async fn mailed_token(&self) -> String {
        let (mails, email) = (self.app.deliver_mails().await, self.customer.row["email"].as_str().unwrap());
        let has_link = |mail: &&Mail| mail.to == email && mail.text.contains("#token=");
        mails.iter().find(has_link).expect("a link is mailed").token()
    }

    async fn admin_refresh_token(&self) -> Value {
        self.app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await["refreshToken"].clone()
    }

    /// The request for an operation of the OpenAPI document: role, path, body, and the expected response to a
    /// repetition.
    async fn request(&self, operation: &str) -> (Role, String, Value, Repeat) {
        use Repeat::{Refused, Replayed};
        use Role::{Admin, Anonymous, Customer};
        let uuid = self.customer.row["uuid"].as_str().unwrap();
        let (own, address) = (format!("/api/customers/{uuid}"), &self.address);
        let new_address = json!({
            "full_name": "J", "address_1": "1 Market Street", "postcode": "94103", "province": "US-CA", "country": "US",
        });
        let refresh = json!({"refreshToken": self.customer.refresh_token});
        let password = json!({"current_password": CUSTOMER_PASSWORD, "password": "another correct horse"});
        let credentials = json!({"email": self.customer.row["email"], "password": CUSTOMER_PASSWORD});
        match operation {
            "POST /api/customers" => {
                let email = format!("new{}@x.io", self.number);
                let body = json!({"full_name": "J", "email": email, "password": CUSTOMER_PASSWORD});
                (Anonymous, "/api/customers".to_owned(), body, Replayed)
            }
            "PATCH /api/customers/{uuid}" => (Admin, own, json!({"full_name": "New"}), Replayed),
            "DELETE /api/customers/{uuid}" => (Admin, own, json!({}), Replayed),
            "PATCH /api/customers/me" => (Customer, me(""), json!({"full_name": "New"}), Replayed),
            "DELETE /api/customers/me" => (Customer, me(""), json!({"password": CUSTOMER_PASSWORD}), Refused),
            "POST /api/customers/me/password" => (Customer, me("/password"), password, Refused),
            "POST /api/customers/me/verify-email" => (Customer, me("/verify-email"), json!({}), Replayed),
            "DELETE /api/customers/me/sessions" => (Customer, me("/sessions"), json!({}), Refused),
            "DELETE /api/customers/me/sessions/{id}" => {
                let other = self.app.log_in_customer(&self.customer.row).await;
                let query = "{ currentCustomer { sessions { id current } } }";
                let sessions = other.query(query).await.data()["currentCustomer"]["sessions"].clone();
                let current = sessions.as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
                (Customer, me(&format!("/sessions/{}", current["id"].as_str().unwrap())), json!({}), Replayed)
            }
            "PATCH /api/customers/me/metafields" | "PATCH /api/customers/{uuid}/metafields" => {
                self.definition().await;
                let field = format!("field_{}", self.number);
                let body = json!({"metafields": {"custom": {field: 7}}});
                match operation.contains("/me/") {
                    true => (Customer, me("/metafields"), body, Replayed),
                    false => (Admin, format!("{own}/metafields"), body, Replayed),
                }
            }
            "POST /api/customers/me/addresses" => (Customer, me("/addresses"), new_address, Replayed),
            "PATCH /api/customers/me/addresses/{address_uuid}" => {
                (Customer, me(&format!("/addresses/{address}")), json!({"city": "Oakland"}), Replayed)
            }
            "DELETE /api/customers/me/addresses/{address_uuid}" => {
                (Customer, me(&format!("/addresses/{address}")), json!({}), Replayed)
            }
            "POST /api/customers/{uuid}/addresses" => {
                (Admin, format!("{own}/addresses"), new_address, Replayed)
            }
            "PATCH /api/customers/{uuid}/addresses/{address_uuid}" => {
                (Admin, format!("{own}/addresses/{address}"), json!({"city": "Oakland"}), Replayed)
            }
            "DELETE /api/customers/{uuid}/addresses/{address_uuid}" => {
                (Admin, format!("{own}/addresses/{address}"), json!({}), Replayed)
            }
            "POST /api/customers/reset-password" => {
                let body = json!({"email": self.customer.row["email"]});
                (Anonymous, "/api/customers/reset-password".to_owned(), body, Replayed)
            }
            "POST /api/customers/password" => {
                self.app.deliver_mails().await;
                let body = json!({"email": self.customer.row["email"]});
                self.app.anonymous().post("/api/customers/reset-password", &body).await.data();
                let body = json!({"token": self.mailed_token().await, "password": "another correct horse"});
                (Anonymous, "/api/customers/password".to_owned(), body, Replayed)
            }
            "POST /api/customers/verify-email" => {
                let body = json!({"token": self.mailed_token().await});
                (Anonymous, "/api/customers/verify-email".to_owned(), body, Replayed)
            }
            "POST /api/customer-groups" => {
                let body = json!({"group_name": format!("New {}", self.number)});
                (Admin, "/api/customer-groups".to_owned(), body, Replayed)
            }
            "PATCH /api/customer-groups/{uuid}" => {
                let body = json!({"group_name": format!("Renamed {}", self.number)});
                (Admin, format!("/api/customer-groups/{}", self.group().await), body, Replayed)
            }
            "DELETE /api/customer-groups/{uuid}" => {
                (Admin, format!("/api/customer-groups/{}", self.group().await), json!({}), Replayed)
            }
            "POST /api/metafield-definitions" => {
                (Admin, "/api/metafield-definitions".to_owned(), self.new_definition(), Replayed)
            }
            "PATCH /api/metafield-definitions/{uuid}" => {
                let path = format!("/api/metafield-definitions/{}", self.definition().await);
                (Admin, path, json!({"name": "Renamed"}), Replayed)
            }
            "DELETE /api/metafield-definitions/{uuid}" => (
                Admin,
                format!("/api/metafield-definitions/{}", self.definition().await),
                json!({}),
                Replayed,
            ),
            "POST /api/webhook-endpoints" => {
                let body = json!({"url": "https://hooks.example.com/new"});
                (Admin, "/api/webhook-endpoints".to_owned(), body, Replayed)
            }
            "PATCH /api/webhook-endpoints/{uuid}" => {
                let path = format!("/api/webhook-endpoints/{}", self.endpoint().await);
                (Admin, path, json!({"description": "New"}), Replayed)
            }
            "DELETE /api/webhook-endpoints/{uuid}" => {
                (Admin, format!("/api/webhook-endpoints/{}", self.endpoint().await), json!({}), Replayed)
            }
            "POST /api/webhook-endpoints/{uuid}/secret" => (
                Admin,
                format!("/api/webhook-endpoints/{}/secret", self.endpoint().await),
                json!({}),
                Replayed,
            ),
            "POST /api/webhook-endpoints/{uuid}/replay" => (
                Admin,
                format!("/api/webhook-endpoints/{}/replay", self.endpoint().await),
                json!({}),
                Replayed,
            ),
            "POST /api/webhook-deliveries/{uuid}/replay" => {
                self.endpoint().await;
                self.app.admin().patch(&own, &json!({"full_name": "Renamed"})).await.data();
                self.app.publish().await;
                let query = "{ webhookDeliveries(first: 1) { nodes { uuid } } }";
                let deliveries = self.app.admin().query(query).await.data();
                let delivery =
                    deliveries["webhookDeliveries"]["nodes"][0]["uuid"].as_str().unwrap().to_owned();
                (Admin, format!("/api/webhook-deliveries/{delivery}/replay"), json!({}), Replayed)
            }
            "POST /api/customer/tokens" => {
                (Anonymous, "/api/customer/tokens".to_owned(), credentials, Replayed)
            }
            "POST /api/customer/token/refresh" => {
                (Anonymous, "/api/customer/token/refresh".to_owned(), refresh, Replayed)
            }
            "POST /api/customer/token/revoke" => {
                (Anonymous, "/api/customer/token/revoke".to_owned(), refresh, Replayed)
            }
            "POST /api/user/tokens" => {
                let body = json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD});
                (Anonymous, "/api/user/tokens".to_owned(), body, Replayed)
            }
            "POST /api/user/token/refresh" | "POST /api/user/token/revoke" => {
                let path = operation.trim_start_matches("POST ").to_owned();
                (Anonymous, path, json!({"refreshToken": self.admin_refresh_token().await}), Replayed)
            }
            other => panic!("{other} is in docs/openapi.json and has no case here"),
        }
    }
}

fn me(path: &str) -> String {
    format!("/api/customers/me{path}")
}

/// Each mutation of the OpenAPI document is sent twice with one key. The first request is executed. The second changes
/// nothing and receives the same response.
#[apply(on_both_databases!)]
async fn every_mutation_is_executed_once_per_key(app: &TestApp) {
    let mut seen = BTreeSet::new();
    for (number, (method, path, _)) in operations().into_iter().enumerate() {
        if method == Method::GET {
            continue;
        }
        let operation = format!("{method} {path}");
        assert!(seen.insert(operation.clone()));
        let fixture = Fixture::new(app, number).await;
        let (role, path, body, expected) = fixture.request(&operation).await;
        let key = format!("key-{number}");
        let send = async || match role {
            Role::Anonymous => keyed(&app.anonymous(), &method, &path, &key, &body).await,
            Role::Customer => keyed(&fixture.customer, &method, &path, &key, &body).await,
            Role::Admin => keyed(&app.admin(), &method, &path, &key, &body).await,
        };
        let keys = stored_keys(app).await;
        let first = send().await;
        assert!([200, 201].contains(&first.status), "{operation}: {first:?}");
        assert_eq!(stored_keys(app).await, keys + 1, "{operation}");
        let after = dump(app).await;
        let second = send().await;
        match expected {
            Repeat::Replayed => {
                assert_eq!((second.status, &second.text), (first.status, &first.text), "{operation}");
                assert_eq!(second.header("idempotency-replayed"), Some("true"), "{operation}");
            }
            Repeat::Refused => second.assert_failure(401, "unauthenticated"),
        }
        assert!(dump(app).await == after, "{operation} was done twice");
        // Rate limits of this case don't affect the next one.
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    assert!(seen.len() >= 35, "{seen:?}");
}

/// Once an account has an old hash, refused logins take as long as its verification. Eight of them with keys once held
/// the write connection (SQLite) or every connection (PostgreSQL) for that time.
#[apply(on_both_databases!)]
async fn refused_logins_with_a_key_do_not_block_writes(app: &TestApp) {
    app.register("a@x.io").await;
    let mut row = app.customers().await.remove(0).into_active_model();
    row.password = Set(PasswordHash::new(BCRYPT.to_owned()));
    row.update(app.app.db.writer()).await.unwrap();
    let wrong = json!({"email": "a@x.io", "password": "wrong wrong wrong"});
    app.anonymous().post("/api/customer/tokens", &wrong).await.assert_failure(401, "unauthenticated");
    let send = async |number: usize| {
        let body = json!({"email": format!("nobody{number}@x.io"), "password": "wrong wrong wrong"});
        keyed(&app.anonymous(), &Method::POST, "/api/customer/tokens", &format!("k{number}"), &body).await
    };
    let mut logins = std::pin::pin!(futures_util::future::join_all((0..8).map(send)).fuse());
    let mut registered = 0;
    loop {
        let body =
            json!({"full_name": "J", "email": format!("{registered}@x.io"), "password": CUSTOMER_PASSWORD});
        let actor = app.anonymous();
        let registration = std::pin::pin!(actor.post("/api/customers", &body).fuse());
        // The first to end; the other continues.
        match futures_util::future::select(&mut logins, registration).await {
            futures_util::future::Either::Left((responses, _)) => {
                for response in responses {
                    response.assert_failure(401, "unauthenticated");
                }
                break;
            }
            futures_util::future::Either::Right((response, _)) => {
                assert_eq!(response.status, 201, "{response:?}")
            }
        }
        registered += 1;
    }
    println!("{registered} registrations while the logins waited");
    assert!(registered >= 2, "registrations waited for refused logins");
    assert_eq!(stored_keys(app).await, 0, "a refused login is not stored");
}

/// Requests with invented tokens change nothing, so no idempotency keys are stored for them.
#[apply(on_both_databases!)]
async fn anonymous_requests_without_effect_store_nothing(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for number in 0..20 {
        for path in ["/api/customer/token/revoke", "/api/user/token/revoke"] {
            let body = json!({"refreshToken": format!("made up {number}")});
            let response = keyed(&app.anonymous(), &Method::POST, path, &format!("k{number}"), &body).await;
            assert_eq!((response.status, response.data()), (200, json!({})), "{path}");
        }
        let body = json!({"token": format!("made up {number}")});
        keyed(&app.anonymous(), &Method::POST, "/api/customers/verify-email", &format!("v{number}"), &body)
            .await
            .assert_failure(400, "validation_failed");
    }
    assert_eq!(stored_keys(app).await, 0);
    // A valid token ends its session, and the response is stored.
    let body = json!({"refreshToken": customer.refresh_token});
    let first = keyed(&app.anonymous(), &Method::POST, "/api/customer/token/revoke", "real", &body).await;
    let second = keyed(&app.anonymous(), &Method::POST, "/api/customer/token/revoke", "real", &body).await;
    assert_eq!((first.status, second.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!(stored_keys(app).await, 1);
}

/// Only the latest keys of a caller are kept; keys of other callers are unaffected.
#[apply(on_both_databases!)]
async fn keys_are_bounded_per_caller(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_IDEMPOTENCY_KEYS", "5")).await;
    let (one, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    let send = async |customer: &Customer<'_>, number: u32| {
        let body = json!({"full_name": format!("Name {number}")});
        keyed(customer, &Method::PATCH, "/api/customers/me", &format!("k{number}"), &body).await
    };
    assert_eq!(send(&other, 0).await.status, 200);
    for number in 0..20 {
        assert_eq!(send(&one, number).await.status, 200);
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    // Stored failures of a caller with a token count too.
    for number in 20..30 {
        let body = json!({"full_name": ""});
        let response = keyed(&one, &Method::PATCH, "/api/customers/me", &format!("k{number}"), &body).await;
        response.assert_failure(400, "validation_failed");
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    assert_eq!(stored_keys(&app).await, 6);
    assert_eq!(send(&other, 0).await.header("idempotency-replayed"), Some("true"));
    app.stop().await;
}

/// After a failure at COMMIT the whole transaction is retried, including the stored response of a request with a key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serialization_failure_at_commit_is_retried() {
    let app = TestApp::start(Backend::Postgres).await;
    let customer = app.customer("a@x.io").await;
    // Sequences are not rolled back: the first commit fails, the second doesn't.
    let fail_first_commit = r#"
        CREATE SEQUENCE commits;
        CREATE FUNCTION fail_first_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('commits') % 2 = 1 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER fail_first_commit AFTER UPDATE ON customer
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_first_commit();
    "#;
    app.app.db.writer().execute_unprepared(fail_first_commit).await.unwrap();
    let body = json!({"full_name": "New"});
    let first = keyed(&customer, &Method::PATCH, "/api/customers/me", "k", &body).await;
    assert_eq!((first.status, &first.data()["version"]), (200, &json!(2)), "{first:?}");
    let second = keyed(&customer, &Method::PATCH, "/api/customers/me", "k", &body).await;
    assert_eq!((second.text, second.headers.get("idempotency-replayed").is_some()), (first.text, true));
    let without_key = customer.patch("/api/customers/me", &json!({"full_name": "Newer"})).await;
    assert_eq!((without_key.status, &without_key.data()["version"]), (200, &json!(3)), "{without_key:?}");
    app.stop().await;
}
