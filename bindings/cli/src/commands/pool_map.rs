//! Map of a pool's range: one character per address, or per block of addresses if the range is long.

use std::net::IpAddr;

use anstyle::{AnsiColor, Color, Style};
use zmgr::{AddressUse, RangeUse, Usage};

use crate::terminal::{FAINT, GOOD, NOTICE, styled};

/// Maximum number of rows; a longer map says no more than the counts.
const ROWS: u128 = 16;
/// Largest range that is drawn.
const MAX_ADDRESSES: u128 = 1 << 20;
const PARTIAL: char = '+';

/// Draws the map and a legend; returns an empty string if the range is empty or too large.
pub fn drawn(usage: &Usage, width: usize) -> String {
    if usage.total > MAX_ADDRESSES || usage.total == 0 {
        return String::new();
    }
    let label = usage.map.iter().map(|part| part.range.last.to_string().len()).max().unwrap_or(0);
    let cells: u128 = if label + 4 + 64 <= width { 64 } else { 32 };
    let each = usage.total.div_ceil(cells * ROWS).next_power_of_two();
    let mut at = Walk::new(&usage.map);
    let mut seen = Vec::new();
    let mut text = String::new();
    let mut left = usage.total.div_ceil(each);
    while left > 0 {
        let first = at.address();
        let mut row = String::new();
        for _ in 0..cells.min(left) {
            let (sign, style) = at.next(each);
            if !seen.contains(&sign) {
                seen.push(sign);
            }
            row += &styled(style, sign);
        }
        left -= cells.min(left);
        text += &format!("  {:<label$}  {row}\n", first.map_or_else(String::new, |first| first.to_string()));
    }
    let meanings: Vec<String> = seen.iter().map(|sign| format!("{sign} {}", meaning(*sign))).collect();
    let scale = if each > 1 { format!("; one character is {each} addresses") } else { String::new() };
    text + &styled(FAINT, format!("  {}{scale}", meanings.join(", "))) + "\n"
}

/// Walks along the runs of the map.
struct Walk<'a> {
    runs: std::slice::Iter<'a, RangeUse>,
    /// Number of addresses of the current run already passed.
    behind: u128,
    run: Option<&'a RangeUse>,
}

impl<'a> Walk<'a> {
    fn new(map: &'a [RangeUse]) -> Self {
        let mut runs = map.iter();
        Walk { run: runs.next(), runs, behind: 0 }
    }

    /// Returns the next address.
    fn address(&self) -> Option<IpAddr> {
        let run = self.run?.range;
        Some(match run.first {
            IpAddr::V4(first) => IpAddr::V4((u32::from(first) + u32::try_from(self.behind).unwrap_or(0)).into()),
            IpAddr::V6(first) => IpAddr::V6((u128::from(first) + self.behind).into()),
        })
    }

    /// Returns the character for the next `count` addresses and passes them.
    fn next(&mut self, count: u128) -> (char, Style) {
        let mut left = count;
        let mut seen: Option<AddressUse> = None;
        let mut mixed = false;
        while let Some(run) = self.run.filter(|_| left > 0) {
            mixed |= seen.is_some_and(|seen| seen != run.taken_for);
            seen = Some(run.taken_for);
            let step = left.min(run.range.count - self.behind);
            left -= step;
            self.behind += step;
            if self.behind == run.range.count {
                (self.run, self.behind) = (self.runs.next(), 0);
            }
        }
        match seen {
            _ if mixed => (PARTIAL, NOTICE),
            Some(AddressUse::Zone) => ('#', GOOD),
            Some(AddressUse::Reservation) => ('r', NOTICE),
            Some(AddressUse::Host) => ('h', Style::new().fg_color(Some(Color::Ansi(AnsiColor::Magenta)))),
            Some(AddressUse::Fleet) => ('f', NOTICE),
            Some(AddressUse::Gateway) => ('g', Style::new()),
            Some(AddressUse::Excluded) => ('x', FAINT),
            Some(AddressUse::Reserved) => ('o', Style::new()),
            _ => ('.', FAINT),
        }
    }
}

fn meaning(sign: char) -> &'static str {
    match sign {
        '#' => "zone",
        'r' => "reservation",
        'h' => "host",
        'f' => "another host",
        'g' => "gateway",
        'x' => "excluded",
        'o' => "reserved",
        PARTIAL => "mixed",
        _ => "free",
    }
}
