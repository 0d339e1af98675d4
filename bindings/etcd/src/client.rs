//! Calls of the gateway: endpoints in turn, the token and its renewal. Invariant: a failure says `Unknown` if any attempt of the call
//! may have reached etcd.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::failure::{Effect, Failure};
use crate::files;
use crate::transport::Transport;

/// Number of times that all endpoints are asked before a call fails.
const ROUNDS: usize = 3;

/// Number of new tokens that one call asks for.
const TOKENS: usize = 3;

/// A user of etcd.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    /// Read for each token, so that a changed password needs no restart.
    pub(crate) password_file: PathBuf,
}

/// A client of the gateway.
pub(crate) struct Client {
    transport: Transport,
    login: Option<Login>,
    timeout: Duration,
    token: Mutex<Option<String>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the token.
        let (transport, login) = (&self.transport, &self.login);
        f.debug_struct("Client").field("transport", transport).field("login", login).finish_non_exhaustive()
    }
}

/// One call with its time limit, and what its attempts have left behind.
struct Attempts {
    deadline: Instant,
    /// Attempts that are left, at most: each gets its share of the time.
    left: u32,
    tokens: usize,
    /// Set if an attempt may have reached etcd.
    unknown: bool,
    /// One line for each endpoint.
    said: Vec<(usize, Failure)>,
}

impl Client {
    pub(crate) fn new(transport: Transport, login: Option<Login>, timeout: Duration) -> Self {
        Client { transport, login, timeout, token: Mutex::new(None) }
    }

    /// Calls one method of the gateway. It may be carried out more than once, so it must be one that this does not change.
    pub(crate) fn call(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        let deadline = Instant::now() + self.timeout;
        let mut attempts = Attempts { deadline, left: 0, tokens: TOKENS, unknown: false, said: Vec::new() };
        for round in 0..ROUNDS {
            attempts.left = u32::try_from(self.transport.count()).unwrap_or(u32::MAX);
            let mut again = false;
            let endpoints: Vec<usize> = self.transport.endpoints().map(|(n, _)| n).collect();
            for endpoint in endpoints {
                match self.ask(endpoint, path, body.as_bytes(), &mut attempts) {
                    Ok(answer) => {
                        self.transport.prefer(endpoint);
                        return Ok(answer);
                    }
                    Err(failure) => {
                        again |= matches!(failure.effect, Effect::Unknown | Effect::NoneYet);
                        let last = matches!(failure.effect, Effect::None | Effect::Token);
                        attempts.said.retain(|(of, _)| *of != endpoint);
                        attempts.said.push((endpoint, failure));
                        if last {
                            return Err(self.failed(attempts));
                        }
                    }
                }
                attempts.left = attempts.left.saturating_sub(1);
            }
            // Nothing listens anywhere: asking again at once would not find more.
            if !again || round + 1 == ROUNDS || Instant::now() >= deadline {
                break;
            }
        }
        Err(self.failed(attempts))
    }

    /// Asks one endpoint, with a new token if it does not know the old one.
    fn ask(&self, endpoint: usize, path: &str, body: &[u8], attempts: &mut Attempts) -> Result<Value, Failure> {
        let share = attempts.deadline.saturating_duration_since(Instant::now()) / attempts.left.max(1);
        let deadline = Instant::now() + share;
        loop {
            let token = self.token(endpoint, deadline)?;
            let answer = self.transport.post(endpoint, path, token.as_deref(), body, deadline);
            let Err(failure) = &answer else { return answer };
            attempts.unknown |= failure.effect == Effect::Unknown;
            if matches!(failure.effect, Effect::Token | Effect::Unknown) {
                self.drop_token(token);
            }
            if failure.effect != Effect::Token || self.login.is_none() || attempts.tokens == 0 {
                return answer;
            }
            attempts.tokens -= 1;
        }
    }

    /// Forgets a token that etcd does not know, or did not answer to: one from before a backup was restored names a step that the store
    /// has not reached, and etcd waits for that step.
    fn drop_token(&self, token: Option<String>) {
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have renewed it.
        if *held == token {
            *held = None;
        }
    }

    /// Returns the token of the user, if there is one.
    fn token(&self, endpoint: usize, deadline: Instant) -> Result<Option<String>, Failure> {
        let Some(login) = &self.login else { return Ok(None) };
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            let password =
                files::password(&login.password_file).map_err(|message| Failure::new(Effect::None, message))?;
            let body = json!({"name": login.user, "password": password}).to_string();
            // Asking for a token changes nothing, so nothing is unknown afterwards.
            let answer = self
                .transport
                .post(endpoint, "/v3/auth/authenticate", None, body.as_bytes(), deadline)
                .map_err(|mut failure| {
                    if failure.effect == Effect::Unknown {
                        failure.effect = Effect::NoneYet;
                    }
                    failure
                })?;
            let token = answer["token"].as_str().filter(|token| usable(token));
            *held = Some(token.ok_or_else(|| Failure::new(Effect::NoneHere, "no token in the answer"))?.to_owned());
        }
        Ok(held.clone())
    }

    /// Returns one failure for the whole call.
    fn failed(&self, attempts: Attempts) -> Failure {
        let names: Vec<&str> = {
            let mut all: Vec<(usize, &str)> = self.transport.endpoints().collect();
            all.sort_unstable();
            all.into_iter().map(|(_, name)| name).collect()
        };
        let help = attempts.said.iter().rev().find_map(|(_, failure)| failure.help);
        let last = attempts.said.last();
        let message = match last {
            // It stands for all endpoints.
            Some((_, failure)) if matches!(failure.effect, Effect::None | Effect::Token) => failure.message.clone(),
            _ => {
                let lines = attempts.said.iter().map(|(of, failure)| format!("{}: {}", names[*of], failure.message));
                lines.collect::<Vec<_>>().join("; ")
            }
        };
        let effect = if attempts.unknown { Effect::Unknown } else { Effect::None };
        Failure { effect, message, help }
    }
}

/// Returns true for a token that fits into a header.
fn usable(token: &str) -> bool {
    !token.is_empty() && token.len() <= 8192 && token.bytes().all(|b| b.is_ascii_graphic())
}
