//! Many tabs refresh at once: each receives a response, and the browser may keep any of them for the next refresh.

use std::collections::HashSet;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use patron::config::Flags;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply,
    on_both_databases,
};

/// The number of tabs: a dozen, and more than usual.
const TABS: [usize; 2] = [12, 50];

/// The kind of account that owns the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Account {
    Customer,
    Admin,
}

const ACCOUNTS: [Account; 2] = [Account::Customer, Account::Admin];

/// Logs in and returns the token pair. The customer's account must exist.
async fn log_in(app: &TestApp, account: Account) -> Value {
    let (path, body) = match account {
        Account::Customer => {
            ("/api/customer/tokens", json!({"email": "a@x.io", "password": CUSTOMER_PASSWORD}))
        }
        Account::Admin => ("/api/user/tokens", json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD})),
    };
    app.anonymous().post(path, &body).await.data()
}

async fn refresh(app: &TestApp, account: Account, pair: &Value) -> TestResponse {
    let path = match account {
        Account::Customer => "/api/customer/token/refresh",
        Account::Admin => "/api/user/token/refresh",
    };
    app.anonymous().post(path, &json!({"refreshToken": pair["refreshToken"]})).await
}

/// Refreshes and returns the new pair of tokens.
async fn next(app: &TestApp, account: Account, pair: &Value) -> Value {
    let response = refresh(app, account, pair).await;
    assert_eq!(response.status, 200, "{account:?}: {response:?}");
    response.data()
}

async fn assert_refused(app: &TestApp, account: Account, pair: &Value) {
    refresh(app, account, pair).await.assert_failure(401, "unauthenticated");
}

/// Whether the access token is valid.
async fn is_logged_in(app: &TestApp, account: Account, pair: &Value) -> bool {
    let (path, query) = match account {
        Account::Customer => ("/api/graphql", "{ currentCustomer { uuid } }"),
        Account::Admin => ("/api/admin/graphql", "{ customers { total } }"),
    };
    let token = pair["accessToken"].as_str().expect("an access token");
    let request = app.anonymous().request(Method::POST, path).bearer_auth(token);
    let response = app.anonymous().send(request.json(&json!({"query": query}))).await;
    assert!(response.status == 200 || response.status == 401, "{response:?}");
    response.status == 200
}

/// Refreshes concurrently with the same token, on these instances in turn. All refreshes succeed; their responses are
/// in the order of arrival.
async fn storm(apps: &[&TestApp], account: Account, pair: &Value, tabs: usize) -> Vec<Value> {
    let requests: FuturesUnordered<_> =
        (0..tabs).map(|tab| refresh(apps[tab % apps.len()], account, pair)).collect();
    let responses: Vec<TestResponse> = requests.collect().await;
    assert_eq!(responses.len(), tabs);
    for response in &responses {
        assert_eq!(response.status, 200, "{account:?}, {tabs} tabs: {response:?}");
    }
    responses.iter().map(TestResponse::data).collect()
}

/// The token of one response is accepted. After that, using another ends the session.
async fn assert_one_is_accepted(app: &TestApp, account: Account, used: &Value, other: &Value) {
    assert_ne!(used["refreshToken"], other["refreshToken"]);
    assert!(is_logged_in(app, account, used).await && is_logged_in(app, account, other).await, "{account:?}");
    let child = next(app, account, used).await;
    assert!(is_logged_in(app, account, &child).await, "{account:?}");
    assert_refused(app, account, other).await;
    assert_refused(app, account, &child).await;
    for pair in [used, other, &child] {
        assert!(!is_logged_in(app, account, pair).await, "{account:?}");
    }
}

#[apply(on_both_databases!)]
async fn the_first_response_is_valid_at_the_next_refresh(app: &TestApp) {
    app.register("a@x.io").await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        let pair = log_in(app, account).await;
        let responses = storm(&[app], account, &pair, tabs).await;
        assert_one_is_accepted(app, account, &responses[0], &responses[tabs - 1]).await;
    }
}

#[apply(on_both_databases!)]
async fn the_last_response_is_valid_at_the_next_refresh(app: &TestApp) {
    app.register("a@x.io").await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        let pair = log_in(app, account).await;
        let responses = storm(&[app], account, &pair, tabs).await;
        assert_one_is_accepted(app, account, &responses[tabs - 1], &responses[0]).await;
    }
}

/// The used response is one in the middle. The token that all refreshes used is superseded too.
#[apply(on_both_databases!)]
async fn a_used_response_supersedes_the_token_of_the_storm(app: &TestApp) {
    app.register("a@x.io").await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        let pair = log_in(app, account).await;
        let responses = storm(&[app], account, &pair, tabs).await;
        let child = next(app, account, &responses[tabs / 2]).await;
        assert_refused(app, account, &pair).await;
        assert_refused(app, account, &child).await;
        assert!(!is_logged_in(app, account, &child).await, "{account:?}");
    }
}

/// Several storms follow each other, and the browser keeps a different response each time.
#[apply(on_both_databases!)]
async fn repeated_storms_all_succeed(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let mut pair = log_in(app, account).await;
        for round in 0..4 {
            let responses = storm(&[app], account, &pair, 12).await;
            pair = responses[[0, 11, 5, 1][round]].clone();
            assert!(is_logged_in(app, account, &pair).await, "{account:?}, round {round}");
        }
        next(app, account, &pair).await;
    }
}

/// All responses to the first storm are lost.
#[apply(on_both_databases!)]
async fn a_storm_can_repeat_until_a_response_is_used(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let pair = log_in(app, account).await;
        let lost = storm(&[app], account, &pair, 12).await;
        let responses = storm(&[app], account, &pair, 12).await;
        assert_one_is_accepted(app, account, &responses[0], &lost[0]).await;
    }
}

/// A client that receives no response may repeat its refresh, and the first response stays valid.
#[apply(on_both_databases!)]
async fn the_first_response_stays_valid_after_fifty_repeats(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let pair = log_in(app, account).await;
        let mut responses = Vec::new();
        for _ in 0..50 {
            responses.push(next(app, account, &pair).await);
        }
        assert_one_is_accepted(app, account, &responses[0], &responses[49]).await;
    }
}

/// Two sessions of one account refresh at once, each in several tabs.
#[apply(on_both_databases!)]
async fn a_storm_affects_only_its_own_session(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let (here, there) = (log_in(app, account).await, log_in(app, account).await);
        let apps = [app];
        let (first, second) =
            tokio::join!(storm(&apps, account, &here, 12), storm(&apps, account, &there, 12));
        assert_one_is_accepted(app, account, &first[0], &first[11]).await;
        assert!(is_logged_in(app, account, &second[0]).await, "{account:?}");
        next(app, account, &second[0]).await;
    }
}

/// Each access token has its own id, and all are valid until the session ends.
#[apply(on_both_databases!)]
async fn each_response_has_a_different_access_token(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let pair = log_in(app, account).await;
        let responses = storm(&[app], account, &pair, 12).await;
        let tokens: HashSet<&str> =
            responses.iter().map(|response| response["accessToken"].as_str().unwrap()).collect();
        assert_eq!(tokens.len(), 12, "{account:?}");
        for response in &responses {
            assert!(is_logged_in(app, account, response).await, "{account:?}");
        }
    }
}

/// The tabs reach several instances on one database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_over_two_instances_succeeds() {
    let shared = |flags: Flags| {
        let secret = |role: &str| format!("a refresh secret of {role}, shared by instances");
        let flags = flags.with("JWT_CUSTOMER_REFRESH_SECRET", secret("customers"));
        flags.with("JWT_ADMIN_REFRESH_SECRET", secret("admins"))
    };
    let app = TestApp::start_with(Backend::Postgres, shared).await;
    app.register("a@x.io").await;
    let other = app.second_instance_with(shared).await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        for last_is_used in [false, true] {
            let pair = log_in(&app, account).await;
            let responses = storm(&[&app, &other], account, &pair, tabs).await;
            let (first, last) = (&responses[0], &responses[tabs - 1]);
            let (used, unused) = if last_is_used { (last, first) } else { (first, last) };
            assert_one_is_accepted(&other, account, used, unused).await;
        }
    }
    other.stop().await;
    app.stop().await;
}
