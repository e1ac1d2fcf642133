//! Admins: created, changed and disabled by other admins, listed over GraphQL, and their own passwords.

use chrono::TimeDelta;
use patron::app::ctx::{AdminCtx, AdminProof, Caller, Ctx};
use patron::app::write::Write;
use patron::entity::admin_user;
use patron::error::Error;
use patron::service::admin::change_password;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Admin, NOW, TestApp, TestResponse, apply, on_both_databases,
    statements_of,
};

const USERS: &str = "/api/users";
const PASSWORD: &str = "/api/user/me/password";
const NEW_PASSWORD: &str = "another good one";

/// The path of an admin.
fn path(row: &Value) -> String {
    format!("/api/users/{}", row["uuid"].as_str().unwrap())
}

/// Creates an admin and returns the row.
async fn create(admin: &Admin<'_>, email: &str) -> Value {
    let body = json!({"email": email, "full_name": "Ann", "password": ADMIN_PASSWORD});
    admin.post(USERS, &body).await.data()
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> TestResponse {
    app.anonymous().post("/api/user/tokens", &json!({"email": email, "password": password})).await
}

async fn refresh(app: &TestApp, pair: &Value) -> TestResponse {
    app.anonymous().post("/api/user/token/refresh", &json!({"refreshToken": pair["refreshToken"]})).await
}

async fn is_logged_in(admin: &Admin<'_>) -> bool {
    admin.query("{ me { uuid } }").await.status == 200
}

/// The audit entries of these actions, the latest first.
async fn audit(admin: &Admin<'_>, actions: &[&str]) -> Vec<Value> {
    let query = "query ($actions: [String!]) { auditEntries(filter: {actions: $actions}) {
        nodes { action actor record fields changes admin { uuid email fullName } } } }";
    let response = admin.query_with(query, json!({"actions": actions})).await;
    response.data()["auditEntries"]["nodes"].as_array().unwrap().clone()
}

#[apply(on_both_databases!)]
async fn an_admin_is_created_and_renamed(app: &TestApp) {
    let admin = app.admin();
    let body = json!({"email": "Ann@shop.io", "full_name": "Ann", "password": ADMIN_PASSWORD, "status": 0});
    let created = admin.post(USERS, &body).await;
    let row = created.data();
    let url = path(&row);
    assert_eq!((created.status, created.header("location")), (201, Some(url.as_str())));
    let expected = json!({
        "uuid": row["uuid"], "email": "Ann@shop.io", "full_name": "Ann", "status": 1, "second_factor": false,
        "created_at": NOW, "updated_at": NOW, "last_sign_in_at": null,
        "links": [{"rel": "self", "href": url, "action": "PATCH", "types": ["application/json"]}],
    });
    assert_eq!(row, expected);
    let by_uuid = async |uuid: &str| {
        let query = "query ($uuid: String!) { admin(uuid: $uuid) { email } }";
        admin.query_with(query, json!({"uuid": uuid})).await.data()["admin"].clone()
    };
    assert_eq!(by_uuid(row["uuid"].as_str().unwrap()).await, json!({"email": "Ann@shop.io"}));
    for unknown in ["00000000-0000-0000-0000-000000000000", "x"] {
        assert_eq!(by_uuid(unknown).await, Value::Null);
    }
    app.app.clock.advance(TimeDelta::seconds(1));
    let ann = app.admin_with(&log_in(app, "ann@SHOP.io", ADMIN_PASSWORD).await.data());
    // Nothing changes.
    for body in [json!({}), json!({"full_name": "Ann", "status": "1", "email": "other@shop.io"})] {
        let same = admin.patch(&url, &body).await.data();
        assert_eq!((&same["updated_at"], &same["email"]), (&json!(NOW), &json!("Ann@shop.io")));
    }
    let renamed = ann.patch(&url, &json!({"full_name": "Ann Lee"})).await.data();
    assert_eq!(
        (&renamed["full_name"], &renamed["updated_at"]),
        (&json!("Ann Lee"), &renamed["last_sign_in_at"])
    );
    let entries = audit(&admin, &["admin.*"]).await;
    let [renamed, created, ..] = &entries[..] else { panic!("{entries:?}") };
    let by =
        |entry: &Value| (entry["action"].clone(), entry["record"].clone(), entry["admin"]["email"].clone());
    assert_eq!(by(renamed), (json!("admin.updated"), row["uuid"].clone(), json!("Ann@shop.io")));
    assert_eq!(renamed["changes"], json!({"full_name": {"old": "Ann", "new": "Ann Lee"}}));
    assert_eq!(by(created), (json!("admin.created"), row["uuid"].clone(), json!(ADMIN_EMAIL)));
}

#[apply(on_both_databases!)]
async fn disabling_an_admin_ends_its_sessions_at_once(app: &TestApp) {
    let admin = app.admin();
    let row = create(&admin, "ann@shop.io").await;
    let pair = log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.data();
    let ann = app.admin_with(&pair);
    assert!(is_logged_in(&ann).await);
    let disabled = admin.patch(&path(&row), &json!({"status": 0})).await.data();
    assert_eq!(disabled["status"], 0);
    assert!(!is_logged_in(&ann).await);
    refresh(app, &pair).await.assert_failure(401, "unauthenticated");
    log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(admin.patch(&path(&row), &json!({"status": 1})).await.data()["status"], 1);
    assert!(!is_logged_in(&ann).await, "earlier tokens stay invalid");
    log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.data();
    let entries = audit(&admin, &["admin.updated"]).await;
    assert_eq!(entries[1]["changes"], json!({"status": {"old": true, "new": false}}));
    assert_eq!(entries[1]["admin"]["email"], ADMIN_EMAIL);
}

#[apply(on_both_databases!)]
async fn an_admin_cannot_disable_itself(app: &TestApp) {
    let admin = app.admin();
    let uuid = admin.query("{ me { uuid } }").await.data()["me"].clone();
    for body in [json!({"status": 0}), json!({"status": "0", "full_name": "New"})] {
        let refused = admin.patch(&path(&uuid), &body).await;
        refused.assert_failure(409, "conflict");
        assert_eq!(refused.message(), "Admins cannot disable themselves");
    }
    let renamed = admin.patch(&path(&uuid), &json!({"status": 1, "full_name": "New"})).await.data();
    assert_eq!((&renamed["full_name"], &renamed["status"]), (&json!("New"), &json!(1)));
    assert!(is_logged_in(&admin).await);
}

/// Each of these admins disables the next one, all at once.
#[apply(on_both_databases!)]
async fn at_least_one_admin_stays_enabled(app: &TestApp) {
    for count in [2, 4] {
        let (mut admins, mut paths) = (Vec::new(), Vec::new());
        for number in 0..count {
            let email = format!("ann{number}of{count}@shop.io");
            paths.push(path(&create(&app.admin(), &email).await));
            admins.push(app.admin_with(&log_in(app, &email, ADMIN_PASSWORD).await.data()));
        }
        let disable = async |number: usize| {
            admins[number].patch(&paths[(number + 1) % count], &json!({"status": 0})).await
        };
        for response in futures_util::future::join_all((0..count).map(disable)).await {
            if response.status != 200 {
                response.assert_failure(401, "unauthenticated");
            }
        }
        let mut enabled = Vec::new();
        for admin in &admins {
            enabled.push(is_logged_in(admin).await);
        }
        assert!(enabled.contains(&true), "all {count} admins are disabled");
        assert!(enabled.contains(&false), "none of {count} admins is disabled");
    }
}

#[apply(on_both_databases!)]
async fn an_admin_turns_its_own_factor_off_elsewhere(app: &TestApp) {
    let admin = app.admin();
    app.turn_factor_on(&admin).await;
    let own = admin.query("{ me { uuid } }").await.data()["me"].clone();
    let refused = admin.delete(&format!("{}/second-factor", path(&own))).await;
    refused.assert_failure(409, "conflict");
    let message = "Admins turn their own second factor off with DELETE /api/user/me/second-factor";
    assert_eq!(refused.message(), message);
    assert_eq!(admin.query("{ me { secondFactor } }").await.data()["me"]["secondFactor"], true);
}

#[apply(on_both_databases!)]
async fn bad_input_is_refused(app: &TestApp) {
    let admin = app.admin();
    let empty = admin.post(USERS, &json!({"password": "password"})).await;
    empty.assert_failure(400, "validation_failed");
    assert_eq!(
        empty.details(),
        [
            ("email", "Email is required"),
            ("full_name", "Full name is required and cannot be empty"),
            ("password", "Password is too common"),
        ]
    );
    let taken = json!({"email": "ADMIN@LOCALHOST", "full_name": "Ann", "password": ADMIN_PASSWORD});
    admin.post(USERS, &taken).await.assert_failure(409, "email_taken");
    let row = create(&admin, "ann@shop.io").await;
    for (body, field, message) in [
        (json!({"full_name": " "}), "full_name", "Full name is required and cannot be empty"),
        (json!({"full_name": null}), "full_name", "Full name must be a string"),
        (json!({"status": 2}), "status", "Status must be either 0, 1, '0', or '1'"),
        (json!({"status": null}), "status", "Status must be a string or number"),
    ] {
        let refused = admin.patch(&path(&row), &body).await;
        refused.assert_failure(400, "validation_failed");
        assert_eq!(refused.details(), [(field, message)], "{body}");
    }
    for uuid in ["433ba97f-8be7-4be9-be3f-a9f341f2b89f", "7"] {
        let url = format!("/api/users/{uuid}");
        let unknown = admin.patch(&url, &json!({"full_name": "New"})).await;
        unknown.assert_failure(404, "not_found");
        assert_eq!(unknown.message(), "Admin not found");
        admin.delete(&format!("{url}/second-factor")).await.assert_failure(404, "not_found");
    }
}

/// Of concurrent creations with the same address, one succeeds.
#[apply(on_both_databases!)]
async fn an_address_belongs_to_one_admin(app: &TestApp) {
    let admin = app.admin();
    let body = json!({"email": "ann@shop.io", "full_name": "Ann", "password": ADMIN_PASSWORD});
    let attempts = (0..4).map(async |_| admin.post(USERS, &body).await.status);
    let mut statuses = futures_util::future::join_all(attempts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

#[apply(on_both_databases!)]
async fn the_factor_of_another_admin_is_removed(app: &TestApp) {
    let admin = app.admin();
    let row = create(&admin, "ann@shop.io").await;
    let ann = app.admin_with(&log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.data());
    app.turn_factor_on(&ann).await;
    app.deliver_mails().await;
    log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.assert_failure(401, "second_factor_required");
    assert_eq!(admin.patch(&path(&row), &json!({})).await.data()["second_factor"], true);
    let url = format!("{}/second-factor", path(&row));
    assert_eq!(admin.delete(&url).await.data()["second_factor"], false);
    // Nothing changes.
    assert_eq!(admin.delete(&url).await.data()["second_factor"], false);
    log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.data();
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ann@shop.io", "Your second factor was removed"));
    let entries = audit(&admin, &["second_factor.reset"]).await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0]["record"], &entries[0]["admin"]["email"]), (&row["uuid"], &json!(ADMIN_EMAIL)));
}

#[apply(on_both_databases!)]
async fn an_admin_changes_its_password(app: &TestApp) {
    let (here, there) = (
        app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await,
        app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await,
    );
    let admin = app.admin_with(&here);
    let change = async |current: &str, password: &str| {
        admin.post(PASSWORD, &json!({"current_password": current, "password": password})).await
    };
    let wrong = change("wrong wrong", NEW_PASSWORD).await;
    wrong.assert_failure(400, "validation_failed");
    assert_eq!(wrong.details(), [("current_password", "Current password is incorrect")]);
    let delayed = change(ADMIN_PASSWORD, NEW_PASSWORD).await;
    delayed.assert_failure(429, "rate_limited");
    assert_eq!(delayed.header("retry-after"), Some("1"));
    app.app.clock.advance(TimeDelta::seconds(1));
    let weak = change(ADMIN_PASSWORD, "password").await;
    assert_eq!(weak.details(), [("password", "Password is too common")]);
    let changed = change(ADMIN_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(changed.header("cache-control"), Some("no-store"));
    let renewed = app.admin_with(&changed.data());
    assert!(!is_logged_in(&admin).await && !is_logged_in(&app.admin_with(&there)).await);
    assert!(is_logged_in(&renewed).await);
    for pair in [&here, &there] {
        refresh(app, pair).await.assert_failure(401, "unauthenticated");
    }
    refresh(app, &changed.data()).await.data();
    log_in(app, ADMIN_EMAIL, ADMIN_PASSWORD).await.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    log_in(app, ADMIN_EMAIL, NEW_PASSWORD).await.data();
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (ADMIN_EMAIL, "Your password was changed"));
    assert!(mail.text.contains("back office") && !mail.text.contains(NEW_PASSWORD), "{mail:?}");
    let entry = audit(&renewed, &["admin.updated"]).await.remove(0);
    assert_eq!(
        (&entry["changes"], &entry["admin"]["email"]),
        (&json!({"password": "changed"}), &json!(ADMIN_EMAIL))
    );
}

/// The second factor is turned on while the request is running, after its token was checked. A new session would have no code.
#[apply(on_both_databases!)]
async fn a_token_of_evershop_gets_no_session_without_a_code(app: &TestApp) {
    let row = admin_user::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    let proof = AdminProof {
        session: None,
        has_second_factor: false,
        stepped_up_at: None,
        session_used_at: None,
        last_write_at: None,
    };
    let caller = Caller::Admin { admin_user_id: row.admin_user_id, uuid: row.uuid, proof };
    let ctx = Ctx { caller, ..AdminCtx::system(app.app.clone()).into_inner() }.into_own_admin().unwrap();
    let change = async |current: &str, password: &str| {
        let body = json!({"current_password": current, "password": password});
        change_password(&ctx, Write::of_job(), body.as_object().unwrap().clone().into()).await
    };
    change(ADMIN_PASSWORD, NEW_PASSWORD).await.unwrap();
    change(NEW_PASSWORD, ADMIN_PASSWORD).await.unwrap();
    app.turn_factor_on(&app.log_in_admin().await).await;
    let refused = change(ADMIN_PASSWORD, NEW_PASSWORD).await.err();
    assert!(matches!(refused, Some(Error::Unauthenticated(_))), "{refused:?}");
    log_in(app, ADMIN_EMAIL, ADMIN_PASSWORD).await.assert_failure(401, "second_factor_required");
}

#[apply(on_both_databases!)]
async fn admins_are_listed(app: &TestApp) {
    let admin = app.admin();
    let ann = create(&admin, "ann@shop.io").await;
    let with_factor = app.admin_with(&log_in(app, "ann@shop.io", ADMIN_PASSWORD).await.data());
    app.turn_factor_on(&with_factor).await;
    let fields = "uuid email fullName status secondFactor secondFactorRequired recoveryCodesLeft steppedUpUntil createdAt
        updatedAt lastSignInAt updateApi";
    let query = format!("{{ me {{ {fields} }} admins {{ nodes {{ {fields} }} }} }}");
    let data = admin.query(&query).await.data();
    let nodes = data["admins"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 2);
    assert_eq!(data["me"], nodes[0]);
    let expected = json!({
        "uuid": ann["uuid"], "email": "ann@shop.io", "fullName": "Ann", "status": 1, "secondFactor": true,
        "secondFactorRequired": false, "recoveryCodesLeft": 0, "steppedUpUntil": null, "createdAt": NOW,
        "updatedAt": NOW, "lastSignInAt": NOW, "updateApi": path(&ann),
    });
    assert_eq!(nodes[1], expected, "what belongs to another admin only is not shown");
    let own =
        with_factor.query("{ me { email recoveryCodesLeft steppedUpUntil } }").await.data()["me"].clone();
    let until = "2026-01-02T03:14:05.678Z";
    assert_eq!(own, json!({"email": "ann@shop.io", "recoveryCodesLeft": 10, "steppedUpUntil": until}));
    // Pages.
    let query = "query ($after: String) { admins(first: 1, after: $after) {
        edges { cursor node { email } } pageInfo { hasNextPage endCursor } } }";
    let first = admin.query_with(query, json!({})).await.data()["admins"].clone();
    assert_eq!(first["edges"][0]["node"]["email"], ADMIN_EMAIL);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let next = json!({"after": first["pageInfo"]["endCursor"]});
    let second = admin.query_with(query, next).await.data()["admins"].clone();
    assert_eq!(second["edges"][0]["node"]["email"], "ann@shop.io");
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    // Null for other callers.
    let customer = app.customer("a@x.io").await;
    for me in [app.anonymous().query("{ me { uuid } }").await, customer.query("{ me { uuid } }").await] {
        assert_eq!(me.data(), json!({"me": null}));
    }
}

/// The number of statements does not depend on the number of rows.
#[apply(on_both_databases!)]
async fn pages_need_the_same_statements_at_every_size(app: &TestApp) {
    let admin = app.admin();
    for number in 0..5 {
        let email = format!("ann{number}@shop.io");
        create(&admin, &email).await;
        let other = app.admin_with(&log_in(app, &email, ADMIN_PASSWORD).await.data());
        other.post("/api/customer-groups", &json!({"group_name": email})).await.data();
    }
    let admins = "query ($n: Int) { admins(first: $n) { nodes { email secondFactor } } }";
    let entries = r#"query ($n: Int) { auditEntries(first: $n, filter: {actions: ["group.created"]}) {
        nodes { actorUuid admin { uuid email secondFactor } } } }"#;
    // The caller, the page, for entries their admins, and the second factors.
    for (field, query, count) in [("admins", admins, 3), ("auditEntries", entries, 4)] {
        for rows in [1, 5] {
            let (response, statements) = statements_of(&admin, query, json!({"n": rows})).await;
            assert_eq!(response.data()[field]["nodes"].as_array().unwrap().len(), rows);
            assert_eq!(statements.len(), count, "{rows} {field}: {statements:#?}");
        }
    }
    let (response, _) = statements_of(&admin, entries, json!({"n": 5})).await;
    for entry in response.data()["auditEntries"]["nodes"].as_array().unwrap() {
        assert_eq!(entry["admin"]["uuid"], entry["actorUuid"]);
    }
}

#[apply(on_both_databases!)]
async fn entries_of_other_actors_have_no_admin(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    customer.patch("/api/customers/me", &json!({"full_name": "Jane"})).await.data();
    let entries = audit(&app.admin(), &["customer.*"]).await;
    let actors: Vec<(&str, &Value)> =
        entries.iter().map(|entry| (entry["actor"].as_str().unwrap(), &entry["admin"])).collect();
    assert_eq!(actors, [("CUSTOMER", &Value::Null), ("ANONYMOUS", &Value::Null)]);
}
