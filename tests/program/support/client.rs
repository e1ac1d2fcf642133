//! An HTTP client for the program's API.

use serde_json::{Value, json};

/// The admin of a test: e-mail address and password.
pub(crate) const ADMIN: [&str; 2] = ["admin@x.io", "staple battery horse"];

/// A client that uses no proxy.
pub(crate) fn client() -> reqwest::Client {
    client_builder().build().expect("a client")
}

/// For a client with other settings.
pub(crate) fn client_builder() -> reqwest::ClientBuilder {
    // The program is another process; here the client is the first to need it. An error means that it is installed.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// Logs the admin in; the access token.
pub(crate) async fn admin_token(client: &reqwest::Client, url: &str) -> String {
    let credentials = json!({"email": ADMIN[0], "password": ADMIN[1]});
    let login = client.post(format!("{url}/api/user/tokens")).json(&credentials);
    let pair: Value = login.send().await.expect("an answer").json().await.expect("JSON");
    pair["data"]["accessToken"].as_str().expect("the admin logs in").to_owned()
}
