//! The synopses, as `dladm` prints them when it does not understand [usage-main-help].

/// Every synopsis, in groups with an empty line between them.
pub(super) const ALL: &str = "    rename-link      <oldlink> <newlink>
    show-link        [-pP] [-o <field>,..] [-s [-i <interval>]] [<link>]

    create-aggr      [-t] [-P <policy>] [-L <mode>] [-T <time>] [-u <address>]
\t\t     -l <link> [-l <link>...] <link>
    delete-aggr      [-t] <link>
    add-aggr         [-t] -l <link> [-l <link>...] <link>
    remove-aggr      [-t] -l <link> [-l <link>...] <link>
    modify-aggr      [-t] [-P <policy>] [-L <mode>] [-T <time>] [-u <address>]
\t\t     <link>
    show-aggr        [-pPLx] [-o <field>,..] [-s [-i <interval>]] [<link>]

    scan-wifi        [-p] [-o <field>,...] [<link>]
    connect-wifi     [-e <essid>] [-i <bssid>] [-k <key>,...] [-s wep|wpa]
\t\t     [-a open|shared] [-b bss|ibss] [-c] [-m a|b|g] [-T <time>]
\t\t     [<link>]
    disconnect-wifi  [-a] [<link>]
    show-wifi        [-p] [-o <field>,...] [<link>]

    set-linkprop     [-t] -p <prop>=<value>[,...] <name>
    reset-linkprop   [-t] [-p <prop>,...] <name>
    show-linkprop    [-cP] [-o <field>,...] [-p <prop>,...] <name>

    show-ether       [-px][-o <field>,...] <link>

    create-secobj    [-t] [-f <file>] -c <class> <secobj>
    delete-secobj    [-t] <secobj>[,...]
    show-secobj      [-pP] [-o <field>,...] [<secobj>,...]

    create-vlan      [-ft] -l <link> -v <vid> [link]
    delete-vlan      [-t] <link>
    show-vlan        [-pP] [-o <field>,..] [<link>]

    create-iptun     [-t] -T <type> [-a {local|remote}=<addr>,...] <link>]
    delete-iptun     [-t] <link>
    modify-iptun     [-t] -a {local|remote}=<addr>,... <link>
    show-iptun       [-pP] [-o <field>,..] [<link>]

    delete-phys      <link>
    show-phys        [-m | -H | -P] [[-p] [-o <field>[,...]] [<link>]

    create-vnic      [-t] -l <link> [-m <value> | auto |
\t\t     {factory [-n <slot-id>]} | {random [-r <prefix>]} |
\t\t     {vrrp -V <vrid> -A {inet | inet6}} [-v <vid> [-f]]
\t\t     [-p <prop>=<value>[,...]] <vnic-link>
    delete-vnic      [-t] <vnic-link>
    show-vnic        [-pP] [-l <link>] [-s [-i <interval>]] [<link>]

    create-part      [-t] [-f] -l <link> [-P <pkey>]
\t\t     [-R <root-dir>] <part-link>
    delete-part      [-t] [-R <root-dir>] <part-link>
    show-part        [-pP] [-o <field>,...][-l <linkover>]
\t\t     [<part-link>]
    show-ib          [-p] [-o <field>,...] [<link>]

    create-etherstub [-t] <link>
    delete-etherstub [-t] <link>
    show-etherstub   [-t] [<link>]

    create-bridge    [-R <root-dir>] [-P <protect>] [-p <priority>]
\t\t     [-m <max-age>] [-h <hello-time>] [-d <forward-delay>]
\t\t     [-f <force-protocol>] [-l <link>]... <bridge>
    modify-bridge    [-R <root-dir>] [-P <protect>] [-p <priority>]
\t\t     [-m <max-age>] [-h <hello-time>] [-d <forward-delay>]
\t\t     [-f <force-protocol>] <bridge>
    delete-bridge    [-R <root-dir>] <bridge>
    add-bridge       [-R <root-dir>] -l <link> [-l <link>]... <bridge>
    remove-bridge    [-R <root-dir>] -l <link> [-l <link>]... <bridge>
    show-bridge      [-p] [-o <field>,...] [-s [-i <interval>]] [<bridge>]
    show-bridge      -l [-p] [-o <field>,...] [-s [-i <interval>]] <bridge>
    show-bridge      -f [-p] [-o <field>,...] [-s [-i <interval>]] <bridge>
    show-bridge      -t [-p] [-o <field>,...] [-s [-i <interval>]] <bridge>

    show-usage       [-a] [-d | -F <format>] [-s <DD/MM/YYYY,HH:MM:SS>]
\t\t     [-e <DD/MM/YYYY,HH:MM:SS>] -f <logfile> [<link>]
";

/// The synopses of overlays, which older gates do not have, so that the list leaves them out.
const OVERLAYS: &str = "    create-overlay   [-t] -e <encap> -s <search> -v <vnetid>
\t\t     [ -p <prop>=<value>[,...]] <overlay>
    delete-overlay   [-t] <overlay>
    modify-overlay   -d mac | -f | -s mac=ip:port <overlay>
    show-overlay     [-f | -t] [[-p] -o <field>,...] [<overlay>]
";

/// Commands that the list leaves out: those that the host runs at boot, and those of simulated networks.
const UNLISTED: &[&str] = &[
    "up-aggr",
    "up-iptun",
    "down-iptun",
    "up-vlan",
    "up-vnic",
    "up-part",
    "up-simnet",
    "create-simnet",
    "modify-simnet",
    "delete-simnet",
    "show-simnet",
    "create-overlay",
    "delete-overlay",
    "modify-overlay",
    "show-overlay",
    "init-linkprop",
    "init-phys",
    "init-secobj",
];

/// Returns true if the real program has a command of this name.
pub(super) fn knows(name: &str) -> bool {
    UNLISTED.contains(&name) || ALL.lines().any(|line| first_word(line) == Some(name))
}

/// The synopsis of one command, with the empty line that ends its group when it is the last.
pub(super) fn of(name: &str) -> String {
    let mut lines = ALL.lines().chain(OVERLAYS.lines()).skip_while(|line| first_word(line) != Some(name));
    let mut text: Vec<&str> = lines.by_ref().take(1).collect();
    text.extend(lines.take_while(|line| first_word(line).is_none()));
    text.join("\n")
}

/// The command that a synopsis begins with; none for its further lines.
fn first_word(line: &str) -> Option<&str> {
    line.strip_prefix("    ").filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))?.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::{knows, of};

    #[test]
    fn the_last_of_a_group_ends_with_an_empty_line() {
        assert_eq!(of("delete-vnic"), "    delete-vnic      [-t] <vnic-link>");
        assert_eq!(of("show-etherstub"), "    show-etherstub   [-t] [<link>]\n");
        assert_eq!(of("create-vnic").lines().count(), 4);
        assert!(knows("show-bridge") && knows("up-vnic") && !knows("show-lin"));
    }
}
