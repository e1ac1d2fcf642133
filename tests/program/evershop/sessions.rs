//! What ends sessions at one program ends those of the other: tokens of patron, and cookies of the shop.

use serde_json::{Value, json};

use super::api::{Api, eventually};
use super::shop::ShopDatabase;
use crate::support::{ADMIN, execute, rows};

const EMAIL: &str = "ada@shop.example";
const PASSWORD: &str = "a password of the tests";

/// Logs a customer in at the storefront. Without a build the page after the login fails, but the session exists.
pub(super) async fn storefront(shop: &Api, email: &str, password: &str) -> Api {
    let body = json!({"email": email, "password": password});
    let reply = shop.send("POST /customer/login", body).await;
    shop.with("cookie", &reply.cookie("sid"))
}

/// Whether the shop accepts the session: 200, or 401.
pub(super) async fn status(caller: &Api) -> u16 {
    caller.send("PATCH /api/customers/me", json!({"full_name": "Ada"})).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_patron_ends_is_ended_at_the_shop() {
    let Some(database) = ShopDatabase::adopted("cookies") else { return };
    let (shop, server) = (database.start_shop(), database.serve(&[]));
    let patron = Api::new(&server.url());
    let row = shop.api().register(EMAIL, PASSWORD).await;
    let path = format!("/api/customers/{}", row["uuid"].as_str().expect("a uuid"));
    let admin = patron.admin().await;
    let ada = async |password: &str| patron.customer(EMAIL, password).await;
    let other_password = json!({"current_password": PASSWORD, "password": "another good password"});

    let session = storefront(&shop.api(), EMAIL, PASSWORD).await;
    assert_eq!(status(&session).await, 200);
    ada(PASSWORD).await.send("DELETE /api/customers/me/sessions", Value::Null).await.data(200);
    assert_eq!(status(&session).await, 401, "log out everywhere");

    let session = storefront(&shop.api(), EMAIL, PASSWORD).await;
    ada(PASSWORD).await.send("POST /api/customers/me/password", other_password).await.data(200);
    assert_eq!(status(&session).await, 401, "a new password");

    let session = storefront(&shop.api(), EMAIL, "another good password").await;
    assert_eq!(status(&session).await, 200);
    admin.send(&format!("PATCH {path}"), json!({"status": 0})).await.data(200);
    assert_eq!(status(&session).await, 401, "disabled");
    admin.send(&format!("PATCH {path}"), json!({"status": 1})).await.data(200);
    assert_eq!(status(&session).await, 401, "a session that was ended stays ended");

    let session = storefront(&shop.api(), EMAIL, "another good password").await;
    assert_eq!(status(&session).await, 200);
    admin.send(&format!("DELETE {path}"), Value::Null).await.data(200);
    assert_eq!(status(&session).await, 401, "deleted");
    let left = "SELECT sid::text FROM session WHERE sess->>'customerID' IS NOT NULL";
    assert_eq!(rows(database.url(), left), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_of_an_admin_ends_its_session_at_the_shop() {
    let Some(database) = ShopDatabase::adopted("admins") else { return };
    let (shop, server) = (database.start_shop(), database.serve(&[]));
    let patron = Api::new(&server.url());
    let credentials = json!({"email": ADMIN[0], "password": ADMIN[1]});
    let reply = shop.api().send("POST /admin/user/login", credentials).await;
    let session = shop.api().with("cookie", &reply.cookie("asid"));
    let mint = async || session.send("POST /api/user/session/tokens", json!({})).await.status;
    assert_eq!(mint().await, 200);
    let change = json!({"current_password": ADMIN[1], "password": "another good password"});
    patron.admin().await.send("POST /api/user/me/password", change).await.data(200);
    assert_eq!(mint().await, 401);
    let credentials = json!({"email": ADMIN[0], "password": "another good password"});
    shop.api().send("POST /api/user/tokens", credentials).await.data(200);
}

/// A link that one program mails is good at the other, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_for_a_new_password_are_good_at_both() {
    let Some(database) = ShopDatabase::adopted("resets") else { return };
    let (shop, server) = (database.start_shop(), database.serve(&[]));
    let patron = Api::new(&server.url());
    patron.register(EMAIL, PASSWORD).await;
    patron.send("POST /api/customers/reset-password", json!({"email": EMAIL})).await.data(200);
    let folder = database.folder.path().join("data/mail");
    let token = eventually("the mail with the link", async || {
        let mails = std::fs::read_dir(&folder).ok()?.filter_map(Result::ok);
        let mut mails = mails.filter_map(|mail| std::fs::read_to_string(mail.path()).ok());
        let mail = mails.find(|mail| mail.contains("/account/reset-password#token="))?;
        let token = mail.split("#token=").nth(1)?.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        Some(token.to_owned())
    })
    .await;
    let body = json!({"token": token, "password": "set at the shop"});
    let reset = shop.api().send("POST /api/customers/password", body.clone()).await;
    assert_eq!(reset.status, 200, "{reset:?}");
    patron.log_in(EMAIL, "set at the shop").await.data(200);
    let again = patron.send("POST /api/customers/password", body).await;
    assert_eq!((again.status, again.message()), (400, "Token is invalid or expired"));

    // Without a mailer, the shop stores the token and then fails. The test stores another one as the shop does: its SHA-256.
    let insert = "INSERT INTO reset_password_token (customer_id, token) SELECT customer_id, encode(sha256('a token of the shop'), 'hex') FROM customer";
    execute(database.url(), insert);
    let body = json!({"token": "a token of the shop", "password": "set at patron"});
    patron.send("POST /api/customers/password", body.clone()).await.data(200);
    shop.api().log_in(EMAIL, "set at patron").await.data(200);
    assert_eq!(shop.api().send("POST /api/customers/password", body).await.status, 400);
}
