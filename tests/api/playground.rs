//! The playground is served from the same origin, and its example queries run.

use std::path::Path;

use serde_json::{Value, json};

use reqwest::Method;

use crate::support::{Actor, Backend, TestApp, apply, on_both_databases};

#[apply(on_both_databases!)]
async fn the_page_and_its_files_are_served(app: &TestApp) {
    let page = app.anonymous().get("/playground").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
    let files: Vec<&str> = page.text.split('"').filter(|text| text.starts_with("/playground/")).collect();
    assert!(files.iter().any(|file| file.ends_with(".js")), "{}", page.text);
    for file in files {
        let response = app.anonymous().get(file).await;
        assert_eq!(response.status, 200, "{file}");
        assert!(response.header("cache-control").unwrap().contains("immutable"), "{file}");
        if file.ends_with(".js") {
            assert_eq!(response.header("content-type"), Some("text/javascript"));
            if response.text.len() > 1024 {
                let request =
                    app.anonymous().request(Method::GET, file).header("accept-encoding", "gzip, br");
                let compressed = request.send().await.unwrap();
                assert_eq!(compressed.headers()["content-encoding"], "br", "{file}");
                assert!(compressed.bytes().await.unwrap().len() * 2 < response.text.len(), "{file}");
            }
        }
        let etag = response.header("etag").unwrap().to_owned();
        let request = app.anonymous().request(Method::GET, file).header("if-none-match", etag);
        assert_eq!(app.anonymous().send(request).await.status, 304);
    }
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    app.anonymous().get("/playground/nope.js").await.assert_failure(404, "not_found");
    app.anonymous().get("/playground/..%2f..%2fCargo.toml").await.assert_failure(404, "not_found");
    // The root leads clients other than browsers to the playground.
    let root = app.anonymous().get("/").await;
    assert_eq!((root.status, root.text.as_str()), (200, page.text.as_str()));
}

/// Only the demo adds an account, which is a customer's.
#[apply(on_both_databases!)]
async fn server_json_reports_introspection_and_the_pages_to_link_to(app: &TestApp) {
    let server = app.anonymous().get("/playground/server.json").await;
    let expected = json!({"introspection": true, "reference": true, "console": true});
    assert_eq!((server.status, server.body), (200, expected));
}

#[apply(on_both_databases!)]
async fn every_example_query_runs(app: &TestApp) {
    for number in 1..=3 {
        let row = app.register(&format!("customer{number}@example.com")).await;
        app.add_address(&row, "US-CA", true).await;
    }
    let customer = app.customer("me@example.com").await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/queries");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "graphql") {
            continue;
        }
        let query = std::fs::read_to_string(&path).unwrap();
        let variables =
            std::fs::read_to_string(path.with_extension("variables.json")).unwrap_or("{}".to_owned());
        let variables: Value = serde_json::from_str(&variables).unwrap();
        let body = json!({"query": query, "variables": variables});
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let response = match name.split('-').nth(1) {
            Some("my") => customer.post("/api/graphql", &body).await,
            Some("admin") => app.admin().post("/api/admin/graphql", &body).await,
            _ => app.anonymous().post("/api/graphql", &body).await,
        };
        let data = response.data();
        assert!(data.as_object().is_some_and(|data| !data.is_empty()), "{}: {response:?}", path.display());
        count += 1;
    }
    assert!(count >= 5, "{count} queries");
}

/// When the playground is disabled or the server can be reached from other machines, browsers receive an HTML page and
/// other clients a JSON failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_playground_is_off_if_disabled_or_public() {
    for (variable, value) in [("PATRON_PLAYGROUND", "off"), ("PATRON_LISTEN", "0.0.0.0:3000")] {
        let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with(variable, value)).await;
        let file =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/dist/index.html"));
        let file = file.unwrap().split('"').find(|text| text.ends_with(".js")).unwrap().to_owned();
        for path in ["/playground", "/playground/server.json", &file] {
            let response = app.anonymous().get(path).await;
            response.assert_failure(404, "not_found");
            assert!(response.text.contains("PATRON_PLAYGROUND=on"), "{path}: {response:?}");
        }
        let html = "text/html,application/xhtml+xml,*/*;q=0.8";
        let request = app.anonymous().request(Method::GET, "/playground").header("accept", html);
        let page = app.anonymous().send(request).await;
        assert_eq!((page.status, page.header("content-type")), (404, Some("text/html")), "{page:?}");
        assert!(page.text.contains("PATRON_PLAYGROUND=on") && page.text.ends_with("</html>\n"), "{page:?}");
        assert!(page.header("content-security-policy").is_some() && page.header("x-request-id").is_some());
        app.stop().await;
    }
    let app = TestApp::start_with(Backend::Sqlite, |flags| {
        flags.with("PATRON_LISTEN", "0.0.0.0:3000").with("PATRON_PLAYGROUND", "on")
    })
    .await;
    assert_eq!(app.anonymous().get("/playground").await.status, 200);
    let server = app.anonymous().get("/playground/server.json").await;
    assert_eq!(server.body["introspection"], false);
    app.stop().await;
}
