//! The id of a run: nine characters in all its names, that tell when it began.

/// Begins the name of everything that a run makes: `sfnconf-RUNID-…`. That of a run in virtual time is all zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunId(String);

/// How many characters tell when it began: enough until the year 2039.
const SECONDS: usize = 6;
/// How many tell runs of one second apart.
const SALT: u32 = 3;

impl RunId {
    /// Of a run that begins now, in seconds since the epoch; `salt` tells it from others of the same second.
    pub fn new(now: u64, salt: u64) -> Self {
        Self(format!("{:0>6}{:0>3}", base36(now), base36(salt % 36_u64.pow(SALT))))
    }

    /// When the run of this id began, in seconds since the epoch; none where it is no such id.
    pub fn began(id: &str) -> Option<u64> {
        let seconds = id.get(..SECONDS).filter(|_| id.len() == SECONDS + SALT as usize)?;
        u64::from_str_radix(seconds, 36).ok()
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RunId {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).ok().and_then(|digit| char::from_digit(digit, 36));
        digits.push(digit.unwrap_or('0'));
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_its_run_began() {
        let id = RunId::new(1_796_000_000, u64::MAX);
        assert_eq!(id.as_str().len(), 9);
        assert_eq!(RunId::began(id.as_str()), Some(1_796_000_000));
        assert_ne!(id, RunId::new(1_796_000_000, 7));
        assert_eq!(RunId::began("x"), None);
        assert_eq!(RunId::began("somebodys-elses"), None);
    }
}
