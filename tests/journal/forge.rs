//! Files of a journal with checksums as a forger would make them, from `docs/journal-format.md` alone.

pub const HEADER: usize = 96;

/// Where each frame of a segment starts, and where the last ends.
pub fn frame_starts(segment: &[u8]) -> Vec<usize> {
    let mut starts = vec![HEADER];
    while let Some(len) = segment.get(starts[starts.len() - 1] + 8..) {
        let Some(len) = len.first_chunk::<4>() else {
            break;
        };
        let len = u32::from_le_bytes(*len) as usize;
        starts.push(starts[starts.len() - 1] + 56 + len.next_multiple_of(8));
    }
    starts
}

/// CRC-32, continued from a seed.
pub fn crc(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

/// The seed of a file's checksums, as the specification computes it.
pub fn salt(file: &[u8]) -> u32 {
    crc(0, &[&file[..8], &file[24..48]].concat())
}

/// Makes every checksum and link of a file right again, as a forger would.
pub fn reseal(file: &mut [u8]) {
    let salt = salt(file);
    file[88..92].copy_from_slice(&salt.to_le_bytes());
    let mut link = crc(0, &file[..92]);
    file[92..96].copy_from_slice(&link.to_le_bytes());
    let starts = frame_starts(file);
    for pair in starts.windows(2) {
        // The last one may end inside.
        let Some(frame) = file.get_mut(pair[0]..pair[1]) else {
            break;
        };
        let len = u32::from_le_bytes(*frame[8..].first_chunk().unwrap()) as usize;
        let payload_crc = crc(salt, &frame[56..56 + len]);
        frame[12..16].copy_from_slice(&payload_crc.to_le_bytes());
        frame[16..20].copy_from_slice(&link.to_le_bytes());
        link = crc(salt, &frame[8..56]);
        frame[4..8].copy_from_slice(&link.to_le_bytes());
    }
}

/// A frame without links and checksums: [`reseal`] makes them.
pub fn frame(kind: u8, codec: u8, seq: u64, aux: u64, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 56];
    frame[..4].copy_from_slice(b"frj\xf1");
    frame[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    frame[20] = kind;
    frame[22] = codec;
    frame[24..32].copy_from_slice(&seq.to_le_bytes());
    frame[48..56].copy_from_slice(&aux.to_le_bytes());
    frame.extend(payload);
    frame.resize(frame.len().next_multiple_of(8), 0);
    frame
}

/// The header of a file without its checksum.
pub fn file_header(magic: &[u8; 8], uuid: u128, seq: u64) -> Vec<u8> {
    let mut header = vec![0; HEADER];
    header[..8].copy_from_slice(magic);
    header[8] = 1;
    header[10] = HEADER as u8;
    header[24..40].copy_from_slice(&uuid.to_be_bytes());
    header[40..48].copy_from_slice(&seq.to_le_bytes());
    header
}
