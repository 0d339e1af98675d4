//! Usage, help, and the listings shown after an error.
//!
//! [source: short_usage, long_usage, usage of zonecfg.c; recorded: err-*, and the listing in every syntax error]

use super::words::{Cmd, Prop, Res};
use crate::dialect::Line;

/// A listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Pointer to more help.
    More,
    /// Commands of the scope.
    Scope,
    Usage,
    Commands,
    Names,
    Addresses,
    Resources,
    Properties,
}

/// Destination of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// It was asked for: standard output, at length.
    Help,
    /// It comes with an error: standard error, in short.
    Errors,
}

/// Returns the usage of a command.
pub(super) fn short(line: &Line, command: Cmd) -> &'static str {
    match command {
        Cmd::Add => "add <resource-type>\n\t(global scope)\nadd <property-name> <property-value>\n\t(resource scope)",
        Cmd::Cancel => "cancel",
        Cmd::Clear => "clear <property-name>",
        Cmd::Commit => "commit",
        Cmd::Create => "create [-F] [ -a <path> | -b | -t <template> ]",
        Cmd::Delete => "delete [-F]",
        Cmd::End => "end",
        Cmd::Exit => "exit [-F]",
        Cmd::Export => "export [-f output-file]",
        Cmd::Help => "help [commands] [syntax] [usage] [<command-name>]",
        Cmd::Info => "info [<resource-type> [property-name=property-value]*]",
        Cmd::Remove if line.net_extras => {
            "remove [-F] <resource-type> [ <property-name>=<property-value> ]*\n\t(global scope)\n\
             remove [-F] <property-name> [<property-value>]\n\t(resource scope)"
        }
        Cmd::Remove => {
            "remove [-F] <resource-type> [ <property-name>=<property-value> ]*\n\t(global scope)\n\
             remove <property-name> <property-value>\n\t(resource scope)"
        }
        Cmd::Revert => "revert [-F]",
        Cmd::Select => "select <resource-type> { <property-name>=<property-value> }",
        Cmd::Set => "set <property-name>=<property-value>",
        Cmd::Verify => "verify",
    }
}

/// Purpose of a command.
pub(super) fn long(command: Cmd) -> &'static str {
    match command {
        Cmd::Help => "Prints help message.",
        Cmd::Create => {
            "Creates a configuration for the specified zone.  create should be\n\tused to begin configuring a new zone.  \
             If overwriting an existing\n\tconfiguration, the -F flag can be used to force the action.  If\n\t-t template is \
             given, creates a configuration identical to the\n\tspecified template, except that the zone name is changed \
             from\n\ttemplate to zonename.  'create -a' creates a configuration from a\n\tdetached zonepath.  'create -b' \
             results in a blank configuration.\n\t'create' with no arguments applies the Sun default settings."
        }
        Cmd::Exit => "Exits the program.  The -F flag can be used to force the action.",
        Cmd::Export => {
            "Prints configuration to standard output, or to output-file if\n\tspecified, in a form suitable for use in a \
             command-file."
        }
        Cmd::Add => "Add specified resource to configuration.",
        Cmd::Delete => "Deletes the specified zone.  The -F flag can be used to force the\n\taction.",
        Cmd::Remove => "Remove specified resource from configuration.  The -F flag can be used\n\tto force the action.",
        Cmd::Select => {
            "Selects a resource to modify.  Resource modification is completed\n\twith the command \"end\".  The property \
             name/value pairs must uniquely\n\tidentify a resource.  Note that the curly braces ('{', '}') mean one\n\tor \
             more of whatever is between them."
        }
        Cmd::Set => "Sets property values.",
        Cmd::Clear => "Clears property values.",
        Cmd::Info => {
            "Displays information about the current configuration.  If resource\n\ttype is specified, displays only \
             information about resources of\n\tthe relevant type.  If resource id is specified, displays only\n\t\
             information about that resource."
        }
        Cmd::Verify => {
            "Verifies current configuration for correctness (some resource types\n\thave required properties)."
        }
        Cmd::Commit => {
            "Commits current configuration.  Configuration must be committed to\n\tbe used by zoneadm.  Until the \
             configuration is committed, changes \n\tcan be removed with the revert command.  This operation is\n\t\
             attempted automatically upon completion of a zonecfg session."
        }
        Cmd::Revert => {
            "Reverts configuration back to the last committed state.  The -F flag\n\tcan be used to force the action."
        }
        Cmd::Cancel => "Cancels resource/property specification.",
        Cmd::End => "Ends resource/property specification.",
    }
}

/// The listings that go with a command's help.
pub(super) fn topics(command: Cmd) -> &'static [Topic] {
    match command {
        Cmd::Add | Cmd::Info | Cmd::Remove | Cmd::Select => &[Topic::Resources, Topic::Properties],
        Cmd::Clear | Cmd::Set => &[Topic::Properties],
        _ => &[],
    }
}

pub(super) const MORE: &str = "\
More help is available for the following:

\tcommands ('help commands')
\tsyntax ('help syntax')
\tusage ('help usage')

You may also obtain help on any command by typing 'help <command-name>.'
";

pub(super) const NAMES: &str = "\
<zone> := [A-Za-z0-9][A-Za-z0-9_.-]*
\t(except the reserved words 'global' and anything starting with 'SUNW')
\tName must be less than 64 characters.
";

pub(super) const ADDRESSES: &str = "
<net-addr> :=\t<IPv4-address>[/<IPv4-prefix-length>] |
\t\t<IPv6-address>/<IPv6-prefix-length> |
\t\t<hostname>[/<IPv4-prefix-length>]
See inet(3SOCKET) for IPv4 and IPv6 address syntax.
<IPv4-prefix-length> := [0-32]
<IPv6-prefix-length> := [0-128]
<hostname> := [A-Za-z0-9][A-Za-z0-9-.]*
";

pub(super) const ANY_SCOPE: &str = "\
And from any resource scope, you can:
\tend\t(to conclude this operation)
\tcancel\t(to cancel this operation)
\texit\t(to exit the zonecfg utility)
";

/// The properties of the zone in the order of the listing.
const GLOBAL: &[Prop] = &[
    Prop::Zonename,
    Prop::Zonepath,
    Prop::Brand,
    Prop::Autoboot,
    Prop::Bootargs,
    Prop::Pool,
    Prop::Limitpriv,
    Prop::SchedulingClass,
    Prop::IpType,
    Prop::Hostid,
    Prop::FsAllowed,
    Prop::MaxLwps,
    Prop::MaxProcesses,
    Prop::MaxShmMemory,
    Prop::MaxShmIds,
    Prop::MaxMsgIds,
    Prop::MaxSemIds,
    Prop::CpuShares,
];

pub(super) fn properties(line: &Line) -> String {
    let mut text = String::from("For resource type ... there are property types ...:\n");
    let uuid = Some(Prop::Uuid).filter(|_| line.uuid_property);
    let priority = Some(Prop::ZfsIoPriority).filter(|_| line.joyent_rctls);
    for prop in GLOBAL.iter().copied().chain(uuid).chain(priority) {
        text.push_str(&format!("\t(global)\t{}\n", prop.word()));
    }
    text.push_str("\tfs\t\tdir, special, raw, type, options\n");
    text.push_str(if line.net_extras {
        "\tnet\t\taddress, allowed-address, global-nic, mac-addr, physical, property, vlan-id defrouter\n\
         \tdevice\t\tmatch, property\n"
    } else {
        "\tnet\t\taddress, allowed-address, physical|defrouter\n\tdevice\t\tmatch\n"
    });
    text.push_str(
        "\trctl\t\tname, value\n\tattr\t\tname, type, value\n\tdataset\t\tname\n\tdedicated-cpu\tncpus, importance\n\
         \tcapped-cpu\tncpus\n\tcapped-memory\tphysical, swap, locked\n\tadmin\t\tuser, auths\n\
         \tsecurity-flags\t\tdefault, lower, upper\n",
    );
    text
}

pub(super) fn resources() -> String {
    let words: Vec<&str> = Res::ALL.iter().map(|res| res.word()).collect();
    format!("<resource type> := {} |\n\t{}\n\n", words[..5].join(" | "), words[5..].join(" | "))
}

/// Commands of a resource.
pub(super) fn scope(line: &Line, res: Res) -> String {
    let purpose = |text: &str| format!("The '{}' resource scope is used to {text}\nValid commands:\n", res.word());
    let property = "\tadd property (name=<value>,value=<value>)\n";
    let value = "(priv=<priv-value>,limit=<number>,action=<action-value>)\n";
    match res {
        Res::Fs => {
            purpose("configure a file-system.")
                + "\tset dir=<path>\n\tset special=<path>\n\tset raw=<raw-device>\n\tset type=<file-system type>\n\
                   \tadd options <file-system options>\n\tremove options <file-system options>\n\
                   Consult the file-system specific manual page, such as mount_ufs(1M), for\ndetails about file-system \
                   options.  Note that any file-system options with an\nembedded '=' character must be enclosed in \
                   double quotes, such as \"retry=5\".\n"
        }
        Res::Net => {
            let mut text = purpose("configure a network interface.") + "\tset address=<IP-address>\n";
            if line.net_extras {
                text.push_str(property);
            }
            text.push_str("\tset allowed-address=<IP-address>\n\tset physical=<interface>\n");
            if line.net_extras {
                text.push_str(
                    "\tset mac-addr=<mac-address>\n\tset global-nic=<global zone NIC>\n\tset vlan-id=<vlan ID>\n",
                );
            }
            text.push_str(
                "See ifconfig(1M) for details of the <interface> string.\n\
                 set address is valid if the ip-type property is set to shared, otherwise it must not be set.\n",
            );
            text.push_str(if line.net_extras {
                "set (allowed-address, mac-addr, vlan-id, global-nic) are valid if the ip-type property is set to \
                 exclusive, otherwise they must not be set.\n"
            } else {
                "set allowed-address is valid if the ip-type property is set to exclusive, otherwise it must not be \
                 set.\n"
            });
            text + "\tset defrouter=<IP-address>\nset defrouter is valid if the address or allowed-address property is \
                    set, otherwise it must not be set\n"
        }
        Res::Device => {
            let property = if line.net_extras { property } else { "" };
            purpose("configure a device node.") + property + "\tset match=<device-path>\n"
        }
        Res::Rctl => {
            purpose("configure a resource control.")
                + "\tset name=<string>\n\tadd value "
                + value
                + "\tremove value "
                + value
                + "Where\n\t<priv-value> := privileged\n\t<action-value> := none | deny\n"
        }
        Res::Attr => {
            purpose("configure a generic attribute.")
                + "\tset name=<name>\n\tset type=boolean\n\tset value=true | false\nor\n\tset type=int\n\
                   \tset value=<integer>\nor\n\tset type=string\n\tset value=<string>\nor\n\tset type=uint\n\
                   \tset value=<unsigned integer>\n"
        }
        Res::Dataset => purpose("export ZFS datasets.") + "\tset name=<name>\n",
        Res::DedicatedCpu => {
            "The 'dedicated-cpu' resource scope configures the 'pools' facility to dedicate\na subset of the system's \
             processors to this zone while it is running.\nValid commands:\n\
             \tset ncpus=<unsigned integer | range>\n\tset importance=<unsigned integer>\n"
                .into()
        }
        Res::CappedCpu => {
            purpose(
                "set an upper limit (a cap) on the\npercentage of CPU that can be used by this zone.  A 'ncpus' value of \
                 1\ncorresponds to one cpu.  The value can be set higher than 1, up to the total\nnumber of CPUs on the \
                 system.  The value can also be less than 1,\nrepresenting a fraction of a cpu.",
            ) + "\tset ncpus=<unsigned decimal>\n"
        }
        Res::CappedMemory => {
            purpose(
                "set an upper limit (a cap) on the\namount of physical memory, swap space and locked memory that can be \
                 used by\nthis zone.",
            ) + "\tset physical=<qualified unsigned decimal>\n\tset swap=<qualified unsigned decimal>\n\
                 \tset locked=<qualified unsigned decimal>\n"
        }
        Res::Admin => {
            purpose(
                "delegate specific zone management\nrights to users and roles. These rights are only applicable to this \
                 zone.",
            ) + "\tset user=<single user or role name>\n\tset auths=<comma separated list>\n"
        }
        Res::SecurityFlags => {
            "The 'security-flags' resource scope is used to specify the default security-flags\nof this zone, and their \
             upper and lower bound.\n\tset default=<security flags>\n\tset lower=<security flags>\n\
             \tset upper=<security flags>\n"
                .into()
        }
    }
}
