//! The playground is served whole, from here alone, and its queries run.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Actor, on_both_databases};

on_both_databases! {
    async fn the_page_and_its_files(app: &TestApp) {
        let page = app.anonymous().get("/playground").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
        let files: Vec<&str> = page.text.split('"').filter(|text| text.starts_with("/playground/")).collect();
        assert!(files.iter().any(|file| file.ends_with(".js")), "{}", page.text);
        for file in files {
            let answer = app.anonymous().get(file).await;
            assert_eq!(answer.status, 200, "{file}");
            assert!(answer.header("cache-control").unwrap().contains("immutable"), "{file}");
            if file.ends_with(".js") {
                assert_eq!(answer.header("content-type"), Some("text/javascript"));
            }
            let etag = answer.header("etag").unwrap().to_owned();
            let request = app.anonymous().request(reqwest::Method::GET, file).header("if-none-match", etag);
            assert_eq!(app.anonymous().send(request).await.status, 304);
        }
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        app.anonymous().get("/playground/nope.js").await.assert_failure(404, "not_found");
        app.anonymous().get("/playground/..%2f..%2fCargo.toml").await.assert_failure(404, "not_found");
        // Whoever opens the server itself lands there.
        let root = app.anonymous().get("/").await;
        assert_eq!((root.status, root.text.as_str()), (200, page.text.as_str()));
    }

    async fn every_query_runs(app: &TestApp) {
        for number in 1..=3 {
            let row = app.register(&format!("customer{number}@example.com")).await;
            app.add_address(&row, "US-CA", true).await;
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/queries");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "graphql") {
                continue;
            }
            let query = std::fs::read_to_string(&path).unwrap();
            let variables = std::fs::read_to_string(path.with_extension("variables.json")).unwrap_or("{}".to_owned());
            let variables: Value = serde_json::from_str(&variables).unwrap();
            let body = json!({"query": query, "variables": variables});
            let answer = app.admin().post("/api/admin/graphql", &body).await;
            let data = answer.data();
            assert!(data.as_object().is_some_and(|data| !data.is_empty()), "{}: {answer:?}", path.display());
            count += 1;
        }
        assert!(count >= 5, "{count} queries");
    }
}
