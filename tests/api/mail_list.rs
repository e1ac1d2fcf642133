//! Mails for admins: the list, the mails of a customer, and sending a failed mail again.

use chrono::TimeDelta;
use patron::entity::mail::{ActiveModel, Column, Entity};
use patron::types::{EmailAddress, MailKind, MailStatus};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Backend, TestApp, apply, on_both_databases, plan_without_scans, statements_of};

const MAILS: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $status: MailStatus, $customer: String) {
    mails(first: $first, after: $after, last: $last, before: $before, status: $status, customer: $customer) {
        nodes { uuid kind recipient subject status attempts lastError createdAt nextAttemptAt sentAt retryApi customer { email } }
        edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
const OF_CUSTOMERS: &str = "query ($first: Int, $after: String) { customersConnection(sort: [{field: EMAIL}]) {
    nodes { email mails(first: $first, after: $after) { nodes { kind customer { email } } pageInfo { hasNextPage hasPreviousPage endCursor } } } } }";

async fn mails(app: &TestApp, variables: Value) -> Value {
    app.log_in_admin().await.query_with(MAILS, variables).await.data()["mails"].clone()
}

/// The values of a field of the mails.
fn values(mails: &Value, field: &str) -> Vec<String> {
    let nodes = mails["nodes"].as_array().unwrap().iter();
    nodes.map(|mail| mail[field].as_str().unwrap().to_owned()).collect()
}

async fn set_status(app: &TestApp, recipient: &str, status: MailStatus) {
    let update = Entity::update_many().col_expr(Column::Status, Expr::val(status.to_string()));
    let update = update.col_expr(Column::LastError, Expr::val("550 no such mailbox"));
    update.filter(Column::Recipient.eq(recipient)).exec(app.app.db.writer()).await.unwrap();
}

#[apply(on_both_databases!)]
async fn mails_are_listed_by_status_and_customer(app: &TestApp) {
    let (ann, _) = (app.register("a@x.io").await, app.register("b@x.io").await);
    app.app.clock.advance(TimeDelta::seconds(1));
    app.anonymous().post("/api/customers/reset-password", &json!({"email": "A@x.io"})).await.data();
    let all = mails(app, json!({})).await;
    assert_eq!(values(&all, "kind"), ["reset_password", "verify_email", "verify_email"]);
    assert_eq!(values(&all, "recipient"), ["A@x.io", "b@x.io", "a@x.io"]);
    // Until it is sent, it is not known whose mail the first one is.
    assert_eq!(
        (&all["nodes"][0]["customer"], &all["nodes"][2]["customer"]),
        (&Value::Null, &json!({"email": "a@x.io"}))
    );
    let pending = &all["nodes"][1];
    assert_eq!(
        (&pending["subject"], &pending["status"], &pending["attempts"], &pending["lastError"]),
        (&json!("Confirm your e-mail address"), &json!("PENDING"), &json!(0), &Value::Null)
    );
    assert_eq!((&pending["createdAt"], &pending["nextAttemptAt"]), (&ann["created_at"], &ann["created_at"]));
    app.deliver_mails().await;
    let sent = mails(app, json!({"status": "SENT", "customer": ann["uuid"]})).await;
    assert_eq!(values(&sent, "kind"), ["reset_password", "verify_email"]);
    assert_eq!(
        (&sent["nodes"][0]["attempts"], &sent["nodes"][0]["nextAttemptAt"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(sent["nodes"][0]["sentAt"], patron::types::timestamp(app.now()));
    set_status(app, "b@x.io", MailStatus::Failed).await;
    let failed = mails(app, json!({"status": "FAILED"})).await;
    assert_eq!(
        (values(&failed, "recipient"), &failed["nodes"][0]["lastError"]),
        (vec!["b@x.io".to_owned()], &json!("550 no such mailbox"))
    );
    for filter in [
        json!({"status": "WITHDRAWN"}),
        json!({"customer": Uuid::nil().to_string()}),
        json!({"status": "FAILED", "customer": ann["uuid"]}),
    ] {
        assert_eq!(mails(app, filter).await["nodes"], json!([]));
    }
    let refused = app.log_in_admin().await.query_with(MAILS, json!({"customer": "7"})).await;
    assert_eq!(refused.graphql_code(), "VALIDATION_FAILED");
}

#[apply(on_both_databases!)]
async fn pages_of_mails_continue_from_cursors(app: &TestApp) {
    for number in 0..7 {
        app.register(&format!("{number}@x.io")).await;
    }
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = mails(app, json!({"first": 3, "after": after, "status": "PENDING"})).await;
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !seen.is_empty());
        seen.extend(values(&page, "recipient"));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, (0..7).rev().map(|number| format!("{number}@x.io")).collect::<Vec<_>>());
    let last = mails(app, json!({"last": 2})).await;
    assert_eq!(values(&last, "recipient"), ["1@x.io", "0@x.io"]);
}

/// The mails of the customers of a page, and the customers of the mails of a page, are read together.
#[apply(on_both_databases!)]
async fn customers_have_their_mails(app: &TestApp) {
    let rows = [app.register("a@x.io").await, app.register("b@x.io").await, app.register("c@x.io").await];
    app.deliver_mails().await;
    for row in &rows[..2] {
        let url = format!("/api/customers/{}/verify-email", row["uuid"].as_str().unwrap());
        app.admin().post(&url, &json!({})).await.data();
        let url = format!("/api/customers/{}/reset-password", row["uuid"].as_str().unwrap());
        app.admin().post(&url, &json!({})).await.data();
    }
    let admin = app.admin();
    let (response, statements) = statements_of(&admin, OF_CUSTOMERS, json!({"first": 2})).await;
    let customers = response.data()["customersConnection"]["nodes"].clone();
    let kinds = |number: usize| values(&customers[number]["mails"], "kind");
    assert_eq!(
        (kinds(0), kinds(2)),
        (vec!["reset_password".into(), "verify_email".into()], vec!["verify_email".to_owned()])
    );
    assert_eq!(kinds(0), kinds(1));
    assert_eq!(customers[1]["mails"]["nodes"][0]["customer"]["email"], "b@x.io");
    let more = |number: usize| customers[number]["mails"]["pageInfo"]["hasNextPage"].clone();
    assert_eq!([more(0), more(2)], [json!(true), json!(false)]);
    // The caller, the customers, their mails, and the customers of these.
    assert_eq!(statements.len(), 4, "{statements:#?}");
    // The cursor of one customer is a position in all mails.
    let after = customers[0]["mails"]["pageInfo"]["endCursor"].clone();
    let (response, statements) =
        statements_of(&admin, OF_CUSTOMERS, json!({"first": 2, "after": after})).await;
    let customers = response.data()["customersConnection"]["nodes"].clone();
    assert_eq!(values(&customers[0]["mails"], "kind"), ["verify_email"]);
    assert_eq!(customers[0]["mails"]["pageInfo"]["hasPreviousPage"], true);
    assert_eq!(customers[2]["mails"]["pageInfo"]["hasPreviousPage"], false);
    assert_eq!(statements.len(), 5, "{statements:#?}");
    for (arguments, field) in [("first: 101", "first"), ("after: \"x\"", "after")] {
        let query = format!(
            "{{ customersConnection(first: 1) {{ nodes {{ mails({arguments}) {{ nodes {{ uuid }} }} }} }} }}"
        );
        let refused = admin.query(&query).await;
        assert_eq!(refused.graphql_code(), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["extensions"]["details"][0]["field"], field);
    }
}

/// Customers do not read mails, not even their own, and no response has a token or a text.
#[apply(on_both_databases!)]
async fn only_admins_read_mails_without_their_texts(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let token = app.one_mail().await.token();
    let own = customer.query("{ currentCustomer { mails { nodes { uuid } } } }").await;
    assert_eq!((own.graphql_code(), &own.body["data"]["currentCustomer"]), ("FORBIDDEN", &Value::Null));
    let counted = customer.query("{ currentCustomer { addressCount lastSignInAt } }").await.data();
    assert_eq!(
        counted["currentCustomer"],
        json!({"addressCount": 0, "lastSignInAt": customer.row["created_at"]})
    );
    let all = app.admin().query_with(MAILS, json!({})).await;
    assert!(!all.text.contains(&token) && !all.text.contains("Hello"), "{}", all.text);
    let fields = app.admin().query("{ mails { nodes { body } } }").await;
    assert_eq!(fields.graphql_code(), "GRAPHQL_VALIDATION_FAILED");
}

/// A subject of an own template has the name, and never the link.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subjects_come_from_the_templates() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Subject: Hi {{ full_name }}, {{ lifetime }} {{ link }}\n\n{{ link }}\n";
    std::fs::write(folder.path().join("verify_email.txt"), text).unwrap();
    let path = folder.path().display().to_string();
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_MAIL_TEMPLATES", &path)).await;
    app.register("a@x.io").await;
    let mail = app.one_mail().await;
    assert!(mail.subject.starts_with("Hi John Smith, ") && mail.subject.contains("#token="), "{mail:?}");
    let subject = values(&mails(&app, json!({})).await, "subject").remove(0);
    assert_eq!(subject, mail.subject.split(" http").next().unwrap());
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn a_failed_mail_is_sent_again(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let listed = mails(app, json!({})).await["nodes"][0].clone();
    let retry = listed["retryApi"].as_str().unwrap();
    assert_eq!(retry, format!("/api/mails/{}/retry", listed["uuid"].as_str().unwrap()));
    set_status(app, "a@x.io", MailStatus::Failed).await;
    app.app.clock.advance(TimeDelta::days(2));
    assert_eq!(app.send_due().await, 0);
    let admin = app.log_in_admin().await;
    let request =
        admin.request(reqwest::Method::POST, retry).header("idempotency-key", "retry-1").json(&json!({}));
    let sent = admin.send(request.try_clone().unwrap()).await;
    let now = patron::types::timestamp(app.now());
    assert_eq!(
        sent.data(),
        json!({
            "uuid": listed["uuid"], "kind": "verify_email", "recipient": "a@x.io", "status": "pending",
            "created_at": listed["createdAt"], "next_attempt_at": now,
        })
    );
    assert_eq!(admin.send(request).await.data(), sent.data(), "the key repeats the response");
    let token = app.one_mail().await.token();
    app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await.data();
    assert_eq!(mails(app, json!({"status": "SENT"})).await["nodes"][0]["attempts"], 1);
    for (status, message) in [
        (MailStatus::Sent, "The mail was already sent"),
        (MailStatus::Pending, "The mail is still retried"),
        (MailStatus::Withdrawn, "The mail was withdrawn, because it is superseded"),
    ] {
        set_status(app, "a@x.io", status).await;
        let refused = admin.post(retry, &json!({})).await;
        refused.assert_failure(409, "conflict");
        assert_eq!(refused.message(), message);
    }
    admin
        .post(&format!("/api/mails/{}/retry", Uuid::nil()), &json!({}))
        .await
        .assert_failure(404, "not_found");
    let query = "query ($filter: AuditEntryFilter) { auditEntries(filter: $filter) { nodes { record actor customer } } }";
    let filter = json!({"filter": {"actions": ["mail.retried"]}});
    let entries =
        app.log_in_admin().await.query_with(query, filter).await.data()["auditEntries"]["nodes"].clone();
    assert_eq!(entries, json!([{"record": listed["uuid"], "actor": "ADMIN", "customer": row["uuid"]}]));
}

/// A mail without a customer, such as one to an admin, is sent again as well.
#[apply(on_both_databases!)]
async fn a_failed_mail_without_a_customer_is_sent_again(app: &TestApp) {
    app.register("a@x.io").await;
    app.deliver_mails().await;
    app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await.data();
    set_status(app, "a@x.io", MailStatus::Failed).await;
    let mail = Entity::find().order_by_desc(Column::MailId).one(app.app.db.writer()).await.unwrap().unwrap();
    assert_eq!(mail.customer_id, None);
    let admin = app.admin();
    let send = async || admin.post(&format!("/api/mails/{}/retry", mail.uuid), &json!({})).await.status;
    // Concurrent requests: one of them sends it.
    let statuses = futures_util::future::join_all((0..4).map(|_| send())).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    // The lock of a refused request ends soon after its response, and the worker skips locked mails. This waits for it.
    let wait = format!("UPDATE mail SET status = status WHERE mail_id = {}", mail.mail_id);
    app.app.db.writer().execute_unprepared(&wait).await.unwrap();
    assert_eq!(app.one_mail().await.subject, "Set a new password");
}

/// Both lists read an index in their order.
#[apply(on_both_databases!)]
async fn lists_of_mails_use_an_index(app: &TestApp) {
    app.register("a@x.io").await;
    app.copy_customer(&app.customers().await[0], 99).await;
    let row = |number: usize| ActiveModel {
        customer_id: Set(Some((number % 100 + 1).try_into().unwrap())),
        kind: Set(MailKind::PasswordChanged),
        recipient: Set(EmailAddress::parse("a@x.io").unwrap()),
        status: Set(if number.is_multiple_of(50) { MailStatus::Failed } else { MailStatus::Sent }),
        ..Default::default()
    };
    let db = app.app.db.writer();
    Entity::insert_many((0..2000).map(row)).exec_without_returning(db).await.unwrap();
    if app.app.db.backend() == DbBackend::Postgres {
        db.execute_unprepared("ANALYZE mail").await.unwrap();
    }
    let customer = app.customers().await[50].uuid.to_string();
    for (variables, count, index) in [
        (json!({"first": 50, "status": "FAILED"}), 40, "mail_status_mail_id_idx"),
        (json!({"first": 50, "customer": customer}), 20, "mail_customer_id_mail_id_idx"),
    ] {
        let (response, statements) = statements_of(&app.admin(), MAILS, variables.clone()).await;
        assert_eq!(response.data()["mails"]["nodes"].as_array().unwrap().len(), count);
        let statement = statements.iter().rfind(|statement| statement.contains("ORDER BY")).unwrap();
        let plan = plan_without_scans(app, statement).await;
        let is_sorted = plan.contains("TEMP B-TREE") || plan.contains("Sort Key");
        assert!(plan.contains(index) && !is_sorted, "{variables}: {statement}\n{plan}");
    }
}
