//! Why a call got no answer that counts, in words that say how to fix it. Invariant: no failure quotes a password, a key or a token.

use serde_json::Value;

/// State of the request after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// etcd did not and will not carry it out; the next endpoint would say the same.
    None,
    /// etcd did not and will not carry it out; another endpoint may.
    NoneHere,
    /// etcd did not carry it out, and may do so soon.
    NoneYet,
    /// etcd may have carried it out, or may still.
    Unknown,
    /// etcd did not carry it out, because it does not know the token.
    Token,
}

/// A call without an answer that counts.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) effect: Effect,
    pub(crate) message: String,
    pub(crate) help: Option<&'static str>,
}

impl Failure {
    pub(crate) fn new(effect: Effect, message: impl Into<String>) -> Self {
        Failure { effect, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    /// Returns the failure of a request that ended before an answer.
    pub(crate) fn transport(error: &ureq::Error) -> Self {
        use std::io::ErrorKind;
        match error {
            ureq::Error::HostNotFound => Failure::new(Effect::NoneHere, "host name not found"),
            ureq::Error::ConnectionFailed => Failure::new(Effect::NoneHere, "connection failed"),
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                Failure::new(Effect::NoneHere, "no connection within the time limit")
            }
            ureq::Error::Timeout(_) => Failure::new(Effect::Unknown, "no answer within the time limit"),
            ureq::Error::Rustls(error) => Failure::tls(error),
            ureq::Error::Tls(_) => Failure::new(Effect::NoneHere, "not a name or address that TLS can check"),
            ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(error) => Failure::tls(error),
                None if matches!(
                    error.kind(),
                    ErrorKind::ConnectionRefused
                        | ErrorKind::NetworkUnreachable
                        | ErrorKind::HostUnreachable
                        | ErrorKind::AddrNotAvailable
                ) =>
                {
                    Failure::new(Effect::NoneHere, words(error))
                }
                // etcd checks the certificate of a host after the handshake is over for the host: a request that is written then
                // may find the connection closed before the alert can be read.
                None if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                    Failure::new(Effect::Unknown, words(error)).help(
                        "if this lasts, etcd may not accept the certificate of this host: check `cert` and `key` in `tls` of config.kdl, and --trusted-ca-file of etcd",
                    )
                }
                None => Failure::new(Effect::Unknown, words(error)),
            },
            // Only http errors of a malformed answer are left: the request was sent.
            error => Failure::new(Effect::Unknown, error.to_string()),
        }
    }

    fn tls(error: &rustls::Error) -> Self {
        use rustls::{AlertDescription as Alert, CertificateError, Error};
        match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                Failure::new(Effect::NoneHere, "its certificate is not signed by the authority in `ca`")
                    .help("set `ca` in `tls` of config.kdl to the authority that signed the certificates of etcd")
            }
            Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => Failure::new(Effect::NoneHere, "its certificate is for another host name")
                .help("use the name in the certificate as `endpoint`, or issue a certificate for this name"),
            Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => Failure::new(Effect::NoneHere, "its certificate has expired or is not valid yet")
                .help("issue a new certificate for etcd, or set the clock of this host"),
            Error::InvalidCertificate(why) => Failure::new(Effect::NoneHere, format!("its certificate is invalid: {why}")),
            // Sent in place of an answer: etcd reads no request from a client that it does not accept.
            Error::AlertReceived(
                alert @ (Alert::BadCertificate
                | Alert::UnknownCA
                | Alert::CertificateRequired
                | Alert::CertificateExpired
                | Alert::CertificateRevoked
                | Alert::CertificateUnknown
                | Alert::UnsupportedCertificate
                | Alert::AccessDenied
                | Alert::HandshakeFailure
                | Alert::ProtocolVersion),
            ) => Failure::new(Effect::NoneHere, format!("etcd does not accept the certificate of this host ({alert:?})"))
                .help("check `cert` and `key` in `tls` of config.kdl: etcd must trust the authority that signed them (--trusted-ca-file)"),
            Error::InvalidMessage(_) => Failure::new(Effect::Unknown, "the answer is not TLS")
                .help("check the port, and that etcd serves clients with TLS (--listen-client-urls https://…)"),
            error => Failure::new(Effect::Unknown, format!("TLS: {error}")),
        }
    }

    /// Returns the failure that an HTTP answer other than 200 states.
    pub(crate) fn answer(status: u16, body: &str) -> Self {
        let json: Option<Value> = serde_json::from_str(body).ok();
        let field = |key: &str| json.as_ref().and_then(|json| json[key].as_str());
        let (Some(message), Some(code)) =
            (field("message").or(field("error")), json.as_ref().and_then(|json| json["code"].as_u64()))
        else {
            return Failure::plain(status, body);
        };
        Failure::grpc(code, message)
    }

    /// Returns the failure of an answer that is not of the gateway.
    fn plain(status: u16, body: &str) -> Self {
        if status == 400 && body.contains("CommonName") {
            return Failure::new(
                Effect::None,
                "etcd refuses a client certificate with a CommonName while authentication is on (HTTP 400)",
            )
            .help("issue the certificate of this host without a CommonName (`openssl req -subj /O=zmgr`): its user name comes from `user`");
        }
        match status {
            404 => Failure::new(Effect::NoneHere, "no JSON gateway (HTTP 404)").help(
                "start etcd with --enable-grpc-gateway (`enable-grpc-gateway: true` in its configuration file), version 3.4 or newer",
            ),
            301..=308 => Failure::new(Effect::NoneHere, format!("redirected elsewhere (HTTP {status}); redirects are not followed")),
            // A proxy in between, or etcd while it stops.
            200 | 408 | 429 | 500..=599 => Failure::new(Effect::Unknown, format!("HTTP {status}: {}", quoted(body))),
            _ => Failure::new(Effect::NoneHere, format!("HTTP {status}: {}", quoted(body))),
        }
    }

    /// Returns the failure for a gRPC status code and its message.
    fn grpc(code: u64, message: &str) -> Self {
        let known = |text: &str| message.contains(text);
        if known("space exceeded") {
            return Failure::new(Effect::None, "the store is full (NOSPACE)").help(
                "compact and defragment etcd, then clear the alarm: `etcdctl compact`, `etcdctl defrag`, `etcdctl alarm disarm`",
            );
        }
        if known("invalid auth token") || known("revision in header is old") || known("revision of auth store is old") {
            return Failure::new(Effect::Token, "etcd does not know the token of this host");
        }
        if known("user name is empty") {
            return Failure::new(Effect::Token, "etcd asks for a user, and config.kdl names none")
                .help("add `user \"NAME\" password-file=\"FILE\"` to `store` in config.kdl");
        }
        if known("authentication failed") {
            return Failure::new(Effect::None, "user or password is wrong")
                .help("check `user` and its password file in `store` of config.kdl (`etcdctl user passwd NAME` sets a password)");
        }
        if known("authentication is not enabled") {
            return Failure::new(Effect::None, "config.kdl names a user, but authentication is off in etcd")
                .help("run `etcdctl auth enable`, or remove `user` from `store` in config.kdl");
        }
        let text = quoted(message);
        match code {
            7 => Failure::new(Effect::None, "permission denied: the user may not use the keys of this fleet").help(
                "check `fleet` in config.kdl, and grant the role of this host the prefix: `etcdctl role grant-permission ROLE readwrite --prefix=true /zmgr/1/FLEET/`",
            ),
            16 => Failure::new(Effect::Token, text),
            // Refused before it was proposed.
            8 => Failure::new(Effect::NoneYet, text),
            3 | 5 | 6 | 9 | 11 | 12 | 15 => Failure::new(Effect::None, text),
            _ => Failure::new(Effect::Unknown, text),
        }
    }
}

/// Returns the text of a system error without its number.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Returns a text of others so that it fits into a line.
fn quoted(text: &str) -> String {
    let line: String = text.trim().chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_gateway() {
        for (status, body, effect, text) in [
            (
                403,
                r#"{"error":"etcdserver: permission denied","message":"etcdserver: permission denied","code":7}"#,
                Effect::None,
                "permission denied",
            ),
            (
                403,
                r#"{"code":7,"message":"etcdserver: permission denied","details":[]}"#,
                Effect::None,
                "permission denied",
            ),
            (401, r#"{"error":"etcdserver: invalid auth token","code":16}"#, Effect::Token, "token"),
            (400, r#"{"error":"etcdserver: user name is empty","code":3}"#, Effect::Token, "names none"),
            (
                400,
                r#"{"error":"etcdserver: authentication failed, invalid user ID or password","code":3}"#,
                Effect::None,
                "password is wrong",
            ),
            (
                412,
                r#"{"error":"etcdserver: authentication is not enabled","code":9}"#,
                Effect::None,
                "authentication is off",
            ),
            (429, r#"{"error":"etcdserver: mvcc: database space exceeded","code":8}"#, Effect::None, "NOSPACE"),
            (429, r#"{"error":"etcdserver: too many requests","code":8}"#, Effect::NoneYet, "too many requests"),
            (
                400,
                r#"{"error":"etcdserver: too many operations in txn request","code":3}"#,
                Effect::None,
                "too many operations",
            ),
            (503, r#"{"error":"etcdserver: request timed out","code":14}"#, Effect::Unknown, "timed out"),
            (500, r#"{"error":"etcdserver: leader changed","code":14}"#, Effect::Unknown, "leader changed"),
            (408, r#"{"error":"context canceled","code":1}"#, Effect::Unknown, "canceled"),
            (404, "404 page not found\n", Effect::NoneHere, "no JSON gateway"),
            (
                400,
                "CommonName of client sending a request against gateway will be ignored and not used as expected\n",
                Effect::None,
                "CommonName",
            ),
            (502, "<html>bad gateway</html>", Effect::Unknown, "HTTP 502"),
            (307, "", Effect::NoneHere, "redirected"),
            (403, "go\u{1b}[31m away", Effect::NoneHere, "HTTP 403: go [31m away"),
        ] {
            let failure = Failure::answer(status, body);
            assert_eq!(failure.effect, effect, "{status} {body}: {}", failure.message);
            assert!(failure.message.contains(text), "{status} {body}: {}", failure.message);
        }
    }
}
