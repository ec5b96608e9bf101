//! A writer's life that can be cut off anywhere, and the oracle that judges what is left of it.

use super::disk::Image;
use super::disk::Plan;
use super::disk::SimDisk;
use super::set;
use fakeredis::commit::Close;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;

/// What a writer did, and how much of it was promised to last.
#[derive(Clone, Default)]
pub struct Life {
    /// The record at each place, in order; a place can have several that were never promised.
    records: Vec<Record>,
    /// The last record that must survive a power failure.
    pub durable: Seq,
    /// The last record that must survive the death of the process.
    pub settled: Seq,
    /// A number that makes each record unlike any other.
    serial: u64,
    /// Records of these numbers reached the disk, perhaps, and were given up; they may come back.
    abandoned: Vec<(Seq, Record)>,
}

/// How the script writes.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub fsync: Fsync,
    pub segment_bytes: u64,
    /// Whether the disk makes room at the end of files.
    pub room: bool,
}

impl Style {
    pub fn disk(&self, image: &Image, plan: Plan, seed: u64) -> SimDisk {
        match SimDisk::new(image, plan, seed) {
            disk if self.room => disk.with_room(),
            disk => disk,
        }
    }

    pub fn options(&self) -> Options {
        Options {
            // The background thread would make runs differ; the script syncs by itself.
            fsync: match self.fsync {
                Fsync::EverySec => Fsync::No,
                fsync => fsync,
            },
            segment_bytes: self.segment_bytes,
            uuid: Some(0xfeed),
            ..Options::default()
        }
    }
}

impl Life {
    /// Opens the journal on `disk`, checks what it holds, and goes on writing until something fails.
    pub fn go_on(&mut self, disk: &SimDisk, style: Style, rounds: u64) -> Result<(), JournalError> {
        let journal = self.open(disk, style)?;
        for round in 0..rounds {
            self.round(&journal, round, style)?;
        }
        self.write(
            &journal,
            &[Record::Close(Close {
                digest: String::from("d"),
            })],
        )?;
        let closed = journal.close();
        self.note(&journal);
        closed
    }

    /// Opens the journal and checks it.
    pub fn open(&mut self, disk: &SimDisk, style: Style) -> Result<Journal, JournalError> {
        let (journal, mut recovered) = Journal::open_with(disk.storage(), &style.options())?;
        let last = recovered.report.last_seq;
        let from = recovered.checkpoint().map_or(0, |checkpoint| {
            let seq = checkpoint.seq();
            let state: Vec<Vec<u8>> = super::chunks(checkpoint);
            assert_eq!(state.concat(), seq.to_string().repeat(50).as_bytes());
            seq
        });
        let entries: Vec<Record> = recovered
            .entries()
            .map(|entry| entry.unwrap().record)
            .collect();
        assert_eq!(entries.len() as u64, last - from);
        self.judge(disk, last);
        // Recovery has made everything that is left durable.
        self.durable = last;
        self.settled = last;
        Ok(journal)
    }

    /// The journal's records must be what was written, up to `last`; that becomes the history.
    fn judge(&mut self, disk: &SimDisk, last: Seq) {
        let reader = Reader::open_with(disk.storage()).unwrap();
        assert_eq!(reader.last_seq(), last);
        assert!(
            last >= self.durable,
            "{} was durable, {last} is left",
            self.durable
        );
        let records: Vec<Record> = reader
            .entries(..)
            .map(|entry| entry.unwrap().record)
            .collect();
        assert_eq!(records.len() as u64, last);
        for (index, record) in records.iter().enumerate() {
            let seq = index as u64 + 1;
            let expected = self.records.get(index) == Some(record)
                || self
                    .abandoned
                    .iter()
                    .any(|(at, other)| *at == seq && other == record);
            assert!(expected, "record {seq} was never written: {record:?}");
        }
        assert_eq!(reader.check().unwrap().health, Health::Clean);
        self.records = records;
    }

    /// Some batches of several sizes, then perhaps a sync or a checkpoint.
    pub fn round(
        &mut self,
        journal: &Journal,
        round: u64,
        style: Style,
    ) -> Result<(), JournalError> {
        let sizes = [1, 70, 3, 200];
        for batch in 1..=2 {
            let records: Vec<Record> = (0..batch)
                .map(|index| self.unlike_any(sizes[(round + index) as usize % sizes.len()]))
                .collect();
            self.write(journal, &records)?;
        }
        if style.fsync == Fsync::EverySec && round % 2 == 1 {
            let synced = journal.sync();
            self.note(journal);
            synced?;
        }
        if round % 3 == 2 {
            let seq = self.settled;
            let state = seq.to_string().repeat(25).into_bytes();
            let done = journal.checkpoint(seq, &mut vec![state.clone(), state].into_iter());
            self.note(journal);
            done?;
        }
        Ok(())
    }

    fn unlike_any(&mut self, size: usize) -> Record {
        self.serial += 1;
        set(&format!("k{}", self.serial), &vec![b'v'; size])
    }

    /// Appends records and settles the last.
    pub fn write(&mut self, journal: &Journal, records: &[Record]) -> Result<(), JournalError> {
        let mut last = journal.last_seq();
        // What a failure took back may still lie on the disk.
        let gone = self
            .records
            .drain((last as usize).min(self.records.len())..);
        self.abandoned.extend((last + 1..).zip(gone));
        for record in records {
            let appended = journal.append(0, record);
            // One that failed may be on the disk all the same, and those before it be settled.
            self.records.push(record.clone());
            self.note(journal);
            last = appended?;
            assert_eq!(self.records.len() as u64, last);
        }
        let settled = journal.settle(last);
        self.note(journal);
        settled
    }

    /// Notes what the journal promises.
    fn note(&mut self, journal: &Journal) {
        self.durable = self.durable.max(journal.durable_seq());
        self.settled = self.settled.max(journal.settled_seq());
    }
}

/// How many operations a life has.
pub fn operations(image: &Image, life: &Life, style: Style, rounds: u64) -> u64 {
    let disk = style.disk(image, Plan::Never, 0);
    life.clone().go_on(&disk, style, rounds).unwrap();
    disk.operations()
}
