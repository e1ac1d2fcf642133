//! Failures of single operations of the REST API. [`crate::http::failures`] has those that many operations share.

use crate::error::Error;
use crate::failures;

failures! {
    /// Failures of an operation on a customer.
    pub(super) NoSuchCustomer { "The customer does not exist" => Error::NotFound("Customer") }
    /// Failures of an operation on the caller's own account.
    pub(super) CustomerDeleted { "The customer was deleted while the request was running" => Error::NotFound("Customer") }
    /// Failures of an operation on an address of a customer.
    pub(super) NoSuchCustomerAddress {
        "The customer does not exist" => Error::NotFound("Customer"),
        "The customer does not have this address" => Error::NotFound("Address"),
    }
    /// Failures of an operation on an address of the caller.
    pub(super) NoSuchAddress { "The customer does not have this address" => Error::NotFound("Address") }
    /// Failures of an operation on a session.
    pub(super) NoSuchSession { "The customer does not have this session" => Error::NotFound("Session") }
    /// Failures of an operation on a group.
    pub(super) NoSuchGroup { "The group does not exist" => Error::NotFound("Group") }
    /// Failures of an operation on a definition of a custom field.
    pub(super) NoSuchDefinition { "The definition does not exist" => Error::NotFound("Metafield definition") }
    /// Failures of an operation on a webhook endpoint.
    pub(super) NoSuchWebhookEndpoint { "The webhook endpoint does not exist" => Error::NotFound("Webhook endpoint") }
    /// Failures of an operation on a webhook delivery.
    pub(super) NoSuchWebhookDelivery { "The webhook delivery does not exist" => Error::NotFound("Webhook delivery") }
    /// Failures of an operation that sets an e-mail address.
    pub(super) EmailTaken { "Another customer has the e-mail address" => Error::EmailTaken }
    /// Failures of an operation that sets a group's name.
    pub(super) GroupNameTaken { "Another group has the name" => Error::conflict("Group name is already used") }
    /// Failures of the deletion of a group.
    pub(super) DefaultGroup { "The group is the default group" => Error::conflict("The default group can't be deleted") }
    /// Failures of an operation that adds an address.
    pub(super) TooManyAddresses { "The customer has 100 addresses" => Error::conflict("A customer has at most 100 addresses") }
    /// Failures of an operation that creates a webhook endpoint.
    pub(super) TooManyWebhookEndpoints { "There are 50 endpoints" => Error::conflict("There are at most 50 webhook endpoints") }
    /// Failures of an operation that mails a verification link.
    pub(super) AlreadyVerified {
        "The e-mail address is verified and no change is pending" => Error::conflict("The e-mail address is already verified"),
    }
    /// Failures of an operation that creates a definition of a custom field.
    pub(super) DefinitionTaken {
        "The definition exists or is still being deleted, or there are 100 definitions" => Error::conflict("\"custom.loyalty\" is still being deleted; try again later"),
    }
    /// Failures of a login.
    pub(super) WrongCredentials { "The e-mail address or the password is wrong" => Error::Unauthenticated("Invalid email or password") }
    /// Failures of a token refresh.
    pub(super) RefreshTokenRefused {
        "The refresh token is invalid, expired or superseded, its session has ended, or its owner is disabled" => Error::Unauthenticated("The refresh token is invalid or expired"),
    }
}
