//! The command `find`.

use std::path::Path;

use clap::Args;
use zmgr::{AddressStanding, Found, Holding, PoolPlace};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::{output, session};

/// Exit status if nothing holds what was searched for.
const NOT_FOUND: u8 = zmgr::Code::NotFound.number() as u8;

/// Options of `find`.
#[derive(Debug, Args)]
pub struct Find {
    /// Address (with or without prefix length), MAC address, link, or name of a zone, reservation, pool, template or publisher
    #[arg(value_name = "WHAT", add = super::completions::zones())]
    what: String,
}

impl Find {
    /// Prints every holder with its reasons, and what the pools say of an address.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let found = manager.find(&self.what)?;
        if globals.json {
            output::json(&found.to_json())?;
        } else {
            tell(&found, manager.root())?;
            if !globals.quiet {
                found.unknown.iter().for_each(|unknown| output::aside(format_args!("zmgr: {unknown}")));
            }
        }
        Ok(if found.holdings.is_empty() { NOT_FOUND } else { 0 })
    }
}

fn tell(found: &Found, tree: &Path) -> Result<(), Failure> {
    if found.holdings.is_empty() {
        let hint = found.similar.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        output::line(format_args!("nothing holds {}{hint}", found.query))?;
    } else {
        let rows: Vec<[String; 4]> = found.holdings.iter().map(|holding| row(holding, tree)).collect();
        output::table(["HOLDER", "WHY", "NET OR LINK", "WHERE"], &rows)?;
    }
    for place in &found.pools {
        let at = output::place(&place.source, tree);
        output::prose(&format!("{} {} pool {} ({at})\n", found.query, standing(place), place.pool), 2)?;
    }
    Ok(())
}

fn row(holding: &Holding, tree: &Path) -> [String; 4] {
    let on = holding.host.as_ref().map(|host| format!(" on host {host}")).unwrap_or_default();
    let holder = format!("{} {}{on}", holding.kind.as_str(), holding.name);
    let part = holding.net.clone().or_else(|| holding.link.clone()).unwrap_or_default();
    let at = if holding.source.file.is_some() { output::place(&holding.source, tree) } else { String::new() };
    [holder, holding.why.as_str().to_owned(), part, at]
}

/// Says how a pool sees an address, up to the pool's name.
fn standing(place: &PoolPlace) -> &'static str {
    match place.standing {
        AddressStanding::Free => "is free in",
        AddressStanding::Held => "is held in",
        AddressStanding::Network => "is the address of a network of",
        AddressStanding::Broadcast => "is the broadcast address of a network of",
        AddressStanding::Anycast => "is the anycast address of the routers of",
        AddressStanding::Gateway => "is the gateway of",
        AddressStanding::Excluded => "is excluded in",
        AddressStanding::Reserved => "is reserved in",
        AddressStanding::OutOfShare => "is in no share of this host in",
        _ => "is outside the ranges of",
    }
}
