//! Eviction: before a unit runs, the data is made to take no more than `maxmemory`. Which key goes is for
//! [`World::victim`] to say; each is a unit of its own.

use super::Core;
use crate::commit::Origin;
use crate::journal::JournalError;

impl Core {
    /// Evicts keys until there is memory, where it is limited.
    ///
    /// # Errors
    ///
    /// The journal takes no records.
    pub(super) fn make_room(&mut self, now_us: i64) -> Result<(), JournalError> {
        while self.world.config.maxmemory() > 0
            && self.world.broken.is_none()
            && let Some((db, key)) = self.world.victim()
        {
            self.evict_key(db, &key, now_us)?;
        }
        Ok(())
    }

    /// Evicts a key.
    ///
    /// # Errors
    ///
    /// The journal takes no records.
    pub(super) fn evict_key(
        &mut self,
        db: usize,
        key: &[u8],
        now_us: i64,
    ) -> Result<(), JournalError> {
        self.world.stats.evicted_keys += 1;
        self.remove_key(Origin::Evicted, db, key, now_us)
    }
}
