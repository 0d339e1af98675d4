//! Parses `/etc/zones/NAME.xml`, the only place where zonecfg keeps exact values.

use roxmltree::{Document, Node, ParsingOptions};

use super::document::{Admin, Attr, Device, Filesystem, IpType, Net, RctlValue, SecurityFlags, ZoneConfig};

/// Largest number of elements in a document: real ones have some dozens.
pub(super) const NODES: u32 = 200_000;

/// Parses a zone's document; fails if it is invalid.
pub fn parse_xml(text: &str) -> Result<ZoneConfig, String> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "zone" {
        return Err(format!("its element is {:?}, not \"zone\"", root.tag_name().name()));
    }
    let mut config = ZoneConfig::default();
    for attribute in root.attributes() {
        let value = attribute.value().to_owned();
        match attribute.name() {
            "name" => config.name = value,
            "zonepath" => config.zonepath = value,
            "brand" => config.brand = value,
            "autoboot" => config.autoboot = value == "true",
            "ip-type" if value == "exclusive" => config.ip_type = IpType::Exclusive,
            "ip-type" => {}
            // Bookkeeping of the release, which says nothing about the zone.
            "version" | "debugid" => {}
            name => match config.property_mut(name) {
                Some(property) => *property = Some(value),
                None => config.unknown.push(format!("{name}=\"{}\"", escaped(&value))),
            },
        }
    }
    for node in root.children().filter(Node::is_element) {
        read_element(node, &mut config, text);
    }
    Ok(config)
}

fn read_element(node: Node<'_, '_>, config: &mut ZoneConfig, text: &str) {
    let get = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let some = |name: &str| node.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let children = |name: &'static str| node.children().filter(move |child| child.has_tag_name(name));
    let pairs = || {
        children("net-attr")
            .map(|child| {
                let get = |name: &str| child.attribute(name).unwrap_or_default().to_owned();
                (get("name"), get("value"))
            })
            .collect()
    };
    // The rest of an element must not be lost: such an element is also kept verbatim.
    let (attributes, inner): (&[&str], &str) = match node.tag_name().name() {
        "filesystem" => (&["special", "raw", "directory", "type"], "fsoption"),
        "network" => {
            (&["address", "allowed-address", "defrouter", "physical", "mac-addr", "vlan-id", "global-nic"], "net-attr")
        }
        "device" => (&["match"], "net-attr"),
        "rctl" => (&["name"], "rctl-value"),
        "attr" => (&["name", "type", "value"], ""),
        "dataset" => (&["name"], ""),
        "pset" => (&["ncpu_min", "ncpu_max"], ""),
        "tmp_pool" => (&["importance"], ""),
        "mcap" => (&["physcap"], ""),
        "admin" => (&["user", "auths"], ""),
        "security-flags" => (&["default", "lower", "upper"], ""),
        _ => (&[], ""),
    };
    let strange = node.attributes().any(|a| !attributes.contains(&a.name()))
        || node.children().any(|child| child.is_element() && child.tag_name().name() != inner);
    let mut keep = strange;
    match node.tag_name().name() {
        "filesystem" => config.filesystems.push(Filesystem {
            dir: get("directory"),
            special: get("special"),
            raw: some("raw"),
            kind: get("type"),
            options: children("fsoption").filter_map(|o| o.attribute("name")).map(str::to_owned).collect(),
        }),
        "network" => config.nets.push(Net {
            physical: get("physical"),
            address: some("address"),
            allowed_address: some("allowed-address"),
            defrouter: some("defrouter"),
            global_nic: some("global-nic"),
            mac_addr: some("mac-addr"),
            vlan_id: some("vlan-id"),
            properties: pairs(),
        }),
        "device" => config.devices.push(Device { matching: get("match"), properties: pairs() }),
        "rctl" => {
            let values = config.rctls.entry(get("name")).or_default();
            values.extend(children("rctl-value").map(|value| {
                let get = |name: &str| value.attribute(name).unwrap_or_default().to_owned();
                RctlValue { privilege: get("priv"), limit: get("limit"), action: get("action") }
            }));
        }
        "attr" => config.attrs.push(Attr { name: get("name"), kind: get("type"), value: get("value") }),
        "dataset" => config.datasets.push(get("name")),
        "pset" => {
            let (min, max) = (get("ncpu_min"), get("ncpu_max"));
            let ncpus = if min == max { min } else { format!("{min}-{max}") };
            config.dedicated_cpu.get_or_insert_default().ncpus = ncpus;
        }
        "tmp_pool" => config.dedicated_cpu.get_or_insert_default().importance = some("importance"),
        "mcap" => match get("physcap").parse() {
            Ok(bytes) => config.physical_memory = Some(bytes),
            Err(_) => keep = true,
        },
        "admin" => config.admins.push(Admin { user: get("user"), auths: get("auths") }),
        "security-flags" if config.security_flags.is_none() => {
            config.security_flags =
                Some(SecurityFlags { default: get("default"), lower: get("lower"), upper: get("upper") });
        }
        _ => keep = true,
    }
    if keep {
        config.unknown.push(text.get(node.range()).unwrap_or_default().to_owned());
    }
}

/// Quotes a value for an attribute.
pub(super) fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '"' => text.push_str("&quot;"),
            // Unescaped, these would be read as spaces.
            '\n' | '\r' | '\t' => text.push_str(&format!("&#{};", c as u32)),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const FULL: &str = r#"<?xml version="1.0"?>
<!DOCTYPE zone PUBLIC "-//Sun Microsystems Inc//DTD Zones//EN" "file:///usr/share/lib/xml/dtd/zonecfg.dtd.1">
<!--
    DO NOT EDIT THIS FILE.  Use zonecfg(1M) instead.
-->
<zone name="z1" zonepath="/zones/z1" autoboot="true" brand="ipkg" bootargs="-m verbose" ip-type="exclusive" hostid="80f0c086" debugid="1" odd="1">
  <rctl name="zone.cpu-cap">
    <rctl-value priv="privileged" limit="150" action="deny"/>
  </rctl>
  <filesystem special="/export/data" directory="/data" type="lofs">
    <fsoption name="ro"/>
    <fsoption name="nodevices"/>
  </filesystem>
  <network allowed-address="10.0.0.5/24" physical="net0" mac-addr="02:08:20:01:02:03" vlan-id="12" global-nic="igb0">
    <net-attr name="primary" value="true"/>
  </network>
  <device match="/dev/dsk/*"/>
  <dataset name="rpool/data"/>
  <pset ncpu_min="1" ncpu_max="4"/>
  <tmp_pool importance="10"/>
  <mcap physcap="1234567890"/>
  <attr name="comment" type="string" value="Gr&#xFC;&#xDF;e &amp; so on"/>
  <admin user="root" auths="login,manage"/>
  <security-flags default="aslr" lower="none" upper="all"/>
  <inherited-pkg-dir directory="/lib"/>
</zone>
"#;

    #[test]
    fn reads_all_there_is() {
        let config = parse_xml(FULL).unwrap();
        assert_eq!((config.name.as_str(), config.autoboot, config.ip_type), ("z1", true, IpType::Exclusive));
        assert_eq!(config.rctls["zone.cpu-cap"], [RctlValue::new(150, "deny")]);
        assert_eq!(config.filesystems[0].options, ["ro", "nodevices"]);
        assert_eq!(config.nets[0].properties, [("primary".to_owned(), "true".to_owned())]);
        assert_eq!(config.nets[0].global_nic.as_deref(), Some("igb0"));
        assert_eq!(config.physical_memory, Some(1_234_567_890));
        assert_eq!(config.attrs[0].value, "Grüße & so on");
        let dedicated = config.dedicated_cpu.unwrap();
        assert_eq!((dedicated.ncpus.as_str(), dedicated.importance.as_deref()), ("1-4", Some("10")));
        assert_eq!(config.unknown, ["odd=\"1\"", "<inherited-pkg-dir directory=\"/lib\"/>"]);
    }

    #[test]
    fn refuses_what_is_no_zone() {
        for bad in ["", "<zone", "<a/>", "<zone></a>"] {
            assert!(parse_xml(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), at in 0..FULL.len(), with in any::<u8>()) {
            let _ = parse_xml(&text);
            let mut bytes = FULL.as_bytes().to_vec();
            bytes[at] = with;
            let _ = parse_xml(&String::from_utf8_lossy(&bytes));
        }
    }
}
