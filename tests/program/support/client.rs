//! An HTTP client for the program's API.

use serde_json::{Value, json};

/// The admin of a test: e-mail address and password.
pub(crate) const ADMIN: [&str; 2] = ["admin@x.io", "staple battery horse"];

/// A client that ignores the proxy settings of the environment.
pub(crate) fn client() -> reqwest::Client {
    client_builder().build().expect("a client")
}

/// The builder of `client`, for other settings.
pub(crate) fn client_builder() -> reqwest::ClientBuilder {
    // An error means that another test has already installed it.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// Logs the admin in and returns the access token.
pub(crate) async fn admin_token(client: &reqwest::Client, url: &str) -> String {
    let credentials = json!({"email": ADMIN[0], "password": ADMIN[1]});
    let login = client.post(format!("{url}/api/user/tokens")).json(&credentials);
    let pair: Value = login.send().await.expect("the server responds").json().await.expect("JSON");
    pair["data"]["accessToken"].as_str().expect("the admin logs in").to_owned()
}
