//! The words of the command language: commands, resource types, property types.
//!
//! [source: cmds, res_types, prop_types of zonecfg.c; recorded: syn-*, j-*]

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident $text:literal)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum $name { $($variant),* }

        impl $name {
            /// The word as it is typed and printed.
            pub(super) fn word(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }
    };
}

words! {
    /// The commands, in the order of the listing.
    Cmd {
        Add "add"
        Cancel "cancel"
        Clear "clear"
        Commit "commit"
        Create "create"
        Delete "delete"
        End "end"
        Exit "exit"
        Export "export"
        Help "help"
        Info "info"
        Remove "remove"
        Revert "revert"
        Select "select"
        Set "set"
        Verify "verify"
    }
}

impl Cmd {
    pub(super) const ALL: [Cmd; 16] = [
        Cmd::Add,
        Cmd::Cancel,
        Cmd::Clear,
        Cmd::Commit,
        Cmd::Create,
        Cmd::Delete,
        Cmd::End,
        Cmd::Exit,
        Cmd::Export,
        Cmd::Help,
        Cmd::Info,
        Cmd::Remove,
        Cmd::Revert,
        Cmd::Select,
        Cmd::Set,
        Cmd::Verify,
    ];
}

words! {
    /// The resource types.
    Res {
        Fs "fs"
        Net "net"
        Device "device"
        Rctl "rctl"
        Attr "attr"
        Dataset "dataset"
        DedicatedCpu "dedicated-cpu"
        CappedCpu "capped-cpu"
        CappedMemory "capped-memory"
        Admin "admin"
        SecurityFlags "security-flags"
    }
}

impl Res {
    /// In the order in which the listing of resources names them.
    pub(super) const ALL: [Res; 11] = [
        Res::Fs,
        Res::Net,
        Res::Device,
        Res::Rctl,
        Res::Attr,
        Res::Dataset,
        Res::DedicatedCpu,
        Res::CappedCpu,
        Res::CappedMemory,
        Res::Admin,
        Res::SecurityFlags,
    ];

    /// Returns true if the global zone cannot have it.
    pub(super) fn never_global(self) -> bool {
        matches!(self, Res::Fs | Res::Net | Res::Device | Res::Attr | Res::Dataset)
    }
}

words! {
    /// The property types, those of the zone itself and those of resources.
    Prop {
        Zonename "zonename"
        Zonepath "zonepath"
        Autoboot "autoboot"
        Pool "pool"
        Dir "dir"
        Special "special"
        Type "type"
        Options "options"
        Address "address"
        Physical "physical"
        Name "name"
        Value "value"
        Match "match"
        Priv "priv"
        Limit "limit"
        Action "action"
        Raw "raw"
        Limitpriv "limitpriv"
        Bootargs "bootargs"
        Brand "brand"
        Ncpus "ncpus"
        Importance "importance"
        Swap "swap"
        Locked "locked"
        CpuShares "cpu-shares"
        MaxLwps "max-lwps"
        MaxShmMemory "max-shm-memory"
        MaxShmIds "max-shm-ids"
        MaxMsgIds "max-msg-ids"
        MaxSemIds "max-sem-ids"
        SchedulingClass "scheduling-class"
        IpType "ip-type"
        Defrouter "defrouter"
        Hostid "hostid"
        User "user"
        Auths "auths"
        FsAllowed "fs-allowed"
        MaxProcesses "max-processes"
        AllowedAddress "allowed-address"
        ZfsIoPriority "zfs-io-priority"
        MacAddr "mac-addr"
        VlanId "vlan-id"
        GlobalNic "global-nic"
        Property "property"
        Uuid "uuid"
        Default "default"
        Lower "lower"
        Upper "upper"
    }
}

impl Prop {
    /// In the order of the grammar.
    pub(super) const ALL: [Prop; 48] = [
        Prop::Special,
        Prop::Raw,
        Prop::Dir,
        Prop::Type,
        Prop::Options,
        Prop::Zonename,
        Prop::Zonepath,
        Prop::Autoboot,
        Prop::IpType,
        Prop::Pool,
        Prop::Limitpriv,
        Prop::Bootargs,
        Prop::Address,
        Prop::AllowedAddress,
        Prop::Physical,
        Prop::Defrouter,
        Prop::MacAddr,
        Prop::VlanId,
        Prop::GlobalNic,
        Prop::Property,
        Prop::Name,
        Prop::Value,
        Prop::Match,
        Prop::Priv,
        Prop::Limit,
        Prop::Action,
        Prop::Brand,
        Prop::Ncpus,
        Prop::Locked,
        Prop::Swap,
        Prop::Importance,
        Prop::CpuShares,
        Prop::MaxLwps,
        Prop::MaxProcesses,
        Prop::MaxShmMemory,
        Prop::MaxShmIds,
        Prop::MaxMsgIds,
        Prop::MaxSemIds,
        Prop::SchedulingClass,
        Prop::Hostid,
        Prop::User,
        Prop::Auths,
        Prop::FsAllowed,
        Prop::Uuid,
        Prop::ZfsIoPriority,
        Prop::Default,
        Prop::Upper,
        Prop::Lower,
    ];

    /// Returns true if it is a property of the zone itself.
    pub(super) fn is_global(self) -> bool {
        self.is_alias() || self.never_global() || self == Prop::Pool
    }

    /// Returns true if the global zone cannot have it.
    pub(super) fn never_global(self) -> bool {
        matches!(
            self,
            Prop::Zonename
                | Prop::Zonepath
                | Prop::Autoboot
                | Prop::Limitpriv
                | Prop::Uuid
                | Prop::Bootargs
                | Prop::Brand
                | Prop::SchedulingClass
                | Prop::IpType
                | Prop::Hostid
                | Prop::FsAllowed
        )
    }

    /// Returns true if it stands for a resource control.
    pub(super) fn is_alias(self) -> bool {
        matches!(
            self,
            Prop::MaxLwps
                | Prop::MaxProcesses
                | Prop::MaxShmMemory
                | Prop::MaxShmIds
                | Prop::MaxMsgIds
                | Prop::MaxSemIds
                | Prop::CpuShares
                | Prop::ZfsIoPriority
        )
    }
}
