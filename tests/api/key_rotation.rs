//! Two keys for each kind of token: the current one signs, both verify, each by its name.

use jsonwebtoken::dangerous::insecure_decode;
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header};
use serde_json::{Value, json};

use crate::support::{Actor, Backend, CUSTOMER_SECRET, Customer, TestApp, apply, on_both_databases, sign};

const NEW_SECRET: &str = "the next secret of customers, 32 bytes";
const REFRESH_SECRET: &str = "the secret of refresh tokens, 32 bytes";
const NEW_REFRESH_SECRET: &str = "the next secret of refresh tokens, 32 bytes";

fn key_id(token: &str) -> String {
    decode_header(token).expect("it has a header").kid.expect("it names its key")
}

fn claims(token: &str) -> Value {
    insecure_decode(token).expect("it has claims").claims
}

/// Signs claims with a key that is told by this name, whether it is its own or not.
fn sign_as(key_id: &str, secret: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key_id.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).expect("it is signed")
}

async fn is_taken(app: &TestApp, token: &str) -> bool {
    let request = app.anonymous().request(reqwest::Method::POST, "/api/graphql").bearer_auth(token);
    let answer = app.anonymous().send(request.json(&json!({"query": "{ currentCustomer { uuid } }"}))).await;
    match answer.status {
        200 => answer.data()["currentCustomer"]["uuid"].is_string(),
        _ => {
            assert_eq!((answer.status, answer.graphql_code()), (401, "UNAUTHENTICATED"));
            false
        }
    }
}

#[apply(on_both_databases!)]
async fn tokens_name_their_key_and_give_nothing_of_it_away(app: &TestApp) {
    let (one, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    assert_eq!(key_id(&one.token), key_id(&other.token));
    let admin = app.log_in(crate::support::ADMIN_EMAIL, crate::support::ADMIN_PASSWORD).await;
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
    assert_eq!(ids.len(), 4, "each kind has a key of its own");
    // The same secret for all of them has a name for each.
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
    assert_eq!(key_id(&third.token), key_id(&one.token), "instances agree on the name without being told");
    assert!(!is_taken(&same, &third.refresh_token).await, "nor does it call the API");
    same.stop().await;
}

#[apply(on_both_databases!)]
async fn what_the_previous_key_signed_is_taken_until_it_is_gone(app: &TestApp) {
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
    let said = claims(&customer.token);
    for (what, token, taken) in [
        ("the current one", customer.token.clone(), true),
        ("the previous one", sign_as(&old_id, CUSTOMER_SECRET, &said), true),
        // EverShop's own, and those of before keys had names.
        ("the previous one, which is not named", sign("customer", &said), true),
        ("another name", sign_as("0000000000000000", NEW_SECRET, &said), false),
        ("no name", sign_as("", NEW_SECRET, &said), false),
        ("the name of the other", sign_as(&old_id, NEW_SECRET, &said), false),
        ("the name of the current one", sign_as(&new_id, CUSTOMER_SECRET, &said), false),
        ("the key of refresh tokens", sign_as(&key_id(&customer.refresh_token), NEW_SECRET, &said), false),
        ("a key that nobody knows", sign_as(&new_id, "a secret that nobody knows, 32 bytes", &said), false),
    ] {
        assert_eq!(is_taken(&both, &token).await, taken, "signed with {what}");
    }
    both.stop().await;

    let after = with(NEW_SECRET, None).await;
    let customer = after.customer("c@x.io").await;
    let said = claims(&customer.token);
    assert!(is_taken(&after, &customer.token).await);
    assert!(!is_taken(&after, &sign_as(&old_id, CUSTOMER_SECRET, &said)).await);
    assert!(!is_taken(&after, &sign("customer", &said)).await);
    after.stop().await;
}

/// Access and refresh tokens of customers, signed with these.
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

/// Two instances on one database, restarted one after the other for each step: what either of them signs is taken by
/// both, so nobody is logged out. Instances share PostgreSQL; `tests/program/cli/keys.rs` changes the keys of SQLite's only one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_while_instances_serve() {
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
            let customer = here.customer_again(&row).await;
            assert!(is_taken(there, &customer.token).await, "{pair:?}");
            let next = refresh(there, &customer).await.data();
            assert!(is_taken(here, next["accessToken"].as_str().unwrap()).await, "{pair:?}");
        }
        behind.stop().await;
        ahead.stop().await;
    }
    // The last step waits until what the old keys signed has expired: it is refused from then on.
    let (before, after) = (instance(&app, new, Some(old)).await, instance(&app, new, None).await);
    let of_old = instance(&app, old, Some(new)).await;
    let (kept, gone) = (before.customer_again(&row).await, of_old.customer_again(&row).await);
    assert!(is_taken(&after, &kept.token).await && !is_taken(&after, &gone.token).await);
    refresh(&after, &gone).await.assert_failure(401, "unauthenticated");
    refresh(&after, &kept).await.data();
    for instance in [before, after, of_old, app] {
        instance.stop().await;
    }
}
