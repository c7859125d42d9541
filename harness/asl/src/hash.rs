//! The digests of `States.Hash` and `$hash`.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The digest in hexadecimal; None for an algorithm that AWS does not offer.
pub(crate) fn hash(data: &str, algorithm: &str) -> Option<String> {
    let data = data.as_bytes();
    Some(match algorithm {
        "MD5" => hex(&Md5::digest(data)),
        "SHA-1" => hex(&Sha1::digest(data)),
        "SHA-256" => hex(&Sha256::digest(data)),
        "SHA-384" => hex(&Sha384::digest(data)),
        "SHA-512" => hex(&Sha512::digest(data)),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn the_five_algorithms_of_the_guide_work() {
        assert_eq!(hash("input data", "SHA-1").unwrap(), "aaff4a450a104cd177d28d18d74485e8cae074b7");
        assert_eq!(hash("", "MD5").unwrap(), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(
            hash("abc", "SHA-256").unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(hash("", "SHA-384").unwrap().len(), 96);
        assert_eq!(hash("", "SHA-512").unwrap().len(), 128);
        assert_eq!(hash("", "CRC32"), None);
    }
}
