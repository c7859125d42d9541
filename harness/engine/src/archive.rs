//! A zip archive of one file, stored as it is: what Lambda takes as a function's code.

/// The archive. Its time stamp is the earliest that zip knows, so that equal text gives equal bytes.
pub(crate) fn archive(name: &str, text: &[u8]) -> Vec<u8> {
    let size = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    // Version 2.0, no flags, stored, 1980-01-01 00:00.
    let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 33, 0];
    common.extend(crc32(text).to_le_bytes());
    common.extend(size);
    common.extend(size);
    common.extend(name_length);
    common.extend([0, 0]);
    let mut out = b"PK\x03\x04".to_vec();
    out.extend(&common);
    out.extend(name.as_bytes());
    out.extend(text);
    let directory = u32::try_from(out.len()).unwrap_or(u32::MAX).to_le_bytes();
    // Made by Unix; the file may be read by all (0o100644).
    out.extend(b"PK\x01\x02\x14\x03");
    out.extend(&common);
    out.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xa4, 0x81, 0, 0, 0, 0]);
    out.extend(name.as_bytes());
    let length = u32::try_from(46 + name.len()).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(length);
    out.extend(directory);
    out.extend([0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard_example() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_end_points_to_the_directory() {
        let zip = archive("obey.py", b"text");
        let end = zip.len() - 22;
        let at = |place: usize| u32::from_le_bytes(std::array::from_fn(|n| zip[place + n])) as usize;
        assert_eq!(&zip[end..end + 4], b"PK\x05\x06");
        assert_eq!(&zip[at(end + 16)..at(end + 16) + 4], b"PK\x01\x02");
        assert_eq!(at(end + 16) + at(end + 12), end);
    }
}
