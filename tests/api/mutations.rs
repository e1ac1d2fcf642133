//! A valid request for each mutation of the OpenAPI document, with the records that it needs.

use patron::entity::mail;
use patron::types::MailStatus;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use self::Repeat::{Refused, Replayed};
use crate::support::{ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Admin, CUSTOMER_PASSWORD, Customer, Mail, TestApp};

/// The caller of a mutation.
pub(super) enum Role<'a> {
    Anonymous,
    Customer,
    Admin,
    /// An admin that no other mutation uses.
    OtherAdmin(Admin<'a>),
}

/// The expected response to the second request with the same key and token.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Repeat {
    /// The response of the first request.
    Replayed,
    /// 401, because the first request ended the token.
    Refused,
}

/// A request: its caller, its path, its body, and the expected response to a repetition.
type Mutation<'a> = (Role<'a>, String, Value, Repeat);

/// The records that a mutation needs; each mutation has its own.
pub(super) struct Fixture<'a> {
    app: &'a TestApp,
    number: usize,
    pub(super) customer: Customer<'a>,
    address: String,
}

impl<'a> Fixture<'a> {
    pub(super) async fn new(app: &'a TestApp, number: usize) -> Self {
        let customer = app.customer(&format!("{number}@x.io")).await;
        let address = app.add_address(&customer.row, "US-CA", true).await;
        let address = address["uuid"].as_str().unwrap().to_owned();
        Self { app, number, customer, address }
    }

    async fn create(&self, path: &str, body: Value) -> String {
        self.app.admin().post(path, &body).await.data()["uuid"].as_str().unwrap().to_owned()
    }

    async fn group(&self) -> String {
        self.create("/api/customer-groups", json!({"group_name": format!("Group {}", self.number)})).await
    }

    async fn definition(&self) -> String {
        self.create("/api/metafield-definitions", self.new_definition()).await
    }

    async fn endpoint(&self) -> String {
        self.create("/api/webhook-endpoints", json!({"url": "https://hooks.example.com/", "events": ["*"]}))
            .await
    }

    fn new_definition(&self) -> Value {
        json!({"ownerType": "customer", "fieldKey": format!("field_{}", self.number), "name": "F", "fieldType": "integer"})
    }

    /// The token in the mail that was just sent to the customer.
    async fn mailed_token(&self) -> String {
        let (mails, email) = (self.app.deliver_mails().await, self.customer.row["email"].as_str().unwrap());
        let has_link = |mail: &&Mail| mail.to == email && mail.text.contains("#token=");
        mails.iter().find(has_link).expect("a link is mailed").token()
    }

    async fn admin_refresh_token(&self) -> Value {
        self.app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await["refreshToken"].clone()
    }

    /// The id of a session of the customer that is not the one whose tokens the customer has.
    async fn other_session(&self) -> String {
        let other = self.app.log_in_customer(&self.customer.row).await;
        let query = "{ currentCustomer { sessions { id current } } }";
        let sessions = other.query(query).await.data()["currentCustomer"]["sessions"].clone();
        let current = sessions.as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
        current["id"].as_str().unwrap().to_owned()
    }

    /// A body with a value of a new custom field.
    async fn new_values(&self) -> Value {
        self.definition().await;
        let field = format!("field_{}", self.number);
        json!({"metafields": {"custom": {field: 7}}})
    }

    /// The uuid of a delivery.
    async fn delivery(&self) -> String {
        self.endpoint().await;
        let url = format!("/api/customers/{}", self.customer.row["uuid"].as_str().unwrap());
        self.app.admin().patch(&url, &json!({"full_name": "Renamed"})).await.data();
        self.app.publish().await;
        let query = "{ webhookDeliveries(first: 1) { nodes { uuid } } }";
        let deliveries = self.app.admin().query(query).await.data();
        deliveries["webhookDeliveries"]["nodes"][0]["uuid"].as_str().unwrap().to_owned()
    }

    /// The uuid of a mail to the customer that failed.
    async fn failed_mail(&self) -> String {
        let email = self.customer.row["email"].as_str().unwrap();
        let is_of_customer = mail::Column::Recipient.eq(email);
        let update = mail::Entity::update_many()
            .col_expr(mail::Column::Status, Expr::val(MailStatus::Failed.to_string()));
        let db = self.app.app.db.writer();
        update.filter(is_of_customer.clone()).exec(db).await.unwrap();
        mail::Entity::find().filter(is_of_customer).one(db).await.unwrap().unwrap().uuid.to_string()
    }

    /// The request for an operation of the OpenAPI document.
    pub(super) async fn mutation(&self, operation: &str) -> Mutation<'a> {
        let mut path = operation.split('/').skip(2);
        let mutation = match (path.next().unwrap_or_default(), path.next().unwrap_or_default()) {
            ("customers", "me") => self.of_own_account(operation).await,
            ("customers", _) => match self.of_customers(operation).await {
                None => self.of_customer_actions(operation).await,
                mutation => mutation,
            },
            ("views", _) => self.of_views(operation).await,
            ("customer-groups" | "metafield-definitions", _) => self.of_definitions(operation).await,
            ("webhook-endpoints" | "webhook-deliveries", _) => self.of_webhooks(operation).await,
            ("mails", _) => self.of_mails(operation).await,
            ("user", "me") => self.of_own_admin(operation).await,
            ("users", _) => self.of_admins(operation).await,
            _ => self.of_tokens(operation).await,
        };
        mutation.unwrap_or_else(|| panic!("{operation} is in docs/openapi.json and has no case here"))
    }

    async fn of_own_account(&self, operation: &str) -> Option<Mutation<'a>> {
        let address = format!("/addresses/{}", self.address);
        let (suffix, body, repeat) = match operation {
            "PATCH /api/customers/me" => (String::new(), json!({"full_name": "New"}), Replayed),
            "DELETE /api/customers/me" => (String::new(), json!({"password": CUSTOMER_PASSWORD}), Refused),
            "POST /api/customers/me/password" => {
                let body =
                    json!({"current_password": CUSTOMER_PASSWORD, "password": "another correct horse"});
                ("/password".to_owned(), body, Refused)
            }
            "POST /api/customers/me/verify-email" => ("/verify-email".to_owned(), json!({}), Replayed),
            "DELETE /api/customers/me/sessions" => ("/sessions".to_owned(), json!({}), Refused),
            "DELETE /api/customers/me/sessions/{id}" => {
                (format!("/sessions/{}", self.other_session().await), json!({}), Replayed)
            }
            "PATCH /api/customers/me/metafields" => {
                ("/metafields".to_owned(), self.new_values().await, Replayed)
            }
            "POST /api/customers/me/addresses" => ("/addresses".to_owned(), new_address(), Replayed),
            "PATCH /api/customers/me/addresses/{address_uuid}" => {
                (address, json!({"city": "Oakland"}), Replayed)
            }
            "DELETE /api/customers/me/addresses/{address_uuid}" => (address, json!({}), Replayed),
            _ => return None,
        };
        Some((Role::Customer, format!("/api/customers/me{suffix}"), body, repeat))
    }

    async fn of_customers(&self, operation: &str) -> Option<Mutation<'a>> {
        let uuid = self.customer.row["uuid"].as_str().unwrap();
        let (customer, address) = (format!("/api/customers/{uuid}"), &self.address);
        let (role, path, body) = match operation {
            "POST /api/customers" => {
                let email = format!("new{}@x.io", self.number);
                let body = json!({"full_name": "J", "email": email, "password": CUSTOMER_PASSWORD});
                (Role::Anonymous, "/api/customers".to_owned(), body)
            }
            "PATCH /api/customers/{uuid}" => (Role::Admin, customer, json!({"full_name": "New"})),
            "DELETE /api/customers/{uuid}" => (Role::Admin, customer, json!({})),
            "PATCH /api/customers/{uuid}/metafields" => {
                (Role::Admin, format!("{customer}/metafields"), self.new_values().await)
            }
            "POST /api/customers/{uuid}/addresses" => {
                (Role::Admin, format!("{customer}/addresses"), new_address())
            }
            "PATCH /api/customers/{uuid}/addresses/{address_uuid}" => {
                (Role::Admin, format!("{customer}/addresses/{address}"), json!({"city": "Oakland"}))
            }
            "DELETE /api/customers/{uuid}/addresses/{address_uuid}" => {
                (Role::Admin, format!("{customer}/addresses/{address}"), json!({}))
            }
            "POST /api/customers/reset-password" => {
                let body = json!({"email": self.customer.row["email"]});
                (Role::Anonymous, "/api/customers/reset-password".to_owned(), body)
            }
            "POST /api/customers/password" => {
                self.app.deliver_mails().await;
                let body = json!({"email": self.customer.row["email"]});
                self.app.anonymous().post("/api/customers/reset-password", &body).await.data();
                let body = json!({"token": self.mailed_token().await, "password": "another correct horse"});
                (Role::Anonymous, "/api/customers/password".to_owned(), body)
            }
            "POST /api/customers/verify-email" => {
                let body = json!({"token": self.mailed_token().await});
                (Role::Anonymous, "/api/customers/verify-email".to_owned(), body)
            }
            _ => return None,
        };
        Some((role, path, body, Replayed))
    }

    async fn of_customer_actions(&self, operation: &str) -> Option<Mutation<'a>> {
        let uuid = self.customer.row["uuid"].as_str().unwrap();
        let customer = format!("/api/customers/{uuid}");
        let (path, body) = match operation {
            "POST /api/customers/bulk" => {
                ("/api/customers/bulk".to_owned(), json!({"action": "disable", "customers": [uuid]}))
            }
            "DELETE /api/customers/{uuid}/sessions" => (format!("{customer}/sessions"), json!({})),
            "DELETE /api/customers/{uuid}/sessions/{id}" => {
                (format!("{customer}/sessions/{}", self.other_session().await), json!({}))
            }
            "POST /api/customers/{uuid}/verify-email" => (format!("{customer}/verify-email"), json!({})),
            "POST /api/customers/{uuid}/reset-password" => (format!("{customer}/reset-password"), json!({})),
            _ => return None,
        };
        Some((Role::Admin, path, body, Replayed))
    }

    async fn of_views(&self, operation: &str) -> Option<Mutation<'a>> {
        let new = json!({"name": format!("View {}", self.number), "query": "filter=%7B%7D"});
        let (path, body) = match operation {
            "POST /api/views" => ("/api/views".to_owned(), new),
            "PATCH /api/views/{uuid}" => {
                (format!("/api/views/{}", self.create("/api/views", new).await), json!({"name": "Renamed"}))
            }
            "DELETE /api/views/{uuid}" => {
                (format!("/api/views/{}", self.create("/api/views", new).await), json!({}))
            }
            _ => return None,
        };
        Some((Role::Admin, path, body, Replayed))
    }

    async fn of_definitions(&self, operation: &str) -> Option<Mutation<'a>> {
        let (groups, definitions) = ("/api/customer-groups", "/api/metafield-definitions");
        let (path, body) = match operation {
            "POST /api/customer-groups" => {
                (groups.to_owned(), json!({"group_name": format!("New {}", self.number)}))
            }
            "PATCH /api/customer-groups/{uuid}" => {
                let body = json!({"group_name": format!("Renamed {}", self.number)});
                (format!("{groups}/{}", self.group().await), body)
            }
            "DELETE /api/customer-groups/{uuid}" => (format!("{groups}/{}", self.group().await), json!({})),
            "POST /api/metafield-definitions" => (definitions.to_owned(), self.new_definition()),
            "PATCH /api/metafield-definitions/{uuid}" => {
                (format!("{definitions}/{}", self.definition().await), json!({"name": "Renamed"}))
            }
            "DELETE /api/metafield-definitions/{uuid}" => {
                (format!("{definitions}/{}", self.definition().await), json!({}))
            }
            _ => return None,
        };
        Some((Role::Admin, path, body, Replayed))
    }

    async fn of_webhooks(&self, operation: &str) -> Option<Mutation<'a>> {
        let endpoints = "/api/webhook-endpoints";
        let (path, body) = match operation {
            "POST /api/webhook-endpoints" => {
                (endpoints.to_owned(), json!({"url": "https://hooks.example.com/new"}))
            }
            "PATCH /api/webhook-endpoints/{uuid}" => {
                (format!("{endpoints}/{}", self.endpoint().await), json!({"description": "New"}))
            }
            "DELETE /api/webhook-endpoints/{uuid}" => {
                (format!("{endpoints}/{}", self.endpoint().await), json!({}))
            }
            "POST /api/webhook-endpoints/{uuid}/secret" => {
                (format!("{endpoints}/{}/secret", self.endpoint().await), json!({}))
            }
            "POST /api/webhook-endpoints/{uuid}/replay" => {
                (format!("{endpoints}/{}/replay", self.endpoint().await), json!({}))
            }
            "POST /api/webhook-endpoints/{uuid}/test" => {
                (format!("{endpoints}/{}/test", self.endpoint().await), json!({}))
            }
            "POST /api/webhook-deliveries/{uuid}/replay" => {
                (format!("/api/webhook-deliveries/{}/replay", self.delivery().await), json!({}))
            }
            _ => return None,
        };
        Some((Role::Admin, path, body, Replayed))
    }

    async fn of_mails(&self, operation: &str) -> Option<Mutation<'a>> {
        let path = match operation {
            "POST /api/mails/{uuid}/retry" => format!("/api/mails/{}/retry", self.failed_mail().await),
            _ => return None,
        };
        Some((Role::Admin, path, json!({}), Replayed))
    }

    /// A new admin: its path, and the admin itself.
    async fn other_admin(&self) -> (String, Admin<'a>) {
        let email = format!("admin{}@x.io", self.number);
        let body = json!({"email": email, "full_name": "A", "password": ADMIN_PASSWORD});
        let uuid = self.create("/api/users", body).await;
        let admin = self.app.admin_with(&self.app.admin_tokens(&email, ADMIN_PASSWORD).await);
        (format!("/api/users/{uuid}"), admin)
    }

    async fn of_own_admin(&self, operation: &str) -> Option<Mutation<'a>> {
        let (_, admin) = self.other_admin().await;
        let password = json!({"password": ADMIN_PASSWORD});
        let (path, body, repeat) = match operation {
            "POST /api/user/me/password" => {
                let body = json!({"current_password": ADMIN_PASSWORD, "password": "another correct horse"});
                ("password", body, Refused)
            }
            "POST /api/user/me/step-up" => ("step-up", password, Replayed),
            "POST /api/user/me/second-factor" => ("second-factor", password, Replayed),
            "POST /api/user/me/second-factor/confirm" => {
                let factor = self.app.new_factor(&admin).await;
                ("second-factor/confirm", json!({"code": factor.code(self.app, 0)}), Replayed)
            }
            "POST /api/user/me/second-factor/recovery-codes" => {
                self.app.turn_factor_on(&admin).await;
                ("second-factor/recovery-codes", json!({}), Replayed)
            }
            "DELETE /api/user/me/second-factor" => {
                self.app.turn_factor_on(&admin).await;
                ("second-factor", json!({}), Replayed)
            }
            _ => return None,
        };
        Some((Role::OtherAdmin(admin), format!("/api/user/me/{path}"), body, repeat))
    }

    async fn of_admins(&self, operation: &str) -> Option<Mutation<'a>> {
        let (path, admin) = self.other_admin().await;
        let (path, body) = match operation {
            "POST /api/users" => {
                let email = format!("new{}@x.io", self.number);
                let body = json!({"email": email, "full_name": "A", "password": ADMIN_PASSWORD});
                ("/api/users".to_owned(), body)
            }
            "PATCH /api/users/{uuid}" => (path, json!({"status": 0})),
            "DELETE /api/users/{uuid}/second-factor" => {
                self.app.turn_factor_on(&admin).await;
                (format!("{path}/second-factor"), json!({}))
            }
            _ => return None,
        };
        Some((Role::Admin, path, body, Replayed))
    }

    async fn of_tokens(&self, operation: &str) -> Option<Mutation<'a>> {
        let body = match operation {
            "POST /api/customer/tokens" => {
                json!({"email": self.customer.row["email"], "password": CUSTOMER_PASSWORD})
            }
            "POST /api/customer/token/refresh" | "POST /api/customer/token/revoke" => {
                json!({"refreshToken": self.customer.refresh_token})
            }
            "POST /api/user/tokens" => json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}),
            "POST /api/user/token/refresh" | "POST /api/user/token/revoke" => {
                json!({"refreshToken": self.admin_refresh_token().await})
            }
            _ => return None,
        };
        Some((Role::Anonymous, operation.trim_start_matches("POST ").to_owned(), body, Replayed))
    }
}

fn new_address() -> Value {
    json!({
        "full_name": "J", "address_1": "1 Market Street", "postcode": "94103", "province": "US-CA", "country": "US",
    })
}
