//! The broker's own certificate: made once, kept, and pinned by every enrolment.

use super::BrokerError;
use crate::data::{Data, DataError, write_private};
use crate::enrol::own_hosts;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

/// Where certificate and key are, and the certificate itself.
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) pem: String,
}

/// The kept certificate, made at first use.
pub(super) fn kept(data: &Data) -> Result<Files, BrokerError> {
    let folder = data.path("tls");
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    match std::fs::read_to_string(&certificate) {
        Ok(pem) => return Ok(Files { certificate, key, pem }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(DataError::Io { path: certificate, action: "read", source }.into()),
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|source| DataError::Io {
        path: folder,
        action: "made",
        source,
    })?;
    let (pem, secret) = make().map_err(BrokerError::Certificate)?;
    // The key first: a certificate without its key would never be made again.
    write_private(&key, secret.as_bytes())?;
    write_private(&certificate, pem.as_bytes())?;
    Ok(Files { certificate, key, pem })
}

/// A self-signed certificate and its key, as PEM. Valid from 1975 to 4096
/// (rcgen's own defaults): a Pi without a clock must be able to check it.
fn make() -> Result<(String, String), rcgen::Error> {
    let mut names: Vec<String> = ["goldentooth", "localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(own_hosts());
    let mut params = rcgen::CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "goldentooth");
    let key = rcgen::KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
