//! Passwords are compared in NFC (RFC 8265), so every keyboard produces the same password.

use super::*;

#[apply(on_both_databases!)]
async fn a_password_is_the_same_on_every_keyboard(app: &TestApp) {
    for (set, typed) in [(NFC, NFD), (NFD, NFC)] {
        let row = register(app, "Ada", "ada@x.io", set).await.data();
        assert_eq!(log_in(app, "ada@x.io", set).await.status, 200, "{set:?}");
        let response = log_in(app, "ada@x.io", typed).await;
        assert_eq!(response.status, 200, "{set:?} as {typed:?}: {response:?}");
        // Changed by the customer, then by an admin, then by a link.
        let change = json!({"current_password": typed, "password": format!("{set} 2")});
        let changed =
            send_as(app, &response.data(), Method::POST, "/api/customers/me/password", &change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(log_in(app, "ada@x.io", &format!("{typed} 2")).await.status, 200, "{typed:?}");
        app.admin().patch(&url(&row), &json!({"password": format!("{set} 3")})).await.data();
        assert_eq!(log_in(app, "ada@x.io", &format!("{typed} 3")).await.status, 200, "{typed:?}");
        let token = app.reset_token("ada@x.io").await;
        let reset = json!({"token": token, "password": format!("{set} 4")});
        app.anonymous().post("/api/customers/password", &reset).await.data();
        let pair = log_in(app, "ada@x.io", &format!("{typed} 4")).await.data();
        let deleted =
            send_as(app, &pair, Method::DELETE, ME, &json!({"password": format!("{typed} 4")})).await;
        assert_eq!(deleted.status, 200, "{deleted:?}");
        assert_eq!(app.customers().await, []);
    }
}

#[apply(on_both_databases!)]
async fn a_different_password_is_wrong_in_every_form(app: &TestApp) {
    let row = register(app, "Ada", "ada@x.io", NFC).await.data();
    for hash in [stored_hash(app).await, argon2id(NFD), bcrypt(NFD)] {
        set_hash(app, &hash).await;
        for wrong in [
            "cafe creme brulee",
            "cafe\u{301} creme brulee",
            "cafe\u{300} cre\u{300}me bru\u{302}le\u{301}e",
            &NFD[..NFD.len() - 1],
        ] {
            let response = log_in(app, "ada@x.io", wrong).await;
            response.assert_failure(401, "unauthenticated");
            assert_eq!(response.message(), "Invalid email or password");
            app.app.clock.advance(TimeDelta::minutes(15));
        }
        assert_eq!(stored_hash(app).await, hash, "a wrong password replaces nothing");
    }
    let pair = log_in(app, "ada@x.io", NFD).await.data();
    assert_eq!(owner(app, &pair).await, row["uuid"]);
}

/// Older releases and other systems hashed the bytes without normalization.
#[apply(on_both_databases!)]
async fn a_hash_of_another_form_is_verified_and_replaced(app: &TestApp) {
    register(app, "Ada", "ada@x.io", CUSTOMER_PASSWORD).await.data();
    for raw in [argon2id(NFD), bcrypt(NFD)] {
        set_hash(app, &raw).await;
        log_in(app, "ada@x.io", NFC).await.assert_failure(401, "unauthenticated");
        assert_eq!(stored_hash(app).await, raw);
        app.app.clock.advance(TimeDelta::seconds(1));
        let response = log_in(app, "ada@x.io", NFD).await;
        assert_eq!(response.status, 200, "{raw}: {response:?}");
        let replaced = stored_hash(app).await;
        assert!(replaced != raw && replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{replaced}");
        for password in [NFC, NFD] {
            assert_eq!(log_in(app, "ada@x.io", password).await.status, 200, "{password:?}");
        }
        assert_eq!(stored_hash(app).await, replaced);
    }
}

#[apply(on_both_databases!)]
async fn a_hash_of_another_form_confirms_a_change(app: &TestApp) {
    for raw in [argon2id(NFD), bcrypt(NFD)] {
        let customer = app.customer("ada@x.io").await;
        set_hash(app, &raw).await;
        let change = json!({"current_password": NFD, "password": "another good one"});
        let changed = customer.post("/api/customers/me/password", &change).await;
        assert_eq!(changed.status, 200, "{raw}: {changed:?}");
        set_hash(app, &raw).await;
        let deleted = send_as(app, &changed.data(), Method::DELETE, ME, &json!({"password": NFD})).await;
        assert_eq!(deleted.status, 200, "{raw}: {deleted:?}");
        assert_eq!(app.customers().await, []);
    }
}

#[apply(on_both_databases!)]
async fn imported_passwords_and_hashes_are_the_same_on_every_keyboard(app: &TestApp) {
    let records = [
        json!({"full_name": "Ada", "email": "raw@x.io", "password_hash": argon2id(NFD)}),
        json!({"full_name": "Ada", "email": "plain@x.io", "password": NFD}),
    ];
    assert_eq!(
        import_records(app, Options::default(), &records).await,
        [ImportOutcome::Created, ImportOutcome::Created]
    );
    for (email, password) in [("raw@x.io", NFD), ("raw@x.io", NFC), ("plain@x.io", NFC), ("plain@x.io", NFD)]
    {
        assert_eq!(log_in(app, email, password).await.status, 200, "{email} {password:?}");
    }
}

#[apply(on_both_databases!)]
async fn passwords_of_admins_are_the_same_on_every_keyboard(app: &TestApp) {
    for (email, set) in [("nfc@localhost", NFC), ("nfd@localhost", NFD)] {
        let created = create_admin(app, email, set).await.unwrap();
        for password in [NFC, NFD] {
            assert_eq!(log_in_as_admin(app, email, password).await.status, 200, "{email} {password:?}");
        }
        // A hash of the bytes without normalization, as in older releases.
        let raw = argon2id(NFD);
        let mut row = created.into_active_model();
        row.password = Set(PasswordHash::new(raw.clone()));
        row.update(app.app.db.writer()).await.unwrap();
        log_in_as_admin(app, email, NFC).await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(1));
        log_in_as_admin(app, email, "cafe\u{301} creme brulee").await.assert_failure(401, "unauthenticated");
        app.app.clock.advance(TimeDelta::seconds(2));
        for password in [NFD, NFC] {
            assert_eq!(log_in_as_admin(app, email, password).await.status, 200, "{email} {password:?}");
        }
        let stored = admins(app).await.pop().unwrap();
        assert!(stored.email.as_str() == email && stored.password.expose() != raw);
    }
}
