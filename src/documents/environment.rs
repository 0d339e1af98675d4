//! Variables that commands find in their environment because config.kdl names them.
//!
//! Invariant: nothing shows a user name or a password of a value: not `Debug`, not JSON, no error and no log of zmgr's.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::kdl_util::credentials;

/// The length of a password that is hidden wherever it occurs, not only together with the user name.
const SHOWN: usize = 4;

/// Environment variables of the commands that fetch packages, such as `http_proxy`.
///
/// ```
/// # use zmgr::*;
/// let variables = [("http_proxy".to_owned(), "http://me:secret@proxy.example.org:3128".to_owned())];
/// let environment: Environment = variables.into_iter().collect();
/// assert_eq!(environment.mask("via http://me:secret@proxy"), "via http://***@proxy");
/// assert_eq!(format!("{environment:?}"), "{\"http_proxy\"}");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(Arc<BTreeMap<String, String>>);

impl Environment {
    /// Names and values, by name. The values may be secret.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a text with the user names and passwords of the values hidden.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (_, value) in self.iter() {
            let Some(secret) = credentials(value).map(|range| &value[range]) else { continue };
            masked = masked.replace(secret, "***");
            if let Some((_, password)) = secret.split_once(':').filter(|(_, password)| password.len() >= SHOWN) {
                masked = masked.replace(password, "***");
            }
        }
        masked
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Environment(Arc::new(variables.into_iter().collect()))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, self.mask(value))))
    }
}
