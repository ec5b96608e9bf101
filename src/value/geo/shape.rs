//! [`Shape`]: a circle or a box around a place, on an earth that is a sphere.

use super::cell::Cell;
use super::cell::FINEST;
use super::cell::Point;

const EARTH_RADIUS: f64 = 6_372_797.560856;
/// Half the length of the equator in Web Mercator, all in metres.
const MERCATOR_MAX: f64 = 20_037_726.37;
const RADIANS: f64 = std::f64::consts::PI / 180.0;

/// How far a shape reaches, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// To this distance in every direction.
    Circle(f64),
    /// Half of each to either side.
    Box {
        /// From west to east.
        width: f64,
        /// From south to north.
        height: f64,
    },
}

/// A part of the earth.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its middle.
    pub center: Point,
    /// How far it reaches.
    pub extent: Extent,
    /// The metres in its unit.
    pub unit: f64,
}

/// The distance between two places in metres, by the haversine formula.
pub fn distance(a: Point, b: Point) -> f64 {
    let v = ((b.longitude * RADIANS - a.longitude * RADIANS) / 2.0).sin();
    if v == 0.0 {
        return distance_north(a.latitude, b.latitude);
    }
    let (a, b) = (a.latitude * RADIANS, b.latitude * RADIANS);
    let u = ((b - a) / 2.0).sin();
    let square = u * u + a.cos() * b.cos() * v * v;
    // Between opposite ends of the earth, rounding must not carry it beyond 1.
    2.0 * EARTH_RADIUS * square.sqrt().min(1.0).asin()
}

/// The distance between two places of the same longitude.
fn distance_north(a: f64, b: f64) -> f64 {
    EARTH_RADIUS * (b * RADIANS - a * RADIANS).abs()
}

impl Shape {
    /// How many metres from the middle a place is, if it is inside.
    pub fn reaches(&self, place: Point) -> Option<f64> {
        let center = self.center;
        match self.extent {
            Extent::Circle(radius) => {
                let distance = distance(center, place);
                (distance <= radius * self.unit).then_some(distance)
            }
            Extent::Box { width, height } => {
                let north = distance_north(place.latitude, center.latitude);
                let level = Point {
                    latitude: place.latitude,
                    ..center
                };
                let outside = north > height * self.unit / 2.0
                    || distance(place, level) > width * self.unit / 2.0;
                (!outside).then(|| distance(center, place))
            }
        }
    }

    /// The cells that cover the shape, that of the middle first, in the order in which Redis searches them.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut step = self.step();
        if step > 1 && !bounds.are_covered(Cell::around(self.center, step)) {
            step -= 1;
        }
        let center = Cell::around(self.center, step);
        let beside = AROUND.into_iter().filter(|(east, north)| {
            // Cells of the coarsest step are all searched.
            step < 2 || bounds.reach(center, *east, *north)
        });
        let mut beside: Vec<_> = beside
            .map(|(east, north)| center.beside(east, north))
            .collect();
        // Where there are few cells, one is on several sides.
        beside.dedup();
        std::iter::once(center).chain(beside).collect()
    }

    /// The step whose cells are about as large as the shape.
    fn step(&self) -> u32 {
        let radius = self.radius();
        if radius == 0.0 {
            return FINEST;
        }
        let mut reach = radius;
        let mut step = 1;
        while reach < MERCATOR_MAX {
            reach *= 2.0;
            step += 1;
        }
        // Towards the poles a degree of longitude is short.
        let latitude = self.center.latitude.abs();
        let polar = i32::from(latitude > 66.0) + i32::from(latitude > 80.0);
        (step - 2 - polar).clamp(1, FINEST as i32) as u32
    }

    /// How far the farthest point is from the middle, in metres.
    fn radius(&self) -> f64 {
        let radius = match self.extent {
            Extent::Circle(radius) => radius,
            Extent::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        radius * self.unit
    }

    fn bounds(&self) -> Bounds {
        let (width, height) = match self.extent {
            Extent::Circle(radius) => (radius, radius),
            Extent::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let Point {
            longitude,
            latitude,
        } = self.center;
        let north = self.unit * height / EARTH_RADIUS / RADIANS;
        // The border that is nearer to a pole spans more degrees.
        let widest = match latitude < 0.0 {
            true => latitude - north,
            false => latitude + north,
        };
        let east = self.unit * width / EARTH_RADIUS / (widest * RADIANS).cos() / RADIANS;
        Bounds {
            west: longitude - east,
            east: longitude + east,
            south: latitude - north,
            north: latitude + north,
        }
    }
}

#[rustfmt::skip] // In the order in which Redis searches: north, south, east, west, and the corners.
const AROUND: [(i64, i64); 8] = [
    (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
];

/// The degrees between which a shape lies.
struct Bounds {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Bounds {
    /// Whether a cell and the eight around it reach as far as the shape.
    fn are_covered(&self, cell: Cell) -> bool {
        let beside = |east, north| cell.beside(east, north);
        let falls_short = beside(0, 1).latitudes().end < self.north
            || beside(0, -1).latitudes().start > self.south
            || beside(1, 0).longitudes().end < self.east
            || beside(-1, 0).longitudes().start > self.west;
        !falls_short
    }

    /// Whether the shape goes over the borders of `cell` that lead to the cell on this side of it.
    fn reach(&self, cell: Cell, east: i64, north: i64) -> bool {
        let (latitudes, longitudes) = (cell.latitudes(), cell.longitudes());
        let stays = (north < 0 && latitudes.start < self.south)
            || (north > 0 && latitudes.end > self.north)
            || (east < 0 && longitudes.start < self.west)
            || (east > 0 && longitudes.end > self.east);
        !stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(longitude: f64, latitude: f64) -> Point {
        Point::new(longitude, latitude).unwrap()
    }

    #[test]
    fn distances_are_those_of_a_sphere() {
        let quarter = EARTH_RADIUS * std::f64::consts::FRAC_PI_2;
        assert_eq!(
            distance(point(0.0, 0.0), point(90.0, 0.0)).round(),
            quarter.round()
        );
        assert_eq!(distance(point(7.0, 80.0), point(7.0, 80.0)), 0.0);
        let (a, b) = (point(1.0, 2.0), point(-3.0, 40.0));
        assert_eq!(distance(a, b), distance(b, a));
    }

    #[test]
    fn a_small_shape_has_small_cells() {
        let shape = |radius| Shape {
            center: point(15.0, 37.0),
            extent: Extent::Circle(radius),
            unit: 1.0,
        };
        let steps = [0.0, 1.0, 1e3, 1e6, 1e9].map(|radius| shape(radius).step());
        assert_eq!(steps, [26, 24, 14, 4, 1]);
        assert_eq!(shape(1e9).cells().len(), 4, "that is the whole earth");
    }

    proptest! {
        #[test]
        fn what_a_shape_reaches_is_in_its_cells(
            center in (-150.0..150.0, -60.0..60.0), away in (-1.0..1.0, -1.0..1.0), size in 1.0..100_000.0, is_box: bool,
        ) {
            let center = point(center.0, center.1);
            let extent = match is_box {
                true => Extent::Box { width: size, height: size / 2.0 },
                false => Extent::Circle(size),
            };
            let shape = Shape { center, extent, unit: 1.0 };
            let place = point(center.longitude + away.0, center.latitude + away.1);
            let score = place.score() as f64;
            if shape.reaches(Point::from_score(score)).is_some() {
                prop_assert!(shape.cells().iter().any(|cell| cell.scores().contains(&score)));
            }
        }
    }
}
