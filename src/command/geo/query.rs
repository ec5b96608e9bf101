//! [`Query`]: what a search asks for, read from its arguments.

use super::place;
use super::place_of;
use super::unit;
use crate::command::args::Args;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::number::parse_f64;
use crate::value::ZSet;
use crate::value::geo::Extent;
use crate::value::geo::Point;
use crate::value::geo::Shape;

const NO_PLACE: ReplyError = fixed("ERR could not decode requested zset member");

/// Where the members that were found go.
pub(super) struct Target<'a> {
    pub key: &'a [u8],
    /// Whether their scores become their distances.
    pub distances: bool,
}

/// In which order members are answered.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    Nearest,
    Farthest,
}

/// What a search asks for.
#[derive(Default)]
pub(super) struct Query<'a> {
    center: Option<(From, Point)>,
    extent: Option<(Extent, f64)>,
    pub target: Option<Target<'a>>,
    pub with_distance: bool,
    pub with_score: bool,
    pub with_place: bool,
    pub order: Option<Order>,
    pub count: Option<usize>,
    /// Whether the first that are found will do.
    pub any: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum From {
    Member,
    Place,
}

/// What only some of the commands understand.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Dialect {
    /// GEORADIUS and GEORADIUSBYMEMBER.
    Radius,
    /// The same with `_RO`, which store nothing.
    RadiusRo,
    /// GEOSEARCH.
    Search,
    /// GEOSEARCHSTORE.
    SearchStore,
}

impl Dialect {
    fn searches(self) -> bool {
        matches!(self, Dialect::Search | Dialect::SearchStore)
    }
}

impl<'a> Query<'a> {
    /// Reads the rest of GEORADIUS.
    pub fn around_place(mut args: Args<'a>, dialect: Dialect) -> Result<Query<'a>> {
        let query = Query {
            center: Some((From::Place, place(&mut args)?)),
            extent: Some(circle(&mut args)?),
            ..Query::default()
        };
        query.options(args, None, dialect)
    }

    /// Reads the rest of GEORADIUSBYMEMBER. Without a sorted set, member and radius don't matter.
    pub fn around_member(
        mut args: Args<'a>,
        zset: Option<&ZSet>,
        dialect: Dialect,
    ) -> Result<Query<'a>> {
        let mut query = Query {
            center: Some((From::Member, member(&mut args, zset)?)),
            ..Query::default()
        };
        match zset {
            None => drop(args.take(2)?),
            Some(_) => query.extent = Some(circle(&mut args)?),
        }
        query.options(args, zset, dialect)
    }

    /// Reads the rest of GEOSEARCH, or of GEOSEARCHSTORE behind the two keys.
    pub fn anywhere(
        args: Args<'a>,
        zset: Option<&ZSet>,
        target: Option<&'a [u8]>,
    ) -> Result<Query<'a>> {
        let dialect = match target {
            None => Dialect::Search,
            Some(_) => Dialect::SearchStore,
        };
        let target = target.map(|key| Target {
            key,
            distances: false,
        });
        let query = Query {
            target,
            ..Query::default()
        };
        query.options(args, zset, dialect)
    }

    fn options(
        mut self,
        mut args: Args<'a>,
        zset: Option<&ZSet>,
        dialect: Dialect,
    ) -> Result<Query<'a>> {
        while !args.is_empty() {
            let known = self.shown(&mut args)
                || self.chosen(&mut args)?
                || self.stored(&mut args, dialect)
                || (dialect.searches() && self.searched(&mut args, zset)?);
            if !known {
                return Err(ReplyError::SYNTAX);
            }
        }
        self.check(args.argv()[0], dialect)?;
        Ok(self)
    }

    /// Reads an option about what is answered of each member.
    fn shown(&mut self, args: &mut Args<'a>) -> bool {
        let option = if args.keyword("WITHDIST") {
            &mut self.with_distance
        } else if args.keyword("WITHHASH") {
            &mut self.with_score
        } else if args.keyword("WITHCOORD") {
            &mut self.with_place
        } else {
            return false;
        };
        *option = true;
        true
    }

    /// Reads an option about how many members there are, and in which order.
    fn chosen(&mut self, args: &mut Args<'a>) -> Result<bool> {
        if args.keyword("ASC") {
            self.order = Some(Order::Nearest);
        } else if args.keyword("DESC") {
            self.order = Some(Order::Farthest);
        } else if args.keyword("ANY") {
            self.any = true;
        } else if args.keyword_with("COUNT", 1) {
            let count = usize::try_from(args.i64()?).ok().filter(|count| *count > 0);
            self.count = Some(count.ok_or(fixed("ERR COUNT must be > 0"))?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads an option about where the members go.
    fn stored(&mut self, args: &mut Args<'a>, dialect: Dialect) -> bool {
        if let Dialect::SearchStore = dialect
            && let Some(target) = &mut self.target
        {
            let distances = args.keyword("STOREDIST");
            target.distances |= distances;
            return distances;
        }
        if dialect != Dialect::Radius || args.len() < 2 {
            return false;
        }
        let distances = args.keyword("STOREDIST");
        if !distances && !args.keyword("STORE") {
            return false;
        }
        let target = args.next().map(|key| Target { key, distances });
        self.target = target.ok();
        true
    }

    /// Reads an option about where to search.
    fn searched(&mut self, args: &mut Args<'a>, zset: Option<&ZSet>) -> Result<bool> {
        let from = |other| self.center.is_some_and(|(from, _)| from == other);
        let is_box = self
            .extent
            .map(|(extent, _)| matches!(extent, Extent::Box { .. }));
        if !from(From::Place) && args.keyword_with("FROMMEMBER", 1) {
            self.center = Some((From::Member, member(args, zset)?));
        } else if !from(From::Member) && args.keyword_with("FROMLONLAT", 2) {
            self.center = Some((From::Place, place(args)?));
        } else if is_box != Some(true) && args.keyword_with("BYRADIUS", 2) {
            self.extent = Some(circle(args)?);
        } else if is_box != Some(false) && args.keyword_with("BYBOX", 3) {
            self.extent = Some(rectangle(args)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether the options agree with each other, and none is missing. `name` is how the command was called.
    fn check(&self, name: &[u8], dialect: Dialect) -> Result<()> {
        let error = |text: String| Err(ReplyError::new(text));
        if self.target.is_some() && self.fields() > 0 {
            let name = match dialect {
                Dialect::SearchStore => "GEOSEARCHSTORE",
                _ => "STORE option in GEORADIUS",
            };
            return error(format!(
                "ERR {name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            ));
        }
        let name = printed(name, usize::MAX);
        if dialect.searches() && self.center.is_none() {
            return error(format!(
                "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}"
            ));
        }
        if dialect.searches() && self.extent.is_none() {
            return error(format!(
                "ERR exactly one of BYRADIUS and BYBOX can be specified for {name}"
            ));
        }
        if self.any && self.count.is_none() {
            return Err(fixed("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// How much is answered of each member besides its name.
    pub fn fields(&self) -> usize {
        [self.with_distance, self.with_score, self.with_place]
            .into_iter()
            .map(usize::from)
            .sum()
    }

    /// Where to search, unless there is nothing to be searched.
    pub fn shape(&self) -> Option<Shape> {
        let ((_, center), (extent, unit)) = self.center.zip(self.extent)?;
        Some(Shape {
            center,
            extent,
            unit,
        })
    }
}

/// Reads a member; where it is. Any place will do where there is no sorted set.
fn member(args: &mut Args<'_>, zset: Option<&ZSet>) -> Result<Point> {
    let member = args.next()?;
    let place = zset.map(|zset| place_of(zset, member).ok_or(NO_PLACE));
    place.unwrap_or(Ok(Point::default()))
}

/// Reads a radius and its unit.
fn circle(args: &mut Args<'_>) -> Result<(Extent, f64)> {
    let radius = length(args, fixed("ERR need numeric radius"))?;
    if radius < 0.0 {
        return Err(fixed("ERR radius cannot be negative"));
    }
    Ok((Extent::Circle(radius), unit(args)?))
}

/// Reads a width, a height and their unit.
fn rectangle(args: &mut Args<'_>) -> Result<(Extent, f64)> {
    let width = length(args, fixed("ERR need numeric width"))?;
    let height = length(args, fixed("ERR need numeric height"))?;
    if width < 0.0 || height < 0.0 {
        return Err(fixed("ERR height or width cannot be negative"));
    }
    Ok((Extent::Box { width, height }, unit(args)?))
}

fn length(args: &mut Args<'_>, error: ReplyError) -> Result<f64> {
    parse_f64(args.next()?).ok_or(error)
}
