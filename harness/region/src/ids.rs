//! Everything that AWS would draw at random, drawn from the seed: UUIDs, request ids, receipt handles, task tokens.
//!
//! Invariant: the n-th draw of a seed is always the same; a task token can be made again from its serial number.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The bytes that the base64 text of a token stands for; the text has 608 characters, as long as AWS's.
const TOKEN_BYTES: usize = 456;
/// What every token begins with, as AWS's do.
const TOKEN_HEAD: [u8; 12] = [0, 0, 0, 42, 0, 0, 0, 3, 0, 0, 0, 0];

/// The region's only source of chance.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    seed: u64,
    state: u64,
    serial: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, state: seed ^ 0x9E37_79B9_7F4A_7C15, serial: 0 }
    }

    /// A number (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
    pub(crate) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A number below `bound`, 0 for none.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.draw().checked_rem(bound).unwrap_or(0)
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (a, b) = (self.draw(), self.draw());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }

    /// Hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits).filter_map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap_or(0), 16)).collect()
    }

    /// Base64 text that stands for `bytes` drawn bytes.
    pub(crate) fn base64(&mut self, bytes: usize) -> String {
        let drawn: Vec<u8> = (0..bytes).map(|_| self.draw().to_le_bytes()[0]).collect();
        STANDARD.encode(drawn)
    }

    /// The serial number of a new token.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The token with this serial number.
    pub(crate) fn token(&self, serial: u64) -> String {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend_from_slice(&TOKEN_HEAD);
        bytes.extend_from_slice(&(serial ^ mix(self.seed)).to_be_bytes());
        let proof =
            Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(serial.to_be_bytes()).finalize();
        bytes.extend_from_slice(&proof);
        let mut state = serial.rotate_left(32) ^ self.seed;
        while bytes.len() < TOKEN_BYTES {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            bytes.extend_from_slice(&mix(state).to_be_bytes());
        }
        bytes.truncate(TOKEN_BYTES);
        STANDARD.encode(bytes)
    }

    /// The serial number of a token that this region has made; none for any other text.
    pub(crate) fn serial_of(&self, token: &str) -> Option<u64> {
        let bytes = STANDARD.decode(token).ok()?;
        let masked: [u8; 8] = bytes.get(TOKEN_HEAD.len()..TOKEN_HEAD.len() + 8)?.try_into().ok()?;
        let serial = u64::from_be_bytes(masked) ^ mix(self.seed);
        (serial <= self.serial && self.token(serial) == token).then_some(serial)
    }
}

fn mix(state: u64) -> u64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn a_token_tells_its_serial_and_a_changed_one_tells_nothing() {
        let mut ids = Ids::new(7);
        let serial = ids.next_serial();
        let token = ids.token(serial);
        assert_eq!(token.len(), 608);
        assert_eq!(ids.serial_of(&token), Some(serial));
        let mut changed = token.clone();
        changed.replace_range(300..301, if &token[300..301] == "A" { "B" } else { "A" });
        assert_eq!(ids.serial_of(&changed), None);
        assert_eq!(ids.serial_of("nonsense"), None);
        assert_eq!(Ids::new(8).serial_of(&token), None);
    }

    #[test]
    fn uuids_look_like_version_four() {
        let uuid = Ids::new(1).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes().get(14), Some(&b'4'));
    }
}
