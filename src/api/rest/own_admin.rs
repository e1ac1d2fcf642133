//! REST operations of an admin on its own account: password, second factor and step-up.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{
    NoSecondFactor, NothingToConfirm, SecondFactorAlreadyOn, SecondFactorNeeded, StepUpConflict,
};
use super::password::PasswordChange;
use super::response::{Created, EmptyBody, NotStored, empty_body};
use super::token::{Tokens, tokens};
use crate::app::ctx::{OwnAdminCtx, SteppedUpCtx};
use crate::bodies;
use crate::http::failure::documented::{Body, Change, Failing, OwnAdminOnly, SteppedUpOnly, Throttled};
use crate::http::{Data, Failure, JsonObject, OneWrite, WriteResponse, urls};
use crate::service::admin;
use crate::service::second_factor::{self, Enrolment, RecoveryCodes};
use crate::types::timestamp;

bodies! {
    /// The password of the admin, as confirmation.
    SecondFactorSetup: Create second_factor::EnrolmentInput;
    /// A code of the authenticator app.
    SecondFactorConfirmation: Create second_factor::CodeInput;
    /// A code if the admin has a second factor, otherwise its password.
    StepUp: Create second_factor::StepUpInput;
}

/// The secret of a new second factor. It is returned only once.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSecondFactor {
    /// Secret in base32 (RFC 4648 6), to be typed into an authenticator app.
    #[schema(pattern = "^[A-Z2-7]{32}$", example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// Secret as a URI, to be shown as a QR code.
    #[schema(
        format = "uri",
        example = "otpauth://totp/patron%20shop.example.com:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=patron%20shop.example.com"
    )]
    uri: String,
}

/// New recovery codes. They are returned only once.
#[derive(Serialize, ToSchema)]
pub(super) struct NewRecoveryCodes {
    /// Ten codes, each of which replaces a code of the authenticator app once.
    #[schema(min_items = 10, max_items = 10, example = json!([
        "k7m2p-9xw4d", "h3rq8-vt6ea", "z5cng-2jyu7", "d9wkx-m4pbs", "q6fha-83tvr",
        "y2ndu-jz7gc", "e8smb-5xkqw", "t4vpr-96hay", "g7ucj-n3zde", "w5qtk-b8fmx",
    ]))]
    recovery_codes: Vec<String>,
}

/// The end of a step-up.
#[derive(Serialize, ToSchema)]
pub(super) struct SteppedUp {
    /// Time until which the admin may do what needs a step-up (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:28:05.000Z")]
    stepped_up_until: String,
}

fn enrolled(new: &Enrolment) -> NotStored<Created<NewSecondFactor>> {
    let view = NewSecondFactor {
        secret: new.secret.expose_secret().to_owned(),
        uri: new.uri.expose_secret().to_owned(),
    };
    NotStored(Created::at(urls::OWN_SECOND_FACTOR.to_owned(), view))
}

fn recovery_codes(codes: &RecoveryCodes) -> NotStored<Data<NewRecoveryCodes>> {
    let recovery_codes = codes.0.iter().map(|code| code.expose_secret().to_owned()).collect();
    NotStored(Data::of(NewRecoveryCodes { recovery_codes }))
}

fn stepped_up(until: &DateTime<Utc>) -> Data<SteppedUp> {
    Data::of(SteppedUp { stepped_up_until: timestamp(*until) })
}

/// Change my password as an admin
///
/// All other sessions end, and all existing tokens become invalid. The current session continues with the tokens in the
/// response. The admin is notified by mail.
#[utoipa::path(
    post,
    path = "/api/user/me/password",
    tag = "admins",
    request_body = PasswordChange,
    security(("admin" = [])),
    responses(
        (status = 200, description = "New tokens of the current session", body = Data<Tokens>),
        Failing<(OwnAdminOnly, Throttled, Body)>,
    )
)]
pub(super) async fn change_my_admin_password(
    ctx: OwnAdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(admin::change_password(&ctx, write.respond_with(tokens), body.into()).await?.into())
}

/// Set up my second factor
///
/// Returns the secret for an authenticator app (TOTP, RFC 6238). The second factor is not on before its first code is
/// confirmed, within an hour. An earlier secret that was not confirmed becomes invalid.
#[utoipa::path(
    post,
    path = "/api/user/me/second-factor",
    tag = "admins",
    request_body = SecondFactorSetup,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new secret", body = Data<NewSecondFactor>),
        Failing<(OwnAdminOnly, SecondFactorAlreadyOn, Throttled, Body)>,
    )
)]
pub(super) async fn create_second_factor(
    ctx: OwnAdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(second_factor::enrol(&ctx, write.respond_with(enrolled), body.into()).await?.into())
}

/// Confirm my second factor
///
/// Turns the second factor on with the first code of the authenticator app, and returns ten recovery codes. All other
/// sessions end. The admin is notified by mail.
#[utoipa::path(
    post,
    path = "/api/user/me/second-factor/confirm",
    tag = "admins",
    request_body = SecondFactorConfirmation,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The recovery codes", body = Data<NewRecoveryCodes>),
        Failing<(OwnAdminOnly, NothingToConfirm, Throttled, Body)>,
    )
)]
pub(super) async fn confirm_second_factor(
    ctx: OwnAdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(second_factor::confirm(&ctx, write.respond_with(recovery_codes), body.into()).await?.into())
}

/// Create new recovery codes
///
/// The earlier codes become invalid. The admin is notified by mail.
#[utoipa::path(
    post,
    path = "/api/user/me/second-factor/recovery-codes",
    tag = "admins",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The recovery codes", body = Data<NewRecoveryCodes>),
        Failing<(SteppedUpOnly, NoSecondFactor, Change)>,
    )
)]
pub(super) async fn create_recovery_codes(
    ctx: SteppedUpCtx,
    write: OneWrite,
) -> Result<WriteResponse, Failure> {
    Ok(second_factor::recreate_codes(&ctx, write.respond_with(recovery_codes)).await?.into())
}

/// Turn my second factor off
///
/// The recovery codes become invalid, and all other sessions end. The admin is notified by mail.
#[utoipa::path(
    delete,
    path = "/api/user/me/second-factor",
    tag = "admins",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The second factor is off", body = Data<EmptyBody>),
        Failing<(SteppedUpOnly, SecondFactorNeeded, NoSecondFactor, Change)>,
    )
)]
pub(super) async fn delete_second_factor(
    ctx: SteppedUpCtx,
    write: OneWrite,
) -> Result<WriteResponse, Failure> {
    Ok(second_factor::turn_off(&ctx, write.respond_with(empty_body)).await?.into())
}

/// Confirm that it is me
///
/// A step-up lasts ten minutes and belongs to the session; a refresh keeps it. A login with a code counts as one. An admin
/// with a second factor needs it to delete customers, to set a customer's password or another e-mail address, to manage admins,
/// the URLs, events and secrets of webhook endpoints, and its own second factor.
#[utoipa::path(
    post,
    path = "/api/user/me/step-up",
    tag = "admins",
    request_body = StepUp,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The end of the step-up", body = Data<SteppedUp>),
        Failing<(OwnAdminOnly, StepUpConflict, Throttled, Body)>,
    )
)]
pub(super) async fn step_up(
    ctx: OwnAdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(second_factor::step_up(&ctx, write.respond_with(stepped_up), body.into()).await?.into())
}
