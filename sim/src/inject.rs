//! Setting a fault: only for a program that the machine has, and only one that does something.

use super::fault::Fault;
use super::{Error, Machine, answer};

impl Machine {
    /// Sets a fault; the one set last is asked first.
    pub fn fault(&self, fault: &Fault) -> Result<(), Error> {
        if let Some(code) = fault.exit.filter(|code| !(0..=255).contains(code)) {
            return Err(Error::Invalid(format!("{code} is not an exit status")));
        }
        if fault.times == Some(0) {
            return Err(Error::Invalid("a fault that happens 0 times is none".into()));
        }
        if !answer::is_program(&fault.program) {
            let known: Vec<&str> = answer::programs(self).collect();
            return Err(Error::Invalid(format!(
                "{:?} is not a program of this machine: it has {}",
                fault.program,
                known.join(", ")
            )));
        }
        let same = Fault {
            subcommand: fault.subcommand.clone(),
            zone: fault.zone.clone(),
            times: fault.times,
            ..Fault::new(&*fault.program)
        };
        if *fault == same {
            return Err(Error::Invalid(
                "this fault does nothing: give it an exit status, a text, a delay or a death".into(),
            ));
        }
        self.put_fault(fault)
    }
}
