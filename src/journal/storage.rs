//! The few disk operations that a journal is made of, and the real disk behind them.
//!
//! Crash tests put a simulated disk behind the same trait. Names are relative to the journal's
//! directory and contain at most one `/`.

#[cfg(target_os = "linux")]
use super::mmap::MappedRoom;
use super::mmap::Mapping;
use super::mmap::Sealed;
use crate::clock::pause;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The name of the lock file.
pub(super) const LOCK: &str = "LOCK";

/// How often, and how long apart, the lock is tried: a reader that looks whether there is a writer holds it for a moment.
const LOCK_TRIES: u32 = 20;
const LOCK_EVERY: Duration = Duration::from_millis(2);

/// A directory that holds a journal.
pub trait Storage: Send + Sync {
    /// Makes the directory, and its `folder` inside if one is named, durably, unless they exist.
    fn make_dir(&self, folder: Option<&str>) -> io::Result<()>;
    /// The names of the files directly inside, in any order; empty if there is no directory.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens a file to read it.
    fn open(&self, name: &str) -> io::Result<Arc<dyn StorageFile>>;
    /// Makes an empty file, in place of any other of the name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>>;
    /// Gives a file another name, in place of any other of that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes all names in the directory (or in its `folder`) durable.
    fn sync_dir(&self, folder: Option<&str>) -> io::Result<()>;
    /// Becomes the only writer until the guard is dropped; `None` if there is one already.
    fn lock(&self, about: &str) -> io::Result<Option<LockGuard>>;
    /// The directory, where the operating system has one: for people who are told of damage.
    fn dir(&self) -> Option<PathBuf> {
        None
    }
    /// Whether there is a writer now; changes nothing.
    fn is_locked(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// Keeps other writers out while it lives.
pub type LockGuard = Box<dyn Send + Sync>;

/// An open file.
pub trait StorageFile: Send + Sync {
    /// Reads into `buffer` from `offset`; 0 at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes the contents durable.
    fn sync(&self) -> io::Result<()>;
    /// Makes room at the file's end: zeros up to `offset + len`, and from `offset` on memory to store
    /// into. `None` where that is not possible, or could fail once the room is made: then
    /// [`write_at`](StorageFile::write_at) does what storing would.
    fn room(&self, _offset: u64, _len: usize) -> io::Result<Option<Box<dyn Room>>> {
        Ok(None)
    }
    /// The contents as memory, where that is possible.
    fn map(&self, _: Sealed) -> io::Result<Option<Mapping>> {
        Ok(None)
    }
    /// Whether the file is empty.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// Room for the next bytes of a file.
pub trait Room: Send {
    /// Stores `bytes` at `offset` of the file, as a write would; false if they do not fit.
    fn store(&mut self, offset: u64, bytes: &[u8]) -> bool;
}

/// A directory of the operating system.
#[derive(Clone, Debug)]
pub struct Disk {
    dir: PathBuf,
}

impl Disk {
    /// The directory `dir`, which need not exist.
    pub fn new(dir: &Path) -> Disk {
        Disk {
            dir: dir.to_path_buf(),
        }
    }

    fn path(&self, folder: Option<&str>) -> PathBuf {
        folder.map_or_else(|| self.dir.clone(), |folder| self.dir.join(folder))
    }
}

/// A new directory's name is durable when its parent is.
fn make_dir_durably(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    make_dir_durably(parent)?;
    match fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_path(parent),
    }
}

#[cfg(unix)]
fn sync_path(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Windows has no operation for this; NTFS orders its own metadata.
#[cfg(not(unix))]
fn sync_path(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Storage for Disk {
    fn dir(&self) -> Option<PathBuf> {
        Some(self.dir.clone())
    }

    fn make_dir(&self, folder: Option<&str>) -> io::Result<()> {
        make_dir_durably(&self.path(folder))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(Arc::new(File::open(self.dir.join(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        Ok(Arc::new(options.open(self.dir.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self, folder: Option<&str>) -> io::Result<()> {
        sync_path(&self.path(folder))
    }

    fn lock(&self, about: &str) -> io::Result<Option<LockGuard>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(self.dir.join(LOCK))?;
        let mut tries = 0;
        while is_held(file.try_lock())? {
            tries += 1;
            if tries == LOCK_TRIES {
                return Ok(None);
            }
            pause(LOCK_EVERY);
        }
        file.set_len(0)?;
        file.write_all(about.as_bytes())?;
        Ok(Some(Box::new(Locked(file))))
    }

    fn is_locked(&self) -> io::Result<bool> {
        match File::open(self.dir.join(LOCK)) {
            Ok(file) => is_held(file.try_lock_shared()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a try to lock a file met somebody else's lock.
fn is_held(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The lock of a directory.
struct Locked(File);

/// Closing the file alone would not do: a process that is being started elsewhere in this program holds a copy of
/// each open file until it is running, and with the copy the lock.
impl Drop for Locked {
    fn drop(&mut self) {
        // A lock that can't be given back ends with the process.
        let _ = self.0.unlock();
    }
}

impl StorageFile for File {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = std::os::windows::fs::FileExt::seek_write(self, bytes, offset)?;
            bytes = &bytes[written..];
            offset += written as u64;
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    #[cfg(target_os = "linux")]
    fn room(&self, offset: u64, len: usize) -> io::Result<Option<Box<dyn Room>>> {
        if !keeps_its_room(self)? {
            return Ok(None);
        }
        extend(self, offset + len as u64)?;
        Ok(Some(Box::new(MappedRoom::new(self, offset, len)?)))
    }

    fn map(&self, _: Sealed) -> io::Result<Option<Mapping>> {
        Mapping::new(self).map(Some)
    }
}

/// Whether the file is on a file system where zeros, once written, have the space that is needed to
/// change them. Where others find space only then, a full disk would be a signal instead of an error.
#[cfg(target_os = "linux")]
fn keeps_its_room(file: &File) -> io::Result<bool> {
    const EXT4: u64 = 0xef53;
    const TMPFS: u64 = 0x0102_1994;
    let system = rustix::fs::fstatfs(file)?;
    Ok(matches!(system.f_type as u64, EXT4 | TMPFS))
}

/// Writes zeros up to `end`. Written ones, because the system keeps what is written at once in large
/// pieces, each of which is mapped at once, while a hole is filled and mapped page by page.
#[cfg(target_os = "linux")]
fn extend(file: &File, end: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    let mut at = file.metadata()?.len();
    while at < end {
        let zeros = &ZEROS[..ZEROS.len().min((end - at) as usize)];
        file.write_at(at, zeros)?;
        at += zeros.len() as u64;
    }
    Ok(())
}

/// Fills `buffer` from `offset` as far as the file goes; returns how far.
pub(super) fn read_fully(
    file: &dyn StorageFile,
    mut offset: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Makes a file that appears whole and durable under `name`, or not at all.
///
/// It is written under `name.tmp` first; `fill` writes it. The handle stays good after the rename.
pub(super) fn publish(
    storage: &dyn Storage,
    name: &str,
    fill: impl FnOnce(&dyn StorageFile) -> io::Result<()>,
) -> io::Result<Arc<dyn StorageFile>> {
    let temporary = format!("{name}{TEMPORARY}");
    let file = storage.create(&temporary)?;
    let done = fill(&*file)
        .and_then(|()| file.sync())
        .and_then(|()| storage.rename(&temporary, name));
    if let Err(error) = done {
        // The next open removes what cannot be removed now.
        let _ = storage.remove(&temporary);
        return Err(error);
    }
    storage.sync_dir(None)?;
    Ok(file)
}

/// The end of the names of unfinished files.
pub(super) const TEMPORARY: &str = ".tmp";
