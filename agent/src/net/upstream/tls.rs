//! What TLS connections to upstream servers have in common.

use rustls::client::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConnection, RootCertStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The protocol as connections name it (RFC 7858, registered for ALPN).
const ALPN_DOT: &[u8] = b"dot";

/// Who is trusted to name upstream servers, and the sessions that can be resumed. Clones share
/// both.
#[derive(Clone, Debug)]
pub struct UpstreamTls {
    client: Arc<ClientConfig>,
}

/// Why [`UpstreamTls::load`] failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpstreamTlsError {
    /// The file cannot be read, or is not PEM.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// The file has no certificate.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file has a certificate that cannot be trusted for its form.
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with the certificate.
        source: rustls::Error,
    },
    /// The cryptography that is built in speaks no version of TLS.
    Provider(rustls::Error),
}

impl UpstreamTls {
    /// Trusts the certificates of that PEM file as well as the system's, or Mozilla's if the
    /// system has none.
    ///
    /// # Errors
    ///
    /// The file cannot be read or holds anything but good certificates.
    pub fn load(ca_file: Option<&Path>) -> Result<Self, UpstreamTlsError> {
        let mut roots = system_roots();
        if let Some(path) = ca_file {
            add_file(&mut roots, path)?;
        }
        Self::trusting(Arc::new(roots))
    }

    /// Trusts those roots and no others.
    ///
    /// # Errors
    ///
    /// The cryptography that is built in speaks no version of TLS.
    pub fn trusting(roots: Arc<RootCertStore>) -> Result<Self, UpstreamTlsError> {
        // Named rather than left to the process's default, of which there may be two or none.
        let mut client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(UpstreamTlsError::Provider)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.alpn_protocols = vec![ALPN_DOT.to_vec()];
        Ok(UpstreamTls {
            client: Arc::new(client),
        })
    }

    /// A session with the server of that name, which its certificate must be valid for.
    pub(super) fn session(&self, name: &str) -> Result<ClientConnection, SessionError> {
        let name = ServerName::try_from(name.to_owned()).map_err(SessionError::Name)?;
        ClientConnection::new(Arc::clone(&self.client), name).map_err(SessionError::Tls)
    }
}

/// Why no session can be started.
#[derive(Debug)]
pub(super) enum SessionError {
    /// The name is neither a DNS name nor an address.
    Name(InvalidDnsNameError),
    /// TLS says so.
    Tls(rustls::Error),
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), UpstreamTlsError> {
    let unreadable = |source| UpstreamTlsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut is_empty = true;
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        is_empty = false;
        let certificate = certificate.map_err(unreadable)?;
        roots
            .add(certificate)
            .map_err(|source| UpstreamTlsError::Unusable {
                path: path.to_owned(),
                source,
            })?;
    }
    if is_empty {
        return Err(UpstreamTlsError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(())
}

impl fmt::Display for UpstreamTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpstreamTlsError::Unreadable { path, source } => {
                write!(
                    f,
                    "{}: no certificates can be read: {source}",
                    path.display()
                )
            }
            UpstreamTlsError::Empty { path } => {
                write!(f, "{}: holds no certificate in PEM", path.display())
            }
            UpstreamTlsError::Unusable { path, source } => {
                write!(f, "{}: unusable certificate: {source}", path.display())
            }
            UpstreamTlsError::Provider(source) => write!(f, "TLS cannot be used: {source}"),
        }
    }
}

impl std::error::Error for UpstreamTlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            UpstreamTlsError::Unreadable { source, .. } => Some(source),
            UpstreamTlsError::Unusable { source, .. } | UpstreamTlsError::Provider(source) => {
                Some(source)
            }
            UpstreamTlsError::Empty { .. } => None,
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::Name(source) => write!(f, "unusable server name: {source}"),
            SessionError::Tls(source) => source.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SessionError::Name(source) => Some(source),
            SessionError::Tls(source) => Some(source),
        }
    }
}
