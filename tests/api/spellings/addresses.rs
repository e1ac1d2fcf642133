//! Two spellings of an e-mail address are one account, in every route.

use super::*;

/// Only surrounding white space is removed, and the text is normalized to NFC.
#[apply(on_both_databases!)]
async fn an_address_is_stored_as_typed(app: &TestApp) {
    for (typed, stored) in [
        ("  Ada@X.IO ", "Ada@X.IO"),
        ("JO\u{308}RG@Bu\u{308}cher.Example", "JÖRG@Bücher.Example"),
        ("ada@XN--FA-HIA.example", "ada@XN--FA-HIA.example"),
        ("ada@ｅｘａｍｐｌｅ\u{3002}com", "ada@ｅｘａｍｐｌｅ\u{3002}com"),
    ] {
        let row = app.register(typed).await;
        assert_eq!(row["email"], stored);
        let query = format!("{{ customer(id: {}) {{ email }} }}", row["uuid"]);
        assert_eq!(app.admin().query(&query).await.data()["customer"]["email"], stored);
    }
}

#[apply(on_both_databases!)]
async fn the_other_spelling_cannot_register(app: &TestApp) {
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        let before = app.customers().await;
        let body = json!({"full_name": "Other", "email": typed, "password": CUSTOMER_PASSWORD});
        assert_email_taken(&app.anonymous().post("/api/customers", &body).await, typed);
        assert_email_taken(&app.admin().post("/api/customers", &body).await, typed);
        assert_eq!(app.customers().await, before, "{typed}");
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn the_other_spelling_logs_in(app: &TestApp) {
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        let response = log_in(app, typed, CUSTOMER_PASSWORD).await;
        assert_eq!(response.status, 200, "{stored} as {typed}: {response:?}");
        assert_eq!(owner(app, &response.data()).await, row["uuid"], "{stored} as {typed}");
        remove(app, &row).await;
    }
}

/// Wrong passwords are counted per account, not per spelling.
#[apply(on_both_databases!)]
async fn login_attempts_of_both_spellings_count_together(app: &TestApp) {
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        log_in(app, stored, "wrong wrong").await.assert_failure(401, "unauthenticated");
        log_in(app, typed, CUSTOMER_PASSWORD).await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(log_in(app, typed, CUSTOMER_PASSWORD).await.status, 200, "{typed}");
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn other_addresses_are_other_accounts(app: &TestApp) {
    for (one, other) in [
        ("ada@faß.example", "ada@fass.example"),
        ("ada@bücher.example", "ada@bucher.example"),
        ("ada@bücher.example", "ada@buecher.example"),
        ("jörg@x.io", "jorg@x.io"),
        ("a.da@x.io", "ada@x.io"),
    ] {
        let rows = [app.register(one).await, app.register(other).await];
        for (row, email) in rows.iter().zip([one, other]) {
            let pair = log_in(app, email, CUSTOMER_PASSWORD).await.data();
            assert_eq!(owner(app, &pair).await, row["uuid"], "{email}");
        }
        remove_all(app).await;
    }
}

#[apply(on_both_databases!)]
async fn a_reset_for_the_other_spelling_reaches_the_account(app: &TestApp) {
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        app.deliver_mails().await;
        let response = app.anonymous().post("/api/customers/reset-password", &json!({"email": typed})).await;
        assert_eq!((response.status, response.data()), (200, json!({})), "{typed}");
        let mails = app.deliver_mails().await;
        assert_eq!(mails.len(), 1, "{stored} as {typed}: {mails:?}");
        assert_eq!(mails[0].subject, "Set a new password");
        let body = json!({"token": mails[0].token(), "password": "another good one"});
        let pair = app.anonymous().post("/api/customers/password", &body).await.data();
        assert_eq!(owner(app, &pair).await, row["uuid"], "{typed}");
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn graphql_finds_the_other_spelling(app: &TestApp) {
    let query = "query ($email: String) { customer(email: $email) { uuid } }";
    app.register("eve@decoy.org").await;
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        let data = app.admin().query_with(query, json!({"email": typed})).await.data();
        assert_eq!(data["customer"]["uuid"], row["uuid"], "{stored} as {typed}");
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn filters_find_the_other_spelling(app: &TestApp) {
    let decoy = app.register("eve@decoy.org").await;
    let filter =
        |operation: &str, value: &str| json!([{"key": "email", "operation": operation, "value": value}]);
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        let (local, domain) = parts(typed);
        assert_eq!(list(app, filter("eq", typed)).await, [row["uuid"].clone()], "{stored} as {typed}");
        let (ends, starts) = (format!("%@{domain}"), format!("{local}@%"));
        for value in [typed, domain, local, &ends, &starts] {
            assert_eq!(
                list(app, filter("like", value)).await,
                [row["uuid"].clone()],
                "{stored} like {value}"
            );
            assert_eq!(
                list(app, filter("nlike", value)).await,
                [decoy["uuid"].clone()],
                "{stored} nlike {value}"
            );
        }
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn conditions_find_the_other_spelling(app: &TestApp) {
    let decoy = app.register("eve@decoy.org").await;
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        let (local, domain) = parts(typed);
        for condition in [
            json!({"eq": typed}),
            json!({"in": ["nobody@decoy.org", typed]}),
            json!({"contains": typed}),
            json!({"contains": domain}),
            json!({"contains": local}),
            json!({"startsWith": typed}),
            json!({"startsWith": format!("{local}@")}),
        ] {
            let (yes, no) = (json!({"email": condition}), json!({"not": {"email": condition}}));
            assert_eq!(connection(app, yes).await, [row["uuid"].clone()], "{stored}: {condition}");
            assert_eq!(connection(app, no).await, [decoy["uuid"].clone()], "{stored}: not {condition}");
        }
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn keywords_find_every_spelling(app: &TestApp) {
    app.register("eve@decoy.org").await;
    for (stored, typed, keywords) in spellings() {
        let row = app.register(stored).await;
        for keyword in [typed, parts(typed).1].iter().chain(keywords) {
            let filter = json!([{"key": "keyword", "operation": "eq", "value": keyword}]);
            assert_eq!(list(app, filter).await, [row["uuid"].clone()], "{stored}: {keyword}");
            assert_eq!(
                connection(app, json!({"keyword": keyword})).await,
                [row["uuid"].clone()],
                "{stored}: {keyword}"
            );
        }
        remove(app, &row).await;
    }
}

#[apply(on_both_databases!)]
async fn other_customers_cannot_change_to_the_other_spelling(app: &TestApp) {
    let eve = app.customer("eve@decoy.org").await;
    for (stored, typed, _) in spellings() {
        let row = app.register(stored).await;
        let before = app.customers().await;
        assert_email_taken(&app.admin().patch(&url(&eve.row), &json!({"email": typed})).await, typed);
        assert_email_taken(&eve.patch(ME, &json!({"email": typed})).await, typed);
        assert_eq!(app.customers().await, before, "{typed}");
        remove(app, &row).await;
    }
}

/// The link of a pending address fails if another customer has registered the address in another spelling.
#[apply(on_both_databases!)]
async fn a_pending_address_is_taken_by_its_other_spelling(app: &TestApp) {
    for (stored, typed, _) in spellings() {
        let eve = app.customer("eve@decoy.org").await;
        app.deliver_mails().await;
        eve.patch(ME, &json!({"email": typed})).await.data();
        let mails = app.deliver_mails().await;
        let link = mails.iter().find(|mail| mail.subject == "Confirm your e-mail address").unwrap();
        app.register(stored).await;
        assert_email_taken(
            &app.anonymous().post("/api/customers/verify-email", &json!({"token": link.token()})).await,
            typed,
        );
        remove_all(app).await;
    }
}

/// Both spellings are the same mailbox, so no confirmation and no mail is needed.
#[apply(on_both_databases!)]
async fn the_owner_changes_to_the_other_spelling_at_once(app: &TestApp) {
    for (stored, typed, _) in spellings() {
        let customer = app.customer(stored).await;
        let token = app.one_mail().await.token();
        app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await.data();
        let (admin, path) = (app.admin(), url(&customer.row));
        for (response, spelling) in [
            (admin.patch(&path, &json!({"email": typed})).await, typed),
            (customer.patch(ME, &json!({"email": stored})).await, stored),
            (customer.patch(ME, &json!({"email": typed})).await, typed),
            (admin.patch(&path, &json!({"email": stored})).await, stored),
        ] {
            assert_eq!(response.status, 200, "{spelling}: {response:?}");
            assert_eq!(response.data()["email"], nfc(spelling));
        }
        let own =
            customer.query("{ currentCustomer { email emailVerifiedAt } }").await.data()["currentCustomer"]
                .clone();
        assert_eq!(own["email"], nfc(stored));
        assert!(own["emailVerifiedAt"].is_string(), "{own}");
        let mails = app.deliver_mails().await;
        assert!(mails.is_empty(), "{mails:?}");
        assert_eq!(log_in(app, typed, CUSTOMER_PASSWORD).await.status, 200, "{typed}");
        remove(app, &customer.row).await;
    }
}

#[apply(on_both_databases!)]
async fn an_import_recognizes_the_other_spelling(app: &TestApp) {
    let taken = refused("email", "Email is already used");
    let dry_run = Options { dry_run: true, ..Options::default() };
    for (stored, typed, _) in spellings() {
        app.register(stored).await;
        for options in [dry_run, Options::default()] {
            let outcomes = import_records(app, options, &[record("Other", typed)]).await;
            assert_eq!(outcomes, std::slice::from_ref(&taken), "{stored} as {typed}");
        }
        remove_all(app).await;
        let both = [record("Ada", stored), record("Other", typed)];
        for (options, count) in [(dry_run, 0), (Options::default(), 1)] {
            let outcomes = import_records(app, options, &both).await;
            assert_eq!(outcomes, [ImportOutcome::Created, taken.clone()], "{stored} and {typed}");
            assert_eq!(app.customers().await.len(), count);
        }
        remove_all(app).await;
    }
}

/// The keys of such rows are outdated, missing or can't be computed.
#[apply(on_both_databases!)]
async fn an_import_handles_rows_of_another_program(app: &TestApp) {
    app.register("old@x.io").await;
    let db = app.app.db.writer();
    db.execute_unprepared("UPDATE customer SET email = 'new@x.io'").await.unwrap();
    db.execute_unprepared("INSERT INTO customer_group (group_name) VALUES ('DEFAULT')").await.unwrap();
    let mut member = record("Ben", "ben@x.io");
    member["group_name"] = json!("Default");
    let outcomes = import_records(app, Options::default(), &[record("Ada", "old@x.io"), member]).await;
    assert_eq!(outcomes, [refused("email", "Email is already used"), ImportOutcome::Created]);
    assert_eq!(app.customers().await.pop().unwrap().group_id, Some(1));
}

#[apply(on_both_databases!)]
async fn admins_have_one_account_for_both_spellings(app: &TestApp) {
    for (number, (stored, typed, _)) in spellings().enumerate() {
        // Admins can't be deleted, so each pair has another local part.
        let (stored, typed) = (format!("{number}{stored}"), format!("{number}{typed}"));
        let created = create_admin(app, &stored, ADMIN_PASSWORD).await.unwrap();
        assert_eq!(created.email.as_str(), nfc(&stored));
        let before = admins(app).await;
        assert!(matches!(create_admin(app, &typed, ADMIN_PASSWORD).await, Err(Error::EmailTaken)), "{typed}");
        assert_eq!(admins(app).await, before);
        let response = log_in_as_admin(app, &typed, ADMIN_PASSWORD).await;
        assert_eq!(response.status, 200, "{stored} as {typed}: {response:?}");
    }
}

/// The unique index decides, for every order of the two spellings.
#[apply(on_both_databases!)]
async fn concurrent_registrations_in_two_spellings_create_one_account(app: &TestApp) {
    let attempt = async |number: usize| {
        let email = ["ada@bücher.example", "ada@xn--bcher-kva.example"][number % 2];
        register(app, &format!("Ada {number}"), email, CUSTOMER_PASSWORD).await
    };
    let responses = futures_util::future::join_all((0..200).map(attempt)).await;
    let (created, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 201);
    assert_eq!((created.len(), refused.len()), (1, 199));
    for response in refused {
        assert_email_taken(response, "one of two hundred");
    }
    assert_eq!(app.customers().await.len(), 1);
}
