//! Logins and logouts at the storefront.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Browser, SECRET, count, customer_of_shop, log_in, shop_session, sid, signed, start, start_with, value,
};
use crate::support::{Actor, CUSTOMER_PASSWORD, apply, on_both_databases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_creates_a_session_of_the_shop() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let browser = Browser::new(&app, "sid", "visitor");
    let response = log_in(&browser, "A@x.io").await;
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")), "{response:?}");
    let sid = sid(&response);
    assert_eq!(sid.len(), 32);
    // The encoding of the cookie's library keeps `+`, which every decoder does.
    let cookie = format!("sid={}", signed(&sid, SECRET)).replace("%2B", "+");
    let expected = format!("{cookie}; HttpOnly; SameSite=Lax; Path=/; Max-Age=86400");
    assert_eq!(response.header("set-cookie"), Some(expected.as_str()));
    // The row as EverShop's session middleware reads it.
    let sess: Value = serde_json::from_str(&value(&app, "SELECT sess::text FROM session").await).unwrap();
    assert_eq!(sess["customerID"], row["customer_id"]);
    let cookie = json!({
        "originalMaxAge": 86_400_000, "expires": "2026-01-03T03:04:05.678Z", "httpOnly": true, "path": "/",
        "sameSite": "lax",
    });
    assert_eq!(sess["cookie"], cookie);
    assert_eq!(value(&app, "SELECT expire::text FROM session").await, "2026-01-03 03:04:05.678");
    assert_eq!(Browser::new(&app, "sid", &sid).status().await, 200);
    let query = "{ auditEntries(filter: {actions: [\"session.created\"]}) { nodes { action } } }";
    assert_eq!(app.admin().query(query).await.data()["auditEntries"]["nodes"].as_array().unwrap().len(), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_is_limited_and_creates_no_session() {
    let app = start().await;
    app.register("a@x.io").await;
    let body = |password: &str| json!({"email": "a@x.io", "password": password});
    let anonymous = app.anonymous();
    let wrong = anonymous.post("/customer/login", &body("wrong wrong")).await;
    wrong.assert_failure(401, "unauthenticated");
    assert_eq!((wrong.message(), wrong.header("set-cookie")), ("Invalid email or password", None));
    assert!(wrong.header("ratelimit-policy").unwrap().starts_with("\"passwords\""), "{wrong:?}");
    // The account is blocked for a second, also for tokens.
    anonymous.post("/customer/login", &body(CUSTOMER_PASSWORD)).await.assert_failure(401, "unauthenticated");
    anonymous
        .post("/api/customer/tokens", &body(CUSTOMER_PASSWORD))
        .await
        .assert_failure(401, "unauthenticated");
    anonymous.post("/customer/login", &json!({})).await.assert_failure(400, "validation_failed");
    let form = anonymous.request(Method::POST, "/customer/login").header("content-type", "text/plain");
    anonymous
        .send(form.body(body(CUSTOMER_PASSWORD).to_string()))
        .await
        .assert_failure(415, "unsupported_media_type");
    assert_eq!(count(&app, "session").await, "0");
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(anonymous.post("/customer/login", &body(CUSTOMER_PASSWORD)).await.status, 200);
    app.stop().await;
}

/// An attacker who knows the identifier of a visitor's session must not be logged in with the visitor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_replaces_the_session_and_keeps_the_cart() {
    let app = start().await;
    app.register("a@x.io").await;
    shop_session(&app, "visitor", "", 3600).await;
    app.run_as_shop("INSERT INTO cart (sid) VALUES ('visitor'), ('another')").await;
    let first = sid(&log_in(&Browser::new(&app, "sid", "visitor"), "a@x.io").await);
    assert_eq!(value(&app, "SELECT string_agg(sid, ' ') FROM session").await, first);
    assert_eq!(count(&app, &format!("cart WHERE sid = '{first}'")).await, "1");
    assert_eq!(count(&app, "cart WHERE sid = 'another'").await, "1");
    let second = sid(&log_in(&Browser::new(&app, "sid", &first), "a@x.io").await);
    assert_ne!(first, second);
    assert_eq!(Browser::new(&app, "sid", &first).status().await, 401);
    assert_eq!(count(&app, &format!("cart WHERE sid = '{second}'")).await, "1");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_takes_nothing_of_another_customer_or_of_a_forged_cookie() {
    let app = start().await;
    let other = app.register("other@x.io").await;
    app.register("a@x.io").await;
    customer_of_shop(&app, "others", &other).await;
    shop_session(&app, "victim", "", 3600).await;
    app.run_as_shop("INSERT INTO cart (sid) VALUES ('others'), ('victim')").await;
    assert_eq!(log_in(&Browser::new(&app, "sid", "others"), "a@x.io").await.status, 200);
    let forged = Browser { app: &app, cookie: format!("sid={}", signed("victim", "keyboard cat")) };
    assert_eq!(log_in(&forged, "a@x.io").await.status, 200);
    assert_eq!(Browser::new(&app, "sid", "others").status().await, 200);
    assert_eq!(count(&app, "cart WHERE sid IN ('others', 'victim')").await, "2");
    assert_eq!(count(&app, "session WHERE sid = 'victim'").await, "1");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_ends_the_session_and_removes_the_cookie() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let kept = customer_of_shop(&app, "kept", &row).await;
    for (method, number) in [(Method::POST, 1), (Method::GET, 2)] {
        let browser = customer_of_shop(&app, &format!("session{number}"), &row).await;
        let response = browser.send(browser.request(method, "/customer/logout")).await;
        assert_eq!((response.status, response.data()), (200, json!({})));
        let removed = "sid=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0";
        assert_eq!(response.header("set-cookie"), Some(removed));
        assert_eq!(browser.status().await, 401);
        // The second time there is nothing to end.
        let again = browser.send(browser.request(Method::POST, "/customer/logout")).await;
        assert_eq!((again.status, again.header("set-cookie")), (200, None));
    }
    assert_eq!(kept.status().await, 200);
    // The session of a visitor has the cart.
    shop_session(&app, "visitor", "", 3600).await;
    let visitor = Browser::new(&app, "sid", "visitor");
    let response = visitor.send(visitor.request(Method::POST, "/customer/logout")).await;
    assert_eq!((response.status, response.header("set-cookie")), (200, None));
    assert_eq!(count(&app, "session").await, "2");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_origins_neither_log_in_nor_out() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let browser = customer_of_shop(&app, "mine", &row).await;
    let body = json!({"email": "a@x.io", "password": CUSTOMER_PASSWORD});
    for (name, origin) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let login = browser.bare(Method::POST, "/customer/login").header(name, origin).json(&body);
        browser.send(login).await.assert_failure(403, "forbidden");
        for method in [Method::POST, Method::GET] {
            let logout = browser.bare(method, "/customer/logout").header(name, origin);
            browser.send(logout).await.assert_failure(403, "forbidden");
        }
    }
    assert_eq!(browser.status().await, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_login_with_a_key_gets_the_same_cookie() {
    let app = start().await;
    app.register("a@x.io").await;
    let body = json!({"email": "a@x.io", "password": CUSTOMER_PASSWORD});
    let login = async || {
        let request =
            app.anonymous().request(Method::POST, "/customer/login").header("idempotency-key", "k-1");
        app.anonymous().send(request.json(&body)).await
    };
    let (first, second) = (login().await, login().await);
    assert_eq!((first.status, second.header("idempotency-replayed")), (200, Some("true")));
    assert!(first.header("set-cookie").is_some());
    assert_eq!(first.header("set-cookie"), second.header("set-cookie"));
    assert_eq!(count(&app, "session").await, "1");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_has_at_most_fifty_sessions_at_the_shop() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    app.run_as_shop(&format!(
        "INSERT INTO session (sid, sess, expire) SELECT 's' || n, '{{\"customerID\": {}}}', \
         '2026-01-02 04:00:00'::timestamp + n * interval '1 minute' FROM generate_series(1, 55) AS n",
        row["customer_id"]
    ))
    .await;
    assert_eq!(log_in(&Browser::new(&app, "sid", "none"), "a@x.io").await.status, 200);
    assert_eq!(count(&app, "session").await, "50");
    // Those that expire first have ended.
    assert_eq!(count(&app, "session WHERE sid IN ('s1', 's6')").await, "0");
    assert_eq!(count(&app, "session WHERE sid IN ('s7', 's55')").await, "2");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_session_is_stored_in_the_time_zone_of_the_shop() {
    let app = start_with(&[("PATRON_EVERSHOP_TIMEZONE", "America/New_York")]).await;
    app.register("a@x.io").await;
    let sid = sid(&log_in(&Browser::new(&app, "sid", "visitor"), "a@x.io").await);
    assert_eq!(value(&app, "SELECT expire::text FROM session").await, "2026-01-02 22:04:05.678");
    app.app.clock.advance(chrono::TimeDelta::hours(24) - chrono::TimeDelta::seconds(1));
    assert_eq!(Browser::new(&app, "sid", &sid).status().await, 200);
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(Browser::new(&app, "sid", &sid).status().await, 401);
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn without_the_front_door_there_are_no_routes_of_the_shop(app: &TestApp) {
    let response = app.anonymous().post("/customer/login", &json!({})).await;
    response.assert_failure(404, "not_found");
    app.anonymous().post("/customer/logout", &json!({})).await.assert_failure(404, "not_found");
}
