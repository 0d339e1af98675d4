//! Verbatim pieces of a zone's document, in which an import keeps what nothing else can represent.
//!
//! Invariant: a piece is an element of the document, or an attribute of its root as `name="value"`, and keeps its meaning on its
//! own.

use std::net::IpAddr;

use roxmltree::{Document, Node, ParsingOptions};

use super::document::{Net, ZoneConfig};
use super::xml::{NODES, escaped, parse_xml};

/// Identity of the zone, and bookkeeping of the release: not pieces.
const IDENTITY: [&str; 7] = ["name", "zonepath", "brand", "autoboot", "ip-type", "version", "debugid"];

/// Returns the pieces of a zone's document, in order: attributes, then elements. Fails if the document is invalid.
pub fn pieces(text: &str) -> Result<Vec<String>, String> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
    let root = document.root_element();
    let attributes = root.attributes().filter(|attribute| !IDENTITY.contains(&attribute.name()));
    let attributes = attributes.map(|attribute| format!("{}=\"{}\"", attribute.name(), escaped(attribute.value())));
    let elements = root.children().filter(Node::is_element);
    let elements = elements.map(|node| text.get(node.range()).unwrap_or_default().to_owned());
    Ok(attributes.chain(elements).collect())
}

/// Parses pieces; everything else is unset. Fails if a piece is invalid.
pub fn parse_pieces(pieces: &[String]) -> Result<ZoneConfig, String> {
    let (elements, attributes): (Vec<&String>, Vec<&String>) =
        pieces.iter().partition(|piece| piece.trim_start().starts_with('<'));
    let mut text = String::from("<zone");
    for attribute in attributes {
        text.push(' ');
        text.push_str(attribute);
    }
    text.push('>');
    for element in elements {
        text.push_str(element);
    }
    text.push_str("</zone>");
    parse_xml(&text)
}

/// Adds these pieces to a configuration; each replaces what has the same key.
///
/// A network's piece replaces the network resources of that link that have its addresses, in any spelling; if the link has others
/// and none of these, the piece no longer fits, which is an error.
pub fn with_pieces(mut config: ZoneConfig, pieces: &[String]) -> Result<ZoneConfig, String> {
    if pieces.is_empty() {
        return Ok(config);
    }
    let more = parse_pieces(pieces)?;
    for name in ZoneConfig::PROPERTIES {
        if let (Some(new), Some(old)) = (more.property(name), config.property_mut(name)) {
            *old = Some(new.to_owned());
        }
    }
    keyed(&mut config.filesystems, more.filesystems, |each| &each.dir);
    keyed(&mut config.devices, more.devices, |each| &each.matching);
    keyed(&mut config.attrs, more.attrs, |each| &each.name);
    keyed(&mut config.datasets, more.datasets, |each| each);
    keyed(&mut config.admins, more.admins, |each| &each.user);
    config.rctls.extend(more.rctls);
    config.physical_memory = more.physical_memory.or(config.physical_memory);
    if let Some(dedicated) = more.dedicated_cpu {
        let here = config.dedicated_cpu.get_or_insert_default();
        if !dedicated.ncpus.is_empty() {
            here.ncpus = dedicated.ncpus;
        }
        here.importance = dedicated.importance.or(here.importance.take());
    }
    config.security_flags = more.security_flags.or(config.security_flags);
    networks(&mut config.nets, more.nets)?;
    config.unknown.extend(more.unknown);
    Ok(config)
}

fn keyed<T>(here: &mut Vec<T>, more: Vec<T>, key: impl Fn(&T) -> &String) {
    for new in more {
        match here.iter_mut().find(|old| key(old) == key(&new)) {
            Some(old) => *old = new,
            None => here.push(new),
        }
    }
}

fn networks(here: &mut Vec<Net>, more: Vec<Net>) -> Result<(), String> {
    let covered = |old: &Net| {
        let of_link: Vec<String> = more.iter().filter(|new| new.physical == old.physical).flat_map(addresses).collect();
        more.iter().any(|new| new.physical == old.physical)
            && addresses(old).iter().all(|address| of_link.contains(address))
    };
    for new in &more {
        let mut of_link = here.iter().filter(|old| old.physical == new.physical).peekable();
        if of_link.peek().is_some() && !of_link.any(covered) {
            return Err(format!(
                "it keeps a network resource of {} as it was found, but the addresses of that link have changed",
                new.physical
            ));
        }
    }
    here.retain(|old| !covered(old));
    here.extend(more);
    Ok(())
}

/// Returns where a network resource is reached: addresses, whatever their prefix, and host names.
fn addresses(net: &Net) -> Vec<String> {
    let more = net.properties.iter().filter(|(name, _)| matches!(name.as_str(), "ip" | "ips")).map(|(_, value)| value);
    let texts = net.address.iter().chain(&net.allowed_address).chain(more);
    texts
        .flat_map(|text| text.split(','))
        .map(|text| {
            let text = text.trim();
            let address = text.split_once('/').map_or(text, |(address, _)| address);
            address.parse::<IpAddr>().map_or_else(|_| text.to_owned(), |address| address.to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::xml::tests::FULL;
    use super::*;

    #[test]
    fn the_pieces_make_the_whole() {
        let whole = parse_xml(FULL).unwrap();
        let pieces = pieces(FULL).unwrap();
        assert_eq!(pieces[..3], ["bootargs=\"-m verbose\"", "hostid=\"80f0c086\"", "odd=\"1\""]);
        let bare = ZoneConfig {
            name: whole.name.clone(),
            zonepath: whole.zonepath.clone(),
            brand: whole.brand.clone(),
            autoboot: whole.autoboot,
            ip_type: whole.ip_type,
            ..ZoneConfig::default()
        };
        assert_eq!(with_pieces(bare, &pieces).unwrap().canonical(), whole.canonical());
        // Adding them again changes only what has no key.
        let again = with_pieces(whole.clone(), &pieces).unwrap();
        assert_eq!(again.nets, whole.nets);
        assert_eq!(again.attrs, whole.attrs);
    }

    #[test]
    fn a_network_takes_the_place_of_its_addresses() {
        let net =
            |address: &str| Net { physical: "net0".into(), allowed_address: Some(address.into()), ..Net::default() };
        let piece = r#"<network physical="net0" allowed-address="10.0.0.5" global-nic="e1000g0"/>"#.to_owned();
        let config = ZoneConfig { nets: vec![net("10.0.0.5/24"), net("10.0.0.6/24")], ..ZoneConfig::default() };
        let merged = with_pieces(config, std::slice::from_ref(&piece)).unwrap();
        assert_eq!(merged.nets.len(), 2);
        assert!(merged.nets.iter().any(|net| net.global_nic.as_deref() == Some("e1000g0")));
        let moved = ZoneConfig { nets: vec![net("10.0.0.7/24")], ..ZoneConfig::default() };
        assert!(with_pieces(moved, &[piece]).unwrap_err().contains("net0"));
    }

    #[test]
    fn values_come_back() {
        let text = "<zone bootargs=\"a &quot;b&quot; &lt;c&gt;&#10;d\"><attr name=\"x_y\" type=\"string\" value=\"&quot;\"/></zone>";
        let pieces = pieces(text).unwrap();
        let config = parse_pieces(&pieces).unwrap();
        assert_eq!(config.bootargs.as_deref(), Some("a \"b\" <c>\nd"));
        assert_eq!((config.attrs[0].name.as_str(), config.attrs[0].value.as_str()), ("x_y", "\""));
        assert!(parse_pieces(&["nonsense".to_owned()]).is_err() && parse_pieces(&["<a".to_owned()]).is_err());
    }
}
