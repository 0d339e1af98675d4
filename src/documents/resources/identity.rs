//! Attributes, administrators and security flags.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kdl_util::{Node, Value};
use crate::schema::Faults;

/// A user-defined attribute (zonecfg attr).
///
/// ```
/// # use zmgr::*;
/// assert_eq!(Attr::text("owner", "alice").value, AttrValue::String("alice".to_owned()));
/// assert_eq!(AttrValue::Uint(3).type_name(), "uint");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attr {
    /// Its name. The key.
    pub name: String,
    /// Its value.
    pub value: AttrValue,
}

impl Attr {
    /// Returns an attribute.
    pub fn new(name: impl Into<String>, value: AttrValue) -> Self {
        Attr { name: name.into(), value }
    }

    /// Returns an attribute of type `string`.
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
    /// Returns zonecfg's name for the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            AttrValue::String(_) => "string",
            AttrValue::Boolean(_) => "boolean",
            AttrValue::Int(_) => "int",
            AttrValue::Uint(_) => "uint",
        }
    }
}

/// Returns the value as zonecfg writes it, without quotes.
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
///
/// ```
/// # use zmgr::*;
/// let admin = Admin::new("alice", vec!["login".to_owned()]);
/// assert_eq!(admin.auths, ["login"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Admin {
    /// The user. The key.
    pub user: String,
    /// Authorizations: `login`, `manage`, `clonefrom`.
    pub auths: Vec<String>,
}

impl Admin {
    /// Returns a user with these authorizations.
    pub fn new(user: impl Into<String>, auths: Vec<String>) -> Self {
        Admin { user: user.into(), auths }
    }
}

/// The three sets of security flags, as comma-separated lists.
///
/// ```
/// # use zmgr::*;
/// let mut flags = SecurityFlags::default();
/// flags.lower = Some("aslr".to_owned());
/// assert!(flags.upper.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SecurityFlags {
    /// Flags that processes start with.
    pub default: Option<String>,
    /// Flags that are always set.
    pub lower: Option<String>,
    /// Flags that may be set at most.
    pub upper: Option<String>,
}

impl Attr {
    pub(super) fn decode(node: &Node, faults: &mut Faults) -> Option<Attr> {
        let name = node.text()?;
        let entry = node.arguments().nth(1)?;
        let wanted = node.property_text("type");
        let value = match (&entry.value, wanted) {
            (Value::Text(text), None | Some("string")) => Some(AttrValue::String(text.clone())),
            (Value::Bool(yes), None | Some("boolean")) => Some(AttrValue::Boolean(*yes)),
            (Value::Int(number), None | Some("int")) if i64::try_from(*number).is_ok() => {
                i64::try_from(*number).ok().map(AttrValue::Int)
            }
            (Value::Int(number), None | Some("uint")) => u64::try_from(*number).ok().map(AttrValue::Uint),
            _ => None,
        };
        if value.is_none()
            && let Some(wanted) = wanted
        {
            let message = format!("{} is not a value of type {wanted}", entry.value.kind());
            faults.add("wrong-type", entry.span, message);
        }
        Some(Attr::new(name, value?))
    }

    pub(super) fn encode(&self) -> Node {
        let node = Node::new("attr").arg(self.name.as_str());
        match &self.value {
            AttrValue::String(text) => node.arg(text.as_str()),
            AttrValue::Boolean(yes) => node.arg(*yes),
            AttrValue::Int(number) => node.arg(*number),
            AttrValue::Uint(number) => {
                // Without a type, a number in range is an int.
                let needed = i64::try_from(*number).is_ok();
                node.arg(*number).prop_if("type", needed.then_some("uint"))
            }
        }
    }
}

impl Admin {
    pub(super) fn decode(node: &Node) -> Option<Admin> {
        let mut words = node.texts().map(str::to_owned);
        Some(Admin::new(words.next()?, words.collect()))
    }

    pub(super) fn encode(&self) -> Node {
        Node::new("admin").arg(self.user.as_str()).args(self.auths.iter().map(String::as_str))
    }
}

impl SecurityFlags {
    pub(super) fn decode(node: &Node) -> SecurityFlags {
        let text = |name: &str| node.property_text(name).map(str::to_owned);
        SecurityFlags { default: text("default"), lower: text("lower"), upper: text("upper") }
    }

    pub(super) fn encode(&self) -> Node {
        Node::new("security-flags")
            .prop_if("default", self.default.as_deref())
            .prop_if("lower", self.lower.as_deref())
            .prop_if("upper", self.upper.as_deref())
    }
}
