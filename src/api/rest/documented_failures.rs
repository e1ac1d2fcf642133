//! Failures of single operations of the REST API. [`crate::http::failure::documented`] has those that many operations share.

use crate::entity::{
    PublicId, admin_user, customer, customer_address, customer_group, customer_session, mail,
    metafield_definition, saved_view, webhook_delivery, webhook_endpoint,
};
use crate::error::{Error, GROUP_NAME_TAKEN};
use crate::failures;
use crate::service::address::TOO_MANY_ADDRESSES;
use crate::service::admin::{DISABLES_ITSELF, REMOVES_OWN_FACTOR};
use crate::service::bulk::filter_changed;
use crate::service::group::DEFAULT_GROUP;
use crate::service::login::WRONG_CREDENTIALS;
use crate::service::mail::{ALREADY_SENT, STILL_PENDING, WITHDRAWN};
use crate::service::metafield::still_being_deleted;
use crate::service::password::CUSTOMER_DISABLED;
use crate::service::saved_view::TOO_MANY_VIEWS;
use crate::service::second_factor::{ALREADY_ON, NO_SESSION, NOT_ON, NOTHING_PENDING, REQUIRED};
use crate::service::session::INVALID_REFRESH_TOKEN;
use crate::service::verification::ALREADY_VERIFIED;
use crate::service::webhook::{ENDPOINT_DISABLED, TOO_MANY_ENDPOINTS};

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
    /// Failures of an operation on a session of a customer.
    pub(super) NoSuchCustomerSession {
        "The customer does not exist" => not_found::<customer::Entity>(),
        "The customer does not have this session" => not_found::<customer_session::Entity>(),
    }
    /// Failures of an operation on a saved view.
    pub(super) NoSuchSavedView { "The admin does not have this view" => not_found::<saved_view::Entity>() }
    /// Failures of an operation that saves a view.
    pub(super) TooManySavedViews { "The admin has 50 views" => TOO_MANY_VIEWS }
    /// Failures of an operation that mails a verification link for an admin.
    pub(super) CannotVerify {
        "The e-mail address is verified and no change is pending, or verification is disabled" => ALREADY_VERIFIED,
        "The customer is disabled" => CUSTOMER_DISABLED,
    }
    /// Failures of an operation that mails a link to set a new password for an admin.
    pub(super) CannotReset { "The customer is disabled" => CUSTOMER_DISABLED }
    /// Failures of an operation on the customers that a filter finds.
    pub(super) FilterChanged { "The filter finds another number of customers than expected" => filter_changed() }
    /// Failures of a download of the customers that a filter finds.
    pub(super) InvalidExport {
        "The format or the filter is invalid, see `details`" => Error::invalid("filter.status.eq", "The value must be a whole number of 32 bits"),
    }
    /// Failures of an operation on a group.
    pub(super) NoSuchGroup { "The group does not exist" => not_found::<customer_group::Entity>() }
    /// Failures of an operation on a definition of a custom field.
    pub(super) NoSuchDefinition { "The definition does not exist" => not_found::<metafield_definition::Entity>() }
    /// Failures of an operation on a webhook endpoint.
    pub(super) NoSuchWebhookEndpoint { "The webhook endpoint does not exist" => not_found::<webhook_endpoint::Entity>() }
    /// Failures of an operation on a webhook delivery.
    pub(super) NoSuchWebhookDelivery { "The webhook delivery does not exist" => not_found::<webhook_delivery::Entity>() }
    /// Failures of a test of a webhook endpoint.
    pub(super) WebhookEndpointDisabled { "The webhook endpoint is disabled" => ENDPOINT_DISABLED }
    /// Failures of an operation on a mail.
    pub(super) NoSuchMail { "The mail does not exist" => not_found::<mail::Entity>() }
    /// Failures of an operation on a failed mail.
    pub(super) MailNotFailed {
        "The mail is still retried" => STILL_PENDING,
        "The mail was already sent" => ALREADY_SENT,
        "The mail was withdrawn, because it is superseded" => WITHDRAWN,
    }
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
    /// Failures of the second step of an admin's login.
    pub(super) CodeNeeded {
        "The admin has a second factor, and the request has no code" => Error::SecondFactorRequired,
        "The code is wrong, was used before, or came too soon after a wrong one" => Error::SecondFactorInvalid,
        "The second factor can't be read, because `PATRON_SEALING_SECRET` has changed" => Error::SecondFactorUnreadable,
    }
    /// Failures of an operation on an admin.
    pub(super) NoSuchAdmin { "The admin does not exist" => not_found::<admin_user::Entity>() }
    /// Failures of the creation of an admin.
    pub(super) AdminEmailTaken { "Another admin has the e-mail address" => Error::EmailTaken }
    /// Failures of an operation that disables an admin.
    pub(super) DisablesItself { "The admin is the caller itself" => DISABLES_ITSELF }
    /// Failures of an operation that removes the second factor of another admin.
    pub(super) RemovesOwnFactor { "The admin is the caller itself" => REMOVES_OWN_FACTOR }
    /// Failures of an operation that sets up a second factor.
    pub(super) SecondFactorAlreadyOn { "The second factor is on" => ALREADY_ON }
    /// Failures of the confirmation of a second factor.
    pub(super) NothingToConfirm {
        "There is no new secret, or it is older than an hour" => NOTHING_PENDING,
        "The second factor is on" => ALREADY_ON,
    }
    /// Failures of an operation on the caller's second factor.
    pub(super) NoSecondFactor { "The second factor is not on" => NOT_ON }
    /// Failures of an operation that turns the caller's second factor off.
    pub(super) SecondFactorNeeded { "The settings require a second factor" => REQUIRED }
    /// Failures of a step-up.
    pub(super) StepUpConflict {
        "The token has no session, because EverShop issued it" => NO_SESSION,
        "The second factor was turned on while the request was running" => ALREADY_ON,
    }
    /// Failures of a token refresh.
    pub(super) RefreshTokenRefused {
        "The refresh token is invalid, expired or superseded, its session has ended, or its owner is disabled" => INVALID_REFRESH_TOKEN,
    }
}

fn not_found<E: PublicId>() -> Error {
    Error::NotFound(E::NOUN)
}
