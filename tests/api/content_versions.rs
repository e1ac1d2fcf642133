//! Versions of resources that have no version column: groups, definitions, webhook endpoints, admins and saved views.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN_PASSWORD, Actor, Admin, TestResponse, apply, on_both_databases};

/// A kind of resource.
struct Kind {
    route: &'static str,
    new: Value,
    /// A property that can be changed to any text.
    property: &'static str,
    /// A query for all resources.
    query: &'static str,
    /// The path of the list in its response.
    list: &'static str,
    /// Whether a resource can be deleted.
    deletable: bool,
}

fn kinds() -> [Kind; 5] {
    [
        Kind {
            route: "/api/customer-groups",
            new: json!({"group_name": "VIP"}),
            property: "group_name",
            query: "{ customerGroups { items { uuid version groupName } } }",
            list: "/customerGroups/items",
            deletable: true,
        },
        Kind {
            route: "/api/metafield-definitions",
            // PostgreSQL stores the names of a rule in another order.
            new: json!({
                "ownerType": "customer", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "integer",
                "validations": [{"type": "range", "min": 1, "max": 5}],
            }),
            property: "name",
            query: "{ metafieldDefinitions(ownerType: \"customer\") { uuid version name updatedAt } }",
            list: "/metafieldDefinitions",
            deletable: true,
        },
        Kind {
            route: "/api/webhook-endpoints",
            new: json!({"url": "https://hooks.example.com/", "events": ["customer.*"]}),
            property: "description",
            query: "{ webhookEndpoints { uuid version description updatedAt } }",
            list: "/webhookEndpoints",
            deletable: true,
        },
        Kind {
            route: "/api/users",
            new: json!({"email": "ann@shop.io", "full_name": "Ann", "password": ADMIN_PASSWORD}),
            property: "full_name",
            query: "{ admins { nodes { uuid version fullName updatedAt } } }",
            list: "/admins/nodes",
            deletable: false,
        },
        Kind {
            route: "/api/views",
            new: json!({"name": "Disabled", "query": "status=0"}),
            property: "name",
            query: "{ savedViews { uuid version name updatedAt } }",
            list: "/savedViews",
            deletable: true,
        },
    ]
}

impl Kind {
    /// Creates a resource, and returns its URL and its entity tag.
    async fn create(&self, admin: &Admin<'_>) -> (String, String) {
        let created = admin.post(self.route, &self.new).await;
        let uuid = created.data()["uuid"].as_str().unwrap().to_owned();
        (format!("{}/{uuid}", self.route), tag(&created))
    }

    fn change(&self, text: &str) -> Value {
        let property = self.property;
        json!({property: text})
    }

    /// The resource as GraphQL returns it.
    async fn read(&self, admin: &Admin<'_>, url: &str) -> Value {
        let data = admin.query(self.query).await.data();
        let list = data.pointer(self.list).and_then(Value::as_array).expect("a list");
        let is_same = |row: &&Value| row["uuid"].as_str().is_some_and(|uuid| url.ends_with(uuid));
        list.iter().find(is_same).expect("the resource").clone()
    }

    /// The entity tag of the version that GraphQL returns.
    async fn read_tag(&self, admin: &Admin<'_>, url: &str) -> String {
        format!("\"{}\"", self.read(admin, url).await["version"].as_str().unwrap())
    }

    /// The methods that change a resource.
    fn methods(&self) -> Vec<Method> {
        if self.deletable { vec![Method::PATCH, Method::DELETE] } else { vec![Method::PATCH] }
    }
}

fn tag(response: &TestResponse) -> String {
    response.header("etag").unwrap_or_else(|| panic!("no entity tag: {response:?}")).to_owned()
}

async fn send_if(admin: &Admin<'_>, method: Method, url: &str, tag: &str, body: &Value) -> TestResponse {
    admin.send(admin.request(method, url).header("if-match", tag).json(body)).await
}

#[apply(on_both_databases!)]
async fn only_the_version_that_was_read_is_changed(app: &TestApp) {
    let admin = app.admin();
    for kind in kinds() {
        let (url, first) = kind.create(&admin).await;
        let digits = first.trim_matches('"');
        assert!(first.len() == 18 && digits.len() == 16, "{first}");
        assert!(digits.bytes().all(|digit| b"0123456789abcdef".contains(&digit)), "{first}");
        assert_eq!(kind.read_tag(&admin, &url).await, first);
        let changed = send_if(&admin, Method::PATCH, &url, &first, &kind.change("B")).await;
        let second = tag(&changed);
        assert_eq!((changed.status, kind.read_tag(&admin, &url).await), (200, second.clone()));
        assert_ne!(first, second);
        let before = kind.read(&admin, &url).await;
        for method in kind.methods() {
            for stale in [first.as_str(), format!("W/{second}").as_str(), "\"x\"", "\"1\""] {
                let refused = send_if(&admin, method.clone(), &url, stale, &kind.change("C")).await;
                refused.assert_failure(412, "precondition_failed");
            }
            for malformed in ["x", digits, "\"x", "", ","] {
                let refused = send_if(&admin, method.clone(), &url, malformed, &kind.change("C")).await;
                refused.assert_failure(400, "validation_failed");
                let message = "If-Match must be * or entity tags in quotation marks (e.g., \"3\")";
                assert_eq!(refused.details(), [("If-Match", message)]);
            }
        }
        assert_eq!(kind.read(&admin, &url).await, before);
        // The same values keep the version.
        let tags = format!("{first}, {second}");
        let same = send_if(&admin, Method::PATCH, &url, &tags, &kind.change("B")).await;
        assert_eq!((same.status, tag(&same)), (200, second.clone()));
        // With `*` and without the header, every version is changed.
        let third = send_if(&admin, Method::PATCH, &url, "*", &kind.change("C")).await;
        assert_eq!((third.status, tag(&third) == second), (200, false));
        let back = admin.patch(&url, &kind.change("B")).await;
        assert_eq!((back.status, tag(&back)), (200, second.clone()), "the earlier content");
        if kind.deletable {
            let deleted = send_if(&admin, Method::DELETE, &url, &second, &json!({})).await;
            assert_eq!((deleted.status, deleted.header("etag")), (200, None));
            send_if(&admin, Method::DELETE, &url, "*", &json!({})).await.assert_failure(404, "not_found");
        }
    }
}

/// The version is checked in the transaction of the change.
#[apply(on_both_databases!)]
async fn of_concurrent_changes_of_a_version_one_succeeds(app: &TestApp) {
    let admin = app.admin();
    for kind in kinds() {
        let (url, first) = kind.create(&admin).await;
        let change = async |number: usize| {
            let body = kind.change(&format!("Name {number}"));
            send_if(&admin, Method::PATCH, &url, &first, &body).await.status
        };
        let mut statuses = futures_util::future::join_all((0..4).map(change)).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412], "{url}");
    }
}

/// Neither a new secret nor a login is a conflict for an admin that changes something else.
#[apply(on_both_databases!)]
async fn secrets_and_logins_do_not_belong_to_the_version(app: &TestApp) {
    let admin = app.admin();
    let [_, _, endpoints, admins, _] = kinds();
    let (url, first) = endpoints.create(&admin).await;
    let rotated = admin.post(&format!("{url}/secret"), &json!({})).await;
    assert_eq!((rotated.status, tag(&rotated)), (200, first.clone()));
    assert_eq!(endpoints.read_tag(&admin, &url).await, first);
    let (url, first) = admins.create(&admin).await;
    app.admin_tokens("ann@shop.io", ADMIN_PASSWORD).await;
    assert_eq!(admins.read_tag(&admin, &url).await, first);
    let removed = admin.delete(&format!("{url}/second-factor")).await;
    assert_eq!((removed.status, tag(&removed)), (200, first));
}

#[apply(on_both_databases!)]
async fn changes_without_a_version_can_be_refused(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_REQUIRE_IF_MATCH", "on")).await;
    let admin = app.admin();
    for kind in kinds() {
        let (url, first) = kind.create(&admin).await;
        for method in kind.methods() {
            let request = admin.request(method, &url).json(&kind.change("B"));
            admin.send(request).await.assert_failure(428, "precondition_required");
        }
        assert_eq!(kind.read_tag(&admin, &url).await, first);
        let changed = send_if(&admin, Method::PATCH, &url, &first, &kind.change("B")).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }
    app.stop().await;
}
