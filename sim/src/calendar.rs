//! Dates of the Gregorian calendar, in UTC.

/// Names of the months, January first.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment, to the second.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: u64,
    /// From 1.
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl Date {
    /// Returns the date that is so many seconds after the beginning of 1970.
    pub(crate) fn of(seconds: u64) -> Self {
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Days since 1 March of year 0, counted in eras of 400 years: a leap day is the last of its year.
        let shifted = days + 719_468;
        let (era, day) = (shifted / 146_097, shifted % 146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        Date { year: era * 400 + year + next, month, day, hour, minute, second }
    }

    /// Returns the name of the month, three letters long.
    pub(crate) fn month_name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn days_around_leap_days_and_new_year() {
        let of = |seconds| {
            let Date { year, month, day, hour, minute, second } = Date::of(seconds);
            format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        };
        assert_eq!(of(0), "1970-01-01 00:00:00");
        assert_eq!(of(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(of(951_868_800), "2000-03-01 00:00:00");
        assert_eq!(of(1_767_225_599), "2025-12-31 23:59:59");
        assert_eq!(of(1_796_121_707), "2026-12-01 10:41:47");
    }
}
