//! The settings of a zone that have one value. Decoding, encoding, merging, dropping, `set`, import, drift and the translation to
//! zonecfg follow from the rows of `schema/table/singles.rs`.

use super::RctlAction;
use crate::documents::document::{Reader, integer};
use crate::kdl_util::Node;
use crate::value::Size;
use crate::value::source::{Source, Sourced};

/// Counterpart of a setting in zonecfg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zonecfg {
    /// A property of the zone.
    Property(&'static str),
    /// A resource control, with the action that zmgr writes.
    Control(&'static str, RctlAction),
}

/// A setting with one value.
#[derive(Debug)]
pub(crate) struct Single {
    /// Its node.
    pub(crate) node: &'static str,
    pub(crate) zonecfg: Zonecfg,
    /// True if placeholders such as `{zone}` are filled in.
    pub(crate) has_placeholders: bool,
    /// True if only the zonecfg of OmniOS and SmartOS has it.
    pub(crate) is_extended: bool,
    /// Returns zonecfg's value in the words of the configuration files.
    pub(crate) spell: fn(&str) -> String,
}

/// A type of value of such a setting.
pub(crate) trait SingleValue: Sized {
    fn decode(node: &Node, body: &Node) -> Option<Self>;
    fn encode(&self, node: Node) -> Option<Node>;
    /// Parses the value that `set` was given.
    fn parse(text: &str) -> Result<Self, String>;
    /// Returns it as zonecfg writes it.
    fn to_zonecfg(&self) -> String;
    /// Parses zonecfg's value.
    fn from_zonecfg(text: &str) -> Option<Self>;
    /// Returns zonecfg's value in the words of the files.
    fn spell(text: &str) -> String {
        text.to_owned()
    }
    /// Returns it as a text with placeholders, if it is one.
    fn text(&mut self) -> Option<&mut String> {
        None
    }
    fn as_text(&self) -> Option<&str> {
        None
    }
}

impl SingleValue for u64 {
    fn decode(node: &Node, _: &Node) -> Option<Self> {
        integer(node.first()?)
    }

    fn encode(&self, node: Node) -> Option<Node> {
        Some(node.arg(*self))
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is not a whole number"))
    }

    fn to_zonecfg(&self) -> String {
        self.to_string()
    }

    fn from_zonecfg(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl SingleValue for Size {
    fn decode(node: &Node, _: &Node) -> Option<Self> {
        node.text()?.parse().ok()
    }

    fn encode(&self, node: Node) -> Option<Node> {
        Some(node.arg(self.to_string()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn to_zonecfg(&self) -> String {
        self.bytes().to_string()
    }

    fn from_zonecfg(text: &str) -> Option<Self> {
        text.parse().ok().map(Size)
    }

    fn spell(text: &str) -> String {
        Self::from_zonecfg(text).map_or_else(|| text.to_owned(), |size| size.to_string())
    }
}

impl SingleValue for String {
    fn decode(node: &Node, _: &Node) -> Option<Self> {
        Some(node.text()?.to_owned())
    }

    fn encode(&self, node: Node) -> Option<Node> {
        Some(node.arg(self.as_str()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn to_zonecfg(&self) -> String {
        self.clone()
    }

    fn from_zonecfg(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn text(&mut self) -> Option<&mut String> {
        Some(self)
    }

    fn as_text(&self) -> Option<&str> {
        Some(self)
    }
}

/// A list that zonecfg separates by commas.
impl SingleValue for Vec<String> {
    fn decode(node: &Node, body: &Node) -> Option<Self> {
        Some(body.children_named(&node.name).flat_map(|node| node.texts()).map(str::to_owned).collect())
    }

    fn encode(&self, node: Node) -> Option<Node> {
        (!self.is_empty()).then(|| node.args(self.iter().map(String::as_str)))
    }

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
    }

    fn to_zonecfg(&self) -> String {
        self.join(",")
    }

    fn from_zonecfg(text: &str) -> Option<Self> {
        Some(text.split(',').map(str::to_owned).collect())
    }
}

/// The value of one such setting in [`Resources`](super::Resources), of any type.
pub(crate) trait Slot {
    fn decode(&mut self, single: &Single, body: &Node, reader: &Reader<'_>);
    fn encode(&self, single: &Single) -> Option<Node>;
    /// Sets the value to the one that `set` was given.
    fn parse(&mut self, text: &str) -> Result<(), String>;
    fn clear(&mut self);
    /// Returns the line that sets it.
    fn source(&self) -> Option<&Source>;
    fn to_zonecfg(&self) -> Option<String>;
    /// Sets zonecfg's value. Returns false if it is not one.
    fn set_zonecfg(&mut self, text: &str) -> bool;
    /// Returns its text, with the line that sets it.
    fn text(&mut self) -> Option<(&mut String, &Source)>;
    fn as_text(&self) -> Option<&str>;
}

impl<T: SingleValue> Slot for Option<Sourced<T>> {
    fn decode(&mut self, single: &Single, body: &Node, reader: &Reader<'_>) {
        let found = body.child(single.node);
        *self = found.and_then(|node| Some(Sourced::new(T::decode(node, body)?, reader.source(node))));
    }

    fn encode(&self, single: &Single) -> Option<Node> {
        self.as_ref()?.value.encode(Node::new(single.node))
    }

    fn parse(&mut self, text: &str) -> Result<(), String> {
        *self = Some(T::parse(text)?.into());
        Ok(())
    }

    fn clear(&mut self) {
        *self = None;
    }

    fn source(&self) -> Option<&Source> {
        self.as_ref().map(|value| &value.source)
    }

    fn to_zonecfg(&self) -> Option<String> {
        self.as_ref().map(|value| value.value.to_zonecfg())
    }

    fn set_zonecfg(&mut self, text: &str) -> bool {
        *self = T::from_zonecfg(text).map(Sourced::from);
        self.is_some()
    }

    fn text(&mut self) -> Option<(&mut String, &Source)> {
        let Sourced { value, source, .. } = self.as_mut()?;
        Some((value.text()?, source))
    }

    fn as_text(&self) -> Option<&str> {
        self.as_ref()?.value.as_text()
    }
}

impl Single {
    /// Returns the setting of a property of zonecfg.
    pub(crate) fn of_property(name: &str) -> Option<&'static Single> {
        Self::ALL.iter().find(|single| matches!(single.zonecfg, Zonecfg::Property(property) if property == name))
    }

    /// Returns the resource control that a property of zonecfg stands for, and its action.
    pub(crate) fn control(property: &str) -> Option<(&'static str, RctlAction)> {
        Self::ALL.iter().find(|single| single.node == property).and_then(|single| match single.zonecfg {
            Zonecfg::Control(control, action) => Some((control, action)),
            Zonecfg::Property(_) => None,
        })
    }

    /// Returns the setting of a resource control, and the action that zmgr writes.
    pub(crate) fn of_control(name: &str) -> Option<(&'static Single, RctlAction)> {
        Self::ALL.iter().find_map(|single| match single.zonecfg {
            Zonecfg::Control(control, action) if control == name => Some((single, action)),
            _ => None,
        })
    }
}

/// Returns true for the flag that the macro is named after.
macro_rules! filled {
    (filled) => {
        true
    };
    (extended) => {
        false
    };
}
macro_rules! extended {
    (extended) => {
        true
    };
    (filled) => {
        false
    };
}

/// Defines [`Resources`](super::Resources): the fields that are written here, and one for each row.
macro_rules! resources {
    (
        $(#[$attribute:meta])*
        struct Resources { $($(#[$before:meta])* $first:ident: $first_type:ty,)* }
        more { $($(#[$after:meta])* $last:ident: $last_type:ty,)* }
        $($field:ident: $type:ty = $kind:ident($($zonecfg:expr),+) $($flag:ident)* {
            name: $node:literal, help: $help:literal, $($column:ident: $value:expr,)*
        })*
    ) => {
        $(#[$attribute])*
        pub struct Resources {
            $($(#[$before])* pub $first: $first_type,)*
            $(#[doc = $help] pub $field: Option<Sourced<$type>>,)*
            $($(#[$after])* pub $last: $last_type,)*
        }

        impl Single {
            /// Every setting, in the order of the reference page.
            pub(crate) const ALL: &'static [Single] = &[$(Single {
                node: $node,
                zonecfg: $kind($($zonecfg),+),
                has_placeholders: false $(|| $crate::documents::resources::single::filled!($flag))*,
                is_extended: false $(|| $crate::documents::resources::single::extended!($flag))*,
                spell: <$type as SingleValue>::spell,
            },)*];
        }

        impl Resources {
            /// Returns each setting with one value, set or not.
            pub(crate) fn singles(&self) -> impl Iterator<Item = (&'static Single, &dyn Slot)> {
                let slots = [$(&self.$field as &dyn Slot,)*];
                Single::ALL.iter().zip(slots)
            }

            /// Returns each setting with one value, to change it.
            pub(crate) fn singles_mut(&mut self) -> impl Iterator<Item = (&'static Single, &mut dyn Slot)> {
                let slots = [$(&mut self.$field as &mut dyn Slot,)*];
                Single::ALL.iter().zip(slots)
            }

            /// Sets what a higher layer sets.
            pub(crate) fn overlay_singles(&mut self, top: &Resources) {
                $(if top.$field.is_some() {
                    self.$field.clone_from(&top.$field);
                })*
            }

            /// Sets the values of `all` that differ from those below. Returns the nodes that only the layers below have.
            pub(crate) fn keep_singles(&mut self, all: &Resources, below: &Resources) -> Vec<&'static str> {
                let mut dropped = Vec::new();
                $(if all.$field.is_none() && below.$field.is_some() {
                    dropped.push($node);
                }
                self.$field = all.$field.clone().filter(|value| below.$field.as_ref() != Some(value));)*
                dropped
            }
        }
    };
}
pub(super) use {extended, filled, resources};
