//! Whose something is: this process, told from all others by machine, number and start time.

use std::fs;

use super::group;

/// The text that marks what this process started.
pub(crate) fn label() -> String {
    let number = std::process::id();
    let born = group::born(number).unwrap_or_default();
    format!("{}/{number}/{born}", machine())
}

/// Whether the process behind such a text may still run. On another machine it may, as far as can be told here.
pub(crate) fn may_live(label: &str) -> bool {
    let mut parts = label.rsplitn(3, '/');
    let born = parts.next().and_then(|part| part.parse::<u64>().ok());
    let number = parts.next().and_then(|part| part.parse::<u32>().ok());
    match (parts.next(), number) {
        (Some(other), _) if other != machine() => true,
        (Some(_), Some(number)) => group::is_alive(number, born.filter(|born| *born != 0)),
        _ => true,
    }
}

/// The kernel's boot (or the host's name) and the process table on it: process numbers mean nothing beyond them.
fn machine() -> String {
    let boot = ["/proc/sys/kernel/random/boot_id", "/etc/hostname"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .map_or_else(|| "this".to_owned(), |text| text.trim().to_owned());
    let table = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{boot}.{}", table.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_its_number_at_another_time_does_not() {
        let own = label();
        assert!(may_live(&own));
        if let Some((front, born)) = own.rsplit_once('/')
            && born != "0"
        {
            assert!(!may_live(&format!("{front}/1{born}")));
        }
        assert!(may_live("another-machine/4000000/77"));
    }
}
