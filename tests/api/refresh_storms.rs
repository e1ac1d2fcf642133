//! Many tabs refresh at once: each is answered, and whichever answer the browser keeps is good at the next refresh.

use std::collections::HashSet;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use patron::config::Flags;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Answer, Backend, CUSTOMER_PASSWORD, TestApp, apply, on_both_databases,
};

/// Browsers with a dozen open tabs, and more than any browser has.
const TABS: [usize; 2] = [12, 50];

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Account {
    Customer,
    Admin,
}

const ACCOUNTS: [Account; 2] = [Account::Customer, Account::Admin];

/// Starts a session; the customer's account has to be there.
async fn log_in(app: &TestApp, account: Account) -> Value {
    let (path, body) = match account {
        Account::Customer => {
            ("/api/customer/tokens", json!({"email": "a@x.io", "password": CUSTOMER_PASSWORD}))
        }
        Account::Admin => ("/api/user/tokens", json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD})),
    };
    app.anonymous().post(path, &body).await.data()
}

async fn refresh(app: &TestApp, account: Account, pair: &Value) -> Answer {
    let path = match account {
        Account::Customer => "/api/customer/token/refresh",
        Account::Admin => "/api/user/token/refresh",
    };
    app.anonymous().post(path, &json!({"refreshToken": pair["refreshToken"]})).await
}

/// The next pair of tokens.
async fn next(app: &TestApp, account: Account, pair: &Value) -> Value {
    let answer = refresh(app, account, pair).await;
    assert_eq!(answer.status, 200, "{account:?}: {answer:?}");
    answer.data()
}

async fn assert_refused(app: &TestApp, account: Account, pair: &Value) {
    refresh(app, account, pair).await.assert_failure(401, "unauthenticated");
}

/// Whether the access token is good.
async fn is_in(app: &TestApp, account: Account, pair: &Value) -> bool {
    let (path, query) = match account {
        Account::Customer => ("/api/graphql", "{ currentCustomer { uuid } }"),
        Account::Admin => ("/api/admin/graphql", "{ customers { total } }"),
    };
    let token = pair["accessToken"].as_str().expect("an access token");
    let request = app.anonymous().request(Method::POST, path).bearer_auth(token);
    let answer = app.anonymous().send(request.json(&json!({"query": query}))).await;
    assert!(answer.status == 200 || answer.status == 401, "{answer:?}");
    answer.status == 200
}

/// So many refreshes at once with the same token, on these instances by turns: their answers in the order in which they
/// arrive, all of them good.
async fn storm(apps: &[&TestApp], account: Account, pair: &Value, tabs: usize) -> Vec<Value> {
    let requests: FuturesUnordered<_> =
        (0..tabs).map(|tab| refresh(apps[tab % apps.len()], account, pair)).collect();
    let answers: Vec<Answer> = requests.collect().await;
    assert_eq!(answers.len(), tabs);
    for answer in &answers {
        assert_eq!(answer.status, 200, "{account:?}, {tabs} tabs: {answer:?}");
    }
    answers.iter().map(Answer::data).collect()
}

/// The token of one answer is good. After that no other is, and the session ends.
async fn assert_one_is_taken(app: &TestApp, account: Account, used: &Value, other: &Value) {
    assert_ne!(used["refreshToken"], other["refreshToken"]);
    assert!(is_in(app, account, used).await && is_in(app, account, other).await, "{account:?}");
    let child = next(app, account, used).await;
    assert!(is_in(app, account, &child).await, "{account:?}");
    assert_refused(app, account, other).await;
    assert_refused(app, account, &child).await;
    for pair in [used, other, &child] {
        assert!(!is_in(app, account, pair).await, "{account:?}");
    }
}

#[apply(on_both_databases!)]
async fn the_first_answer_is_good_at_the_next_refresh(app: &TestApp) {
    app.register("a@x.io").await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        let pair = log_in(app, account).await;
        let answers = storm(&[app], account, &pair, tabs).await;
        assert_one_is_taken(app, account, &answers[0], &answers[tabs - 1]).await;
    }
}

#[apply(on_both_databases!)]
async fn the_last_answer_is_good_at_the_next_refresh(app: &TestApp) {
    app.register("a@x.io").await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        let pair = log_in(app, account).await;
        let answers = storm(&[app], account, &pair, tabs).await;
        assert_one_is_taken(app, account, &answers[tabs - 1], &answers[0]).await;
    }
}

/// Also an answer in the middle, and also the token that all of them came with.
#[apply(on_both_databases!)]
async fn the_token_of_the_storm_is_overtaken_with_its_answers(app: &TestApp) {
    app.register("a@x.io").await;
    for (account, tabs) in ACCOUNTS.into_iter().flat_map(|account| TABS.map(|tabs| (account, tabs))) {
        let pair = log_in(app, account).await;
        let answers = storm(&[app], account, &pair, tabs).await;
        let child = next(app, account, &answers[tabs / 2]).await;
        assert_refused(app, account, &pair).await;
        assert_refused(app, account, &child).await;
        assert!(!is_in(app, account, &child).await, "{account:?}");
    }
}

/// Tabs wake up together again and again, and the browser keeps another answer each time.
#[apply(on_both_databases!)]
async fn storms_follow_each_other(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let mut pair = log_in(app, account).await;
        for round in 0..4 {
            let answers = storm(&[app], account, &pair, 12).await;
            pair = answers[[0, 11, 5, 1][round]].clone();
            assert!(is_in(app, account, &pair).await, "{account:?}, round {round}");
        }
        next(app, account, &pair).await;
    }
}

/// The answers to a storm are lost on the way, all of them.
#[apply(on_both_databases!)]
async fn a_storm_repeats_while_no_answer_was_used(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let pair = log_in(app, account).await;
        let lost = storm(&[app], account, &pair, 12).await;
        let answers = storm(&[app], account, &pair, 12).await;
        assert_one_is_taken(app, account, &answers[0], &lost[0]).await;
    }
}

/// A client that never gets an answer asks as often as it wants, and the first answer stays good.
#[apply(on_both_databases!)]
async fn fifty_repeats_leave_the_first_answer_good(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let pair = log_in(app, account).await;
        let mut answers = Vec::new();
        for _ in 0..50 {
            answers.push(next(app, account, &pair).await);
        }
        assert_one_is_taken(app, account, &answers[0], &answers[49]).await;
    }
}

/// Two browsers of one account refresh at once, each with its own tabs.
#[apply(on_both_databases!)]
async fn a_storm_in_one_session_leaves_the_others_alone(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let (here, there) = (log_in(app, account).await, log_in(app, account).await);
        let apps = [app];
        let (mine, theirs) =
            tokio::join!(storm(&apps, account, &here, 12), storm(&apps, account, &there, 12));
        assert_one_is_taken(app, account, &mine[0], &mine[11]).await;
        assert!(is_in(app, account, &theirs[0]).await, "{account:?}");
        next(app, account, &theirs[0]).await;
    }
}

/// Each has an identifier, and all are good until the session ends.
#[apply(on_both_databases!)]
async fn each_access_token_of_a_storm_is_its_own(app: &TestApp) {
    app.register("a@x.io").await;
    for account in ACCOUNTS {
        let pair = log_in(app, account).await;
        let answers = storm(&[app], account, &pair, 12).await;
        let tokens: HashSet<&str> =
            answers.iter().map(|answer| answer["accessToken"].as_str().unwrap()).collect();
        assert_eq!(tokens.len(), 12, "{account:?}");
        for answer in &answers {
            assert!(is_in(app, account, answer).await, "{account:?}");
        }
    }
}

/// The tabs reach several instances on one database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_over_two_instances() {
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
            let answers = storm(&[&app, &other], account, &pair, tabs).await;
            let (first, last) = (&answers[0], &answers[tabs - 1]);
            let (used, unused) = if last_is_used { (last, first) } else { (first, last) };
            assert_one_is_taken(&other, account, used, unused).await;
        }
    }
    other.stop().await;
    app.stop().await;
}
