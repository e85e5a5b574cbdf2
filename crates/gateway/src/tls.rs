//! Encryption: with a certificate of the user's, or with one that the server makes for itself: once, and again when it is
//! to have a name that it has not.
//!
//! Its own is signed by nobody, so that a browser warns at the first visit; whoever wants to be sure compares the
//! fingerprint that `serve` prints.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use session::draft::replace;
use session::home::Home;
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{Error as RustlsError, ServerConfig};

/// Where the certificate comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tls {
    /// The server's own, made when it is first needed, and again for more names.
    Own,
    /// Two files in PEM: the certificate with those that vouch for it, and its key.
    Files {
        /// The certificate.
        cert: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// Why there is no encryption.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or made.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{}: {why}; it has to be a file in PEM with {wanted}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: PemError,
        /// What belongs there.
        wanted: &'static str,
    },
    /// The key is of another certificate.
    #[error("{} is not the key of {}", key.display(), cert.display())]
    Mismatch {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// The certificate is of no use.
    #[error("{}: {source}", cert.display())]
    Unusable {
        /// The certificate.
        cert: PathBuf,
        /// Why.
        source: RustlsError,
    },
    /// No certificate could be made.
    #[error("make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// A certificate that was read.
pub(crate) struct Identity {
    pub acceptor: TlsAcceptor,
    /// The SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
}

impl Tls {
    /// Reads the certificate; the server's own is made for `names` where there is none that has them all.
    pub(crate) fn load(&self, home: &Home, names: &[String]) -> Result<Identity, TlsError> {
        let (cert, key) = match self {
            Self::Own => own(home, names)?,
            Self::Files { cert, key } => (cert.clone(), key.clone()),
        };
        let content = |path: &Path, wanted| {
            let path = path.to_owned();
            move |why| match why {
                PemError::Io(source) => TlsError::File { path: path.clone(), source },
                why => TlsError::Content { path: path.clone(), why, wanted },
            }
        };
        let failed = content(&cert, "a certificate");
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_file_iter(&cert).and_then(Iterator::collect).map_err(&failed)?;
        let first = chain.first().ok_or_else(|| failed(PemError::NoItemsFound))?;
        let fingerprint = fingerprint(first);
        let secret = PrivateKeyDer::from_pem_file(&key).map_err(content(&key, "a private key"))?;
        let unusable = |source| match source {
            RustlsError::InconsistentKeys(_) => TlsError::Mismatch { cert: cert.clone(), key: key.clone() },
            source => TlsError::Unusable { cert: cert.clone(), source },
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS12, &TLS13])
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), fingerprint })
    }
}

/// The server's own certificate and its key; made if one of them is missing, or a name that it is to have. One that has
/// more names stays: whoever trusts it need not do so again.
fn own(home: &Home, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let folder = home.state.join("gateway").join("tls");
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    // A line for each of its names, as none can be read out of the certificate without more code than this.
    let list = folder.join("names");
    let had = fs::read_to_string(&list).unwrap_or_default();
    let had: Vec<&str> = had.lines().collect();
    if cert.exists() && key.exists() && names.iter().all(|name| had.contains(&name.as_str())) {
        return Ok((cert, key));
    }
    let CertifiedKey { cert: made, signing_key } = generate_simple_self_signed(names)?;
    let failed = |source| TlsError::File { path: folder.clone(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    // The list last: where the power fails before, all is made again.
    let _ = fs::remove_file(&list);
    write(&key, &signing_key.serialize_pem())?;
    write(&cert, &made.pem())?;
    write(&list, &names.join("\n"))?;
    Ok((cert, key))
}

fn write(path: &Path, text: &str) -> Result<(), TlsError> {
    let failed = |source| TlsError::File { path: path.to_owned(), source };
    replace(path, text.as_bytes()).map_err(failed)
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let bytes: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn its_own_certificate_is_made_once_for_its_names_and_its_key_is_private() {
        let place = tempfile::tempdir().unwrap();
        let home = Home::at(place.path());
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let first = Tls::Own.load(&home, &names).unwrap().fingerprint;
        let again = Tls::Own.load(&home, &names).unwrap().fingerprint;
        assert_eq!((first.len(), &again), (32 * 3 - 1, &first));
        assert_eq!(Tls::Own.load(&home, &names[..1]).unwrap().fingerprint, first, "it has more names");
        let more = [&names[..], &["desk.example".to_owned()]].concat();
        let second = Tls::Own.load(&home, &more).unwrap().fingerprint;
        assert_ne!(second, first, "it has not this one");
        assert_eq!(Tls::Own.load(&home, &names).unwrap().fingerprint, second);
        let key = home.state.join("gateway/tls/key.pem");
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told() {
        let place = tempfile::tempdir().unwrap();
        let home = Home::at(place.path());
        let names = ["localhost".to_owned()];
        Tls::Own.load(&home, &names).unwrap();
        let folder = home.state.join("gateway/tls");
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let other = place.path().join("other.pem");
        write(&other, &generate_simple_self_signed(names.clone()).unwrap().signing_key.serialize_pem())
            .unwrap();
        let why = |cert: &Path, key: &Path| {
            let files = Tls::Files { cert: cert.to_owned(), key: key.to_owned() };
            files.load(&home, &names).err().map(|error| error.to_string())
        };
        assert_eq!(why(&cert, &key), None);
        let none = place.path().join("none");
        assert!(why(&none, &key).unwrap().contains("none: No such file"));
        assert!(why(&cert, &none).unwrap().contains("none: No such file"));
        assert!(why(&key, &key).unwrap().contains("with a certificate"));
        assert!(why(&cert, &cert).unwrap().contains("with a private key"));
        assert!(why(&cert, &other).unwrap().contains("other.pem is not the key of"));
        fs::write(&other, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap();
        assert!(why(&other, &key).unwrap().contains("with a certificate"));
    }
}
