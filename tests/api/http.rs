//! What is true of every answer: failures as JSON, request ids, methods, health.

use reqwest::Method;

use crate::support::{Actor, on_both_databases};

on_both_databases! {
    async fn unknown_paths_and_methods(app: &TestApp) {
        for path in ["/nope", "/api", "/api/nope", "/api/customers/", "/api/customers/1/2", "/%00"] {
            app.anonymous().get(path).await.assert_failure(404, "not_found");
        }
        for (method, path, allow) in [
            (Method::GET, "/api/customers", "POST"),
            (Method::PUT, "/api/customers", "POST"),
            (Method::GET, "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f", "PATCH,DELETE"),
            (Method::POST, "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f", "PATCH,DELETE"),
            (Method::GET, "/api/user/tokens", "POST"),
            (Method::POST, "/health/live", "GET,HEAD"),
        ] {
            let answer = app.anonymous().send(app.anonymous().request(method.clone(), path)).await;
            answer.assert_failure(405, "method_not_allowed");
            let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(',').collect();
            let mut expected: Vec<&str> = allow.split(',').collect();
            allowed.sort_unstable();
            expected.sort_unstable();
            assert_eq!(allowed, expected, "{method} {path}");
        }
        app.anonymous().get("/nope/graphql").await.assert_failure(404, "not_found");
        app.admin().delete("/api/customers/graphql").await.assert_failure(404, "not_found");
        let answer = app.anonymous().send(app.anonymous().request(Method::DELETE, "/api/graphql")).await;
        assert_eq!((answer.status, answer.graphql_code()), (405, "METHOD_NOT_ALLOWED"));
    }

    async fn requests_have_ids(app: &TestApp) {
        let with_id = async |id: &str| {
            let request = app.anonymous().request(Method::GET, "/nope").header("x-request-id", id);
            app.anonymous().send(request).await.header("x-request-id").unwrap().to_owned()
        };
        assert_eq!(with_id("my-id_1.2").await, "my-id_1.2");
        let long = "a".repeat(65);
        for forged in ["a b", "a\"b", "a{b}", long.as_str(), ""] {
            let id = with_id(forged).await;
            assert_eq!(id.len(), 32, "{forged}");
            assert_ne!(id, with_id(forged).await);
        }
    }

    async fn health(app: &TestApp) {
        for path in ["/health/live", "/health/ready"] {
            let answer = app.anonymous().get(path).await;
            assert_eq!((answer.status, answer.data()["status"].as_str()), (200, Some("ok")));
        }
    }

    async fn the_openapi_document_is_served(app: &TestApp) {
        let answer = app.anonymous().get("/api/openapi.json").await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.text, include_str!("../../docs/openapi.json"));
        assert!(answer.body["openapi"].as_str().unwrap().starts_with("3.1"));
    }
}
