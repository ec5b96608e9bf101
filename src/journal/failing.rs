//! A file whose next change, or next sync, fails, for whoever tests what happens then.

use super::storage::StorageFile;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

/// A file that fails once, and then does what it is told.
pub(super) struct Failing {
    file: Arc<dyn StorageFile>,
    error: Mutex<Option<io::Error>>,
    /// Only a sync fails.
    at_sync: bool,
}

impl Failing {
    pub(super) fn new(file: Arc<dyn StorageFile>, error: io::Error, at_sync: bool) -> Failing {
        Failing {
            file,
            error: Mutex::new(Some(error)),
            at_sync,
        }
    }

    /// The file, unless it is to fail now.
    fn changed(&self) -> io::Result<&dyn StorageFile> {
        match self.at_sync {
            true => Ok(&*self.file),
            false => self.failed(),
        }
    }

    /// The file, once it has failed.
    fn failed(&self) -> io::Result<&dyn StorageFile> {
        let error = self.error.lock().expect("no thread panics with it").take();
        error.map_or(Ok(&*self.file), Err)
    }
}

impl StorageFile for Failing {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.changed()?.write_at(offset, bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.changed()?.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.failed()?.sync()
    }
}
