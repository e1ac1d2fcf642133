//! The second factor of an admin, as its authenticator app has it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::{ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Admin, TestApp, TestResponse};

/// The length of a time step of one-time passwords.
pub(crate) const STEP: TimeDelta = TimeDelta::seconds(30);

pub(crate) struct SecondFactor {
    totp: Totp,
    pub(crate) recovery_codes: Vec<String>,
}

impl SecondFactor {
    /// The app after it has read the secret of a set-up.
    pub(crate) fn of_secret(secret: &Value) -> Self {
        let secret = Secret::try_from_base32(secret.as_str().expect("a secret")).expect("base32");
        let totp = Builder::new().with_secret(secret).build().expect("a secret of at least 128 bits");
        Self { totp, recovery_codes: Vec::new() }
    }

    /// The code of the current time step, or of one that is this many steps later.
    pub(crate) fn code(&self, app: &TestApp, steps: i32) -> String {
        let time = (app.now() + STEP * steps).timestamp();
        self.totp.generate(time.try_into().expect("a time after 1970")).to_string()
    }

    /// A code that is wrong now, and for some steps before and after.
    pub(crate) fn wrong_code(&self, app: &TestApp) -> String {
        let right: Vec<String> = (-5..=5).map(|steps| self.code(app, steps)).collect();
        let mut candidates = (0..).map(|number: u32| format!("{number:06}"));
        candidates.find(|code| !right.contains(code)).expect("most codes are wrong")
    }

    /// The bytes of the secret.
    pub(crate) fn secret(&self) -> &[u8] {
        self.totp.secret().as_bytes()
    }
}

/// The recovery codes in a response.
pub(crate) fn recovery_codes(response: &TestResponse) -> Vec<String> {
    let codes = response.data()["recovery_codes"].as_array().expect("recovery codes").clone();
    codes.iter().map(|code| code.as_str().expect("a code").to_owned()).collect()
}

impl TestApp {
    /// An admin with these tokens.
    pub(crate) fn admin_with(&self, pair: &Value) -> Admin<'_> {
        Admin { app: self, token: pair["accessToken"].as_str().expect("a token").to_owned() }
    }

    /// Begins the set-up of a second factor. It is pending.
    pub(crate) async fn new_factor(&self, admin: &Admin<'_>) -> SecondFactor {
        let body = json!({"password": ADMIN_PASSWORD});
        let response = admin.post("/api/user/me/second-factor", &body).await;
        SecondFactor::of_secret(&response.data()["secret"])
    }

    /// Turns the second factor of an admin on. Afterwards the clock is in the next time step, whose code is unused.
    pub(crate) async fn turn_factor_on(&self, admin: &Admin<'_>) -> SecondFactor {
        let mut factor = self.new_factor(admin).await;
        let body = json!({"code": factor.code(self, 0)});
        let response = admin.post("/api/user/me/second-factor/confirm", &body).await;
        factor.recovery_codes = recovery_codes(&response);
        self.app.clock.advance(STEP);
        factor
    }

    /// Logs the first admin in with a code.
    pub(crate) async fn log_in_with(&self, code: &str) -> TestResponse {
        let body = json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD, "code": code});
        self.anonymous().post("/api/user/tokens", &body).await
    }
}
