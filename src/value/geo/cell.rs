//! [`Point`] and [`Cell`]: a place on the earth, and the rectangle of the earth that bits name.
//!
//! A cell halves the earth `step` times from west to east and from south to north. Its bits take turns: the latitude's
//! are the even ones, the longitude's the odd ones. A place is kept as the bits of its cell at the finest step, which
//! a double holds exactly, so that all members inside a coarser cell are one range of scores.

use std::ops::Range;

/// The finest step: 52 bits.
pub(super) const FINEST: u32 = 26;

const MAX_LONGITUDE: f64 = 180.0;
/// Where Web Mercator ends. There are no places beyond.
const MAX_LATITUDE: f64 = 85.05112878;
/// Where geohashes as the rest of the world writes them end.
const POLE: f64 = 90.0;

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

const LATITUDE_BITS: u64 = 0x5555_5555_5555_5555;
const LONGITUDE_BITS: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// A place, in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// West (-180) to east (180).
    pub longitude: f64,
    /// South to north.
    pub latitude: f64,
}

impl Point {
    /// A place, if it is one that can be kept.
    pub fn new(longitude: f64, latitude: f64) -> Option<Point> {
        let inside = longitude.abs() <= MAX_LONGITUDE && latitude.abs() <= MAX_LATITUDE;
        inside.then_some(Point {
            longitude,
            latitude,
        })
    }

    /// The place that a score stands for: the middle of its cell.
    pub fn from_score(score: f64) -> Point {
        let cell = Cell {
            bits: to_bits(score),
            step: FINEST,
        };
        let (longitude, latitude) = (cell.longitudes(), cell.latitudes());
        let middle = |range: Range<f64>, most: f64| {
            let middle = (range.start + range.end) / 2.0;
            middle.clamp(-most, most)
        };
        Point {
            longitude: middle(longitude, MAX_LONGITUDE),
            latitude: middle(latitude, MAX_LATITUDE),
        }
    }

    /// The score that stands for this place.
    pub fn score(self) -> u64 {
        Cell::around(self, FINEST).bits
    }

    /// The geohash that others understand: 10 letters, and an 11th that is always the first of the alphabet.
    pub fn geohash(self) -> [u8; 11] {
        let bits = Cell::within(self, FINEST, POLE).bits;
        std::array::from_fn(|at| match at {
            10 => ALPHABET[0],
            _ => ALPHABET[(bits >> (52 - (at + 1) * 5)) as usize & 31],
        })
    }
}

/// A double as an unsigned integer, as x86 converts it: members may have scores that are no places.
fn to_bits(score: f64) -> u64 {
    const TOP: f64 = 9_223_372_036_854_775_808.0;
    let signed = |score: f64| match (-TOP..TOP).contains(&score) {
        true => score as i64 as u64,
        false => 1 << 63,
    };
    match score >= TOP {
        true => signed(score - TOP) ^ (1 << 63),
        false => signed(score),
    }
}

/// A rectangle of the earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    bits: u64,
    step: u32,
}

impl Cell {
    /// The cell of a step that a place is in.
    pub fn around(point: Point, step: u32) -> Cell {
        Cell::within(point, step, MAX_LATITUDE)
    }

    /// The same where latitudes end at `north`.
    fn within(point: Point, step: u32, north: f64) -> Cell {
        let halvings = f64::from(1 << step);
        let part = |degrees: f64, most: f64| ((degrees + most) / (most + most) * halvings) as u32;
        let latitude = spread(part(point.latitude, north));
        let longitude = spread(part(point.longitude, MAX_LONGITUDE));
        Cell {
            bits: latitude | (longitude << 1),
            step,
        }
    }

    /// From its southern border to its northern one.
    pub fn latitudes(self) -> Range<f64> {
        self.degrees(gather(self.bits), MAX_LATITUDE)
    }

    /// From its western border to its eastern one.
    pub fn longitudes(self) -> Range<f64> {
        self.degrees(gather(self.bits >> 1), MAX_LONGITUDE)
    }

    fn degrees(self, part: u32, most: f64) -> Range<f64> {
        let border =
            |part: u32| -most + f64::from(part) / (1u64 << self.step) as f64 * (most + most);
        border(part)..border(part.wrapping_add(1))
    }

    /// The scores of the places inside.
    pub fn scores(self) -> Range<f64> {
        let shift = 2 * (FINEST - self.step);
        (self.bits << shift) as f64..((self.bits + 1) << shift) as f64
    }

    /// The cell so many cells to the east and to the north, each -1, 0 or 1; behind the last one comes the first.
    pub fn beside(self, east: i64, north: i64) -> Cell {
        let longitude = self.moved(LONGITUDE_BITS, LATITUDE_BITS, east);
        let latitude = self.moved(LATITUDE_BITS, LONGITUDE_BITS, north);
        Cell {
            bits: longitude | latitude,
            ..self
        }
    }

    /// The bits of one direction after a step. The other's bits are between them and carry over.
    fn moved(self, own: u64, others: u64, by: i64) -> u64 {
        let unused = 64 - 2 * self.step;
        let (bits, gaps) = (self.bits & own, others >> unused);
        let moved = match by {
            0 => return bits,
            1.. => bits.wrapping_add(gaps + 1),
            _ => (bits | gaps).wrapping_sub(gaps + 1),
        };
        moved & (own >> unused)
    }
}

/// Makes room for another bit above each.
fn spread(bits: u32) -> u64 {
    let mut bits = u64::from(bits);
    for (shift, mask) in STAGES.into_iter().rev() {
        bits = (bits | (bits << shift)) & mask;
    }
    bits
}

/// Every other bit: undoes [`spread`].
fn gather(bits: u64) -> u32 {
    let mut bits = bits & LATITUDE_BITS;
    for (shift, mask) in GATHERED {
        bits = (bits | (bits >> shift)) & mask;
    }
    bits as u32
}

/// How far bits move apart, and where they are then; the last stage comes first.
const STAGES: [(u32, u64); 5] = [
    (1, 0x5555_5555_5555_5555),
    (2, 0x3333_3333_3333_3333),
    (4, 0x0f0f_0f0f_0f0f_0f0f),
    (8, 0x00ff_00ff_00ff_00ff),
    (16, 0x0000_ffff_0000_ffff),
];

/// How far bits move together, and where they are then.
const GATHERED: [(u32, u64); 5] = [
    (1, 0x3333_3333_3333_3333),
    (2, 0x0f0f_0f0f_0f0f_0f0f),
    (4, 0x00ff_00ff_00ff_00ff),
    (8, 0x0000_ffff_0000_ffff),
    (16, 0x0000_0000_ffff_ffff),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_is_a_score_and_a_geohash() {
        let palermo = Point::new(13.361389, 38.115556).unwrap();
        assert_eq!(palermo.score(), 3_479_099_956_230_698);
        let kept = Point::from_score(palermo.score() as f64);
        assert_eq!(
            (kept.longitude, kept.latitude),
            (13.361389338970184, 38.1155563954963)
        );
        assert_eq!(&kept.geohash(), b"sqc8b49rny0");
        assert_eq!(Point::new(180.1, 0.0), None);
        assert_eq!(Point::new(0.0, -85.1), None);
    }

    #[test]
    fn scores_that_are_no_places_are_read_as_on_x86() {
        assert_eq!(to_bits(-1.5), u64::MAX);
        assert_eq!(to_bits(f64::INFINITY), 0);
        assert_eq!(to_bits(f64::NEG_INFINITY), 1 << 63);
        assert_eq!(to_bits(1.5 * 2f64.powi(63)), 3 << 62);
    }

    proptest! {
        #[test]
        fn gathering_undoes_spreading(a: u32, b: u32) {
            let bits = spread(a) | (spread(b) << 1);
            prop_assert_eq!((gather(bits), gather(bits >> 1)), (a, b));
        }

        #[test]
        fn a_place_is_inside_its_cell(longitude in -180.0..180.0, latitude in -85.0..85.0, step in 1u32..=FINEST) {
            let point = Point { longitude, latitude };
            let cell = Cell::around(point, step);
            prop_assert!(cell.longitudes().contains(&longitude));
            prop_assert!(cell.latitudes().contains(&latitude));
            prop_assert!(cell.scores().contains(&(point.score() as f64)));
        }

        #[test]
        fn there_and_back_again(longitude in -180.0..180.0, latitude in -85.0..85.0, step in 1u32..=FINEST) {
            let cell = Cell::around(Point { longitude, latitude }, step);
            for (east, north) in [(1, 0), (0, 1), (-1, 1), (1, 1)] {
                let there = cell.beside(east, north);
                prop_assert!(there != cell);
                prop_assert_eq!(there.beside(-east, -north), cell);
            }
        }
    }
}
