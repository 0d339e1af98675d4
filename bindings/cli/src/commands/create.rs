//! The command `create`.

use std::net::IpAddr;

use clap::Args;
use zmgr::CreateOptions;

use super::operation::{Work, key_value, plan_or_run};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `create`.
#[derive(Debug, Args)]
pub struct Create {
    /// Names of the zones to create
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Template of the zones [default: default-template in config.kdl]
    #[arg(short, long, add = super::completions::templates())]
    template: Option<String>,
    /// Address to use on a net, without prefix length; repeatable
    #[arg(long = "address", value_name = "NET=ADDR", value_parser = net_address)]
    addresses: Vec<(String, IpAddr)>,
    /// Boot the zones after installing, even if the template does not
    #[arg(long, conflicts_with = "no_boot")]
    boot: bool,
    /// Do not boot the zones after installing
    #[arg(long)]
    no_boot: bool,
    /// Clone this zone instead of installing
    #[arg(long, value_name = "ZONE", add = super::completions::zones())]
    clone_from: Option<String>,
    /// Attribute of the zones; repeatable
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = key_value)]
    attrs: Vec<(String, String)>,
    #[command(flatten)]
    work: Work,
}

impl Create {
    /// Creates the zones, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut options = CreateOptions::new();
        options.template = self.template.clone();
        options.clone_from = self.clone_from.clone();
        options.boot = (self.boot || self.no_boot).then_some(self.boot);
        for (net, address) in &self.addresses {
            options = options.address(net, *address);
        }
        for (name, value) in &self.attrs {
            options = options.attr(name, value);
        }
        let manager = session::manager(globals)?;
        let plan = |all: &[&str]| manager.plan_create(all, &options);
        plan_or_run(globals, &self.work, &self.names, plan, |all, run| manager.create_all(all, &options, run))
    }
}

fn net_address(text: &str) -> Result<(String, IpAddr), String> {
    let (net, address) = text.split_once('=').ok_or("expected NET=ADDRESS, such as internal=10.1.0.10")?;
    let address = address.parse().map_err(|_| format!("{address:?} is not an IP address without prefix length"))?;
    Ok((net.to_owned(), address))
}
