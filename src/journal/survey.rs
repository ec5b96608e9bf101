//! A read-only look at a journal's directory: which files there are and how they hang together.
//!
//! Reads names and file headers only. Reader, recovery and check all start from it.

use super::error::Damage;
use super::error::JournalError;
use super::format::FILE_HEADER;
use super::format::FileHeader;
use super::format::FileKind;
use super::format::HeaderFault;
use super::format::VERSION;
use super::frames::Place;
use super::storage::Storage;
use super::storage::TEMPORARY;
use super::storage::read_fully;
use crate::commit::Seq;
use std::io;

/// The name of the file that says what the directory is.
pub(super) const FORMAT: &str = "FORMAT";

/// A file whose header is good.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) header: FileHeader,
    /// The checksum of the header: the first link of the file's chain.
    pub(super) link: u32,
    /// The length when it was listed.
    pub(super) len: u64,
}

impl Listed {
    /// Where the first frame is.
    pub(super) fn start(&self) -> Place {
        let seq = match self.header.kind {
            FileKind::Segment => self.header.seq,
            FileKind::Checkpoint => 1,
        };
        Place {
            offset: FILE_HEADER as u64,
            link: self.link,
            seq,
        }
    }

    pub(super) fn salt(&self) -> u32 {
        self.header.salt()
    }

    /// Whether this segment begins where the records of the one `before` end.
    pub(super) fn continues(&self, before: &Listed, end: Place) -> bool {
        let header = &self.header;
        header.uuid == before.header.uuid
            && header.seq == end.seq
            && header.prev_crc == end.link
            && header.prev_len == before.header.sealed_len(end.offset)
    }
}

/// What is wrong where a segment does not continue the one before.
pub(super) const NOT_CONTINUED: &str = "the next segment does not continue this one";

/// What is in a journal's directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// The journal's identity, if any file tells it.
    pub(super) uuid: Option<u128>,
    /// Whether the format file is there and good.
    pub(super) has_format: bool,
    /// The segments, in order.
    pub(super) segments: Vec<Listed>,
    /// A last segment whose header never reached the disk: it holds nothing.
    pub(super) stillborn: Option<String>,
    /// Segments before the one that history begins with: what dropping their records left behind.
    pub(super) leftovers: Vec<String>,
    /// Why the segments end where they do, if there are more files of them.
    pub(super) broken: Option<Box<Damage>>,
    /// Those files.
    pub(super) orphans: Vec<String>,
    /// The numbers of the checkpoints, in order; their contents are not looked at.
    pub(super) checkpoints: Vec<Seq>,
    /// Unfinished files.
    pub(super) temporaries: Vec<String>,
}

/// All segments of a directory, whether they follow each other or not.
pub(super) struct Segments {
    /// Those of this journal whose header is good, in order.
    pub(super) own: Vec<Listed>,
    /// Those of other journals.
    pub(super) foreign: Vec<String>,
    /// The names of all, in order.
    pub(super) names: Vec<String>,
}

impl Survey {
    /// Looks at the directory.
    pub(super) fn read(storage: &dyn Storage) -> Result<Survey, JournalError> {
        Survey::read_files(storage, true)
    }

    /// Looks at the directory as if there were no format file.
    pub(super) fn read_without_format(storage: &dyn Storage) -> Result<Survey, JournalError> {
        Survey::read_files(storage, false)
    }

    /// All segments but those that are no part of the journal any more, or not yet. Learns the journal's identity if
    /// it can.
    pub(super) fn all_segments(&mut self, storage: &dyn Storage) -> Result<Segments, JournalError> {
        let listed = storage.list();
        let mut names = listed.map_err(JournalError::io("list the journal's directory"))?;
        names.retain(|name| {
            let is_segment = FileKind::Segment.seq_of(name).is_some();
            is_segment && !self.leftovers.contains(name) && self.stillborn.as_ref() != Some(name)
        });
        names.sort_unstable();
        let mut all = Vec::new();
        for seq in names
            .iter()
            .filter_map(|name| FileKind::Segment.seq_of(name))
        {
            match read_header(storage, FileKind::Segment, seq)? {
                Ok(segment) => all.push(segment),
                Err(HeaderFault::Bad(_)) => {}
                Err(HeaderFault::Unknown(reason)) => {
                    return Err(JournalError::format(&FileKind::Segment.name(seq), reason));
                }
            }
        }
        self.uuid = self.uuid.or(all.last().map(|last| last.header.uuid));
        let is_own = |segment: &Listed| Some(segment.header.uuid) == self.uuid;
        let (own, foreign): (Vec<_>, Vec<_>) = all.into_iter().partition(is_own);
        Ok(Segments {
            own,
            foreign: foreign.into_iter().map(|segment| segment.name).collect(),
            names,
        })
    }

    fn read_files(storage: &dyn Storage, trust_format: bool) -> Result<Survey, JournalError> {
        let names = storage
            .list()
            .map_err(JournalError::io("list the journal's directory"))?;
        let mut survey = Survey::default();
        let mut segments = Vec::new();
        for name in names {
            if let Some(seq) = FileKind::Segment.seq_of(&name) {
                segments.push(seq);
            } else if let Some(seq) = FileKind::Checkpoint.seq_of(&name) {
                survey.checkpoints.push(seq);
            } else if is_temporary(&name) {
                survey.temporaries.push(name);
            } else if name == FORMAT && trust_format {
                survey.read_format(storage)?;
            }
        }
        segments.sort_unstable();
        survey.checkpoints.sort_unstable();
        survey.temporaries.sort_unstable();
        survey.read_segments(storage, &segments)?;
        if survey.segments.is_empty()
            && let Some(seq) = survey.checkpoints.last()
        {
            let name = FileKind::Checkpoint.name(*seq);
            let what = "there is a checkpoint, but no segment";
            let damage = || Box::new(Damage::of(&name, 0, 1, what));
            survey.broken.get_or_insert_with(damage);
        }
        Ok(survey)
    }

    fn read_format(&mut self, storage: &dyn Storage) -> Result<(), JournalError> {
        let text = read_text(storage, FORMAT).map_err(JournalError::io("read FORMAT"))?;
        let mut lines = text.lines();
        let version = lines
            .next()
            .and_then(|line| line.strip_prefix("fakeredis-journal "));
        match version.and_then(|number| number.parse::<u16>().ok()) {
            // A file without a version is a damaged one: the segments tell what it did.
            None => return Ok(()),
            Some(VERSION) => {}
            Some(version) => {
                let reason = format!("version {version} is not known here; use a newer fakeredis");
                return Err(JournalError::format(FORMAT, reason));
            }
        }
        let uuid = lines.next().and_then(|line| line.strip_prefix("uuid="));
        self.uuid = uuid.and_then(parse_uuid);
        self.has_format = self.uuid.is_some();
        Ok(())
    }

    fn read_segments(&mut self, storage: &dyn Storage, seqs: &[Seq]) -> Result<(), JournalError> {
        let read = |seq: &Seq| read_header(storage, FileKind::Segment, *seq);
        let headers = seqs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let dropped = self.dropped(&headers);
        let names = seqs.iter().map(|seq| FileKind::Segment.name(*seq));
        self.leftovers = names.clone().take(dropped).collect();
        for (index, header) in headers.into_iter().enumerate().skip(dropped) {
            let name = FileKind::Segment.name(seqs[index]);
            let is_last = index + 1 == seqs.len();
            let added = match header {
                Ok(segment) => self.add_segment(segment),
                Err(HeaderFault::Unknown(reason)) => {
                    return Err(JournalError::format(&name, reason));
                }
                // A file this short holds no record.
                Err(HeaderFault::Bad(_)) if is_last && is_stillborn(storage, &name)? => {
                    self.stillborn = Some(name);
                    return Ok(());
                }
                Err(HeaderFault::Bad(what)) => Err(what),
            };
            if let Err(what) = added {
                self.broken = Some(Box::new(Damage::of(&name, 0, seqs[index], what)));
                self.orphans = names.skip(index).collect();
                return Ok(());
            }
        }
        Ok(())
    }

    /// How many segments there are before the one that history begins with; one of another journal doesn't count.
    fn dropped(&self, headers: &[Result<Listed, HeaderFault>]) -> usize {
        let begins = |header: &Result<Listed, HeaderFault>| {
            let is_beginning = |segment: &Listed| segment.header.origin.is_some();
            header.as_ref().is_ok_and(is_beginning)
        };
        let Some(first) = headers.iter().rposition(begins) else {
            return 0;
        };
        let mut uuids = headers[..=first]
            .iter()
            .flatten()
            .map(|one| one.header.uuid);
        let known = self.uuid.or(uuids.clone().next_back());
        match uuids.all(|uuid| Some(uuid) == known) {
            true => first,
            false => 0,
        }
    }

    /// Adds the next segment if it continues the one before.
    fn add_segment(&mut self, segment: Listed) -> Result<(), &'static str> {
        let header = &segment.header;
        if header.uuid != *self.uuid.get_or_insert(header.uuid) {
            return Err("the segment belongs to another journal");
        }
        if let Some(before) = self.segments.last() {
            if header.prev_last_seq + 1 != header.seq {
                return Err("the segment does not continue the one before");
            }
            if header.prev_len != before.header.sealed_len(before.len) {
                return Err("the segment before has not the length that it was sealed with");
            }
        }
        self.segments.push(segment);
        Ok(())
    }

    /// The segment that holds record `seq`, or would if it were the next.
    pub(super) fn segment_of(segments: &[Listed], seq: Seq) -> usize {
        segments
            .partition_point(|segment| segment.header.seq <= seq)
            .saturating_sub(1)
    }
}

fn is_temporary(name: &str) -> bool {
    let Some(name) = name.strip_suffix(TEMPORARY) else {
        return false;
    };
    name == FORMAT
        || FileKind::Segment.seq_of(name).is_some()
        || FileKind::Checkpoint.seq_of(name).is_some()
}

/// A file's header; the outer error is the disk's, the inner one the header's.
pub(super) fn read_header(
    storage: &dyn Storage,
    kind: FileKind,
    seq: Seq,
) -> Result<Result<Listed, HeaderFault>, JournalError> {
    let name = kind.name(seq);
    let read = || {
        let file = storage.open(&name)?;
        let mut bytes = [0; FILE_HEADER];
        let filled = read_fully(&*file, 0, &mut bytes)?;
        io::Result::Ok((file.len()?, bytes, filled))
    };
    let (len, bytes, filled) = read().map_err(JournalError::io(format!("read {name}")))?;
    Ok(match FileHeader::decode(kind, &bytes[..filled]) {
        Ok((header, _)) if header.seq != seq => Err(HeaderFault::Bad(
            "the file's name does not match its header",
        )),
        Ok((header, link)) => Ok(Listed {
            name,
            header,
            link,
            len,
        }),
        Err(fault) => Err(fault),
    })
}

/// Whether a file is too short to hold more than a header.
fn is_stillborn(storage: &dyn Storage, name: &str) -> Result<bool, JournalError> {
    let len = storage.open(name).and_then(|file| file.len());
    let len = len.map_err(JournalError::io(format!("read {name}")))?;
    Ok(len <= FILE_HEADER as u64)
}

/// The text of a small file.
pub(super) fn read_text(storage: &dyn Storage, name: &str) -> io::Result<String> {
    let file = storage.open(name)?;
    let mut bytes = vec![0; 4096];
    let filled = read_fully(&*file, 0, &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..filled]).into_owned())
}

/// The contents of the format file.
pub(super) fn format_text(uuid: u128) -> String {
    format!("fakeredis-journal {}\nuuid={}\n", VERSION, uuid_text(uuid))
}

/// An identity in the usual notation.
pub(super) fn uuid_text(uuid: u128) -> String {
    let hex = format!("{uuid:032x}");
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    groups.join("-")
}

fn parse_uuid(text: &str) -> Option<u128> {
    u128::from_str_radix(&text.replace('-', ""), 16).ok()
}
