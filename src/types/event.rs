//! The kinds of events, and the kinds of actors that cause them.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// The kinds of events, each with its name in the API and in the database.
macro_rules! event_kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $name:literal,)*) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
        pub enum EventKind {
            $($(#[doc = $doc])* #[sea_orm(string_value = $name)] $kind,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name in the API and in the database.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What happened: a sentence for people.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!($($doc),*).trim_ascii(),)*
                }
            }
        }
    };
}

event_kinds! {
    /// A customer was registered, created or imported.
    CustomerCreated = "customer.created",
    /// A customer was changed, apart from its password.
    CustomerUpdated = "customer.updated",
    /// A customer was deleted, and its data erased.
    CustomerDeleted = "customer.deleted",
    /// The password of a customer was changed.
    PasswordChanged = "password.changed",
    /// A customer logged in.
    SessionCreated = "session.created",
    /// Sessions of a customer were ended.
    SessionRevoked = "session.revoked",
    /// An address was added.
    AddressCreated = "address.created",
    /// An address was changed.
    AddressUpdated = "address.updated",
    /// An address was deleted.
    AddressDeleted = "address.deleted",
    /// A customer group was created.
    GroupCreated = "group.created",
    /// A customer group was changed.
    GroupUpdated = "group.updated",
    /// A customer group was deleted.
    GroupDeleted = "group.deleted",
    /// A custom field was defined.
    MetafieldDefinitionCreated = "metafield_definition.created",
    /// The definition of a custom field was changed.
    MetafieldDefinitionUpdated = "metafield_definition.updated",
    /// The definition of a custom field was deleted.
    MetafieldDefinitionDeleted = "metafield_definition.deleted",
    /// An admin was created.
    AdminCreated = "admin.created",
    /// An admin was enabled, disabled or renamed, or its password was changed.
    AdminUpdated = "admin.updated",
    /// An admin was deleted.
    AdminDeleted = "admin.deleted",
    /// An admin logged in.
    AdminSessionCreated = "admin_session.created",
    /// Sessions of an admin were ended.
    AdminSessionRevoked = "admin_session.revoked",
    /// An admin confirmed with a code or a password who it is.
    AdminSessionSteppedUp = "admin_session.stepped_up",
    /// An admin turned its second factor on.
    SecondFactorEnabled = "second_factor.enabled",
    /// An admin turned its second factor off.
    SecondFactorDisabled = "second_factor.disabled",
    /// The second factor of an admin was removed by another admin or a command.
    SecondFactorReset = "second_factor.reset",
    /// An admin made new recovery codes.
    RecoveryCodesCreated = "recovery_codes.created",
    /// An admin used a recovery code.
    RecoveryCodeUsed = "recovery_code.used",
    /// A webhook endpoint was created.
    WebhookEndpointCreated = "webhook_endpoint.created",
    /// The URL, the event filters or the secret of a webhook endpoint was changed.
    WebhookEndpointUpdated = "webhook_endpoint.updated",
    /// A webhook endpoint was deleted.
    WebhookEndpointDeleted = "webhook_endpoint.deleted",
    /// An admin sent a test event to a webhook endpoint.
    WebhookTest = "webhook.test",
    /// An admin had a link mailed to a customer.
    MailRequested = "mail.requested",
    /// An admin had a failed mail sent again.
    MailRetried = "mail.retried",
    /// An admin downloaded the data of a customer, or the customers that a filter finds.
    ExportCreated = "export.created",
    /// An admin saved a view.
    SavedViewCreated = "saved_view.created",
    /// An admin changed a saved view.
    SavedViewUpdated = "saved_view.updated",
    /// An admin deleted a saved view.
    SavedViewDeleted = "saved_view.deleted",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a text that is not the name of an event kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEvent;

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.iter().find(|kind| kind.name() == name).copied().ok_or(UnknownEvent)
    }
}

/// Whether a filter matches this kind. A filter is a name, a noun (`customer.*`), or `*` for all kinds.
pub fn filter_matches(filter: &str, kind: EventKind) -> bool {
    match filter.strip_suffix('*') {
        Some("") => true,
        Some(noun) => noun.ends_with('.') && kind.name().starts_with(noun),
        None => filter == kind.name(),
    }
}

/// The kind of actor that caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Actor {
    /// A client without a token.
    Anonymous,
    /// A customer.
    Customer,
    /// An admin.
    Admin,
    /// The program itself, or the operator by a command.
    System,
    /// EverShop, in a database that both programs use.
    Shop,
}

#[cfg(test)]
mod tests {
    use super::{EventKind, filter_matches};

    #[test]
    fn names_parse_to_their_kinds() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert!("customer.*".parse::<EventKind>().is_err());
    }

    #[test]
    fn filters_match_names_nouns_and_everything() {
        for (filter, matches) in [
            ("*", true),
            ("customer.*", true),
            ("customer.created", true),
            ("customer.deleted", false),
            ("cust*", false),
            ("customer", false),
            ("", false),
        ] {
            assert_eq!(filter_matches(filter, EventKind::CustomerCreated), matches, "{filter}");
        }
    }
}
