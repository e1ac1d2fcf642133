//! `POST /api/user/tokens` and `POST /api/user/token/refresh`, and what ends a token.

use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode;
use patron::ctx::Ctx;
use patron::service::admin;
use patron::types::{EmailAddress, Password};
use serde_json::{Value, json};

use crate::support::{ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Answer, TestApp, on_both_databases, sign};

async fn with_token(app: &TestApp, token: &str) -> Answer {
    let request = app.anonymous().request(reqwest::Method::POST, "/api/admin/graphql");
    let request = request.bearer_auth(token).json(&json!({"query": "{customers{total}}"}));
    app.anonymous().send(request).await
}

async fn refresh(app: &TestApp, token: &Value) -> Answer {
    app.anonymous().post("/api/user/token/refresh", &json!({"refreshToken": token})).await
}

async fn disable(app: &TestApp) {
    let email = EmailAddress::parse_local(ADMIN_EMAIL).unwrap();
    admin::set_status(&Ctx::system(app.app.clone()), &email, false).await.unwrap();
}

on_both_databases! {
    async fn log_in_and_refresh(app: &TestApp) {
        let answer = app.anonymous().post("/api/user/tokens", &json!({"email": "ADMIN@LOCALHOST", "password": ADMIN_PASSWORD})).await;
        assert_eq!(answer.status, 200);
        let pair = answer.data();
        assert_eq!(pair.as_object().unwrap().keys().collect::<Vec<_>>(), ["accessToken", "refreshToken"]);
        let next = refresh(app, &pair["refreshToken"]).await.data();
        for token in [&pair["accessToken"], &next["accessToken"]] {
            assert_eq!(with_token(app, token.as_str().unwrap()).await.status, 200);
        }
    }

    async fn claims_are_those_that_evershop_writes(app: &TestApp) {
        let pair = app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        let claims: Value = insecure_decode(pair["accessToken"].as_str().unwrap()).unwrap().claims;
        let now = app.now().timestamp();
        assert_eq!(claims["user"]["email"], ADMIN_EMAIL);
        assert_eq!(claims["user"].as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "full_name", "id", "uuid"]);
        for (claim, value) in [("tokenType", json!("admin")), ("tokenKind", json!("access")), ("aud", json!("admin")),
            ("iss", json!("evershop")), ("iat", json!(now)), ("exp", json!(now + 900))] {
            assert_eq!(claims[claim], value, "{claim}");
        }
        assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
        let claims: Value = insecure_decode(pair["refreshToken"].as_str().unwrap()).unwrap().claims;
        assert_eq!((&claims["tokenKind"], &claims["exp"]), (&json!("refresh"), &json!(now + 54_000)));
    }

    async fn wrong_unknown_and_disabled_are_told_alike(app: &TestApp) {
        let attempt = async |email: &str, password: &str| {
            app.anonymous().post("/api/user/tokens", &json!({"email": email, "password": password})).await
        };
        let mut answers = vec![
            attempt(ADMIN_EMAIL, "not the password").await,
            attempt("nobody@localhost", ADMIN_PASSWORD).await,
            attempt("no address", ADMIN_PASSWORD).await,
            attempt(ADMIN_EMAIL, "").await,
        ];
        disable(app).await;
        answers.push(attempt(ADMIN_EMAIL, ADMIN_PASSWORD).await);
        for answer in answers {
            answer.assert_failure(401, "unauthenticated");
            assert_eq!(answer.message(), "Invalid email or password");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }

    async fn disabling_an_admin_ends_its_tokens_at_once(app: &TestApp) {
        let pair = app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        disable(app).await;
        assert_eq!(with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 401);
        refresh(app, &pair["refreshToken"]).await.assert_failure(401, "unauthenticated");
    }

    /// Within the very second in which the old token was issued, as the clock stands still.
    async fn a_new_password_ends_the_tokens_of_the_old_one(app: &TestApp) {
        let pair = app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        let (email, password) = (EmailAddress::parse_local(ADMIN_EMAIL).unwrap(), Password::new("another good one".into()).unwrap());
        admin::set_password(&Ctx::system(app.app.clone()), &email, &password).await.unwrap();
        assert_eq!(with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 401);
        assert_eq!(refresh(app, &pair["refreshToken"]).await.status, 401);
        let pair = app.log_in(ADMIN_EMAIL, "another good one").await;
        assert_eq!(with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 200);
    }

    async fn tokens_expire(app: &TestApp) {
        let pair = app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        app.app.clock.advance(TimeDelta::seconds(899));
        assert_eq!(with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 200);
        app.app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(with_token(app, pair["accessToken"].as_str().unwrap()).await.status, 401);
        app.app.clock.advance(TimeDelta::seconds(53_099));
        assert_eq!(refresh(app, &pair["refreshToken"]).await.status, 200);
        app.app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(refresh(app, &pair["refreshToken"]).await.status, 401);
    }

    /// Never taken for anonymous, on any route.
    async fn tokens_that_are_not_ours_are_refused(app: &TestApp) {
        let pair = app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        let good = pair["accessToken"].as_str().unwrap();
        let (header, rest) = good.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let claims_of = |change: fn(&mut Value)| {
            let mut claims: Value = insecure_decode(good).unwrap().claims;
            change(&mut claims);
            claims
        };
        let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
        let hs512 = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9";
        let refused = [
            ("malformed", "abc".to_owned()),
            ("cut", good[..good.len() - 2].to_owned()),
            ("alg none, unsigned", format!("{none}.{claims}.")),
            ("alg none, signed", format!("{none}.{claims}.{signature}")),
            ("another algorithm", format!("{hs512}.{claims}.{signature}")),
            ("signature of another", format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>())),
            ("a refresh token", pair["refreshToken"].as_str().unwrap().to_owned()),
            ("wrong audience", sign("admin", &claims_of(|c| c["aud"] = "customer".into()))),
            ("wrong type", sign("admin", &claims_of(|c| c["tokenType"] = "customer".into()))),
            ("wrong kind", sign("admin", &claims_of(|c| c["tokenKind"] = "refresh".into()))),
            ("wrong issuer", sign("admin", &claims_of(|c| c["iss"] = "someone".into()))),
            ("no issuer", sign("admin", &claims_of(|c| { c.as_object_mut().unwrap().remove("iss"); }))),
            ("an admin signed with the customers' key", sign("customer", &claims_of(|_| ()))),
            ("unknown account", sign("admin", &claims_of(|c| c["user"]["uuid"] = "433ba97f-8be7-4be9-be3f-a9f341f2b89f".into()))),
            ("later generation", sign("admin", &claims_of(|c| c["gen"] = 1.into()))),
            ("expired", sign("admin", &claims_of(|c| c["exp"] = 1_000_000.into()))),
            ("no expiry", sign("admin", &claims_of(|c| { c.as_object_mut().unwrap().remove("exp"); }))),
        ];
        assert_eq!(with_token(app, &sign("admin", &claims_of(|_| ()))).await.status, 200, "the way of signing is right");
        for (what, token) in refused {
            let answer = with_token(app, &token).await;
            assert_eq!((answer.status, answer.graphql_code()), (401, "UNAUTHENTICATED"), "{what}");
            let request = app.anonymous().request(reqwest::Method::POST, "/api/customers").bearer_auth(&token);
            let answer = app.anonymous().send(request.json(&json!({"full_name": "A", "email": "a@x.io", "password": "correct horse"}))).await;
            answer.assert_failure(401, "unauthenticated");
        }
        for header in ["Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer ", good] {
            let request = app.anonymous().request(reqwest::Method::POST, "/api/graphql").header("authorization", header);
            assert_eq!(app.anonymous().send(request.json(&json!({"query": "{__typename}"}))).await.status, 401, "{header}");
        }
        assert_eq!(app.customers().await, []);
    }

    async fn what_is_missing_from_the_body_is_told(app: &TestApp) {
        let answer = app.anonymous().post("/api/user/tokens", &json!({"password": 5})).await;
        answer.assert_failure(400, "validation_failed");
        assert_eq!(answer.details(), [("email", "Email is required"), ("password", "Password must be a string")]);
        refresh(app, &Value::Null).await.assert_failure(400, "validation_failed");
        refresh(app, &json!("abc")).await.assert_failure(401, "unauthenticated");
    }
}
