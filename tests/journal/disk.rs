//! A simulated disk: remembers what is durable and what is not, fails and loses power on request.
//!
//! A file has contents that every process sees and contents that survive a power failure; a sync
//! makes the first the second. Between syncs a power failure may keep any part of any write, in
//! sectors of any size down to single bytes, and any of the changes to names; what was to be written
//! and is lost reads as zeros or as anything. A sync that fails loses the unsynced
//! writes for good, while they stay visible: as Linux does it. If asked to, it makes room at the end of
//! files, which is stored into without an error, and stays behind as zeros.
//!
//! A disk that is watched keeps what a power failure would have left after each operation, so that one
//! run is as good as one that is cut off at every operation.

use fakeredis::journal::LockGuard;
use fakeredis::journal::Mapping;
use fakeredis::journal::Room;
use fakeredis::journal::Sealed;
use fakeredis::journal::Storage;
use fakeredis::journal::StorageFile;
use fakeredis::rng::Rng;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

/// All files of a disk, by name.
pub type Image = BTreeMap<String, Vec<u8>>;

/// What reaches a disk as a whole: in one power failure all sectors are of one of these sizes.
const SECTORS: [usize; 4] = [1, 8, 64, 512];

/// The room that a disk gives, whatever is asked for.
const ROOM: usize = 200;

/// When operations fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    Never,
    /// The power fails during this operation: it may have a part of its effect, and none comes after.
    PowerOff(u64),
    /// This one operation fails.
    Once(u64, io::ErrorKind),
    /// This operation and all after it fail.
    From(u64, io::ErrorKind),
    /// This one look at the disk fails: a read, an opening or a listing, counted apart from operations.
    Look(u64, io::ErrorKind),
}

#[derive(Default)]
struct Inode {
    visible: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

#[derive(Clone)]
enum NameChange {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    operations: u64,
    looks: u64,
    syncs: u64,
    plan: Plan,
    rng: Rng,
    watch: Option<Watch>,
    mapped: BTreeSet<String>,
}

/// What power failures would have left, since somebody asked last.
struct Watch {
    rng: Rng,
    left: Vec<Image>,
}

/// The disk; clones are the same disk.
#[derive(Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    locked: Arc<AtomicBool>,
    gives_room: bool,
}

impl SimDisk {
    pub fn new(image: &Image, plan: Plan, seed: u64) -> SimDisk {
        let mut inodes = Vec::new();
        let mut names = BTreeMap::new();
        for (name, bytes) in image {
            names.insert(name.clone(), inodes.len());
            inodes.push(Inode {
                visible: bytes.clone(),
                durable: bytes.clone(),
                unsynced: Vec::new(),
            });
        }
        SimDisk {
            state: Arc::new(Mutex::new(State {
                inodes,
                durable_names: names.clone(),
                names,
                unsynced_names: Vec::new(),
                operations: 0,
                looks: 0,
                syncs: 0,
                plan,
                rng: Rng::new(seed),
                watch: None,
                mapped: BTreeSet::new(),
            })),
            locked: Arc::default(),
            gives_room: false,
        }
    }

    /// The same disk, which makes room.
    pub fn with_room(self) -> SimDisk {
        SimDisk {
            gives_room: true,
            ..self
        }
    }

    pub fn empty() -> SimDisk {
        SimDisk::new(&Image::new(), Plan::Never, 0)
    }

    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }

    pub fn set_plan(&self, plan: Plan) {
        self.with(|state| state.plan = plan);
    }

    /// How many operations could have failed so far.
    pub fn operations(&self) -> u64 {
        self.with(|state| state.operations)
    }

    /// How many looks could have failed so far.
    pub fn looks(&self) -> u64 {
        self.with(|state| state.looks)
    }

    /// The files that somebody asked to map. None was: all are read.
    pub fn mapped(&self) -> BTreeSet<String> {
        self.with(|state| state.mapped.clone())
    }

    /// How many file syncs there were so far.
    pub fn syncs(&self) -> u64 {
        self.with(|state| state.syncs)
    }

    /// What another process sees now.
    pub fn visible(&self) -> Image {
        self.with(|state| {
            let names = state.names.iter();
            names
                .map(|(name, inode)| (name.clone(), state.inodes[*inode].visible.clone()))
                .collect()
        })
    }

    /// What a power failure leaves; `luck` decides what unsynced changes survive.
    pub fn after_power_failure(&self, luck: &mut Luck) -> Image {
        self.with(|state| state.survive(luck))
    }

    /// From now on, keeps what a power failure would have left after each operation.
    pub fn watch(&self, seed: u64) {
        let rng = Rng::new(seed);
        let left = Vec::new();
        self.with(|state| state.watch = Some(Watch { rng, left }));
    }

    /// What power failures would have left after each operation since this was asked last, or would now.
    pub fn crashes(&self) -> Vec<Image> {
        self.with(|state| {
            state.witness();
            let watch = state.watch.as_mut();
            watch.map_or_else(Vec::new, |watch| std::mem::take(&mut watch.left))
        })
    }

    fn file(&self, inode: usize) -> Arc<dyn StorageFile> {
        let disk = self.clone();
        Arc::new(SimFile { disk, inode })
    }

    fn with<T>(&self, run: impl FnOnce(&mut State) -> T) -> T {
        run(&mut self.state.lock().unwrap())
    }
}

/// Which unsynced changes survive a power failure.
pub enum Luck {
    None,
    All,
    Some(Rng),
}

impl Luck {
    fn keeps(&mut self) -> bool {
        match self {
            Luck::None => false,
            Luck::All => true,
            Luck::Some(rng) => rng.below(2) == 0,
        }
    }

    /// The size of the disk's sectors.
    fn sector(&mut self) -> usize {
        match self {
            Luck::None | Luck::All => SECTORS[2],
            Luck::Some(rng) => SECTORS[rng.below(SECTORS.len())],
        }
    }

    /// What a byte reads as that was never written.
    fn unwritten(&mut self) -> u8 {
        match self {
            Luck::None | Luck::All => 0,
            Luck::Some(rng) => rng.next_u64() as u8 * (rng.below(4) == 0) as u8,
        }
    }
}

impl Inode {
    fn survive(&self, luck: &mut Luck) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        let sector = luck.sector();
        for change in &self.unsynced {
            match change {
                Change::SetLen(len) if luck.keeps() => bytes.resize(*len, 0),
                Change::SetLen(_) => {}
                Change::Write(offset, data) => {
                    keep_sectors(&mut bytes, *offset, data, sector, luck);
                }
            }
        }
        bytes
    }
}

/// Each sector of a write survives or not; one lost before one that survives was never written.
fn keep_sectors(bytes: &mut Vec<u8>, offset: usize, data: &[u8], sector: usize, luck: &mut Luck) {
    let mut at = 0;
    while at < data.len() {
        let end = data.len().min(at + sector - (offset + at) % sector);
        if luck.keeps() {
            let before = bytes.len()..offset + at;
            bytes.extend(before.map(|_| luck.unwritten()));
            put(bytes, offset + at, &data[at..end]);
        }
        at = end;
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Create(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            NameChange::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            NameChange::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

/// How an operation goes.
enum Fate {
    Succeeds,
    /// It has its effect in part and reports an error.
    Fails(io::Error),
}

impl State {
    fn fate(&mut self) -> Fate {
        self.operations += 1;
        let now = self.operations;
        let kind = match self.plan {
            Plan::PowerOff(at) if now >= at => io::ErrorKind::Other,
            Plan::Once(at, kind) if now == at => kind,
            Plan::From(at, kind) if now >= at => kind,
            _ => return Fate::Succeeds,
        };
        Fate::Fails(io::Error::new(kind, "the simulated disk failed"))
    }

    /// Whether a failing operation still has an effect: not when the power was off before.
    fn half_done(&self) -> bool {
        !matches!(self.plan, Plan::PowerOff(at) if self.operations > at)
    }

    /// A look fails or not.
    fn look(&mut self) -> io::Result<()> {
        self.looks += 1;
        match self.plan {
            Plan::Look(at, kind) if self.looks == at => {
                Err(io::Error::new(kind, "the simulated disk failed"))
            }
            _ => Ok(()),
        }
    }

    fn survive(&self, luck: &mut Luck) -> Image {
        let mut names = self.durable_names.clone();
        for change in &self.unsynced_names {
            if luck.keeps() {
                change.apply(&mut names);
            }
        }
        let survivors = names.iter();
        survivors
            .map(|(name, inode)| (name.clone(), self.inodes[*inode].survive(luck)))
            .collect()
    }

    /// Keeps what a power failure would leave now, with any luck, where that is watched.
    fn witness(&mut self) {
        let Some(mut watch) = self.watch.take() else {
            return;
        };
        let seed = watch.rng.next_u64();
        for mut luck in [Luck::None, Luck::All, Luck::Some(Rng::new(seed))] {
            let image = self.survive(&mut luck);
            if !watch.left.iter().rev().take(3).any(|left| *left == image) {
                watch.left.push(image);
            }
        }
        self.watch = Some(watch);
    }

    /// An operation that happens or does not.
    fn step(&mut self, effect: impl FnOnce(&mut State)) -> io::Result<()> {
        match self.fate() {
            Fate::Succeeds => {
                effect(self);
                self.witness();
            }
            Fate::Fails(error) => {
                // The power fails before or after the effect.
                if matches!(self.plan, Plan::PowerOff(_))
                    && self.half_done()
                    && self.rng.below(2) == 0
                {
                    effect(self);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn change_names(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_names.push(change);
    }

    fn put(&mut self, inode: usize, offset: usize, bytes: &[u8]) {
        let file = &mut self.inodes[inode];
        put(&mut file.visible, offset, bytes);
        file.unsynced.push(Change::Write(offset, bytes.to_vec()));
        self.witness();
    }

    fn inode(&self, name: &str) -> io::Result<usize> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Storage for SimDisk {
    fn make_dir(&self, _: Option<&str>) -> io::Result<()> {
        self.with(|state| state.step(|_| ()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let top = |name: &&String| !name.contains('/');
        self.with(|state| {
            state.look()?;
            Ok(state.names.keys().filter(top).cloned().collect())
        })
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let inode = self.with(|state| state.look().and_then(|()| state.inode(name)))?;
        Ok(self.file(inode))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let inode = self.with(|state| {
            state.step(|state| {
                let inode = state.inodes.len();
                state.inodes.push(Inode::default());
                state.change_names(NameChange::Create(name.to_owned(), inode));
            })?;
            state.inode(name)
        })?;
        Ok(self.file(inode))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|state| {
            state.inode(from)?;
            state.step(|state| {
                state.change_names(NameChange::Rename(from.to_owned(), to.to_owned()))
            })
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.with(|state| {
            state.inode(name)?;
            state.step(|state| state.change_names(NameChange::Remove(name.to_owned())))
        })
    }

    fn sync_dir(&self, _: Option<&str>) -> io::Result<()> {
        self.with(|state| {
            state.step(|state| {
                state.durable_names = state.names.clone();
                state.unsynced_names.clear();
            })
        })
    }

    fn lock(&self, _: &str) -> io::Result<Option<LockGuard>> {
        if self.locked.swap(true, SeqCst) {
            return Ok(None);
        }
        Ok(Some(Box::new(Unlock(Arc::clone(&self.locked)))))
    }
}

struct Unlock(Arc<AtomicBool>);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

#[derive(Clone)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl SimFile {
    fn with<T>(&self, run: impl FnOnce(&mut State, usize) -> T) -> T {
        self.disk.with(|state| run(state, self.inode))
    }
}

impl StorageFile for SimFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|state, inode| {
            state.look()?;
            let bytes = &state.inodes[inode].visible;
            let start = bytes.len().min(offset as usize);
            let len = buffer.len().min(bytes.len() - start);
            buffer[..len].copy_from_slice(&bytes[start..start + len]);
            Ok(len)
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = offset as usize;
        self.with(|state, inode| {
            let (done, result) = match state.fate() {
                Fate::Succeeds => (bytes.len(), Ok(())),
                Fate::Fails(error) if state.half_done() => {
                    (state.rng.below(bytes.len() + 1), Err(error))
                }
                Fate::Fails(error) => (0, Err(error)),
            };
            state.put(inode, offset, &bytes[..done]);
            result
        })
    }

    fn map(&self, _: Sealed) -> io::Result<Option<Mapping>> {
        self.with(|state, inode| {
            let names = state.names.iter().filter(|(_, of)| **of == inode);
            state.mapped.extend(names.map(|(name, _)| name.clone()));
        });
        Ok(None)
    }

    fn room(&self, offset: u64, _: usize) -> io::Result<Option<Box<dyn Room>>> {
        if !self.disk.gives_room {
            return Ok(None);
        }
        let end = offset as usize + ROOM;
        let len = self.len()? as usize;
        self.write_at(len as u64, &vec![0; end.saturating_sub(len)])?;
        let file = self.clone();
        Ok(Some(Box::new(SimRoom { file, end })))
    }

    fn len(&self) -> io::Result<u64> {
        self.with(|state, inode| Ok(state.inodes[inode].visible.len() as u64))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|state, inode| {
            state.step(|state| {
                let file = &mut state.inodes[inode];
                file.visible.resize(len as usize, 0);
                file.unsynced.push(Change::SetLen(len as usize));
            })
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|state, inode| {
            state.syncs += 1;
            match state.fate() {
                Fate::Succeeds => {
                    // What an earlier failed sync lost stays lost.
                    let file = &mut state.inodes[inode];
                    for change in std::mem::take(&mut file.unsynced) {
                        match change {
                            Change::Write(offset, data) => put(&mut file.durable, offset, &data),
                            Change::SetLen(len) => file.durable.resize(len, 0),
                        }
                    }
                    state.witness();
                    Ok(())
                }
                Fate::Fails(error) => {
                    let power_off = matches!(state.plan, Plan::PowerOff(_));
                    if !power_off {
                        state.inodes[inode].unsynced.clear();
                    }
                    Err(error)
                }
            }
        })
    }
}

struct SimRoom {
    file: SimFile,
    end: usize,
}

impl Room for SimRoom {
    /// Never fails, but the power may go off while it stores.
    fn store(&mut self, offset: u64, bytes: &[u8]) -> bool {
        if offset as usize + bytes.len() > self.end {
            return false;
        }
        if self
            .file
            .with(|state, _| matches!(state.plan, Plan::PowerOff(_)))
        {
            return self.file.write_at(offset, bytes).is_ok();
        }
        self.file.with(|state, inode| {
            state.operations += 1;
            state.put(inode, offset as usize, bytes);
        });
        true
    }
}
