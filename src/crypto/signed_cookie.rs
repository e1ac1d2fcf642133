//! Values of cookies, signed as EverShop signs them: `s:VALUE.SIGNATURE`. The signature is the HMAC-SHA-256 (RFC 2104) of the
//! value, in base64 (RFC 4648 4) without padding.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::error::{Error, Result};

/// Signs a value.
///
/// # Errors
/// [`Error::Internal`], which is a defect.
pub(crate) fn sign(secret: &SecretString, value: &str) -> Result<String> {
    let signature = mac(secret, value).ok_or_else(|| Error::internal("a cookie could not be signed"))?;
    Ok(format!("s:{value}.{}", STANDARD_NO_PAD.encode(signature.finalize().into_bytes())))
}

/// The value of a signed cookie; `None` without a valid signature. The time does not depend on the signature.
pub(crate) fn verify<'a>(secret: &SecretString, signed: &'a str) -> Option<&'a str> {
    let (value, signature) = signed.strip_prefix("s:")?.rsplit_once('.')?;
    let signature = STANDARD_NO_PAD.decode(signature).ok()?;
    mac(secret, value)?.verify_slice(&signature).ok()?;
    Some(value)
}

/// `None` never happens: a key of HMAC has any length.
fn mac(secret: &SecretString, value: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(value.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{sign, verify};

    /// Signed with Node's `crypto`, as the middleware of EverShop's sessions does.
    const SIGNED: [(&str, &str, &str); 3] = [
        ("keyboard cat", "abc", "s:abc.BpxCrWRpvZMh/wk/djl34N+m+VQEU7K/5WenLwJCgFU"),
        ("tobiiscool", "Zx9_-q", "s:Zx9_-q.LDsAiXlTzYGQ56FBHJKFnexJ1VQKzEeG3yGzOTuPrfs"),
        ("tobiiscool", "hello", "s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI"),
    ];

    #[test]
    fn values_are_signed_as_by_evershop() {
        for (secret, value, signed) in SIGNED {
            assert_eq!(sign(&secret.into(), value).unwrap(), signed);
            assert_eq!(verify(&secret.into(), signed), Some(value));
        }
    }

    #[test]
    fn other_signatures_are_refused() {
        let (secret, _, signed) = SIGNED[1];
        let signature = signed.rsplit_once('.').unwrap().1;
        let wrong = [
            format!("s:zx9_-q.{signature}"),
            format!("s:Zx9_-q.{}", &signature[..signature.len() - 1]),
            format!("s:Zx9_-q.{signature}="),
            format!("Zx9_-q.{signature}"),
        ];
        let wrong = wrong.iter().map(String::as_str).chain(["s:Zx9_-q.", "s:Zx9_-q", "s:.", ""]);
        for wrong in wrong {
            assert_eq!(verify(&secret.into(), wrong), None, "{wrong}");
        }
        assert_eq!(verify(&"keyboard cat".into(), signed), None);
    }
}
