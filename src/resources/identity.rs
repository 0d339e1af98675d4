//! Attributes, administrators, security flags.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A named value that illumos keeps and gives no meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attr {
    /// Its name. The key.
    pub name: String,
    /// Its value.
    pub value: AttrValue,
}

impl Attr {
    /// An attribute.
    pub fn new(name: impl Into<String>, value: AttrValue) -> Self {
        Attr { name: name.into(), value }
    }

    /// An attribute of type `string`.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Attr::new(name, AttrValue::String(value.into()))
    }
}

/// The value of an attribute, in one of zonecfg's four types.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttrValue {
    /// `string`: 1 to 255 bytes.
    String(String),
    /// `boolean`
    Boolean(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
}

impl AttrValue {
    /// zonecfg's word for the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            AttrValue::String(_) => "string",
            AttrValue::Boolean(_) => "boolean",
            AttrValue::Int(_) => "int",
            AttrValue::Uint(_) => "uint",
        }
    }
}

/// The value as zonecfg writes it, without quotes.
impl fmt::Display for AttrValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttrValue::String(text) => f.write_str(text),
            AttrValue::Boolean(yes) => yes.fmt(f),
            AttrValue::Int(number) => number.fmt(f),
            AttrValue::Uint(number) => number.fmt(f),
        }
    }
}

/// A user of the host who may administer the zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Admin {
    /// The user. The key.
    pub user: String,
    /// What for: `login`, `manage`, `clonefrom`.
    pub auths: Vec<String>,
}

impl Admin {
    /// A user with these authorisations.
    pub fn new(user: impl Into<String>, auths: Vec<String>) -> Self {
        Admin { user: user.into(), auths }
    }
}

/// The three sets of security flags, as comma lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SecurityFlags {
    /// What processes begin with.
    pub default: Option<String>,
    /// What they cannot go below.
    pub lower: Option<String>,
    /// What they cannot go above.
    pub upper: Option<String>,
}
