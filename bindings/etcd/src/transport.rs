//! HTTP with the endpoints. Invariant: the only trust root is the configured authority, nothing comes from the environment (proxies,
//! roots of the system), and no redirect is followed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::Value;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::failure::{Effect, Failure};
use crate::files::{self, Kind};

/// Most bytes of an answer.
const LIMIT: u64 = 64 << 20;

/// Certificates and key of this host, by path.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles<'a> {
    pub(crate) ca: &'a std::path::Path,
    pub(crate) identity: Option<(&'a std::path::Path, &'a std::path::Path)>,
}

/// Connections to the endpoints.
pub(crate) struct Transport {
    agent: ureq::Agent,
    endpoints: Vec<String>,
    /// Endpoint that answered last.
    first: AtomicUsize,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The agent holds the key.
        f.debug_struct("Transport").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

impl Transport {
    /// Reads the certificates and the key. Connects to nothing.
    pub(crate) fn new(endpoints: &[String], tls: Option<&TlsFiles<'_>>) -> Result<Self, String> {
        let endpoints = endpoints.iter().map(|text| endpoint(text, tls.is_some())).collect::<Result<Vec<_>, _>>()?;
        if endpoints.is_empty() {
            return Err("no endpoint given".to_owned());
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("zmgr/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .timeout_await_100(None);
        let config = match tls {
            Some(files) => config.tls_config(tls_config(files)?),
            None => config,
        };
        Ok(Transport { agent: config.build().new_agent(), endpoints, first: AtomicUsize::new(0) })
    }

    /// Returns the endpoints with their numbers, first the one that answered last.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = (usize, &str)> {
        let (first, all) = (self.first.load(Ordering::Relaxed), self.endpoints.len());
        (0..all).map(move |n| (first + n) % all).map(|n| (n, self.endpoints[n].as_str()))
    }

    /// Returns the number of endpoints.
    pub(crate) fn count(&self) -> usize {
        self.endpoints.len()
    }

    /// Starts with this endpoint from now on.
    pub(crate) fn prefer(&self, endpoint: usize) {
        self.first.store(endpoint, Ordering::Relaxed);
    }

    /// Asks one endpoint.
    pub(crate) fn post(
        &self,
        endpoint: usize,
        path: &str,
        token: Option<&str>,
        body: &[u8],
        deadline: Instant,
    ) -> Result<Value, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::new(Effect::NoneHere, "no time left"));
        }
        let mut request = self.agent.post(format!("{}{path}", self.endpoints[endpoint]));
        if let Some(token) = token {
            request = request.header("Authorization", token);
        }
        let answer = request
            .header("Content-Type", "application/json")
            .config()
            .timeout_connect(Some((left * 3 / 4).min(Duration::from_secs(5))))
            .timeout_global(Some(left))
            .build()
            .send(body);
        let mut answer = answer.map_err(|error| Failure::transport(&error))?;
        let status = answer.status().as_u16();
        let read = answer.body_mut().with_config().limit(LIMIT).read_to_vec();
        // The headers are here, so the request was carried out or refused; which of both is lost with the body.
        let text = read.map_err(|error| Failure::new(Effect::Unknown, Failure::transport(&error).message))?;
        let text = String::from_utf8_lossy(&text);
        if status == 200
            && let Ok(json) = serde_json::from_str(&text)
        {
            return Ok(json);
        }
        Err(Failure::answer(status, &text))
    }
}

/// Returns true if only this machine can be meant.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Returns the address without a slash at its end.
fn endpoint(text: &str, tls: bool) -> Result<String, String> {
    let bad = |why: &str| Err(format!("invalid endpoint {text:?}: {why}"));
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) || rest.chars().any(char::is_control) {
        return bad("expected https://HOST:PORT");
    }
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    match scheme {
        "https" if !tls => bad("`https` needs `tls` with the certificates"),
        "https" => Ok(format!("https://{rest}")),
        "http" if is_loopback(host) => Ok(format!("http://{rest}")),
        "http" => bad("without TLS anyone on the network can change the store; use https"),
        _ => bad("expected https://HOST:PORT"),
    }
}

fn tls_config(files: &TlsFiles<'_>) -> Result<TlsConfig, String> {
    let provider = Arc::new(default_provider());
    let roots = certificates(files.ca)?;
    let mut store = rustls::RootCertStore::empty();
    for root in &roots {
        store
            .add(root.clone())
            .map_err(|error| format!("cannot use the authority in {}: {error}", files.ca.display()))?;
    }
    let mut config = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider.clone())
        .root_certs(RootCerts::from(roots.iter().map(|der| Certificate::from_der(der).to_owned())));
    if let Some((cert, key_file)) = files.identity {
        let chain = certificates(cert)?;
        let pem = files::read(key_file, Kind::Secret)?;
        let unusable = |why: &dyn fmt::Display| format!("cannot use the key in {}: {why}", key_file.display());
        let key =
            PrivateKeyDer::from_pem_slice(&pem).map_err(|_| unusable(&"not an unencrypted private key in PEM"))?;
        // Checked here: ureq takes a pair that does not match for a bug and panics.
        rustls::sign::CertifiedKey::from_der(chain.clone(), key, &provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                unusable(&format_args!("it does not belong to the certificate in {}", cert.display()))
            }
            error => unusable(&error),
        })?;
        let key = PrivateKey::from_pem(&pem).map_err(|_| unusable(&"not an unencrypted private key in PEM"))?;
        let chain: Vec<_> = chain.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        config = config.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
    }
    Ok(config.build())
}

fn certificates(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = files::read(path, Kind::Public)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("cannot read the certificates in {}: {error}", path.display()))?;
    if found.is_empty() {
        return Err(format!("no certificate in {}: expected PEM", path.display()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_https_except_on_loopback() {
        for (text, expected) in [
            ("https://a.example:2379", Some("https://a.example:2379")),
            ("https://a.example:2379/", Some("https://a.example:2379")),
            ("https://[fd00::1]:2379", Some("https://[fd00::1]:2379")),
            ("http://127.0.0.1:2379", Some("http://127.0.0.1:2379")),
            ("http://[::1]:2379", Some("http://[::1]:2379")),
            ("http://a.example:2379", None),
            ("http://127.5.6.7:2379", Some("http://127.5.6.7:2379")),
            ("http://127.0.0.1.example:2379", None),
            ("https://user:secret@a.example:2379", None),
            ("https://a.example:2379/v3", None),
            ("a.example:2379", None),
            ("ftp://a.example", None),
            ("https://", None),
        ] {
            assert_eq!(endpoint(text, true).ok().as_deref(), expected, "{text}");
        }
        assert!(endpoint("https://a.example:2379", false).unwrap_err().contains("needs `tls`"));
    }
}
