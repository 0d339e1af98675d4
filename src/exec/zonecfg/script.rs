//! Writes zonecfg scripts: for a new zone, or for a change of its configuration.
//!
//! Invariant: every value that may be quoted is, and the last line ends with a newline: without it zonecfg silently drops the
//! command.

use super::document::{RctlValue, ZoneConfig};
use super::resource::{Resource, Value};
use crate::error::{Code, Error, Result};

/// Returns the script that configures a new zone. `more` are commands that come last, unchanged.
pub fn creation(config: &ZoneConfig, more: &[String]) -> String {
    let mut script = String::from("create -b\n");
    for (property, value) in config.globals() {
        set(&mut script, property, &value);
    }
    for resource in config.resources() {
        add(&mut script, &resource);
    }
    for command in more {
        script.push_str(command);
        script.push('\n');
    }
    script
}

/// Returns the script that changes one configuration of a zone to another; empty if they are equivalent.
///
/// Fails with `wrong-state` if they differ in something that cannot be changed: zonepath, brand, or something that zmgr has no type
/// for.
pub fn edit(from: &ZoneConfig, to: &ZoneConfig) -> Result<String> {
    let written = to;
    let (from, mut to) = (from.canonical(), to.canonical());
    let fixed = [("brand", &from.brand, &to.brand), ("zonepath", &from.zonepath, &to.zonepath)];
    for (what, old, new) in fixed {
        if old != new {
            let message = format!("the {what} of a zone cannot be changed from {old:?} to {new:?}");
            return Err(Error::new(Code::WrongState, message));
        }
    }
    if from.unknown != to.unknown {
        return Err(Error::new(Code::WrongState, "the configuration contains something that zmgr does not know")
            .with_help("change it with zonecfg"));
    }
    if from.fs_allowed != to.fs_allowed && to.fs_allowed.is_some() {
        to.fs_allowed.clone_from(&written.fs_allowed);
    }
    let mut script = String::new();
    edit_memory(&mut script, &from, &to);
    let (old, new) = (from.resources(), to.resources());
    let plain = |resource: &&Resource| resource.kind != "capped-memory";
    // OmniOS's `remove net` removes the first net of the link, whatever address is given. So if one net of a link changes, all of
    // them are removed and added again.
    let link = |resource: &Resource| resource.key().first().map(|(_, link)| (*link).to_owned());
    let nets = |resources: &[Resource], other: &[Resource]| -> Vec<Option<String>> {
        resources.iter().filter(|net| net.kind == "net" && !other.contains(net)).map(link).collect()
    };
    let links = [nets(&old, &new), nets(&new, &old)].concat();
    let again = |resource: &&Resource| resource.kind == "net" && links.contains(&link(resource));
    for resource in old.iter().filter(plain).filter(|resource| !new.contains(resource) || again(resource)) {
        script.push_str("remove ");
        script.push_str(resource.kind);
        for (property, value) in resource.key() {
            script.push_str(&format!(" {property}={}", quoted(value)));
        }
        script.push('\n');
    }
    let (old_globals, new_globals) = (from.globals(), to.globals());
    for (property, _) in &old_globals {
        if !new_globals.iter().any(|(name, _)| name == property) {
            script.push_str(&format!("clear {property}\n"));
        }
    }
    for (property, value) in new_globals.iter().filter(|global| !old_globals.contains(global)) {
        set(&mut script, property, value);
    }
    for resource in new.iter().filter(plain).filter(|resource| !old.contains(resource) || again(resource)) {
        add(&mut script, resource);
    }
    Ok(script)
}

/// `remove capped-memory` would also remove the limits on swap and locked memory, and `add` is refused beside them.
fn edit_memory(script: &mut String, from: &ZoneConfig, to: &ZoneConfig) {
    let others = from.rctls.contains_key("zone.max-swap") || from.rctls.contains_key("zone.max-locked-memory");
    let verb = if others || from.physical_memory.is_some() { "select" } else { "add" };
    match (from.physical_memory, to.physical_memory) {
        (old, new) if old == new => {}
        (_, Some(bytes)) => {
            script.push_str(&format!("{verb} capped-memory\n"));
            set(script, "physical", &bytes.to_string());
            script.push_str("end\n");
        }
        (_, None) if others => script.push_str("select capped-memory\nclear physical\nend\n"),
        (_, None) => script.push_str("remove capped-memory\n"),
    }
}

fn set(script: &mut String, property: &str, value: &str) {
    script.push_str(&format!("set {property}={}\n", quoted(value)));
}

fn add(script: &mut String, resource: &Resource) {
    script.push_str(&format!("add {}\n", resource.kind));
    for (property, value) in &resource.properties {
        match value {
            Value::Text(text) => set(script, property, text),
            Value::List(list) => {
                for text in list {
                    script.push_str(&format!("add {property} {}\n", quoted(text)));
                }
            }
            Value::Rctl(values) => {
                for RctlValue { privilege, limit, action } in values {
                    // Quotes inside parentheses are a syntax error; `validate` ensures that these values are words.
                    script.push_str(&format!("add {property} (priv={privilege},limit={limit},action={action})\n"));
                }
            }
            Value::Pairs(pairs) => {
                for (name, text) in pairs {
                    script.push_str(&format!("add {property} (name={name},value={})\n", quoted(text)));
                }
            }
        }
    }
    script.push_str("end\n");
}

fn quoted(value: &str) -> String {
    format!("\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::super::document::{Attr, IpType, Net};
    use super::*;

    fn web01() -> ZoneConfig {
        let mut config = ZoneConfig {
            name: "web01".into(),
            zonepath: "/zones/web01".into(),
            brand: "nlipkg".into(),
            ip_type: IpType::Exclusive,
            physical_memory: Some(2 << 30),
            nets: vec![Net {
                physical: "web01_0".into(),
                allowed_address: Some("10.1.0.10/24".into()),
                defrouter: Some("10.1.0.1".into()),
                ..Net::default()
            }],
            attrs: vec![Attr { name: "env".into(), kind: "string".into(), value: "a; b=c".into() }],
            ..ZoneConfig::default()
        };
        config.set_alias("swap", 4 << 30);
        config
    }

    #[test]
    fn creates() {
        insta::assert_snapshot!(creation(&web01(), &["set fs-allowed=\"ufs\"".to_owned()]), @r#"
        create -b
        set brand="nlipkg"
        set zonepath="/zones/web01"
        set ip-type="exclusive"
        set autoboot="false"
        add net
        set physical="web01_0"
        set allowed-address="10.1.0.10/24"
        set defrouter="10.1.0.1"
        end
        add capped-memory
        set physical="2147483648"
        end
        add rctl
        set name="zone.max-swap"
        add value (priv=privileged,limit=4294967296,action=deny)
        end
        add attr
        set name="env"
        set type="string"
        set value="a; b=c"
        end
        set fs-allowed="ufs"
        "#);
    }

    #[test]
    fn edits() {
        assert_eq!(edit(&web01(), &web01()).unwrap(), "");
        let mut to = web01();
        to.autoboot = true;
        to.physical_memory = None;
        to.nets[0].allowed_address = Some("10.1.0.11/24".into());
        to.attrs.clear();
        to.set_alias("cpu-shares", 10);
        insta::assert_snapshot!(edit(&web01(), &to).unwrap(), @r#"
        select capped-memory
        clear physical
        end
        remove net physical="web01_0" allowed-address="10.1.0.10/24"
        remove attr name="env"
        set autoboot="true"
        add net
        set physical="web01_0"
        set allowed-address="10.1.0.11/24"
        set defrouter="10.1.0.1"
        end
        add rctl
        set name="zone.cpu-shares"
        add value (priv=privileged,limit=10,action=none)
        end
        "#);
        to.brand = "lx".into();
        assert_eq!(edit(&web01(), &to).unwrap_err().code(), Code::WrongState);
    }
}
