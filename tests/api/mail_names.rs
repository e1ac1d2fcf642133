//! Names in mails to unverified addresses: any client can register any address with any name.

use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases};

/// Names that are omitted from the greeting, grouped by reason.
const REFUSED: &[&str] = &[
    "Claim 5000 EUR at prize-claim.example",
    "pay EUR two at evil-parcel.com",
    "evil.com",
    "evil .com",
    "mailto:x",
    "evil/x",
    "x@evil",
    "J.R.R. Tolkien",
    // A dot before a letter of any script, and other dots (UTS 46, compatible forms, homographs).
    "приз.рф",
    "賞品.コム",
    "evil\u{3002}com",
    "evil\u{FF0E}com",
    "evil\u{FF61}com",
    "evil\u{2024}com",
    "evil\u{FE52}com",
    "evil\u{2026}com",
    "evil\u{A4F8}com",
    "evil.\u{200B}com",
    "evil\u{FF0F}com",
    "evil\u{FF1A}com",
    "evil\u{FF20}com",
    "evil\u{2215}com",
    "\u{2100}",
    // Digits of any script.
    "Agent 7",
    "Agent \u{FF17}",
    "Agent \u{0667}",
    "Agent \u{2166}",
    "Agent \u{2488}",
    // Layout.
    "moc\u{202E}live",
    "John\u{2028}Smith",
    "This name has one more than forty letters",
];

/// Names that are used in the greeting.
const GREETED: &[&str] = &[
    "John Smith",
    "Zoë <b>&",
    "J. R. R. Tolkien",
    "Sammy Davis Jr.",
    "Conan O'Brien-Smith",
    "Łukasz Żółć",
    "山田 太郎",
    "محمد علی",
    "می\u{200C}خواهم",
    "This name has just the forty letters, ok",
];

async fn greeting(app: &TestApp, name: &str, number: usize) -> String {
    let body = json!({"full_name": name, "email": format!("victim{number}@x.io"), "password": "correct horse battery"});
    let response = app.anonymous().post("/api/customers", &body).await;
    assert_eq!(response.status, 201, "{name:?} {response:?}");
    let mail = app.one_mail().await;
    let line = mail.text.lines().find(|line| line.starts_with("Hello ")).unwrap().to_owned();
    assert_eq!(mail.html.contains("Hello customer,"), line == "Hello customer,", "{mail:?}");
    line
}

#[apply(on_both_databases!)]
async fn suspicious_names_are_omitted_from_greetings(app: &TestApp) {
    let app = app
        .another_with(|flags| {
            flags.with("PATRON_RATE_LIMITS", "off").with("PATRON_PASSWORDS_PER_ADDRESS", "1000")
        })
        .await;
    let (mut number, mut greeted, mut refused) = (0, Vec::new(), Vec::new());
    for name in REFUSED {
        number += 1;
        if greeting(&app, name, number).await != "Hello customer," {
            greeted.push(name);
        }
    }
    for name in GREETED {
        number += 1;
        if greeting(&app, name, number).await != format!("Hello {name},") {
            refused.push(name);
        }
    }
    assert_eq!((greeted, refused), (vec![], vec![]));
    app.stop().await;
}

/// A regression test of a reported name. It is omitted until the address is verified, and used afterwards.
#[apply(on_both_databases!)]
async fn a_suspicious_name_is_used_after_verification(app: &TestApp) {
    let body = json!({"full_name": "Claim 5000 EUR at prize-claim.example", "email": "victim@example.com", "password": "correct horse battery"});
    app.anonymous().post("/api/customers", &body).await.data();
    let mail = app.one_mail().await;
    assert!(!mail.text.contains("prize") && !mail.html.contains("prize"), "{mail:?}");
    let verified = app.anonymous().post("/api/customers/verify-email", &json!({"token": mail.token()})).await;
    assert_eq!(verified.status, 200);
    app.anonymous()
        .post("/api/customers/reset-password", &json!({"email": "victim@example.com"}))
        .await
        .data();
    let mail = app.one_mail().await;
    assert!(mail.text.contains("Hello Claim 5000 EUR at prize-claim.example,"), "{mail:?}");
}

/// An address can contain a message too.
#[apply(on_both_databases!)]
async fn addresses_are_not_repeated_in_mails(app: &TestApp) {
    let body = json!({"full_name": "A", "email": "victim+claim.at.evil/x@example.com", "password": "correct horse battery"});
    app.anonymous().post("/api/customers", &body).await.data();
    let mail = app.one_mail().await;
    assert!(mail.text.contains("confirm that this address is your e-mail address"), "{mail:?}");
    assert!(!mail.text.contains("evil") && !mail.html.contains("evil"), "{mail:?}");
    let body: Value =
        app.anonymous().post("/api/customers/verify-email", &json!({"token": mail.token()})).await.body;
    assert_eq!(body["error"], Value::Null);
}
