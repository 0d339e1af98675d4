use std::path::Path;

use super::*;
use crate::documents::document::Document;

struct Tree {
    config: Config,
    templates: BTreeMap<TemplateName, Template>,
    pools: BTreeMap<PoolName, Pool>,
}

fn tree(config: &str, templates: &[(&str, &str)], pools: &[(&str, &str)]) -> Tree {
    let read = |name: &str| format!("/t/{name}.kdl");
    Tree {
        config: Document::parse(Path::new("/t/config.kdl"), config.as_bytes()).unwrap().value,
        templates: templates
            .iter()
            .map(|(name, text)| {
                let template: Document<Template> = Document::parse(Path::new(&read(name)), text.as_bytes()).unwrap();
                (template.value.name.clone(), template.value)
            })
            .collect(),
        pools: pools
            .iter()
            .map(|(name, text)| {
                let pool: Document<Pool> = Document::parse(Path::new(&read(name)), text.as_bytes()).unwrap();
                (pool.value.name.clone(), pool.value)
            })
            .collect(),
    }
}

fn layered() -> Tree {
    tree(
        "zonepath-prefix \"/tank/z/\"\ndefaults {\n  resolver \"9.9.9.9\"\n  dns-domain \"{zone}.example.org\"\n  attr \"site\" \"zurich\"\n}\n",
        &[
            (
                "base",
                "template \"base\" {\n  brand \"ipkg\"\n  attr \"env\" \"base\"\n  attr \"team\" \"{template}\"\n  tag \"a\" \"b\"\n  net \"x\" { pool \"p\" }\n  net \"y\" { physical \"e1000g1\"; address \"none\" }\n  install { package \"editor/vim\"; publisher \"one\" }\n}\n",
            ),
            (
                "oi",
                "template \"oi\" {\n  extends \"base\"\n  brand \"nlipkg\"\n  without \"attr\" \"site\"\n  attr \"env\" \"prod\"\n  tag \"c\"\n  install { package \"shell/zsh\" }\n  fs \"/data\" special=\"/export/{zone}\" type=\"lofs\"\n}\n",
            ),
        ],
        &[("p", "pool \"p\" {\n  network \"10.0.0.0/24\"\n  stub \"stub0\"\n  vlan 5\n  resolver \"10.0.0.53\"\n}\n")],
    )
}

fn zone(text: &str) -> ZoneEntry {
    Document::parse(Path::new("/t/web01.kdl"), text.as_bytes()).unwrap().value
}

fn spec(tree: &Tree, text: &str) -> Result<ZoneSpec> {
    effective(&tree.config, &tree.templates, &tree.pools, &zone(text))
}

#[test]
fn layers() {
    let tree = layered();
    let spec = spec(&tree, "zone \"web01\" {\n  template \"oi\"\n  autoboot #true\n}\n").unwrap();
    assert_eq!(spec.brand.to_string(), "nlipkg");
    assert_eq!(spec.brand.source.to_string(), "/t/oi.kdl:3");
    assert_eq!(spec.autoboot.source.to_string(), "/t/web01.kdl:3");
    assert_eq!(spec.zonepath.value, "/tank/z/web01");
    assert_eq!(spec.zonepath.source.to_string(), "/t/config.kdl:1");
    let attrs: Vec<String> = spec.resources.attrs.iter().map(|a| format!("{}={}", a.name, a.value.value)).collect();
    assert_eq!(attrs, ["env=prod", "team=oi"]);
    assert_eq!(spec.tags.value, ["c"]);
    assert_eq!(spec.install.packages, ["shell/zsh"]);
    assert_eq!(spec.install.publishers[0].as_str(), "one");
    assert_eq!(spec.resources.fs[0].special, "/export/web01");
    assert_eq!(spec.dns_domain.unwrap().value, "web01.example.org");
    assert_eq!(spec.resolvers.value, ["10.0.0.53".parse::<IpAddr>().unwrap()], "a pool's win over those of defaults");
    assert_eq!(spec.nets.len(), 2);
    assert_eq!((spec.nets[0].stub.as_deref(), spec.nets[0].vlan), (Some("stub0"), Some(5)));
    assert_eq!(*spec.ip_type, IpType::Exclusive);
}

#[test]
fn an_entry_that_names_nets_has_those_alone() {
    let tree = layered();
    let text = "zone \"web01\" { template \"oi\"; net \"z\" { pool \"gone\"; address \"10.9.0.2/24\" gateway=\"10.9.0.1\"; vnic \"z0\" } }";
    let spec = spec(&tree, text).unwrap();
    assert_eq!(spec.nets.len(), 1);
    assert_eq!(spec.default_route(true).unwrap().1.to_string(), "10.9.0.1");
    assert!(spec.default_route(false).is_none());
}

#[test]
fn clone_or_install() {
    let tree = layered();
    let spec = spec(&tree, "zone \"web01\" { template \"oi\"; clone-from \"golden\" }").unwrap();
    assert_eq!(spec.clone_from.unwrap().as_str(), "golden");
    assert_eq!(spec.install, Install::default());
}

#[test]
fn what_does_not_make_a_zone() {
    let mut tree = layered();
    for (text, code, line) in [
        ("zone \"web01\" {\n template \"io\"\n}", "no-template", Some(2)),
        ("zone \"web01\" {\n autoboot #true\n}", "no-brand", Some(1)),
        ("zone \"web01\" {\n brand \"x\"\n net \"a\" { pool \"q\" }\n}", "no-pool", Some(3)),
        ("zone \"web01\" {\n brand \"x\"\n net \"a\"\n}", "no-link", Some(3)),
        ("zone \"web01\" {\n brand \"x\"\n bootargs \"{zoen}\"\n}", "unknown-placeholder", Some(3)),
        ("zone \"web01\" {\n brand \"x\"\n cpu-shares 5\n dedicated-cpu ncpus=\"2\"\n}", "contradiction", Some(4)),
        (
            "zone \"web01\" {\n brand \"x\"\n max-lwps 500\n rctl \"zone.max-lwps\" { value limit=5 }\n}",
            "contradiction",
            Some(4),
        ),
        (
            "zone \"web01\" {\n brand \"x\"\n net \"a\" { physical \"e0\"; address \"2001:db8:1:2:3:4:5:6/64\"; address \"2001:db8:1:2:3:4:5:7/64\" }\n}",
            "addresses-too-long",
            Some(3),
        ),
    ] {
        let error = spec(&tree, text).unwrap_err();
        let found = &error.details()[0];
        assert_eq!((found.code.as_str(), found.line), (code, line), "{error}");
        assert_eq!(error.details().len(), 1, "{error}");
    }
    let base = tree.templates.get_mut("base").unwrap();
    base.extends = Some(TemplateName::new("oi").unwrap().into());
    let error = spec(&tree, "zone \"web01\" { template \"oi\" }").unwrap_err();
    assert_eq!(error.details()[0].code, "circle");
}

#[test]
fn a_spec_survives_json() {
    let tree = layered();
    let spec = spec(&tree, "zone \"web01\" { template \"oi\" }").unwrap();
    let json = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<ZoneSpec>(&json).unwrap(), spec);
}

/// A size that would take hours if each node were compared with each other.
const MANY: usize = 100_000;

#[test]
fn many_nodes_of_each_kind_merge_in_linear_time() {
    use crate::documents::resources::{Attr, AttrValue, Dataset, Device, Fs};
    use crate::documents::settings::Without;
    let layer = |spelling: &str| {
        let mut settings = Settings::default();
        let resources = &mut settings.resources;
        for n in 0..MANY {
            resources.fs.push(Fs::new(format!("/data/{n}{spelling}"), format!("/from{spelling}"), "lofs").into());
            resources.datasets.push(Dataset::new(format!("rpool/data/{n}")).into());
            resources.devices.push(Device::new(format!("/dev/{n}")).into());
            resources.attrs.push(Attr::new(format!("a{n}"), AttrValue::String(spelling.to_owned())).into());
        }
        settings
    };
    let mut template = Template::new("big".parse().unwrap());
    template.settings = layer("");
    template.settings.brand = Some("nlipkg".to_owned().into());
    template.settings.tags = Some((0..MANY).map(|n| format!("t{n}")).collect::<Vec<_>>().into());
    let mut entry = zone("zone \"web01\" {\n  template \"big\"\n}\n");
    entry.settings = layer("/");
    let without = |n: usize| Without { node: "tag".to_owned(), key: Some(format!("t{n}")) }.into();
    entry.settings.without = (1..MANY).map(without).collect();
    for n in 0..MANY {
        let mut net = EntryNet::new(format!("n{n}"));
        net.physical = Some(format!("e{n}"));
        entry.nets.push(net);
    }
    let templates = BTreeMap::from([(template.name.clone(), template)]);
    let spec = effective(&Config::default(), &templates, &BTreeMap::new(), &entry).unwrap();
    let resources = &spec.resources;
    // Another spelling of a mount point names the same file system.
    assert!(resources.fs.len() == MANY && resources.fs.iter().all(|fs| fs.special == "/from/"));
    let counts = [resources.datasets.len(), resources.devices.len(), resources.attrs.len(), spec.nets.len()];
    assert_eq!(counts, [MANY; 4]);
    assert_eq!(spec.tags.value, ["t0"]);
}

#[test]
fn file_systems_of_several_layers_and_spellings() {
    let tree = tree(
        "",
        &[(
            "base",
            "template \"base\" {\n  brand \"ipkg\"\n  fs \"/a\" special=\"/1\" type=\"lofs\"\n  fs \"/b/\" special=\"/2\" type=\"lofs\"\n  fs \"/c\" special=\"/3\" type=\"lofs\"\n}\n",
        )],
        &[],
    );
    let merged = |own: &str| {
        let spec = spec(&tree, &format!("zone \"web01\" {{\n  template \"base\"\n{own}}}\n"))?;
        Ok::<_, crate::error::Error>(
            spec.resources.fs.iter().map(|fs| format!("{} {}", fs.dir, fs.special)).collect::<Vec<_>>(),
        )
    };
    let fs = |dir: &str| format!("  fs \"{dir}\" special=\"/x\" type=\"lofs\"\n");
    assert_eq!(merged(&fs("/b")).unwrap(), ["/a /1", "/b /x", "/c /3"]);
    assert_eq!(merged(&(fs("/d") + &fs("/c/."))).unwrap(), ["/a /1", "/b/ /2", "/c/. /x", "/d /x"]);
    let twice = merged(&(fs("/a") + &fs("/a/"))).unwrap_err();
    assert!(twice.to_string().contains("same mount point"), "{twice}");
}

/// Every row of the settings with one value, by the example of its node.
#[test]
fn a_setting_with_one_value_is_inherited_replaced_and_dropped() {
    for single in Single::ALL {
        let example = crate::schema::explain(single.node).unwrap().remove(0).example;
        let above = tree(&format!("defaults {{\n  {example}\n}}\n"), &[], &[]);
        let of = |tree: &Tree, more: &str| {
            spec(tree, &format!("zone \"web01\" {{\n  brand \"x\"\n  {more}\n}}\n")).unwrap().resources
        };
        let inherited = of(&above, "");
        assert_eq!(inherited.singles().filter(|(_, slot)| slot.source().is_some()).count(), 1, "{example}");
        assert_eq!(inherited, of(&tree("", &[], &[]), &example));
        let line = |resources: &Resources| {
            resources.singles().find_map(|(each, slot)| slot.source().filter(|_| each.node == single.node).cloned())
        };
        assert_eq!(line(&inherited).unwrap().to_string(), "/t/config.kdl:2");
        assert_eq!(line(&of(&above, &example)).unwrap().to_string(), "/t/web01.kdl:3");
        assert_eq!(of(&above, &format!("without {:?}", single.node)), Resources::default(), "{example}");
        let mut nodes = Vec::new();
        inherited.encode(&mut nodes);
        assert_eq!(nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), [single.node]);
    }
}
