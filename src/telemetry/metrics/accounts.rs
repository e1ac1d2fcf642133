//! Metrics of accounts: registrations, logins, password resets, and the mails that they cause.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::types::{Audience, MailKind};

/// The outcome of a login with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// A session has started.
    Accepted,
    /// An unknown address, a wrong password, a disabled account, or a blocked one.
    Refused,
    /// The password is right, and the code of the second factor is missing.
    CodeRequired,
    /// The password is right, and the code of the second factor was refused.
    CodeRefused,
    /// The network address had too many failed attempts. The password was not checked.
    RateLimited,
}

impl LoginOutcome {
    const ALL: [Self; 5] =
        [Self::Accepted, Self::Refused, Self::CodeRequired, Self::CodeRefused, Self::RateLimited];

    /// Its name, as in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "ok",
            Self::Refused => "refused",
            Self::CodeRequired => "code_required",
            Self::CodeRefused => "code_refused",
            Self::RateLimited => "rate_limited",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RegistrationLabels {
    caller: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    audience: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResetStepLabels {
    step: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    kind: &'static str,
    outcome: &'static str,
}

/// The metrics of accounts.
#[derive(Debug, Default)]
pub struct AccountMetrics {
    registrations: Family<RegistrationLabels, Counter>,
    logins: Family<LoginLabels, Counter>,
    resets: Family<ResetStepLabels, Counter>,
    mails: Family<MailLabels, Counter>,
}

impl AccountMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patron_registrations",
            "Customers that registered (caller: customer) or were created by an admin, without imports",
            self.registrations.clone(),
        );
        registry.register(
            "patron_logins",
            "Logins with a password, by audience and outcome",
            self.logins.clone(),
        );
        registry.register(
            "patron_password_resets",
            "Requests for a link to set a password, and passwords that were set with such a link",
            self.resets.clone(),
        );
        registry.register(
            "patron_mail_attempts",
            "Attempts to send a mail, by kind: sent, postponed (will be retried), given_up (failed permanently)",
            self.mails.clone(),
        );
        self.create_series();
    }

    /// Creates every series with the value 0, because a rate needs a first value.
    fn create_series(&self) {
        for caller in ["customer", "admin"] {
            drop(self.registrations.get_or_create(&RegistrationLabels { caller }));
        }
        for audience in [Audience::Admin, Audience::Customer].map(Audience::name) {
            for outcome in LoginOutcome::ALL.map(LoginOutcome::name) {
                drop(self.logins.get_or_create(&LoginLabels { audience, outcome }));
            }
        }
        for step in ["requested", "completed"] {
            drop(self.resets.get_or_create(&ResetStepLabels { step }));
        }
        for kind in MailKind::ALL.map(MailKind::name) {
            for outcome in ["sent", "postponed", "given_up"] {
                drop(self.mails.get_or_create(&MailLabels { kind, outcome }));
            }
        }
    }

    /// Counts a customer that registered, or was created by an admin.
    pub fn registered(&self, is_admin: bool) {
        let caller = if is_admin { "admin" } else { "customer" };
        self.registrations.get_or_create(&RegistrationLabels { caller }).inc();
    }

    /// Counts a login.
    pub fn login(&self, audience: Audience, outcome: LoginOutcome) {
        let labels = LoginLabels { audience: audience.name(), outcome: outcome.name() };
        self.logins.get_or_create(&labels).inc();
    }

    /// Counts a request for a link to set a password, whether the address has an account or not.
    pub fn reset_requested(&self) {
        self.resets.get_or_create(&ResetStepLabels { step: "requested" }).inc();
    }

    /// Counts a password that was set with a mailed link.
    pub fn reset_completed(&self) {
        self.resets.get_or_create(&ResetStepLabels { step: "completed" }).inc();
    }

    /// Counts an attempt to send a mail. The outcome is `sent`, `postponed` or `given_up`, as for the queue.
    pub fn mail_attempted(&self, kind: MailKind, outcome: &'static str) {
        self.mails.get_or_create(&MailLabels { kind: kind.name(), outcome }).inc();
    }
}
