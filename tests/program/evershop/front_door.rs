//! patron as the front door: it reads and writes the session cookies of the shop, so that the storefront needs no change.

use serde_json::{Value, json};

use super::api::{Api, Reply, address};
use super::sessions::{status, storefront};
use super::shop::{COOKIE_SECRET, ShopDatabase};
use crate::support::{ADMIN, Server, code_and_error, free_address, run};

const EMAIL: &str = "ada@shop.example";
const PASSWORD: &str = "a password of the tests";
/// The origin of the shop, which a proxy has.
const ORIGIN: &str = "https://shop.example";

/// Starts patron as the front door of the shop. Without a public URL, the origin of the shop is that of the request.
fn serve(database: &ShopDatabase) -> Server {
    database.serve(&[("PATRON_COMPAT", "evershop"), ("PATRON_EVERSHOP_COOKIE_SECRET", COOKIE_SECRET)])
}

/// Logs in at the front door.
async fn log_in(patron: &Api) -> Reply {
    patron.send("POST /customer/login", json!({"email": EMAIL, "password": PASSWORD})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_at_one_program_is_a_login_at_both() {
    let Some(database) = ShopDatabase::adopted("door") else { return };
    let (shop, server) = (database.start_shop(), serve(&database));
    let (patron, origin) = (Api::new(&server.url()), server.url());
    patron.register(EMAIL, PASSWORD).await;

    let reply = log_in(&patron).await;
    let cookie = reply.cookie("sid");
    assert!(reply.data(200)["sid"].is_string());
    let (at_shop, at_patron) =
        (shop.api().with("cookie", &cookie), patron.with("cookie", &cookie).with("origin", &origin));
    assert_eq!((status(&at_shop).await, status(&at_patron).await), (200, 200));

    let of_shop = storefront(&shop.api(), EMAIL, PASSWORD).await;
    assert_eq!(status(&of_shop).await, 200);
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let cookie = shop.api().send("POST /customer/login", body).await.cookie("sid");
    let caller = patron.with("cookie", &cookie).with("origin", &origin);
    use_address_book(&caller).await;

    // A logout at patron is one at the shop.
    assert_eq!(caller.send("POST /customer/logout", json!({})).await.status, 200);
    assert_eq!(status(&caller).await, 401);
    assert_eq!(status(&shop.api().with("cookie", &cookie)).await, 401);
    assert_eq!(status(&of_shop).await, 200, "only this session ends");
    at_patron.send("DELETE /api/customers/me/sessions", Value::Null).await.data(200);
    for ended in [&of_shop, &at_shop, &at_patron] {
        assert_eq!(status(ended).await, 401, "log out everywhere");
    }
    wrong_logins(&patron, &shop.api()).await;
}

/// The calls of the storefront's pages.
async fn use_address_book(caller: &Api) {
    let created = caller.send("POST /api/customers/me/addresses", address("1 Street")).await.data(201);
    let path = format!("/api/customers/me/addresses/{}", created["uuid"].as_str().expect("a uuid"));
    let mut body = address("2 Street");
    body["is_default"] = json!(true);
    caller.send(&format!("PATCH {path}"), body).await.data(200);
    caller.send(&format!("DELETE {path}"), Value::Null).await.data(200);
    caller.send("PATCH /api/customers/me", json!({"full_name": "Ada", "email": EMAIL})).await.data(200);
}

async fn wrong_logins(patron: &Api, shop: &Api) {
    let wrong = patron.send("POST /customer/login", json!({"email": EMAIL, "password": "wrong"})).await;
    assert_eq!((wrong.status, wrong.message()), (401, "Invalid email or password"));
    assert!(wrong.headers.get("set-cookie").is_none(), "{wrong:?}");
    // Cookies without a valid signature.
    for forged in ["sid=s%3Aforged.forged", "sid=forged", "sid="] {
        for program in [patron, shop] {
            let caller = program.with("cookie", forged).with("sec-fetch-site", "same-origin");
            assert_eq!(status(&caller).await, 401, "{forged}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_sites_cannot_use_the_cookie() {
    let Some(database) = ShopDatabase::adopted("sites") else { return };
    let server = serve(&database);
    let patron = Api::new(&server.url());
    patron.register(EMAIL, PASSWORD).await;
    let caller = patron.with("cookie", &log_in(&patron).await.cookie("sid"));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("x-none", ""),
    ] {
        let refused =
            caller.with(name, value).send("PATCH /api/customers/me", json!({"full_name": "Eve"})).await;
        assert_eq!(refused.status, 403, "{name}: {value}: {refused:?}");
    }
    let own = caller.with("sec-fetch-site", "same-origin");
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let form = own.with("content-type", content_type);
        let refused = form.send("PATCH /api/customers/me", json!({"full_name": "Eve"})).await;
        assert_eq!(refused.status, 403, "{content_type}: {refused:?}");
    }
    assert_eq!(status(&own).await, 200);
    // Another site can't log a visitor in as itself.
    let login = patron.with("origin", "https://evil.example");
    assert_eq!(log_in(&login).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_of_the_shop_uses_its_cookie() {
    let Some(database) = ShopDatabase::adopted("asid") else { return };
    let (shop, server) = (database.start_shop(), serve(&database));
    let patron = Api::new(&server.url());
    let row = patron.register(EMAIL, PASSWORD).await;
    let path = format!("/api/customers/{}", row["uuid"].as_str().expect("a uuid"));
    let definition = json!({"ownerType": "customer", "namespace": "custom", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "short_text"});
    shop.api().admin().await.send("POST /api/metafield-definitions", definition).await.data(200);

    let credentials = json!({"email": ADMIN[0], "password": ADMIN[1]});
    let cookie = shop.api().send("POST /admin/user/login", credentials).await.cookie("asid");
    let admin = patron.with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    let fields = json!({"metafields": {"custom": {"loyalty": "gold"}}});
    let changed = admin.send(&format!("PATCH {path}/metafields"), fields).await;
    assert!(changed.status == 200 && changed.body.to_string().contains("gold"), "{changed:?}");
    // The cookie of the back office is not one of a customer, and is read on no other route.
    assert_eq!(status(&admin).await, 401);
    let graphql = admin.send("POST /api/admin/graphql", json!({"query": "{ customers { total } }"})).await;
    assert_eq!(graphql.status, 401, "{graphql:?}");
    admin.send(&format!("DELETE {path}"), Value::Null).await.data(200);
}

#[test]
fn the_front_door_needs_an_adopted_database_and_the_secret() {
    let Some(database) = ShopDatabase::create("start") else { return };
    let compat = [("DATABASE_URL", database.url()), ("PATRON_COMPAT", "evershop")];
    let secret = [("PATRON_EVERSHOP_COOKIE_SECRET", COOKIE_SECRET)];
    let serve =
        |settings: &[(&str, &str)]| code_and_error(&run(database.folder.path(), &["serve"], settings));
    let (code, error) = serve(&[&compat[..], &secret[..]].concat());
    assert!(code == 78 && error.contains("patron adopt --check"), "{code} {error}");
    database.adopt();
    let (code, error) = serve(&compat);
    assert!(code == 78 && error.contains("PATRON_EVERSHOP_COOKIE_SECRET"), "{code} {error}");
}

/// The page for a new password takes the token of EverShop's links as well. The console leaves its path to EverShop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_door_has_the_pages_of_mailed_links() {
    let Some(database) = ShopDatabase::adopted("pages") else { return };
    let listen = free_address();
    let server = database.serve(&[
        ("PATRON_COMPAT", "evershop"),
        ("PATRON_EVERSHOP_COOKIE_SECRET", "keyboard cat"),
        ("PATRON_PUBLIC_URL", ORIGIN),
        ("PATRON_LISTEN", listen.as_str()),
    ]);
    let patron = Api::new(&format!("http://{listen}"));
    for page in ["/account/reset-password?token=token-of-a-link", "/account/verify-email"] {
        let reply = patron.send(&format!("GET {page}"), Value::Null).await;
        let text = reply.body.as_str().unwrap_or_default();
        assert!(
            reply.status == 200 && text.contains("<html") && !text.contains("token-of-a-link"),
            "{page}: {reply:?}"
        );
    }
    assert_eq!(patron.send("GET /admin", Value::Null).await.status, 404);
    // The secret that is published with EverShop's source.
    let (code, log) = server.terminate();
    assert!(code == Some(0) && log.contains("PATRON_EVERSHOP_COOKIE_SECRET"), "{log}");
}
