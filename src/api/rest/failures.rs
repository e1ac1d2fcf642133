//! What the operations of the REST API fail with, beside what all may.

use crate::error::Error;
use crate::failures;

failures! {
    /// Of an operation on a customer.
    pub(super) NoSuchCustomer { "There is no such customer" => Error::NotFound("Customer") }
    /// Of an operation on the caller's own account.
    pub(super) CustomerDeleted { "The customer was deleted while the request was running" => Error::NotFound("Customer") }
    /// Of an operation on an address of a customer.
    pub(super) NoSuchCustomerAddress {
        "There is no such customer" => Error::NotFound("Customer"),
        "The customer has no such address" => Error::NotFound("Address"),
    }
    /// Of an operation on an address of the caller.
    pub(super) NoSuchAddress { "The customer has no such address" => Error::NotFound("Address") }
    /// Of an operation on a session.
    pub(super) NoSuchSession { "The customer has no such session" => Error::NotFound("Session") }
    /// Of an operation on a group.
    pub(super) NoSuchGroup { "There is no such group" => Error::NotFound("Group") }
    /// Of an operation on a definition of a custom field.
    pub(super) NoSuchDefinition { "There is no such definition" => Error::NotFound("Metafield definition") }
    /// Of an operation on a webhook endpoint.
    pub(super) NoSuchWebhookEndpoint { "There is no such webhook endpoint" => Error::NotFound("Webhook endpoint") }
    /// Of an operation on a webhook delivery.
    pub(super) NoSuchWebhookDelivery { "There is no such webhook delivery" => Error::NotFound("Webhook delivery") }
    /// Of an operation that sets an e-mail address.
    pub(super) EmailTaken { "Another customer has the e-mail address" => Error::EmailTaken }
    /// Of an operation that sets a group's name.
    pub(super) GroupNameTaken { "Another group has the name" => Error::conflict("Group name is already used") }
    /// Of the deletion of a group.
    pub(super) DefaultGroup { "It is the default group" => Error::conflict("The default group can't be deleted") }
    /// Of an operation that adds an address.
    pub(super) TooManyAddresses { "The customer has 100 addresses" => Error::conflict("A customer has at most 100 addresses") }
    /// Of an operation that makes a webhook endpoint.
    pub(super) TooManyWebhookEndpoints { "There are 50 endpoints" => Error::conflict("There are at most 50 webhook endpoints") }
    /// Of an operation that mails a verification link.
    pub(super) AlreadyVerified {
        "The e-mail address is verified and no other is pending" => Error::conflict("The e-mail address is verified already"),
    }
    /// Of an operation that makes a definition of a custom field.
    pub(super) DefinitionTaken {
        "It exists, is still being deleted, or there are 100 definitions" => Error::conflict("\"custom.loyalty\" is still being deleted; try again in a moment"),
    }
    /// Of a login.
    pub(super) WrongCredentials { "The e-mail address or the password is wrong" => Error::Unauthenticated("Invalid email or password") }
    /// Of a refresh.
    pub(super) RefreshTokenRefused {
        "The refresh token is invalid, expired or superseded, its session has ended, or its owner is disabled" => Error::Unauthenticated("The refresh token is invalid or expired"),
    }
}
