//! The cryptography of TLS.

/// Installs the cryptography that TLS clients use unless they choose their own, for the whole process. Does nothing if it is
/// already installed.
pub(crate) fn install_provider() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}
