//! With the same secrets, the tokens of one program are good at the other, until a password or a disabled account ends them.

use serde_json::{Value, json};

use super::api::{Api, address, eventually};
use super::shop::ShopDatabase;
use crate::support::{ADMIN, rows};

const EMAIL: &str = "ada@shop.example";
const PASSWORD: &str = "a password of the tests";

/// Which of the programs has issued a token.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Issuer {
    Shop,
    Patron,
}

const ISSUERS: [Issuer; 2] = [Issuer::Shop, Issuer::Patron];

/// Anonymous clients of both programs.
struct Both {
    shop: Api,
    patron: Api,
}

impl Both {
    fn of(&self, issuer: Issuer) -> &Api {
        match issuer {
            Issuer::Shop => &self.shop,
            Issuer::Patron => &self.patron,
        }
    }

    /// The status with which patron responds to a customer with this access token.
    async fn status_at_patron(&self, token: &str) -> u16 {
        let renamed = json!({"full_name": "Ada"});
        self.patron.with_token(token).send("PATCH /api/customers/me", renamed).await.status
    }
}

/// A customer uses a token at both programs.
async fn use_as_customer(both: &Both, token: &str) {
    for (program, created) in [(&both.shop, 200), (&both.patron, 201)] {
        let caller = program.with_token(token);
        let row = caller.send("PATCH /api/customers/me", json!({"full_name": "Ada"})).await.data(200);
        assert_eq!(row["email"], EMAIL);
        let stored = caller.send("POST /api/customers/me/addresses", address("1 Street")).await.data(created);
        let path = format!("/api/customers/me/addresses/{}", stored["uuid"].as_str().expect("a uuid"));
        let moved = json!({"city": "Paris", "country": "FR", "full_name": "Ada", "address_1": "1", "postcode": "75001", "telephone": "1", "province": "FR-75"});
        caller.send(&format!("PATCH {path}"), moved).await.data(200);
        caller.send(&format!("DELETE {path}"), Value::Null).await.data(200);
        // All claims that the shop's GraphQL reads are in the token.
        let me = caller.query("{ currentCustomer { customerId uuid email fullName } }").await;
        assert_eq!(me["currentCustomer"]["email"], EMAIL, "{me}");
    }
}

/// An admin uses a token at both programs.
async fn use_as_admin(both: &Both, token: &str, uuid: &str) {
    for program in [&both.shop, &both.patron] {
        let caller = program.with_token(token);
        caller.send(&format!("PATCH /api/customers/{uuid}"), json!({"full_name": "Ada"})).await.data(200);
        let total = caller.send("POST /api/admin/graphql", json!({"query": "{ customers { total } }"})).await;
        assert_eq!(total.body["data"]["customers"]["total"], 1, "{total:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_good_at_both_programs() {
    let Some(database) = ShopDatabase::adopted("tokens") else { return };
    let (shop, patron) = (database.start_shop(), database.serve(&[]));
    let both = Both { shop: shop.api(), patron: Api::new(&patron.url()) };
    let row = both.shop.register(EMAIL, PASSWORD).await;
    let uuid = row["uuid"].as_str().expect("a uuid");
    for issuer in ISSUERS {
        let tokens = both.of(issuer).log_in(EMAIL, PASSWORD).await.tokens();
        use_as_customer(&both, &tokens.access).await;
        // Each program refreshes only what it has issued.
        for program in ISSUERS {
            let body = json!({"refreshToken": tokens.refresh});
            let refreshed = both.of(program).send("POST /api/customer/token/refresh", body).await;
            if program != issuer {
                assert_eq!(refreshed.status, 401, "{issuer:?} {program:?}: {refreshed:?}");
                continue;
            }
            let access = refreshed.data(200)["accessToken"].as_str().expect("a token").to_owned();
            assert_eq!(both.status_at_patron(&access).await, 200, "{issuer:?} {program:?}");
        }
        let credentials = json!({"email": ADMIN[0], "password": ADMIN[1]});
        let admin = both.of(issuer).send("POST /api/user/tokens", credentials).await.tokens();
        use_as_admin(&both, &admin.access, uuid).await;
        // A customer is not an admin.
        let refused = both
            .patron
            .with_token(&tokens.access)
            .send(&format!("DELETE /api/customers/{uuid}"), Value::Null)
            .await;
        assert_eq!(refused.status, 403, "{refused:?}");
    }
    // No login has replaced the hash by one that the shop can't verify.
    assert!(rows(database.url(), "SELECT password FROM customer")[0].starts_with("$2"));
}

/// What ends all tokens of the customer, at one of the programs.
async fn end_tokens(both: &Both, how: Issuer, uuid: &str, password: &str) {
    let admin = both.of(how).admin().await;
    admin.send(&format!("PATCH /api/customers/{uuid}"), json!({"password": password})).await.data(200);
}

/// A token of the shop names the second in which it was issued, so that a login in the second of the change may be refused.
async fn a_new_login_is_accepted(both: &Both, password: &str) {
    for issuer in ISSUERS {
        eventually("a token of a new login is accepted", async || {
            let tokens = both.of(issuer).log_in(EMAIL, password).await.tokens();
            (both.status_at_patron(&tokens.access).await == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_at_one_program_ends_the_tokens_of_both() {
    let Some(database) = ShopDatabase::adopted("endings") else { return };
    let (shop, patron) = (database.start_shop(), database.serve(&[]));
    let both = Both { shop: shop.api(), patron: Api::new(&patron.url()) };
    let row = both.patron.register(EMAIL, PASSWORD).await;
    let uuid = row["uuid"].as_str().expect("a uuid");
    let mut password = PASSWORD.to_owned();
    for how in ISSUERS {
        a_new_login_is_accepted(&both, &password).await;
        let of_shop = both.shop.log_in(EMAIL, &password).await.tokens();
        let of_patron = both.patron.log_in(EMAIL, &password).await.tokens();
        let new = format!("a password set at {how:?}");
        end_tokens(&both, how, uuid, &new).await;
        for tokens in [&of_shop, &of_patron] {
            assert_eq!(both.status_at_patron(&tokens.access).await, 401, "{how:?}");
            let body = json!({"refreshToken": tokens.refresh});
            let refreshed = both.patron.send("POST /api/customer/token/refresh", body).await;
            assert_eq!(refreshed.status, 401, "{how:?}: {refreshed:?}");
        }
        assert_eq!(both.patron.log_in(EMAIL, &password).await.status, 401);
        assert_eq!(both.shop.log_in(EMAIL, &password).await.status, 400);
        a_new_login_is_accepted(&both, &new).await;
        password = new;
    }
    // A disabled account, at the shop: both kinds of tokens end.
    let of_shop = both.shop.log_in(EMAIL, &password).await.tokens();
    let of_patron = both.patron.log_in(EMAIL, &password).await.tokens();
    let path = format!("PATCH /api/customers/{uuid}");
    both.shop.admin().await.send(&path, json!({"status": 0})).await.data(200);
    for tokens in [of_shop, of_patron] {
        assert_eq!(both.status_at_patron(&tokens.access).await, 401);
    }
    assert_eq!(both.patron.log_in(EMAIL, &password).await.status, 401);
}
