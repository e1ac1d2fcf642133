//! Debug output contains no secrets, and long-lived secrets are wiped when they are dropped.

use patron::app::ctx::AdminCtx;
use patron::config::{Config, Flags, SETTINGS, Values};
use patron::entity::{admin_user, customer, customer_session, reset_password_token, verify_email_token};
use patron::service::import::{Line, Record};
use patron::service::input::patch::Field;
use patron::service::token::issue_for_admin;
use patron::types::{Password, PasswordHash, TokenHash};
use sea_orm::EntityTrait;
use secrecy::zeroize::ZeroizeOnDrop;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, apply, on_both_databases};

const MARK: &str = "marked-secret-of-at-least-32-bytes";

/// Sets every secret setting to a marked secret.
fn with_secrets(flags: Flags) -> Flags {
    SETTINGS.iter().filter(|setting| setting.secret).fold(flags, |flags, setting| match setting.variable {
        "PATRON_SMTP_URL" => flags.with(setting.variable, format!("smtps://user:{MARK}@127.0.0.1")),
        _ => flags.with(setting.variable, MARK),
    })
}

#[apply(on_both_databases!)]
async fn debug_output_of_the_app_has_no_secret(app: &TestApp) {
    let other = app.another_with(|flags| with_secrets(flags).with("PATRON_ADMIN_EMAIL", "a@x.io")).await;
    let output = format!("{:?} {:#?} {:?}", other.app, other.app, AdminCtx::system(other.app.clone()));
    assert!(
        output.contains("KeyRing") && output.contains("first_admin") && output.contains("smtp"),
        "{output}"
    );
    assert!(!output.contains(MARK), "{output}");
    // The password in the database URL is masked too.
    if let Some((_, rest)) = app.app.config.database.url.expose_secret().split_once("://patron:") {
        let password = rest.split('@').next().unwrap();
        assert!(!output.contains(password), "{output}");
    }
    other.stop().await;
}

#[apply(on_both_databases!)]
async fn debug_output_of_rows_has_no_hash(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await.data();
    app.send_due().await;
    let db = app.app.db.writer();
    let owner = customer::Entity::find().one(db).await.unwrap().unwrap();
    let admin = admin_user::Entity::find().one(db).await.unwrap().unwrap();
    app.anonymous()
        .post("/api/customer/token/refresh", &json!({"refreshToken": customer.refresh_token}))
        .await
        .data();
    let refresh = customer_session::Entity::find().one(db).await.unwrap().unwrap();
    let verify = verify_email_token::Entity::find().one(db).await.unwrap().unwrap();
    let reset = reset_password_token::Entity::find().one(db).await.unwrap().unwrap();
    let pair = issue_for_admin(&app.app, &admin, None).unwrap();
    let output = format!("{owner:?} {admin:?} {refresh:?} {verify:?} {reset:?} {pair:?}");
    assert!(output.contains("a@x.io") && output.contains("refresh_count"), "{output}");
    for secret in [
        owner.password.expose(),
        admin.password.expose(),
        refresh.last_refresh_token.as_ref().unwrap().expose(),
        verify.token.expose(),
        reset.token.expose(),
        &pair.access_token,
        &pair.refresh_token,
        &customer.token,
        CUSTOMER_PASSWORD,
    ] {
        assert!(secret.len() > 20 && !output.contains(secret), "{output}");
    }
}

#[test]
fn debug_output_of_values_has_no_secret() {
    let flags = with_secrets(Flags::default());
    let values = Values::only(&flags);
    let fields: Map<String, Value> = [("password".to_owned(), json!(MARK))].into_iter().collect();
    let line = Line { number: 1, record: Ok(Record { fields: fields.clone(), is_text: false }) };
    let output = format!(
        "{flags:?} {values:?} {line:?} {:?} {:?} {:?} {:?} {:?}",
        Field::Value(json!(MARK)),
        Password::new(MARK.into()).unwrap(),
        PasswordHash::new(MARK.into()),
        TokenHash::new(MARK.into()),
        SecretString::from(MARK),
    );
    assert!(output.contains("JWT_ADMIN_SECRET") && output.contains("number: 1"), "{output}");
    assert!(!output.contains(MARK), "{output}");
    // Errors of settings don't repeat their values.
    let short =
        flags.with("JWT_ADMIN_SECRET", "marked").with("DATABASE_URL", format!("mysql://root:{MARK}@x/y"));
    let problems = Config::from_values(Values::only(&short)).unwrap_err();
    assert!(problems.len() > 1 && !format!("{problems:?}").contains("marked"), "{problems:?}");
}

/// Freed memory can't be read in a test, so this checks that the types implement `ZeroizeOnDrop`.
#[test]
fn long_lived_secrets_are_wiped() {
    fn is_wiped<T: ZeroizeOnDrop + ?Sized>() {}
    is_wiped::<SecretString>();
    is_wiped::<jsonwebtoken::EncodingKey>();
    is_wiped::<jsonwebtoken::DecodingKey>();
}
