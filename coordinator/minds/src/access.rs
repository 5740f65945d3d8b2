//! What it takes to speak with somebody besides their address: a key, and whose
//! certificates are believed there.

use crate::key::Key;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::sync::Arc;

/// A key, and a place's own authority: both may be missing.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The key that is shown there.
    pub key: Option<Key>,
    /// Who is believed there in place of the public authorities.
    pub trust: Option<Trust>,
}

/// The authorities of a file.
#[derive(Clone, Debug)]
pub struct Trust(pub(crate) Arc<RootCertStore>);

impl Trust {
    /// Reads the certificates of a PEM file.
    ///
    /// # Errors
    /// In words, with the file's name.
    pub fn read(file: &Path) -> Result<Self, String> {
        let told = |why: String| format!("{}: {why}", file.display());
        let pem = std::fs::read(file).map_err(|error| told(format!("it can't be read: {error}")))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| told(format!("it is no PEM: {error}")))?;
            roots.add(certificate).map_err(|error| told(format!("a certificate in it is none: {error}")))?;
        }
        if roots.is_empty() {
            return Err(told("no certificate stands in it (BEGIN CERTIFICATE)".to_owned()));
        }
        Ok(Self(Arc::new(roots)))
    }
}
