//! A zone's life through Oxide's crate `zone`, as its users write it.

use zone::{Adm, Attr, AttributeValue, CappedMemory, Config, CreationOptions, Fs, IpType, Net, State};

fn state(name: &str) -> Option<State> {
    Adm::list_blocking().unwrap().iter().find(|zone| zone.name() == name).map(zone::Zone::state)
}

fn main() {
    assert_eq!(zone::current_blocking().unwrap(), "global");
    let name = "web1";
    let mut config = Config::create(name, true, CreationOptions::Blank);
    config.get_global().set_brand("nlipkg").set_path("/zones/web1").set_autoboot(false).set_ip_type(IpType::Exclusive);
    config.add_net(&Net {
        physical: "web1_0".into(),
        allowed_address: Some("10.1.0.10/24".into()),
        default_router: Some("10.1.0.1".into()),
        ..Net::default()
    });
    config.add_attr(&Attr { name: "env".into(), value: AttributeValue::String("prod".into()) });
    config.add_fs(&Fs {
        ty: "lofs".into(),
        dir: "/data".into(),
        special: "/export".into(),
        options: vec!["ro".into(), "nodevices".into()],
        ..Fs::default()
    });
    config.add_capped_memory(&CappedMemory { physical: Some("2G".into()), swap: Some("4G".into()), locked: None });
    config.run_blocking().unwrap();
    assert_eq!(state(name), Some(State::Configured));

    let mut zone = Adm::new(name);
    zone.install_blocking(&[]).unwrap();
    assert_eq!(state(name), Some(State::Installed));
    zone.boot_blocking().unwrap();
    assert_eq!(state(name), Some(State::Running));
    let listed = Adm::list_blocking().unwrap();
    let found = listed.iter().find(|zone| zone.name() == name).unwrap();
    assert_eq!((found.brand(), found.ip_type(), found.path().to_str()), ("nlipkg", IpType::Exclusive, Some("/zones/web1")));
    assert!(found.id().is_some() && found.uuid().is_some());
    assert_eq!(zone::Zlogin::new(name).exec_blocking("zonename").unwrap(), name);

    zone.halt_blocking().unwrap();
    zone.uninstall_blocking(true).unwrap();
    assert_eq!(state(name), Some(State::Configured));
    Config::new(name).delete(true).run_blocking().unwrap();
    assert_eq!(state(name), None);
}
