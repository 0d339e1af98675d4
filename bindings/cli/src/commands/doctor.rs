//! The command `doctor`.

use clap::Args;
use zmgr::{Diagnosis, DiagnosisItem, DiagnosisLevel};

use super::check::counted;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{BAD, FAINT, GOOD, HEADING, NOTICE, styled};
use crate::{output, session};

/// Exit status if the host cannot be managed.
const UNSUPPORTED: u8 = zmgr::Code::UnsupportedHost.number() as u8;
/// Exit status if a warning counts.
const CONFIG: u8 = zmgr::Code::Config.number() as u8;

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Exit with 3 on warnings too
    #[arg(long)]
    strict: bool,
}

impl Doctor {
    /// Prints what was found, by area.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let diagnosis = session::manager(globals)?.doctor()?;
        if globals.json {
            output::json(&diagnosis.to_json())?;
        } else {
            print(globals, &diagnosis)?;
        }
        let warnings = diagnosis.count(DiagnosisLevel::Warning);
        Ok(match diagnosis.can_manage() {
            false => UNSUPPORTED,
            true if self.strict && warnings > 0 => CONFIG,
            true => 0,
        })
    }
}

/// With `--quiet`, only what needs attention.
fn print(globals: &Globals, diagnosis: &Diagnosis) -> Result<(), Failure> {
    let least = if globals.quiet { DiagnosisLevel::Warning } else { DiagnosisLevel::Ok };
    let shown: Vec<&DiagnosisItem> = diagnosis.items.iter().filter(|item| item.level >= least).collect();
    for items in shown.chunk_by(|one, next| one.area == next.area) {
        output::line(styled(HEADING, items[0].area.as_str().replace('-', " ")))?;
        for item in items {
            let style = match item.level {
                DiagnosisLevel::Ok => GOOD,
                DiagnosisLevel::Note => FAINT,
                DiagnosisLevel::Warning => NOTICE,
                _ => BAD,
            };
            output::prose(&format!("  {} {item}\n", styled(style, format_args!("{}:", item.level))), 4)?;
            if let Some(help) = &item.help {
                output::prose(&format!("    {} {help}\n", styled(HEADING, "help:")), 4)?;
            }
        }
    }
    if globals.quiet {
        return Ok(());
    }
    let warnings = diagnosis.count(DiagnosisLevel::Warning);
    let outcome = match (diagnosis.can_manage(), warnings) {
        (false, _) => "zmgr cannot manage this host".to_owned(),
        (true, 0) => "zmgr can manage this host".to_owned(),
        (true, warnings) => format!("zmgr can manage this host, with {}", counted(warnings, "warning")),
    };
    output::line(outcome)
}
