//! The commands of `pool`.

use std::net::IpAddr;
use std::path::Path;

use clap::{Args, Subcommand};
use zmgr::{Family, Manager, Pool, PoolUsage, RunOptions};

use super::check::{counted, findings, outcome};
use super::pool_map;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{HEADING, styled};
use crate::{examples, output, session, terminal};

/// The commands of `pool`.
#[derive(Debug, Subcommand)]
pub enum Pools {
    /// List pools and their use
    List,
    /// Show a pool and the holders of its addresses
    Show(Named),
    /// Check for addresses held twice or against the pool's rules
    Check(Check),
    /// Reserve one address per family for something that is not a zone
    #[command(after_help = examples::POOL_ALLOCATE)]
    Allocate(Allocate),
    /// Release addresses that an owner holds in a pool
    Release(Release),
}

/// Selects a pool.
#[derive(Debug, Args)]
pub struct Named {
    /// Name of the pool
    #[arg(add = super::completions::pools())]
    pool: String,
}

/// Options of `pool check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Name of the pool [default: all]
    #[arg(add = super::completions::pools())]
    pool: Option<String>,
    /// Exit with 3 on warnings too
    #[arg(long)]
    strict: bool,
}

/// Options of `pool allocate`.
#[derive(Debug, Args)]
pub struct Allocate {
    /// Name of the pool
    #[arg(add = super::completions::pools())]
    pool: String,
    /// Owner of the reservation; repeating the command returns the same addresses
    owner: String,
    /// Address to reserve [default: the next free one per family]
    address: Option<IpAddr>,
}

/// Options of `pool release`.
#[derive(Debug, Args)]
pub struct Release {
    /// Name of the pool
    #[arg(add = super::completions::pools())]
    pool: String,
    /// Owner of the reservation
    #[arg(add = super::completions::owners())]
    owner: String,
    /// Address to release [default: all that the owner holds in the pool]
    address: Option<IpAddr>,
    /// Release only if the reservation has this id
    #[arg(long)]
    id: Option<String>,
}

impl Pools {
    /// Runs the command.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        // No cancellation: a signal may end the process while it waits, because nothing has started.
        let run = &mut RunOptions::new();
        match self {
            Pools::List => list(globals, &manager),
            Pools::Show(named) => {
                let usage = manager.pool_usage(&named.pool)?;
                show(globals, &manager.pool(&named.pool)?, &usage, manager.root())
            }
            Pools::Check(check) => check.run(globals, &manager),
            Pools::Allocate(allocate) => {
                let given = manager.allocate(&allocate.pool, &allocate.owner, allocate.address, run)?;
                output::lines(globals, &given.to_json(), given.addresses.iter().map(|given| given.address))
            }
            Pools::Release(release) => {
                manager.release(&release.pool, &release.owner, release.address, release.id.as_deref(), run)?;
                Ok(0)
            }
        }
    }
}

fn list(globals: &Globals, manager: &Manager) -> Result<u8, Failure> {
    let pools = manager.pool_usages()?;
    if globals.json {
        output::json(&pools.iter().map(PoolUsage::to_json).collect())?;
        return Ok(0);
    }
    let mut rows = Vec::new();
    for pool in &pools {
        for usage in &pool.families {
            let networks = pool.networks.iter().map(|network| network.network);
            let networks = networks.filter(|network| Family::of(network.addr()) == usage.family);
            rows.push([
                pool.pool.to_string(),
                usage.family.to_string(),
                pool.stub.clone().unwrap_or_default(),
                pool.vlan.map(|vlan| vlan.to_string()).unwrap_or_default(),
                usage.total.to_string(),
                usage.used().to_string(),
                usage.free.to_string(),
                usage.percent().map(|percent| format!("{percent}%")).unwrap_or_default(),
                networks.map(|network| network.to_string()).collect::<Vec<_>>().join(","),
            ]);
        }
    }
    output::table(["POOL", "FAMILY", "LINK", "VLAN", "TOTAL", "USED", "FREE", "USE", "NETWORKS"], &rows)?;
    for pool in pools.iter().filter(|pool| !pool.shares.is_empty() && !globals.quiet) {
        let host = pool.host.as_deref().unwrap_or("this host, whose name is not known,");
        match pool.shares.iter().any(|share| pool.host.as_ref() == Some(&share.host)) {
            true => output::aside(format_args!("pool {}: the numbers are those of the share of {host}", pool.pool)),
            false => output::aside(format_args!("pool {}: {host} has no share of it and allocates nothing", pool.pool)),
        }
    }
    for pool in &pools {
        let outside: u128 = pool.families.iter().map(|usage| usage.outside).sum();
        if outside > 0 && !globals.quiet {
            output::aside(format_args!(
                "pool {0}: {outside} more held outside its ranges; run `zmgr pool show {0}`",
                pool.pool
            ));
        }
    }
    if let Some(unchecked) = pools.iter().flat_map(|pool| &pool.unknown).find(|known| known.code.starts_with("host-")) {
        output::aside(format_args!("zmgr: {unchecked}"));
    }
    Ok(0)
}

/// Prints what the file of a pool says.
fn describe(pool: &Pool) -> Result<(), Failure> {
    let say = |key: &str, value: String| match value.as_str() {
        "" => Ok(()),
        value => output::line(format_args!("{} {value}", styled(HEADING, format!("{key:<9}")))),
    };
    let ends = |ends: &[(IpAddr, IpAddr)]| {
        let ends = ends.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") });
        ends.collect::<Vec<_>>().join(", ")
    };
    for network in &pool.networks {
        let gateway = network.gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
        say("network", format!("{}{gateway}", network.network))?;
        say("range", ends(&network.ranges))?;
        say("exclude", ends(&network.excludes))?;
        let reserves = network.reserves.iter().map(|(address, owner)| format!("{address} for {owner}"));
        say("reserve", reserves.collect::<Vec<_>>().join(", "))?;
    }
    say("link", pool.stub.as_ref().map(|stub| stub.value.clone()).unwrap_or_default())?;
    say("vlan", pool.vlan.as_ref().map(ToString::to_string).unwrap_or_default())?;
    say("mtu", pool.mtu.as_ref().map(ToString::to_string).unwrap_or_default())?;
    say("resolver", pool.resolvers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))?;
    say("strategy", pool.strategy.as_str().to_owned())?;
    say("fleet", pool.segment.as_ref().map(|segment| format!("segment {}", segment.value)).unwrap_or_default())
}

fn show(globals: &Globals, document: &Pool, pool: &PoolUsage, tree: &Path) -> Result<u8, Failure> {
    if globals.json {
        output::json(&pool.to_json())?;
        return Ok(0);
    }
    describe(document)?;
    for usage in &pool.families {
        let parts = [
            (if usage.zones == 1 { "zone" } else { "zones" }, usage.zones),
            (if usage.reservations == 1 { "reservation" } else { "reservations" }, usage.reservations),
            ("host", usage.host),
            (if usage.gateways == 1 { "gateway" } else { "gateways" }, usage.gateways),
            ("excluded", usage.excluded),
            ("reserved", usage.reserved),
            ("free", usage.free),
        ];
        let parts = parts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}"));
        output::line(format_args!(
            "{} {}: {} addresses: {}",
            pool.pool,
            usage.family,
            usage.total,
            parts.collect::<Vec<_>>().join(", ")
        ))?;
        if let Some(run) = &usage.largest_free {
            output::line(format_args!("  longest free run: {} to {} ({})", run.first, run.last, run.count))?;
        }
        output::text(&pool_map::drawn(usage, terminal::stdout_width().unwrap_or(80)))?;
    }
    for share in &pool.shares {
        let ours = if pool.host.as_ref() == Some(&share.host) { " (this host)" } else { "" };
        output::line(format_args!("share of {}{ours}: {} to {}", share.host, share.first, share.last))?;
    }
    let rows: Vec<[String; 2]> = pool
        .holders
        .iter()
        .map(|held| {
            let outside = if pool.shares.is_empty() { " (outside the ranges)" } else { " (outside this host's share)" };
            let note = if held.in_range { "" } else { outside };
            let by = held.by.to_string().replace(&format!("{}/", tree.display()), "");
            [held.address.to_string(), format!("{by}{note}")]
        })
        .collect();
    output::table(["ADDRESS", "HOLDER"], &rows)?;
    for fault in &pool.unknown {
        output::aside(format_args!("zmgr: {fault}"));
    }
    Ok(0)
}

impl Check {
    fn run(&self, globals: &Globals, manager: &Manager) -> Result<u8, Failure> {
        let found = manager.check_pools(self.pool.as_deref())?;
        let status = findings(globals, &found, self.strict)?;
        if !globals.json && !globals.quiet {
            let pools = match &self.pool {
                Some(pool) => vec![manager.pool_usage(pool)?],
                None => manager.pool_usages()?,
            };
            let held: usize = pools.iter().map(|pool| pool.holders.len()).sum();
            let addresses = if held == 1 { "address" } else { "addresses" };
            let (pools, outcome) = (counted(pools.len(), "pool"), outcome(&found));
            output::prose(&format!("checked {pools}, {held} {addresses} in use: {outcome}\n"), 2)?;
        }
        Ok(status)
    }
}
