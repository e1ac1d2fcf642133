//! The console is served from the same origin, to browsers that open the links of the API.

use reqwest::Method;
use reqwest::redirect::Policy;
use serde_json::json;

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// The header `Accept` of a browser that navigates.
const NAVIGATION: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get_accepting(app: &TestApp, path: &str, accept: &str) -> TestResponse {
    app.anonymous().send(app.anonymous().request(Method::GET, path).header("accept", accept)).await
}

async fn navigate(app: &TestApp, path: &str) -> TestResponse {
    get_accepting(app, path, NAVIGATION).await
}

/// The files that the page loads.
fn files_of(page: &TestResponse) -> Vec<String> {
    page.text.split('"').filter(|text| text.starts_with("/admin/assets/")).map(str::to_owned).collect()
}

#[apply(on_both_databases!)]
async fn the_links_of_a_customer_open_the_page(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let customer = app.admin().query("{ customer(email: \"a@x.io\") { editUrl } }").await.data();
    let group = app.admin().query("{ customerGroup(id: 1) { editUrl } }").await.data();
    assert_eq!(customer["customer"]["editUrl"], row["links"][1]["href"]);
    let index = app.anonymous().get("/admin").await;
    for link in [
        &row["links"][0]["href"],
        &row["links"][1]["href"],
        &group["customerGroup"]["editUrl"],
        &json!("/admin/"),
        &json!("/admin/a%20path/of%2Fthe/page?query=1"),
    ] {
        let path = link.as_str().unwrap();
        let page = navigate(app, path).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")), "{path}");
        assert_eq!(page.header("content-security-policy"), Some(POLICY), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-cache"), "{path}");
        assert!(page.headers.get_all("vary").iter().any(|value| value == "Accept"), "{path}: {page:?}");
        assert_eq!(page.text, index.text, "{path}");
        let tag = page.header("etag").unwrap();
        let request = app.anonymous().request(Method::GET, path).header("if-none-match", tag);
        assert_eq!(app.anonymous().send(request.header("accept", NAVIGATION)).await.status, 304, "{path}");
    }
    assert!(index.text.contains("<noscript>") && index.text.contains("noindex"), "{}", index.text);
}

#[apply(on_both_databases!)]
async fn its_files_are_compressed_and_immutable(app: &TestApp) {
    let page = navigate(app, "/admin/customers").await;
    let files = files_of(&page);
    assert!(files.iter().any(|file| file.ends_with(".js")), "{}", page.text);
    assert!(files.iter().any(|file| file.ends_with(".css")), "{}", page.text);
    for file in files {
        let response = app.anonymous().get(&file).await;
        assert_eq!((response.status, response.header("content-security-policy")), (200, Some(POLICY)));
        assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"), "{file}");
        // Small files are not compressed.
        let compressed = (response.text.len() > 1024).then_some("br");
        let request = app.anonymous().request(Method::GET, &file).header("accept-encoding", "gzip, br");
        assert_eq!(app.anonymous().send(request).await.header("content-encoding"), compressed, "{file}");
        let tag = response.header("etag").unwrap();
        let request = app.anonymous().request(Method::GET, &file).header("if-none-match", tag);
        assert_eq!(app.anonymous().send(request).await.status, 304, "{file}");
    }
    for word in page.text.split(['"', '\'', ' ', '>']) {
        assert!(!word.contains("//"), "the page names another host: {word}");
    }
    for refused in ["<style", " style=", "<script>", " onclick=", " onload="] {
        assert!(!page.text.contains(refused), "the policy blocks {refused}");
    }
}

#[apply(on_both_databases!)]
async fn other_clients_and_missing_files_get_404(app: &TestApp) {
    for path in ["/admin/customers", "/admin/customers/edit/1", "/admin/nope"] {
        for accept in ["*/*", "application/json", "text/html;q=0"] {
            get_accepting(app, path, accept).await.assert_failure(404, "not_found");
        }
    }
    for path in [
        "/admin/assets/nope.js",
        "/admin/nope.css",
        "/admin/customers/index.html",
        "/admin/..%2f..%2fCargo.toml",
    ] {
        navigate(app, path).await.assert_failure(404, "not_found");
    }
    for path in ["/admin", "/admin/customers"] {
        let response = app.anonymous().post(path, &json!({})).await;
        response.assert_failure(405, "method_not_allowed");
        assert_eq!(response.header("allow"), Some("GET,HEAD"), "{path}");
    }
    let head = app.anonymous().request(Method::HEAD, "/admin/customers").header("accept", NAVIGATION);
    assert_eq!(app.anonymous().send(head).await.status, 200);
}

#[apply(on_both_databases!)]
async fn it_is_on_everywhere_unless_the_setting_says_off(app: &TestApp) {
    let public = app
        .another_with(|flags| {
            flags.with("PATRON_LISTEN", "0.0.0.0:3000").with("PATRON_PUBLIC_URL", "https://shop.example")
        })
        .await;
    assert_eq!(navigate(&public, "/admin/customers").await.status, 200);
    public.stop().await;
    let file = files_of(&app.anonymous().get("/admin").await).remove(0);
    let off = app.another_with(|flags| flags.with("PATRON_CONSOLE", "off")).await;
    for path in ["/admin", "/admin/", "/admin/customers", &file] {
        navigate(&off, path).await.assert_failure(404, "not_found");
    }
    assert_eq!(navigate(&off, "/").await.text, off.anonymous().get("/playground").await.text);
    let server = off.anonymous().get("/playground/server.json").await;
    assert_eq!(server.body["console"], false);
    off.stop().await;
}

#[apply(on_both_databases!)]
async fn the_root_leads_browsers_to_the_console(app: &TestApp) {
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    for (accept, target) in
        [(NAVIGATION, "/admin"), ("*/*", "/playground"), ("application/json", "/playground")]
    {
        let request = client.get(format!("{}/", app.url)).header("accept", accept);
        let response = TestResponse::read(request.send().await.unwrap()).await;
        assert_eq!((response.status, response.header("location")), (307, Some(target)), "{accept}");
        assert!(response.headers.get_all("vary").iter().any(|value| value == "Accept"), "{response:?}");
    }
}
