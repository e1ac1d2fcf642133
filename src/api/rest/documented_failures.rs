//! Failures of single operations of the REST API. [`crate::http::failure::documented`] has those that many operations share.

use crate::entity::{
    PublicId, customer, customer_address, customer_group, customer_session, metafield_definition,
    webhook_delivery, webhook_endpoint,
};
use crate::error::{Error, GROUP_NAME_TAKEN};
use crate::failures;
use crate::service::address::TOO_MANY_ADDRESSES;
use crate::service::group::DEFAULT_GROUP;
use crate::service::login::WRONG_CREDENTIALS;
use crate::service::metafield::still_being_deleted;
use crate::service::session::INVALID_REFRESH_TOKEN;
use crate::service::verification::ALREADY_VERIFIED;
use crate::service::webhook::TOO_MANY_ENDPOINTS;

failures! {
    /// Failures of an operation on a customer.
    pub(super) NoSuchCustomer { "The customer does not exist" => not_found::<customer::Entity>() }
    /// Failures of an operation on the caller's own account.
    pub(super) CustomerDeleted { "The customer was deleted while the request was running" => not_found::<customer::Entity>() }
    /// Failures of an operation on an address of a customer.
    pub(super) NoSuchCustomerAddress {
        "The customer does not exist" => not_found::<customer::Entity>(),
        "The customer does not have this address" => not_found::<customer_address::Entity>(),
    }
    /// Failures of an operation on an address of the caller.
    pub(super) NoSuchAddress { "The customer does not have this address" => not_found::<customer_address::Entity>() }
    /// Failures of an operation on a session.
    pub(super) NoSuchSession { "The customer does not have this session" => not_found::<customer_session::Entity>() }
    /// Failures of an operation on a group.
    pub(super) NoSuchGroup { "The group does not exist" => not_found::<customer_group::Entity>() }
    /// Failures of an operation on a definition of a custom field.
    pub(super) NoSuchDefinition { "The definition does not exist" => not_found::<metafield_definition::Entity>() }
    /// Failures of an operation on a webhook endpoint.
    pub(super) NoSuchWebhookEndpoint { "The webhook endpoint does not exist" => not_found::<webhook_endpoint::Entity>() }
    /// Failures of an operation on a webhook delivery.
    pub(super) NoSuchWebhookDelivery { "The webhook delivery does not exist" => not_found::<webhook_delivery::Entity>() }
    /// Failures of an operation that sets an e-mail address.
    pub(super) EmailTaken { "Another customer has the e-mail address" => Error::EmailTaken }
    /// Failures of an operation that sets a group's name.
    pub(super) GroupNameTaken { "Another group has the name" => GROUP_NAME_TAKEN }
    /// Failures of the deletion of a group.
    pub(super) DefaultGroup { "The group is the default group" => DEFAULT_GROUP }
    /// Failures of an operation that adds an address.
    pub(super) TooManyAddresses { "The customer has 100 addresses" => TOO_MANY_ADDRESSES }
    /// Failures of an operation that creates a webhook endpoint.
    pub(super) TooManyWebhookEndpoints { "There are 50 endpoints" => TOO_MANY_ENDPOINTS }
    /// Failures of an operation that mails a verification link.
    pub(super) AlreadyVerified {
        "The e-mail address is verified and no change is pending" => ALREADY_VERIFIED,
    }
    /// Failures of an operation that creates a definition of a custom field.
    pub(super) DefinitionTaken {
        "The definition exists or is still being deleted, or there are 100 definitions" => still_being_deleted("custom", "loyalty"),
    }
    /// Failures of a login.
    pub(super) WrongCredentials { "The e-mail address or the password is wrong" => WRONG_CREDENTIALS }
    /// Failures of a token refresh.
    pub(super) RefreshTokenRefused {
        "The refresh token is invalid, expired or superseded, its session has ended, or its owner is disabled" => INVALID_REFRESH_TOKEN,
    }
}

fn not_found<E: PublicId>() -> Error {
    Error::NotFound(E::NOUN)
}
