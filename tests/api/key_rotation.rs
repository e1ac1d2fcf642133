//! Each kind of token has up to two keys. The current key signs, and both verify; the token's `kid` selects the key.

use jsonwebtoken::dangerous::insecure_decode;
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header};
use serde_json::{Value, json};

use crate::support::{Actor, Backend, CUSTOMER_SECRET, Customer, TestApp, apply, on_both_databases, sign};

const NEW_SECRET: &str = "the next secret of customers, 32 bytes";
const REFRESH_SECRET: &str = "the secret of refresh tokens, 32 bytes";
const NEW_REFRESH_SECRET: &str = "the next secret of refresh tokens, 32 bytes";

fn key_id(token: &str) -> String {
    decode_header(token).expect("the token has a header").kid.expect("the token has a kid")
}

fn claims(token: &str) -> Value {
    insecure_decode(token).expect("the token has claims").claims
}

/// Signs claims with this secret and sets this `kid`, which may be that of another key.
fn sign_as(key_id: &str, secret: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key_id.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes()))
        .expect("the claims are signed")
}

async fn is_accepted(app: &TestApp, token: &str) -> bool {
    let request = app.anonymous().request(reqwest::Method::POST, "/api/graphql").bearer_auth(token);
    let response =
        app.anonymous().send(request.json(&json!({"query": "{ currentCustomer { uuid } }"}))).await;
    match response.status {
        200 => response.data()["currentCustomer"]["uuid"].is_string(),
        _ => {
            assert_eq!((response.status, response.graphql_code()), (401, "UNAUTHENTICATED"));
            false
        }
    }
}

#[apply(on_both_databases!)]
async fn tokens_name_their_key_without_revealing_it(app: &TestApp) {
    let (one, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    assert_eq!(key_id(&one.token), key_id(&other.token));
    let admin = app.admin_tokens(crate::support::ADMIN_EMAIL, crate::support::ADMIN_PASSWORD).await;
    let tokens = [
        &one.token,
        &one.refresh_token,
        admin["accessToken"].as_str().unwrap(),
        admin["refreshToken"].as_str().unwrap(),
    ];
    let mut ids: Vec<String> = tokens.into_iter().map(key_id).collect();
    assert!(ids.iter().all(|id| id.len() == 16 && id.chars().all(|c| c.is_ascii_hexdigit())), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each kind has its own key");
    // One secret for all kinds has a different id for each kind.
    let same = app
        .another_with(|flags| {
            [
                "JWT_ADMIN_SECRET",
                "JWT_ADMIN_REFRESH_SECRET",
                "JWT_CUSTOMER_SECRET",
                "JWT_CUSTOMER_REFRESH_SECRET",
            ]
            .into_iter()
            .fold(flags, |flags, variable| flags.with(variable, CUSTOMER_SECRET))
        })
        .await;
    let third = same.customer("c@x.io").await;
    assert_ne!(key_id(&third.token), key_id(&third.refresh_token));
    assert_eq!(key_id(&third.token), key_id(&one.token), "instances derive the same id from the same secret");
    assert!(
        !is_accepted(&same, &third.refresh_token).await,
        "a refresh token is not accepted as an access token"
    );
    same.stop().await;
}

#[apply(on_both_databases!)]
async fn tokens_of_the_previous_key_are_accepted_until_its_removal(app: &TestApp) {
    let old_id = key_id(&app.customer("a@x.io").await.token);
    let with = async |current: &'static str, previous: Option<&'static str>| {
        app.another_with(|flags| {
            let flags = flags.with("JWT_CUSTOMER_SECRET", current);
            match previous {
                Some(previous) => flags.with("JWT_CUSTOMER_SECRET_PREVIOUS", previous),
                None => flags,
            }
        })
        .await
    };
    let both = with(NEW_SECRET, Some(CUSTOMER_SECRET)).await;
    let customer = both.customer("b@x.io").await;
    let new_id = key_id(&customer.token);
    assert_ne!(new_id, old_id, "the current key signs");
    let payload = claims(&customer.token);
    for (what, token, accepted) in [
        ("the current one", customer.token.clone(), true),
        ("the previous one", sign_as(&old_id, CUSTOMER_SECRET, &payload), true),
        // Tokens of EverShop and of releases before `kid`.
        ("the previous one, without a kid", sign("customer", &payload), true),
        ("an unknown kid", sign_as("0000000000000000", NEW_SECRET, &payload), false),
        ("an empty kid", sign_as("", NEW_SECRET, &payload), false),
        ("the new key under the old kid", sign_as(&old_id, NEW_SECRET, &payload), false),
        ("the old key under the new kid", sign_as(&new_id, CUSTOMER_SECRET, &payload), false),
        ("the kid of refresh tokens", sign_as(&key_id(&customer.refresh_token), NEW_SECRET, &payload), false),
        ("an unknown key", sign_as(&new_id, "a secret that is not a key, 32 b", &payload), false),
    ] {
        assert_eq!(is_accepted(&both, &token).await, accepted, "signed with {what}");
    }
    both.stop().await;

    let after = with(NEW_SECRET, None).await;
    let customer = after.customer("c@x.io").await;
    let payload = claims(&customer.token);
    assert!(is_accepted(&after, &customer.token).await);
    assert!(!is_accepted(&after, &sign_as(&old_id, CUSTOMER_SECRET, &payload)).await);
    assert!(!is_accepted(&after, &sign("customer", &payload)).await);
    after.stop().await;
}

/// Starts an instance with these secrets for access and refresh tokens of customers.
async fn instance(app: &TestApp, current: [&str; 2], previous: Option<[&str; 2]>) -> TestApp {
    app.second_instance_with(|flags| {
        let flags =
            flags.with("JWT_CUSTOMER_SECRET", current[0]).with("JWT_CUSTOMER_REFRESH_SECRET", current[1]);
        match previous {
            Some([access, refresh]) => flags
                .with("JWT_CUSTOMER_SECRET_PREVIOUS", access)
                .with("JWT_CUSTOMER_REFRESH_SECRET_PREVIOUS", refresh),
            None => flags,
        }
    })
    .await
}

/// Two instances on one database are restarted one after the other for each step. Each accepts the tokens of the other,
/// so no session ends. Only PostgreSQL can be shared by instances; `tests/program/cli/keys.rs` rotates keys on SQLite.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_while_instances_serve() {
    let app = TestApp::start(Backend::Postgres).await;
    let (old, new) = ([CUSTOMER_SECRET, REFRESH_SECRET], [NEW_SECRET, NEW_REFRESH_SECRET]);
    let steps = [(old, None), (old, Some(new)), (new, Some(old))];
    let row = app.register("a@x.io").await;
    let refresh = async |app: &TestApp, customer: &Customer<'_>| {
        let body = json!({"refreshToken": customer.refresh_token});
        app.anonymous().post("/api/customer/token/refresh", &body).await
    };
    for pair in steps.windows(2) {
        let behind = instance(&app, pair[0].0, pair[0].1).await;
        let ahead = instance(&app, pair[1].0, pair[1].1).await;
        for (here, there) in [(&behind, &ahead), (&ahead, &behind)] {
            let customer = here.log_in_customer(&row).await;
            assert!(is_accepted(there, &customer.token).await, "{pair:?}");
            let next = refresh(there, &customer).await.data();
            assert!(is_accepted(here, next["accessToken"].as_str().unwrap()).await, "{pair:?}");
        }
        behind.stop().await;
        ahead.stop().await;
    }
    // The last step removes the old keys, after their tokens have expired.
    let (before, after) = (instance(&app, new, Some(old)).await, instance(&app, new, None).await);
    let of_old = instance(&app, old, Some(new)).await;
    let (valid, ended) = (before.log_in_customer(&row).await, of_old.log_in_customer(&row).await);
    assert!(is_accepted(&after, &valid.token).await && !is_accepted(&after, &ended.token).await);
    refresh(&after, &ended).await.assert_failure(401, "unauthenticated");
    refresh(&after, &valid).await.data();
    for instance in [before, after, of_old, app] {
        instance.stop().await;
    }
}
