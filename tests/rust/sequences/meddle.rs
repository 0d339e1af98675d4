//! Actions of a person, an editor, a backup or the host between two operations of zmgr.

use std::fs;

use zmgr::{ApplyOptions, CreateOptions, DestroyOptions, ImportOptions, ReinstallOptions, RenameOptions, SimHost};

use super::Machine;
use crate::sim_machine;
use crate::snapshot::copy;

impl Machine {
    /// Changes the text of a file of the tree, if it is there.
    fn edit(&self, name: &str, change: impl Fn(&str) -> String) {
        if let Ok(text) = fs::read_to_string(self.tree(name)) {
            fs::write(self.tree(name), change(&text)).unwrap();
        }
    }

    /// Does what a person, an editor or the host does.
    pub(super) fn meddle(&self, words: &[&str]) {
        let zone_file = |zone: &str| format!("zones/{zone}.kdl");
        match *words {
            ["edit-address", zone, address] => self.edit(&zone_file(zone), |text| {
                edit_desired(text, |line| {
                    let address = format!("        address \"{address}/24\" gateway=\"10.1.0.1\"");
                    Some(if line.trim_start().starts_with("address \"") { address } else { line.to_owned() })
                })
            }),
            ["edit-drop-address", zone] => self.edit(&zone_file(zone), |text| {
                edit_desired(text, |line| (!line.trim_start().starts_with("address \"")).then(|| line.to_owned()))
            }),
            ["next-release"] => crate::update::next_release(&self.dir()),
            ["edit-pool", zone, pool] => self.edit(&zone_file(zone), |text| {
                edit_desired(text, |line| {
                    if line.trim_start().starts_with("address \"") {
                        return None;
                    }
                    Some(line.replace("pool \"internal\"", &format!("pool \"{pool}\"")))
                })
            }),
            ["edit-net", zone, pool] => self.edit(&zone_file(zone), |text| {
                edit_desired(text, |line| {
                    let of_net = ["address", "vnic", "stub", "mac", "vlan", "managed"];
                    if of_net.iter().any(|node| line.starts_with(&format!("        {node} "))) {
                        return None;
                    }
                    Some(line.replace("pool \"internal\"", &format!("pool \"{pool}\"")))
                })
            }),
            ["edit-range", from, to] => self.edit("pools/internal.kdl", |text| {
                let range = |line: &str| line.trim_start().starts_with("range ");
                text.lines()
                    .map(|l| if range(l) { format!("    range \"{from}\" \"{to}\"\n") } else { format!("{l}\n") })
                    .collect()
            }),
            ["edit-gateway", gateway] => self.edit("pools/internal.kdl", |text| {
                let ours = |line: &str| line.trim_start().starts_with("gateway ");
                text.lines()
                    .map(|l| if ours(l) { format!("    gateway \"{gateway}\"\n") } else { format!("{l}\n") })
                    .collect()
            }),
            ["edit-template", gib] => self.edit("templates/oi.kdl", |text| {
                let kept: String =
                    text.lines().filter(|l| !l.contains("capped-memory")).map(|l| format!("{l}\n")).collect();
                let end = kept.rfind('}').unwrap();
                format!("{}    capped-memory physical=\"{gib}G\"\n{}", &kept[..end], &kept[end..])
            }),
            ["edit-packages", number] => self.edit("templates/golden.kdl", |text| {
                let packages = if number == "0" { "" } else { " package \"editor/vim\";" };
                set_line(text, "install ", Some(format!("    install {{ golden #true;{packages} }}")))
            }),
            ["edit-vlan", vlan] => self.edit("pools/internal.kdl", |text| {
                set_line(text, "vlan ", (vlan != "0").then(|| format!("    vlan {vlan}")))
            }),
            ["edit-stub", stub] => {
                self.edit("pools/internal.kdl", |text| set_line(text, "stub ", Some(format!("    stub \"{stub}\""))))
            }
            ["edit-vnic", zone, vnic] => self.edit(&zone_file(zone), |text| {
                edit_desired(text, |line| {
                    let vnic = format!("        vnic \"{vnic}\"");
                    Some(if line.starts_with("        vnic ") { vnic } else { line.to_owned() })
                })
            }),
            ["template-net"] => {
                self.toggle("templates/oi.kdl", "    net \"extra\" { pool \"dmz\"; default-route #false; }\n")
            }
            ["template-data"] => {
                self.toggle("templates/oi.kdl", "    dataset \"rpool/delegated/{zone}\" create=#true\n");
            }
            ["edit-data", zone] => {
                self.toggle_above(&zone_file(zone), "    state ", "    dataset \"rpool/shared\"\n");
            }
            ["edit-fs", zone] => {
                let line = "    fs \"/shared\" special=\"rpool/shared/b\" type=\"zfs\"\n";
                self.toggle_above(&zone_file(zone), "    state ", line);
            }
            ["template-fs"] => {
                self.toggle("templates/oi.kdl", "    fs \"/of\" special=\"rpool/shared/b\" type=\"zfs\"\n");
            }
            ["template-shared"] => self.toggle("templates/oi.kdl", "    dataset \"rpool/shared/a\"\n"),
            ["pool-away", pool] => {
                let _ = fs::rename(self.tree(&format!("pools/{pool}.kdl")), self.aside(&format!("pool-{pool}")));
            }
            ["pool-back", pool] => {
                let _ = fs::rename(self.aside(&format!("pool-{pool}")), self.tree(&format!("pools/{pool}.kdl")));
            }
            ["move-away", zone] => {
                let _ = fs::rename(self.tree(&zone_file(zone)), self.aside(zone));
            }
            ["move-back", zone] => {
                let _ = fs::rename(self.aside(zone), self.tree(&zone_file(zone)));
            }
            ["save", number] => {
                let to = self.aside(&format!("saved-{number}"));
                let _ = fs::remove_dir_all(&to);
                copy(&self.dir().join("etc/zmgr"), &to.join("zmgr"));
                copy(&self.dir().join("etc/zones"), &to.join("zones"));
            }
            ["restore", number] => self.restore(number, &["zmgr"]),
            ["restore-all", number] => {
                // As a switch of boot environments does it: other files in /etc, and the host starts again.
                self.restore(number, &["zmgr", "zones"]);
                let _ = SimHost::open(self.dir()).unwrap().reboot();
            }
            ["sim-reboot"] => drop(SimHost::open(self.dir()).unwrap().reboot()),
            ["by-hand", zone, address] => {
                self.on_host(&format!("dladm create-vnic -l stub0 {zone}9"));
                let host = SimHost::open(self.dir()).unwrap();
                let script = format!(
                    "create -b; set brand=nlipkg; set zonepath=/zones/{zone}; set ip-type=exclusive; \
                     add net; set physical={zone}9; set allowed-address={address}/24; end"
                );
                sim_machine::answer(&host, &["zonecfg", "-z", zone, &script], "");
                self.on_host(&format!("zoneadm -z {zone} install"));
                self.on_host(&format!("zoneadm -z {zone} boot"));
            }
            ["precious", zone] => {
                for place in [format!("zones/{zone}/root/precious"), format!("zones/{zone}/precious")] {
                    let _ = fs::write(self.dir().join(place), "a year's work");
                }
                self.on_host(&format!("zfs create rpool/zones/{zone}"));
            }
            ["plan", operation, zone] => self.plan(operation, zone),
            ["fault", subcommand] => {
                let host = SimHost::open(self.dir()).unwrap();
                let mut fault = zmgr::Fault::new("zoneadm");
                (fault.subcommand, fault.exit, fault.times) = (Some(subcommand.to_owned()), Some(1), Some(1));
                host.fault(&fault).unwrap();
            }
            _ => panic!("nothing is known of {words:?}"),
        }
    }

    /// Keeps a plan, to be run when it may be stale.
    fn plan(&self, operation: &str, zone: &str) {
        let manager = super::manager(&self.dir());
        let plan = match operation {
            "create" => manager.plan_create(&[zone], &CreateOptions::new()),
            "destroy" => manager.plan_destroy(&[zone], &DestroyOptions::new()),
            "apply" => manager.plan_apply(&[zone], &ApplyOptions::new()),
            "reinstall" => manager.plan_reinstall(&[zone], &ReinstallOptions::new()),
            "import" => manager.plan_import(&[zone], &ImportOptions::new()),
            _ => manager.plan_rename(zone, "d", &RenameOptions::new()),
        };
        if let Ok(plan) = plan {
            fs::write(super::plan_file(&manager, operation, zone), plan.to_json()).unwrap();
        }
    }

    /// Adds these lines at the end of a file's node, or removes them.
    fn toggle(&self, name: &str, lines: &str) {
        self.edit(name, |text| match text.contains(lines) {
            true => text.replace(lines, ""),
            false => {
                let end = text.rfind('}').unwrap();
                format!("{}{lines}{}", &text[..end], &text[end..])
            }
        });
    }

    /// Adds these lines above the line that begins with this, or removes them.
    fn toggle_above(&self, name: &str, begin: &str, lines: &str) {
        self.edit(name, |text| match text.contains(lines) {
            true => text.replace(lines, ""),
            false => text.replacen(begin, &format!("{lines}{begin}"), 1),
        });
    }

    fn restore(&self, number: &str, which: &[&str]) {
        let saved = self.aside(&format!("saved-{number}"));
        if !saved.exists() {
            return;
        }
        for name in which {
            let place = self.dir().join("etc").join(name);
            fs::remove_dir_all(&place).unwrap();
            copy(&saved.join(name), &place);
        }
    }
}

/// Changes lines above the `applied` block; `None` leaves a line out.
fn edit_desired(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let at = text.find("\n    applied {").map_or(text.len(), |at| at + 1);
    let mut edited: String = text[..at].lines().filter_map(change).map(|line| line + "\n").collect();
    edited.push_str(&text[at..]);
    edited
}

/// Replaces the line that begins with these words, adds it at the end, or removes it.
fn set_line(text: &str, begin: &str, line: Option<String>) -> String {
    let kept = text.lines().filter(|known| !known.trim_start().starts_with(begin)).map(|known| format!("{known}\n"));
    let kept: String = kept.collect();
    let end = kept.rfind('}').unwrap();
    format!("{}{}{}", &kept[..end], line.map_or(String::new(), |line| line + "\n"), &kept[end..])
}
