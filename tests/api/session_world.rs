//! A small model of accounts, sessions, tokens and mailed links, with the server that it describes.

use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::session_model::Step;
use crate::support::{Actor, TestApp};

#[derive(Debug)]
struct Account {
    email: String,
    url: String,
    exists: bool,
    enabled: bool,
    /// All passwords, the current one last.
    passwords: Vec<String>,
    generation: u32,
    /// At most five links are mailed per hour.
    reset_requests: u32,
}

#[derive(Debug)]
struct Session {
    account: usize,
    is_active: bool,
}

/// A pair of tokens.
#[derive(Debug)]
struct Pair {
    access: String,
    refresh: String,
    session: usize,
    generation: u32,
    parent: Option<usize>,
    used: bool,
    /// A password change discards the earlier refresh tokens of the session that continues.
    discarded: bool,
}

struct Link {
    account: usize,
    token: String,
    valid: bool,
}

/// The model and the server that it describes.
pub(super) struct World<'a> {
    app: &'a TestApp,
    accounts: Vec<Account>,
    sessions: Vec<Session>,
    pairs: Vec<Pair>,
    links: Vec<Link>,
    /// A counter for unique addresses and passwords.
    count: usize,
}

impl<'a> World<'a> {
    /// An empty model. Its addresses and passwords have numbers after `count`.
    pub(super) fn new(app: &'a TestApp, count: usize) -> Self {
        let (accounts, sessions, pairs, links) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { app, accounts, sessions, pairs, links, count }
    }

    fn next(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    fn is_valid(&self, pair: &Pair) -> bool {
        let session = &self.sessions[pair.session];
        let account = &self.accounts[session.account];
        session.is_active && account.exists && account.enabled && account.generation == pair.generation
    }

    /// Ends all sessions of an account and invalidates its tokens; optionally also its mailed links.
    fn end_all(&mut self, account: usize, links_too: bool) {
        self.accounts[account].generation += 1;
        self.sessions
            .iter_mut()
            .filter(|session| session.account == account)
            .for_each(|session| session.is_active = false);
        if links_too {
            self.links.iter_mut().filter(|link| link.account == account).for_each(|link| link.valid = false);
        }
    }

    fn add_pair(&mut self, pair: &Value, session: usize, parent: Option<usize>) {
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        let generation = self.accounts[self.sessions[session].account].generation;
        let (access, refresh) = (text("accessToken"), text("refreshToken"));
        self.pairs.push(Pair { access, refresh, session, generation, parent, used: false, discarded: false });
    }

    async fn post(&self, path: &str, body: Value, token: Option<&str>) -> (u16, Value) {
        let request = self.app.anonymous().request(reqwest::Method::POST, path).json(&body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = self.app.anonymous().send(request).await;
        (response.status, response.body["data"].clone())
    }

    async fn log_in(&mut self, account: usize, password: &str) -> u16 {
        let body = json!({"email": self.accounts[account].email, "password": password});
        let (status, pair) = self.post("/api/customer/tokens", body, None).await;
        if status == 200 {
            self.sessions.push(Session { account, is_active: true });
            self.add_pair(&pair, self.sessions.len() - 1, None);
        }
        status
    }

    /// Runs a step on the server and the model, and returns the actual and the expected status.
    pub(super) async fn run_step(&mut self, step: Step) -> Option<(u16, u16)> {
        let number = self.next();
        match step {
            Step::Register => Some(self.register(number).await),
            Step::LogIn(which) => self.log_in_with_current_password(which).await,
            Step::LogInWithAnOldPassword(which) => self.log_in_with_old_password(which).await,
            Step::Refresh(which) => self.refresh(which).await,
            Step::Revoke(which) => self.revoke(which).await,
            Step::ChangePassword(which) => self.change_password(which, number).await,
            Step::RequestReset(which) => self.request_reset(which).await,
            Step::Reset(which) => self.reset(which, number).await,
            Step::EndAllSessions(which) => self.end_all_sessions(which).await,
            Step::Disable(which) => self.disable(which).await,
            Step::Enable(which) => self.enable(which).await,
            Step::SetPasswordAsAdmin(which) => self.set_password_as_admin(which, number).await,
            Step::Delete(which) => self.delete(which).await,
        }
    }

    async fn register(&mut self, number: usize) -> (u16, u16) {
        let (email, password) = (format!("c{number}@x.io"), format!("password number {number}"));
        let body = json!({"full_name": "A", "email": email, "password": password});
        let (status, row) = self.post("/api/customers", body, None).await;
        let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
        let passwords = vec![password];
        self.accounts.push(Account {
            email,
            url,
            exists: true,
            enabled: true,
            passwords,
            generation: 0,
            reset_requests: 0,
        });
        (status, 201)
    }

    async fn log_in_with_current_password(&mut self, which: usize) -> Option<(u16, u16)> {
        let account = pick(which, self.accounts.len())?;
        let owner = &self.accounts[account];
        let expected = if owner.exists && owner.enabled { 200 } else { 401 };
        let password = owner.passwords.last()?.clone();
        Some((self.log_in(account, &password).await, expected))
    }

    async fn log_in_with_old_password(&mut self, which: usize) -> Option<(u16, u16)> {
        let account = pick(which, self.accounts.len())?;
        let passwords = &self.accounts[account].passwords;
        let old = passwords[..passwords.len() - 1].last()?.clone();
        Some((self.log_in(account, &old).await, 401))
    }

    async fn refresh(&mut self, which: usize) -> Option<(u16, u16)> {
        let pair = pick(which, self.pairs.len())?;
        let (refresh, session) = (self.pairs[pair].refresh.clone(), self.pairs[pair].session);
        let (status, issued) =
            self.post("/api/customer/token/refresh", json!({"refreshToken": refresh}), None).await;
        if !self.is_valid(&self.pairs[pair]) {
            return Some((status, 401));
        }
        let parent = self.pairs[pair].parent;
        let supersedes = |(number, other): (usize, &Pair)| {
            other.used
                && (other.parent == Some(pair)
                    || (parent.is_some() && other.parent == parent && number != pair))
        };
        if self.pairs.iter().enumerate().any(supersedes) {
            self.sessions[session].is_active = false;
            return Some((status, 401));
        }
        self.pairs[pair].used = true;
        if status == 200 {
            self.add_pair(&issued, session, Some(pair));
        }
        Some((status, 200))
    }

    async fn revoke(&mut self, which: usize) -> Option<(u16, u16)> {
        let pair = pick(which, self.pairs.len())?;
        let (refresh, session) = (self.pairs[pair].refresh.clone(), self.pairs[pair].session);
        let (status, _) =
            self.post("/api/customer/token/revoke", json!({"refreshToken": refresh}), None).await;
        if !self.pairs[pair].discarded {
            self.sessions[session].is_active = false;
        }
        Some((status, 200))
    }

    async fn change_password(&mut self, which: usize, number: usize) -> Option<(u16, u16)> {
        let pair = pick(which, self.pairs.len())?;
        let (access, session) = (self.pairs[pair].access.clone(), self.pairs[pair].session);
        let account = self.sessions[session].account;
        let new = format!("password number {number}");
        let body = json!({"current_password": self.accounts[account].passwords.last()?, "password": new});
        let (status, issued) = self.post("/api/customers/me/password", body, Some(&access)).await;
        if !self.is_valid(&self.pairs[pair]) {
            return Some((status, 401));
        }
        self.end_all(account, true);
        self.sessions[session].is_active = true;
        self.accounts[account].passwords.push(new);
        self.pairs.iter_mut().filter(|pair| pair.session == session).for_each(|pair| pair.discarded = true);
        if status == 200 {
            self.add_pair(&issued, session, None);
        }
        Some((status, 200))
    }

    async fn request_reset(&mut self, which: usize) -> Option<(u16, u16)> {
        let account = pick(which, self.accounts.len())?;
        let email = self.accounts[account].email.clone();
        let (status, _) = self.post("/api/customers/reset-password", json!({"email": email}), None).await;
        let mails = self.app.deliver_mails().await;
        let mail = mails.iter().find(|mail| mail.subject == "Set a new password");
        let owner = &mut self.accounts[account];
        owner.reset_requests += u32::from(owner.exists && owner.enabled);
        let expected = owner.exists && owner.enabled && owner.reset_requests <= 5;
        if mail.is_some() != expected {
            return Some((0, 200));
        }
        self.links.extend(mail.map(|mail| Link { account, token: mail.token(), valid: true }));
        Some((status, 200))
    }

    async fn reset(&mut self, which: usize, number: usize) -> Option<(u16, u16)> {
        let link = pick(which, self.links.len())?;
        let new = format!("password number {number}");
        let body = json!({"token": self.links[link].token, "password": new});
        let (status, issued) = self.post("/api/customers/password", body, None).await;
        let account = self.links[link].account;
        let owner = &self.accounts[account];
        if !(self.links[link].valid && owner.exists && owner.enabled) {
            return Some((status, 400));
        }
        self.end_all(account, true);
        self.accounts[account].passwords.push(new);
        if status == 200 {
            self.sessions.push(Session { account, is_active: true });
            self.add_pair(&issued, self.sessions.len() - 1, None);
        }
        Some((status, 200))
    }

    async fn end_all_sessions(&mut self, which: usize) -> Option<(u16, u16)> {
        let pair = pick(which, self.pairs.len())?;
        let request = self.app.anonymous().request(reqwest::Method::DELETE, "/api/customers/me/sessions");
        let response = self.app.anonymous().send(request.bearer_auth(&self.pairs[pair].access)).await;
        if !self.is_valid(&self.pairs[pair]) {
            return Some((response.status, 401));
        }
        self.end_all(self.sessions[self.pairs[pair].session].account, false);
        Some((response.status, 200))
    }

    /// Changes an account as an admin. Returns the account, if it exists, and the actual and the expected status.
    async fn change(&self, which: usize, changes: Value) -> Option<(Option<usize>, (u16, u16))> {
        let account = pick(which, self.accounts.len())?;
        let Account { url, exists, .. } = &self.accounts[account];
        let response = self.app.admin().patch(url, &changes).await;
        let expected = if *exists { 200 } else { 404 };
        Some((exists.then_some(account), (response.status, expected)))
    }

    async fn disable(&mut self, which: usize) -> Option<(u16, u16)> {
        let (changed, statuses) = self.change(which, json!({"status": 0})).await?;
        if let Some(account) = changed {
            if self.accounts[account].enabled {
                self.end_all(account, false);
            }
            self.accounts[account].enabled = false;
        }
        Some(statuses)
    }

    async fn enable(&mut self, which: usize) -> Option<(u16, u16)> {
        let (changed, statuses) = self.change(which, json!({"status": 1})).await?;
        if let Some(account) = changed {
            self.accounts[account].enabled = true;
        }
        Some(statuses)
    }

    async fn set_password_as_admin(&mut self, which: usize, number: usize) -> Option<(u16, u16)> {
        let new = format!("password number {number}");
        let (changed, statuses) = self.change(which, json!({"password": new})).await?;
        if let Some(account) = changed {
            self.end_all(account, true);
            self.accounts[account].passwords.push(new);
        }
        Some(statuses)
    }

    async fn delete(&mut self, which: usize) -> Option<(u16, u16)> {
        let account = pick(which, self.accounts.len())?;
        let response = self.app.admin().delete(&self.accounts[account].url).await;
        let expected = if self.accounts[account].exists { 200 } else { 404 };
        self.accounts[account].exists = false;
        self.end_all(account, true);
        Some((response.status, expected))
    }

    /// Checks each issued access token against the model.
    pub(super) async fn check(&self) -> Result<(), TestCaseError> {
        for (number, pair) in self.pairs.iter().enumerate() {
            let (status, _) = self
                .post("/api/graphql", json!({"query": "{ currentCustomer { uuid } }"}), Some(&pair.access))
                .await;
            let expected = if self.is_valid(pair) { 200 } else { 401 };
            prop_assert_eq!(status, expected, "pair {}: {:?}", number, pair);
        }
        Ok(())
    }
}

/// One of a number of things, if there are any.
fn pick(number: usize, of: usize) -> Option<usize> {
    (of > 0).then(|| number % of)
}
