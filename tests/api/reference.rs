//! The REST API reference is served from the same origin.

use crate::support::{Actor, apply, on_both_databases};

#[apply(on_both_databases!)]
async fn the_page_and_its_files_are_served(app: &TestApp) {
    let page = app.anonymous().get("/api/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains("eval"), "{policy}");
    let files: Vec<&str> = page.text.split('"').filter(|text| text.starts_with("/api/docs/")).collect();
    assert!(files.iter().any(|file| file.ends_with(".js")), "{}", page.text);
    for file in files {
        let response = app.anonymous().get(file).await;
        assert_eq!(response.status, 200, "{file}");
        assert!(response.header("cache-control").unwrap().contains("immutable"), "{file}");
        let etag = response.header("etag").unwrap().to_owned();
        let request = app.anonymous().request(reqwest::Method::GET, file).header("if-none-match", etag);
        assert_eq!(app.anonymous().send(request).await.status, 304);
        if file.ends_with(".js") {
            assert_eq!(response.header("content-type"), Some("text/javascript"));
            // Small files are not compressed.
            let compressed = (response.text.len() > 1024).then_some("br");
            let request = app.anonymous().request(reqwest::Method::GET, file).header("accept-encoding", "br");
            assert_eq!(app.anonymous().send(request).await.header("content-encoding"), compressed);
        }
    }
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    app.anonymous().get("/api/docs/nope.js").await.assert_failure(404, "not_found");
    app.anonymous().get("/api/docs/..%2f..%2fCargo.toml").await.assert_failure(404, "not_found");
    assert_eq!(app.anonymous().get("/api/docs/").await.text, page.text);
}
