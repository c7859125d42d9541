//! A moment in milliseconds since the Unix epoch: the resolution of AWS's timestamps.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// From epoch seconds with a fraction, as on AWS's JSON wire; rounded to the millisecond.
    pub fn from_epoch_seconds(seconds: f64) -> Self {
        Self((seconds * 1000.0).round() as i64)
    }

    /// Epoch seconds with a fraction.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// From ISO 8601 as the AWS command line prints it: `2024-02-01T12:30:00.123000+01:00`, or with `Z`.
    pub fn from_iso(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', ' '])?;
        let mut ymd = date.splitn(3, '-');
        let (year, month, day) = (
            ymd.next()?.parse::<i64>().ok()?,
            ymd.next()?.parse::<i64>().ok()?,
            ymd.next()?.parse::<i64>().ok()?,
        );
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
            return None;
        }
        let zone_at = rest.find(['Z', '+', '-'])?;
        let (clock, zone) = rest.split_at(zone_at);
        let (hms, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut parts = hms.splitn(3, ':');
        let hour = parts.next()?.parse::<i64>().ok()?;
        let minute = parts.next()?.parse::<i64>().ok()?;
        let second = parts.next().map_or(Some(0), |s| s.parse::<i64>().ok())?;
        if hour > 23 || minute > 59 || second > 60 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let millis: i64 = format!("{fraction:0<3.3}").parse().ok()?;
        let offset = if zone == "Z" {
            0
        } else {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let (h, m) = (
                digits.get(0..2)?.parse::<i64>().ok()?,
                digits.get(2..4).unwrap_or("00").parse::<i64>().ok()?,
            );
            sign * (h * 60 + m)
        };
        let days = days_from_civil(year, month, day);
        Some(Self((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + millis))
    }

    /// ISO 8601 in UTC with milliseconds, as AWS writes times into the context object.
    pub fn iso(self) -> String {
        let (days, in_day) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        let (seconds, millis) = (in_day / 1000, in_day % 1000);
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{millis:03}Z")
    }

    /// Whether it lies in the years 0 to 9999, which ISO 8601 can write.
    pub fn has_a_date(self) -> bool {
        (-62_167_219_200_000..253_402_300_800_000).contains(&self.0)
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub for Time {
    type Output = i64;

    /// Signed milliseconds between two moments.
    fn sub(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

// Howard Hinnant's calendar algorithms, http://howardhinnant.github.io/date_algorithms.html
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_with_offsets_and_fractions_are_read() {
        let expected = Some(Time(1_706_787_000_123));
        assert_eq!(Time::from_iso("2024-02-01T12:30:00.123000+01:00"), expected.map(|t| Time(t.0)));
        assert_eq!(Time::from_iso("2024-02-01T11:30:00.123Z"), expected);
        assert_eq!(Time::from_iso("nonsense"), None);
    }

    #[test]
    fn the_years_0_to_9999_have_dates() {
        for (text, before) in [("0000-01-01T00:00:00.000Z", -1), ("9999-12-31T23:59:59.999Z", 1)] {
            let edge = Time::from_iso(text).unwrap();
            assert!(edge.has_a_date() && edge.iso() == text);
            assert!(!Time(edge.0 + before).has_a_date());
        }
        assert!(!Time::from_epoch_seconds(1e300).has_a_date());
    }

    #[test]
    fn iso_text_reads_back_to_the_same_moment() {
        for ms in [0, 951_782_400_000, 1_706_787_000_123, 4_102_444_799_999] {
            assert_eq!(Time::from_iso(&Time(ms).iso()), Some(Time(ms)));
        }
    }
}
