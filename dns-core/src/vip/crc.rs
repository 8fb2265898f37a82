//! The checksum of journal lines.

/// CRC-32/ISO-HDLC: reflected polynomial 0xedb88320, all ones in and out.
pub(super) fn crc32(octets: &[u8]) -> u32 {
    let step = |crc: u32, &octet: &u8| CRC_TABLE[usize::from(crc as u8 ^ octet)] ^ (crc >> 8);
    !octets.iter().fold(!0, step)
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut crc = octet as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                0xedb8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[octet] = crc;
        octet += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_gzip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
