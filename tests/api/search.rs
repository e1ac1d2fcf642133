//! Keyword search: parts of names and e-mail addresses, regardless of case and accents.

use std::ops::Range;

use patron::app::ctx::AdminCtx;
use patron::entity::customer;
use patron::service::customer::sample_trigrams;
use patron::service::derived;
use patron::types::EmailAddress;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases, plan, statements_of};

const QUERY: &str = "query ($keyword: ID, $text: String) {
    customers(filters: [{key: \"keyword\", operation: eq, value: $keyword}, {key: \"ob\", operation: eq, value: \"email\"}, {key: \"od\", operation: eq, value: \"asc\"}]) { total items { email } }
    customersConnection(filter: {keyword: $text}, sort: [{field: EMAIL}]) { totalCount nodes { email } }
}";

/// The initials of the e-mail addresses that both lists find.
async fn search(app: &TestApp, keyword: &str) -> String {
    let response =
        app.log_in_admin().await.query_with(QUERY, json!({"keyword": keyword, "text": keyword})).await;
    let data = response.data();
    let letters = |rows: &Value| -> String {
        rows.as_array().unwrap().iter().map(|row| &row["email"].as_str().unwrap()[..1]).collect()
    };
    let (list, connection) = (&data["customers"], &data["customersConnection"]);
    let letters = (letters(&list["items"]), letters(&connection["nodes"]));
    assert_eq!(letters.0, letters.1, "{keyword}");
    assert_eq!(
        (&list["total"], &connection["totalCount"]),
        (&json!(letters.0.len()), &json!(letters.0.len()))
    );
    letters.0
}

async fn register(app: &TestApp, full_name: &str, email: &str) -> Value {
    let body = json!({"full_name": full_name, "email": email, "password": "correct horse battery"});
    app.anonymous().post("/api/customers", &body).await.data()
}

/// Names and e-mail addresses with many kinds of letters.
const CUSTOMERS: [(&str, &str); 6] = [
    ("Łukasz Żółty", "a.zolty@poczta.pl"),
    ("María-José O'Hara", "b_mj@example.com"),
    ("GROẞ, Jürgen", "c+news@bücher.example"),
    ("王小明", "d@x.io"),
    ("Nguyễn \"Vinny\" Văn 100%", "e@x.io"),
    ("Яна Ёлкина", "f@x.io"),
];

#[apply(on_both_databases!)]
async fn keywords_match_parts_of_names_and_addresses(app: &TestApp) {
    for (full_name, email) in CUSTOMERS {
        register(app, full_name, email).await;
    }
    for (keyword, expected) in [
        ("łukasz", "a"),
        ("LUKASZ", "a"),
        ("zolty luk", "a"),
        ("Z\u{307}o\u{301}łt", "a"),
        ("zół@", ""),
        ("jose maria", "b"),
        ("maria o'h", "b"),
        ("JOSÉ-", ""),
        ("maría-j", "b"),
        ("o’hara", ""),
        ("grosS jurgen", "c"),
        ("groß", "c"),
        ("jürgen news@bucher", "c"),
        ("JU\u{308}RGEN", "c"),
        // The indexes have no entries for fewer than three letters.
        ("王", "d"),
        ("王小", "d"),
        ("王小明", "d"),
        ("明 王小明", "d"),
        ("小 x.io", "d"),
        ("\"vinny\"", "e"),
        ("nguyen van 100%", "e"),
        ("0%", "e"),
        ("100_", ""),
        ("елк яна", "f"),
        ("x.io", "def"),
        ("@", "abcdef"),
        (" \t ", "abcdef"),
        ("exa mple.com", "b"),
        ("example", "bc"),
        // A keyword does not match across the end of a name and the start of an address.
        ("smith", ""),
        ("кина f", "f"),
        ("кинаf", ""),
        ("кина\nf@", "f"),
        ("' OR 1=1 --", ""),
        ("\" OR \"", ""),
        ("NEAR(luk asz)", ""),
        ("luk*", ""),
        ("\\", ""),
        ("%%%", ""),
        ("___", ""),
    ] {
        assert_eq!(search(app, keyword).await, expected, "{keyword}");
    }
    let long = "żółty ".repeat(150);
    assert_eq!(search(app, &long).await, "a");
    assert_eq!(search(app, &"łukasz".repeat(150)).await, "");
}

#[apply(on_both_databases!)]
async fn results_follow_changes_of_a_customer(app: &TestApp) {
    let customer = register(app, "Ann Archer", "a@x.io").await;
    register(app, "Ben Archer", "b@x.io").await;
    assert_eq!(search(app, "archer").await, "ab");
    let url = format!("/api/customers/{}", customer["uuid"].as_str().unwrap());
    app.log_in_admin().await.patch(&url, &json!({"full_name": "Ann Böwman"})).await.data();
    assert_eq!((search(app, "archer").await, search(app, "bowman").await), ("b".into(), "a".into()));
    app.log_in_admin().await.patch(&url, &json!({"email": "ann@elsewhere.org"})).await.data();
    assert_eq!(
        (search(app, "a@x.io").await, search(app, "bowman elsewhere").await),
        (String::new(), "a".into())
    );
    app.log_in_admin().await.delete(&url).await.data();
    assert_eq!(
        (search(app, "bowman").await, search(app, "elsewhere").await, search(app, "archer").await),
        (String::new(), String::new(), "b".into())
    );
}

/// Rows that an older release, EverShop or a script inserted have no search text.
#[apply(on_both_databases!)]
async fn missing_search_texts_are_filled_in(app: &TestApp) {
    let system = AdminCtx::system(app.app.clone());
    register(app, "Template", "template@x.io").await;
    assert!(!derived::compute_missing(&system).await.unwrap(), "nothing is missing");
    insert(app, 0..450).await;
    assert_eq!(search(app, "zofie 44").await, "");
    let batches = fill_all_in(app).await;
    assert_eq!((batches, search(app, "zofie 44").await), (3, "c".repeat(14)));
    let filled = app.customers().await.pop().unwrap();
    assert_eq!((filled.version, filled.updated_at), (1, app.now()));
    // An operator changes the row and clears the search text, so that it is computed again.
    let renamed = customer::ActiveModel {
        customer_id: Set(filled.customer_id),
        full_name: Set("Renée".to_owned()),
        search_text: Set(String::new()),
        ..Default::default()
    };
    renamed.update(app.app.db.writer()).await.unwrap();
    assert_eq!((search(app, "renee").await, search(app, "zofie 449").await), (String::new(), String::new()));
    derived::compute_missing(&system).await.unwrap();
    assert_eq!(search(app, "renee").await, "c");
}

/// Once common trigrams are known, only rare ones are looked up, with the same results.
#[apply(on_both_databases!)]
async fn looking_up_rare_trigrams_changes_no_result(app: &TestApp) {
    register(app, "Template", "template@x.io").await;
    insert(app, 0..300).await;
    fill_all_in(app).await;
    for (full_name, email) in [("Zoë O'Hara 100%_\\", "ohara@example.org"), ("Exa Mplé", "y123@x.io")] {
        register(app, full_name, email).await;
    }
    let keywords = [
        "c123@",
        "zofie 44",
        "44 zof",
        "c12",
        "o'hara",
        "ohara zoe",
        "x.io",
        "exa",
        "mple",
        "example",
        "100%_",
        "_\\",
        "%",
        "nobody",
        "zo",
    ];
    let search_all = async || {
        let mut results = Vec::new();
        for keyword in keywords {
            let query = "query ($text: String) { customersConnection(filter: {keyword: $text}, first: 100, sort: [{field: EMAIL}]) { totalCount nodes { email } } }";
            let (response, statements) =
                statements_of(&app.log_in_admin().await, query, json!({"text": keyword})).await;
            results.push((response.data(), statements));
        }
        results
    };
    let before = search_all().await;
    sample_trigrams(&AdminCtx::system(app.app.clone())).await.unwrap();
    let after = search_all().await;
    for ((keyword, before), after) in keywords.iter().zip(&before).zip(&after) {
        assert_eq!(before.0, after.0, "{keyword}");
    }
    assert_eq!(before[1].0["customersConnection"]["totalCount"], 3);
    if app.app.db.backend() == DbBackend::Postgres {
        // A rare trigram is looked up, and the whole word is compared. All texts contain "x.io", which is only compared.
        let has = |part: &str| {
            let results = [&before[0], &after[0], &after[6]];
            results.map(|(_, statements)| statements.iter().any(|statement| statement.contains(part)))
        };
        assert_eq!((has("strpos"), has(" LIKE ")), ([false, true, true], [true, true, false]));
    }
}

/// For a keyword with three consecutive letters the planner of each database chooses the index, so not all rows are
/// read.
#[apply(on_both_databases!)]
async fn keywords_use_an_index(app: &TestApp) {
    register_many(app).await;
    for query in [
        "{ customersConnection(filter: {and: [{status: {eq: 1}}, {and: {keyword: \"smith jo\"}}]}) { nodes { email } } }",
        "{ customersConnection(filter: {keyword: \"smith jo\"}) { nodes { email } } }",
        "{ customers(filters: [{key: \"keyword\", operation: eq, value: \"smith jo\"}]) { items { email } } }",
        "{ customersConnection(filter: {keyword: \"smith jo\"}) { totalCount } }",
    ] {
        let (response, statements) = statements_of(&app.log_in_admin().await, query, json!({})).await;
        response.data();
        let statement = statements.last().unwrap();
        let plan = plan(app, statement).await;
        let index = match app.app.db.backend() {
            DbBackend::Sqlite => "customer_search VIRTUAL TABLE INDEX",
            _ => "customer_search_text_idx",
        };
        assert!(plan.contains(index) && !plan.contains("SCAN customer\n"), "{statement}\n{plan}");
    }
}

/// The index finds the first row of a page, in both directions, also if rows have no value.
#[apply(on_both_databases!)]
async fn pages_by_email_use_an_index_at_their_cursor(app: &TestApp) {
    register_many(app).await;
    for direction in ["ASC", "DESC"] {
        let page = |after: &str| {
            format!(
                "{{ customersConnection(first: 5, {after} sort: [{{field: EMAIL, direction: {direction}}}]) {{ pageInfo {{ endCursor }} nodes {{ email }} }} }}"
            )
        };
        let first = app.log_in_admin().await.query(&page("")).await.data();
        let after = format!("after: {}, ", first["customersConnection"]["pageInfo"]["endCursor"]);
        let (response, statements) = statements_of(&app.log_in_admin().await, &page(&after), json!({})).await;
        assert_eq!(response.data()["customersConnection"]["nodes"].as_array().unwrap().len(), 5);
        let statement = statements.iter().rfind(|statement| statement.contains("email_key")).unwrap();
        let plan = plan(app, statement).await;
        let uses_index = match app.app.db.backend() {
            DbBackend::Sqlite => {
                plan.contains("SEARCH customer USING INDEX customer_email_key_key (email_key")
            }
            _ => plan.contains("Index Cond: ((email_key)"),
        };
        assert!(uses_index, "{direction}: {statement}\n{plan}");
    }
}

/// Creates enough customers for PostgreSQL to prefer an index, and updates its statistics.
async fn register_many(app: &TestApp) {
    register(app, "John Smith", "john.smith@x.io").await;
    for batch in 0..5 {
        insert(app, batch * 1000..(batch + 1) * 1000).await;
    }
    fill_all_in(app).await;
    if app.app.db.backend() == DbBackend::Postgres {
        app.app.db.writer().execute_unprepared("VACUUM ANALYZE customer").await.unwrap();
    }
}

/// Inserts customers `c000@x.io`, `c001@x.io`, … directly into the database.
async fn insert(app: &TestApp, numbers: Range<usize>) {
    let template = app.customers().await.remove(0);
    let row = |number: usize| customer::ActiveModel {
        uuid: Set(app.app.random.uuid()),
        email: Set(EmailAddress::parse(&format!("c{number:03}@x.io")).unwrap()),
        password: Set(template.password.clone()),
        full_name: Set(format!("Žofie {number:03}")),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        meta_data: Set(json!({})),
        ..Default::default()
    };
    let rows = customer::Entity::insert_many(numbers.map(row));
    rows.exec_without_returning(app.app.db.writer()).await.unwrap();
}

/// Fills in all missing search texts and returns the number of batches.
async fn fill_all_in(app: &TestApp) -> usize {
    let system = AdminCtx::system(app.app.clone());
    let mut batches = 0;
    while derived::compute_missing(&system).await.unwrap() {
        batches += 1;
        assert!(batches < 50, "the job ends");
    }
    batches
}
