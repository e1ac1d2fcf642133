//! After any sequence of actions of customers and admins, exactly those access tokens are valid that a small model
//! predicts.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::support::{Actor, Backend, TestApp};

/// An action. Its number selects one of the existing accounts, token pairs or links.
#[derive(Clone, Copy, Debug)]
enum Step {
    Register,
    LogIn(usize),
    LogInWithAnOldPassword(usize),
    Refresh(usize),
    Revoke(usize),
    ChangePassword(usize),
    RequestReset(usize),
    Reset(usize),
    EndAllSessions(usize),
    Disable(usize),
    Enable(usize),
    SetPasswordAsAdmin(usize),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let any = 0..64_usize;
    prop_oneof![
        1 => Just(Register),
        5 => any.clone().prop_map(LogIn),
        1 => any.clone().prop_map(LogInWithAnOldPassword),
        6 => any.clone().prop_map(Refresh),
        2 => any.clone().prop_map(Revoke),
        2 => any.clone().prop_map(ChangePassword),
        2 => any.clone().prop_map(RequestReset),
        2 => any.clone().prop_map(Reset),
        1 => any.clone().prop_map(EndAllSessions),
        1 => any.clone().prop_map(Disable),
        2 => any.clone().prop_map(Enable),
        1 => any.clone().prop_map(SetPasswordAsAdmin),
        1 => any.prop_map(Delete),
    ]
}

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
struct World<'a> {
    app: &'a TestApp,
    accounts: Vec<Account>,
    sessions: Vec<Session>,
    pairs: Vec<Pair>,
    links: Vec<Link>,
    /// A counter for unique addresses and passwords.
    count: usize,
}

impl World<'_> {
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
    async fn run_step(&mut self, step: Step) -> Option<(u16, u16)> {
        let pick = |number: usize, of: usize| (of > 0).then(|| number % of);
        let number = self.next();
        Some(match step {
            Step::Register => {
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
            Step::LogIn(which) => {
                let account = pick(which, self.accounts.len())?;
                let owner = &self.accounts[account];
                let expected = if owner.exists && owner.enabled { 200 } else { 401 };
                let password = owner.passwords.last()?.clone();
                (self.log_in(account, &password).await, expected)
            }
            Step::LogInWithAnOldPassword(which) => {
                let account = pick(which, self.accounts.len())?;
                let passwords = &self.accounts[account].passwords;
                let old = passwords[..passwords.len() - 1].last()?.clone();
                (self.log_in(account, &old).await, 401)
            }
            Step::Refresh(which) => {
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
                (status, 200)
            }
            Step::Revoke(which) => {
                let pair = pick(which, self.pairs.len())?;
                let (refresh, session) = (self.pairs[pair].refresh.clone(), self.pairs[pair].session);
                let (status, _) =
                    self.post("/api/customer/token/revoke", json!({"refreshToken": refresh}), None).await;
                if !self.pairs[pair].discarded {
                    self.sessions[session].is_active = false;
                }
                (status, 200)
            }
            Step::ChangePassword(which) => {
                let pair = pick(which, self.pairs.len())?;
                let (access, session) = (self.pairs[pair].access.clone(), self.pairs[pair].session);
                let account = self.sessions[session].account;
                let new = format!("password number {number}");
                let body =
                    json!({"current_password": self.accounts[account].passwords.last()?, "password": new});
                let (status, issued) = self.post("/api/customers/me/password", body, Some(&access)).await;
                if !self.is_valid(&self.pairs[pair]) {
                    return Some((status, 401));
                }
                self.end_all(account, true);
                self.sessions[session].is_active = true;
                self.accounts[account].passwords.push(new);
                self.pairs
                    .iter_mut()
                    .filter(|pair| pair.session == session)
                    .for_each(|pair| pair.discarded = true);
                if status == 200 {
                    self.add_pair(&issued, session, None);
                }
                (status, 200)
            }
            Step::RequestReset(which) => {
                let account = pick(which, self.accounts.len())?;
                let email = self.accounts[account].email.clone();
                let (status, _) =
                    self.post("/api/customers/reset-password", json!({"email": email}), None).await;
                let mails = self.app.deliver_mails().await;
                let mail = mails.iter().find(|mail| mail.subject == "Set a new password");
                let owner = &mut self.accounts[account];
                owner.reset_requests += u32::from(owner.exists && owner.enabled);
                let expected = owner.exists && owner.enabled && owner.reset_requests <= 5;
                if mail.is_some() != expected {
                    return Some((0, 200));
                }
                self.links.extend(mail.map(|mail| Link { account, token: mail.token(), valid: true }));
                (status, 200)
            }
            Step::Reset(which) => {
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
                (status, 200)
            }
            Step::EndAllSessions(which) => {
                let pair = pick(which, self.pairs.len())?;
                let request =
                    self.app.anonymous().request(reqwest::Method::DELETE, "/api/customers/me/sessions");
                let response = self.app.anonymous().send(request.bearer_auth(&self.pairs[pair].access)).await;
                if !self.is_valid(&self.pairs[pair]) {
                    return Some((response.status, 401));
                }
                self.end_all(self.sessions[self.pairs[pair].session].account, false);
                (response.status, 200)
            }
            Step::Disable(which) | Step::Enable(which) | Step::SetPasswordAsAdmin(which) => {
                let account = pick(which, self.accounts.len())?;
                let new = format!("password number {number}");
                let patch = match step {
                    Step::Disable(_) => json!({"status": 0}),
                    Step::Enable(_) => json!({"status": 1}),
                    _ => json!({"password": new}),
                };
                let response = self.app.admin().patch(&self.accounts[account].url, &patch).await;
                if !self.accounts[account].exists {
                    return Some((response.status, 404));
                }
                match step {
                    Step::Enable(_) => self.accounts[account].enabled = true,
                    Step::Disable(_) => {
                        if self.accounts[account].enabled {
                            self.end_all(account, false);
                        }
                        self.accounts[account].enabled = false;
                    }
                    _ => {
                        self.end_all(account, true);
                        self.accounts[account].passwords.push(new);
                    }
                }
                (response.status, 200)
            }
            Step::Delete(which) => {
                let account = pick(which, self.accounts.len())?;
                let response = self.app.admin().delete(&self.accounts[account].url).await;
                let expected = if self.accounts[account].exists { 200 } else { 404 };
                self.accounts[account].exists = false;
                self.end_all(account, true);
                (response.status, expected)
            }
        })
    }

    /// Checks each issued access token against the model.
    async fn check(&self) -> Result<(), TestCaseError> {
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

async fn play(app: &TestApp, start: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let (accounts, sessions, pairs, links) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut world = World { app, accounts, sessions, pairs, links, count: start };
    world.run_step(Step::Register).await;
    for (number, step) in steps.iter().enumerate() {
        if let Some((status, expected)) = world.run_step(*step).await {
            prop_assert_eq!(status, expected, "step {}: {:?}", number, step);
        }
        world.check().await?;
    }
    Ok(())
}

fn any_sequence(backend: Backend) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The steps use wrong passwords on purpose. tests/api/login_backoff.rs tests the limits.
    let app = runtime.block_on(TestApp::start_with(backend, |flags| {
        flags.with("PATRON_RATE_LIMITS", "off").with("PATRON_EMAIL_VERIFICATION", "off")
    }));
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let cases = std::cell::Cell::new(0);
    let outcome = runner.run(&proptest::collection::vec(step(), 1..20), |steps| {
        cases.set(cases.get() + 1000);
        runtime.block_on(play(&app, cases.get(), &steps))
    });
    runtime.block_on(app.stop());
    outcome.unwrap();
}

#[test]
fn any_sequence_of_steps_sqlite() {
    any_sequence(Backend::Sqlite);
}

#[test]
fn any_sequence_of_steps_postgres() {
    any_sequence(Backend::Postgres);
}
