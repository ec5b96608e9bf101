//! A journal's files in memory: history for as long as the process lives.

use super::storage::LockGuard;
use super::storage::Room;
use super::storage::Storage;
use super::storage::StorageFile;
use parking_lot::Mutex;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// A directory that is nowhere but here, and gone with its last user.
#[derive(Debug, Default)]
pub struct Memory {
    files: Mutex<BTreeMap<String, MemoryFile>>,
    locked: Arc<AtomicBool>,
}

/// Clones are the same file, whatever becomes of its name.
#[derive(Clone, Debug, Default)]
struct MemoryFile(Arc<RwLock<Vec<u8>>>);

impl Memory {
    /// An empty directory.
    pub fn new() -> Memory {
        Memory::default()
    }

    fn not_found(name: &str) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("there is no file {name}"))
    }
}

impl Storage for Memory {
    fn make_dir(&self, _: Option<&str>) -> io::Result<()> {
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let files = self.files.lock();
        let names = files.keys().filter(|name| !name.contains('/'));
        Ok(names.cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let files = self.files.lock();
        let file = files.get(name).ok_or_else(|| Memory::not_found(name))?;
        Ok(Arc::new(file.clone()))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let file = MemoryFile::default();
        self.files.lock().insert(name.to_owned(), file.clone());
        Ok(Arc::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or_else(|| Memory::not_found(from))?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let removed = self.files.lock().remove(name);
        removed.map(drop).ok_or_else(|| Memory::not_found(name))
    }

    fn sync_dir(&self, _: Option<&str>) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _: &str) -> io::Result<Option<LockGuard>> {
        let was_locked = self.locked.swap(true, Ordering::AcqRel);
        let guard = || Box::new(Locked(Arc::clone(&self.locked))) as LockGuard;
        Ok((!was_locked).then(guard))
    }

    fn is_locked(&self) -> io::Result<bool> {
        Ok(self.locked.load(Ordering::Acquire))
    }
}

struct Locked(Arc<AtomicBool>);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl StorageFile for MemoryFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.read();
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        let mut file = self.0.write();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.read().len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.write().resize(len as usize, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn room(&self, offset: u64, len: usize) -> io::Result<Option<Box<dyn Room>>> {
        let mut file = self.0.write();
        let end = offset as usize + len;
        if file.len() < end {
            file.resize(end, 0);
        }
        Ok(Some(Box::new(self.clone())))
    }
}

impl Room for MemoryFile {
    fn store(&mut self, offset: u64, bytes: &[u8]) -> bool {
        let mut file = self.0.write();
        let place = file
            .get_mut(offset as usize..)
            .and_then(|rest| rest.get_mut(..bytes.len()));
        place.map(|place| place.copy_from_slice(bytes)).is_some()
    }
}
