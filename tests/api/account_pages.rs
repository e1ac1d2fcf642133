//! The pages that mailed links open are served completely and load nothing from other origins.

use reqwest::Method;

use crate::support::{Actor, apply, on_both_databases};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGES: [&str; 2] = ["/account/verify-email", "/account/reset-password"];
const FILES: [(&str, &str); 5] = [
    (PAGES[0], "text/html"),
    (PAGES[1], "text/html"),
    ("/account/account.js", "text/javascript"),
    ("/account/account.css", "text/css"),
    ("/account/shop.css", "text/css"),
];

#[apply(on_both_databases!)]
async fn pages_and_files_are_served(app: &TestApp) {
    for (path, media_type) in FILES {
        let response = app.anonymous().get(path).await;
        assert_eq!((response.status, response.header("content-type")), (200, Some(media_type)), "{path}");
        assert_eq!(response.header("content-security-policy"), Some(POLICY), "{path}");
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(response.header("cache-control"), Some("no-cache"), "{path}");

        let head = app.anonymous().send(app.anonymous().request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.header("content-type")), (200, Some(media_type)), "{path}");

        let etag = response.header("etag").unwrap();
        let request = app.anonymous().request(Method::GET, path).header("if-none-match", etag);
        let unchanged = app.anonymous().send(request).await;
        assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""), "{path}");
        assert_eq!(unchanged.header("content-security-policy"), Some(POLICY), "{path}");
        let request = app.anonymous().request(Method::GET, path).header("if-none-match", "W/\"older\"");
        assert_eq!(app.anonymous().send(request).await.status, 200, "{path}");
    }
}

#[apply(on_both_databases!)]
async fn pages_load_only_same_origin_files(app: &TestApp) {
    for path in PAGES {
        let page = app.anonymous().get(&format!("{path}?token=abc")).await;
        assert_eq!(page.status, 200, "{path}");
        for expected in
            ["<html lang=\"en\">", "<title>", "name=\"robots\" content=\"noindex\"", "name=\"viewport\""]
        {
            assert!(page.text.contains(expected), "{path}: {expected}");
        }
        // The policy would block inline code, and the page would not work.
        for refused in ["<style", " style=", "<script>", " onclick=", " onsubmit=", "//"] {
            assert!(!page.text.contains(refused), "{path}: {refused}");
        }
        let loaded: Vec<&str> = page.text.split('"').filter(|word| word.starts_with("account.")).collect();
        assert_eq!(loaded, ["account.css", "account.js"], "{path}");
    }
}

/// The forms of the pages, by the state that shows them. The script sends them.
#[apply(on_both_databases!)]
async fn a_page_whose_link_does_not_work_has_a_form_for_a_new_one(app: &TestApp) {
    for (path, route) in
        [(PAGES[0], "../api/customers/me/verify-email"), (PAGES[1], "../api/customers/reset-password")]
    {
        let page = app.anonymous().get(path).await;
        let section = page.text.split("data-state=\"refused incomplete\"").nth(1).expect("a section");
        let form = section.split("</form>").next().unwrap();
        assert!(form.contains(&format!("action=\"{route}\"")), "{path}: {form}");
        assert!(form.contains("name=\"email\"") && form.contains("Send a new link"), "{path}: {form}");
        // Only the customer can ask for another verification.
        assert_eq!(form.contains("name=\"password\""), path == PAGES[0], "{path}: {form}");
    }
}

#[apply(on_both_databases!)]
async fn other_paths_are_not_found(app: &TestApp) {
    for path in ["/account/nope.js", "/account/verify-email.html", "/account/", "/account/..%2faccount.rs"] {
        app.anonymous().get(path).await.assert_failure(404, "not_found");
    }
    for (path, _) in FILES {
        let response = app.anonymous().post(path, &serde_json::json!({"token": "abc"})).await;
        response.assert_failure(405, "method_not_allowed");
        assert_eq!(response.header("allow"), Some("GET,HEAD"), "{path}");
    }
}
