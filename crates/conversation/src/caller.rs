//! Who calls servers over plain blocking HTTP: those of vectors, of models that do jobs, and webhooks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Proxy};

/// A server that is there takes a connection at once.
const CONNECT: Duration = Duration::from_secs(5);

/// Who calls a server: by the system's certificates, by the user's proxy unless the server is on this machine, and never
/// elsewhere than asked.
pub fn agent(url: &str, whole: Duration) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let proxy = if is_here(url) { None } else { Proxy::try_from_env() };
    let config = Agent::config_builder()
        .proxy(proxy)
        .tls_config(tls)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(whole))
        .http_status_as_error(false)
        .max_redirects(0)
        .build();
    config.into()
}

/// Whether an address is of this machine, to which no proxy leads.
pub fn is_here(url: &str) -> bool {
    let uri = url.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_this_machine_leads_no_proxy() {
        let here =
            ["http://127.0.0.1:11434/api/embed", "http://localhost:1/", "https://[::1]:8443/v1/embeddings"];
        assert!(here.into_iter().all(is_here));
        let elsewhere = [
            "https://api.example.com/v1/embeddings",
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "",
        ];
        assert!(!elsewhere.into_iter().any(is_here));
    }
}
