//! [`Context`]: all that a handler may touch.
//!
//! Typed access to keys happens here and nowhere else, so that WRONGTYPE, expiry, access times, watches and
//! the removal of empty collections are done once for all commands.

use triomphe::Arc;

use super::host::Host;
use super::reply::ReplyError;
use super::reply::Result;
use super::unit::Unit;
use super::world::World;
use crate::keyspace::Db;
use crate::keyspace::Slot;
use crate::resp::Protocol;
use crate::rng::Rng;
use crate::session::Session;
use crate::value::Hash;
use crate::value::StringValue;
use crate::value::Value;

/// What a handler works on: the world, its own connection, the running unit, and the fake around them.
pub struct Context<'a> {
    /// Data, connections, configuration, statistics.
    pub world: &'a mut World,
    /// The connection that sent the command.
    pub session: &'a mut Session,
    /// The running unit.
    pub unit: &'a mut Unit,
    /// What only the engine can do.
    pub host: &'a mut dyn Host,
}

impl Context<'_> {
    /// The frozen time of the unit, in milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.unit.now_ms()
    }

    /// Whether the connection may do more than AUTH.
    #[inline]
    pub fn is_authenticated(&self) -> bool {
        self.session.authenticated || self.world.config.requirepass().is_empty()
    }

    /// Whether replies go out in RESP3, for the few commands whose shape depends on it.
    pub fn resp3(&self) -> bool {
        self.session.protocol == Protocol::Resp3
    }

    /// The unit's random numbers.
    pub fn rng(&mut self) -> &mut Rng {
        let world = &mut self.world.rng;
        self.unit.rng(|| world.next_u64())
    }

    /// The selected database.
    pub fn db(&self) -> &Db {
        self.world.keyspace.db(self.session.db)
    }

    /// The selected database, to change. Whoever changes it directly calls [`changed`](Context::changed).
    pub fn db_mut(&mut self) -> &mut Db {
        self.world.keyspace.db_mut(self.session.db)
    }

    /// Whether `key` exists. Not a lookup: no statistics, no access time.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.expire(key);
        self.db().get(key).is_some()
    }

    /// What stands at `key`, for a command that reads the value.
    #[inline]
    pub fn read(&mut self, key: &[u8]) -> Option<&Slot> {
        let access = self.access();
        self.look(key).inspect(access)
    }

    /// What stands at `key`, for a command that reads about the key: no access to the value.
    #[inline]
    pub fn look(&mut self, key: &[u8]) -> Option<&Slot> {
        self.expire(key);
        let slot = self.world.keyspace.db(self.session.db).get(key);
        match slot {
            Some(_) => self.world.stats.keyspace_hits += 1,
            None => self.world.stats.keyspace_misses += 1,
        }
        slot
    }

    /// What stands at `key`, for a command that writes.
    pub fn peek(&mut self, key: &[u8]) -> Option<&Slot> {
        self.expire(key);
        let access = self.access();
        self.db().get(key).inspect(access)
    }

    /// The string at `key`, for a command that reads.
    pub fn string(&mut self, key: &[u8]) -> Result<Option<&StringValue>> {
        as_string(self.read(key))
    }

    /// The string at `key`, for a command that writes.
    pub fn peek_string(&mut self, key: &[u8]) -> Result<Option<&StringValue>> {
        as_string(self.peek(key))
    }

    /// The string at `key` (empty where there is none), to change in place and then call
    /// [`changed`](Context::changed).
    pub fn string_mut(&mut self, key: &[u8]) -> Result<&mut StringValue> {
        match self.value_or_insert(key, || Value::String(StringValue::new(b""))) {
            Value::String(string) => Ok(string),
            _ => Err(ReplyError::WRONG_TYPE),
        }
    }

    /// Puts what `change` makes of the string at `key` in its place; the key's time to live stays.
    pub fn update_string<T>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(Option<&StringValue>) -> Result<(StringValue, T)>,
    ) -> Result<T> {
        self.expire(key);
        let answer = match self.db_mut().value_mut(key) {
            Some(Value::String(string)) => {
                let (value, answer) = change(Some(string))?;
                *string = value;
                answer
            }
            Some(_) => return Err(ReplyError::WRONG_TYPE),
            None => {
                let (value, answer) = change(None)?;
                let now_s = self.now_s();
                self.db_mut().insert(key, Value::String(value), None, now_s);
                answer
            }
        };
        self.touched(key);
        Ok(answer)
    }

    /// The hash at `key`, for a command that reads. Fields whose time is over are gone.
    pub fn hash(&mut self, key: &[u8]) -> Result<Option<&Hash>> {
        self.expire_fields(key);
        as_hash(self.read(key))
    }

    /// The hash at `key`, for a command that writes but may find nothing to do.
    pub fn peek_hash(&mut self, key: &[u8]) -> Result<Option<&Hash>> {
        self.expire_fields(key);
        as_hash(self.peek(key))
    }

    /// The hash at `key` (a new one where there is none), to change and then call
    /// [`changed`](Context::changed).
    pub fn hash_mut(&mut self, key: &[u8]) -> Result<&mut Hash> {
        self.expire_fields(key);
        match self.value_or_insert(key, || Value::Hash(Arc::default())) {
            Value::Hash(hash) => Ok(Arc::make_mut(hash)),
            _ => Err(ReplyError::WRONG_TYPE),
        }
    }

    /// Puts a value at `key` in place of what stood there; the key then never expires.
    pub fn set(&mut self, key: &[u8], value: Value) {
        self.set_until(key, value, None);
    }

    /// Puts a string at `key` in place of what stood there; the key then never expires.
    pub fn set_string(&mut self, key: &[u8], bytes: &[u8]) {
        let now_s = self.now_s();
        self.db_mut().insert_string(key, bytes, now_s);
        self.touched(key);
    }

    /// Puts a value at `key` in place of what stood there; the key's time to live stays.
    pub fn set_keep_ttl(&mut self, key: &[u8], value: Value) {
        let expires_at = self.peek(key).and_then(Slot::expires_at);
        self.set_until(key, value, expires_at);
    }

    /// Puts a value at `key` in place of what stood there, until `expires_at` (ms since the epoch).
    pub fn set_until(&mut self, key: &[u8], value: Value, expires_at: Option<i64>) {
        let now_s = self.now_s();
        if value.is_empty_collection() {
            self.db_mut().remove(key);
        } else {
            self.db_mut().insert(key, value, expires_at, now_s);
        }
        self.touched(key);
    }

    /// Removes `key`; what stood there.
    pub fn remove(&mut self, key: &[u8]) -> Option<Slot> {
        self.expire(key);
        let slot = self.db_mut().remove(key);
        if slot.is_some() {
            self.touched(key);
        }
        slot
    }

    /// Sets when `key` expires (ms since the epoch, `None`: never); whether the key exists.
    pub fn set_expiry(&mut self, key: &[u8], at_ms: Option<i64>) -> bool {
        let exists = self.db_mut().set_expiry(key, at_ms);
        if exists {
            self.touched(key);
        }
        exists
    }

    /// The value at `key` was changed in place: whoever watches it learns that, an empty collection goes
    /// away, and the unit has something to commit.
    pub fn changed(&mut self, key: &[u8]) {
        self.db_mut().settle(key);
        self.touched(key);
    }

    /// As [`changed`](Context::changed), for a list, a set or a sorted set that has elements now: there is nothing to settle.
    pub fn grew(&mut self, key: &[u8]) {
        self.touched(key);
    }

    /// Selects another database.
    pub fn select(&mut self, db: usize) {
        self.session.db = db;
        self.unit.selected();
    }

    /// Runs `body` with another database selected for that time.
    pub fn in_db<T>(&mut self, db: usize, body: impl FnOnce(&mut Self) -> T) -> T {
        let selected = std::mem::replace(&mut self.session.db, db);
        let result = body(self);
        self.session.db = selected;
        result
    }

    /// Removes `key` if its time to live is over.
    ///
    /// The engine expires what is due before each unit, so that this finds something only where the active
    /// expiry is switched off.
    #[inline]
    pub fn expire(&mut self, key: &[u8]) {
        if self.unit.applying || self.world.active_expire {
            return;
        }
        let due = |slot: &Slot| slot.expires_at().is_some_and(|at| at <= self.now_ms());
        if self.db().get(key).is_some_and(due) {
            self.db_mut().remove(key);
            self.world.stats.expired_keys += 1;
            self.notice(key);
            self.unit.expired(&[b"DEL", key]);
        }
    }

    /// Removes the fields of the hash at `key` whose time to live is over, and the key with the last one.
    pub fn expire_fields(&mut self, key: &[u8]) {
        self.expire(key);
        if self.unit.applying || self.world.active_expire {
            return;
        }
        let now_ms = self.now_ms();
        let fields = self.world.expire_fields(self.session.db, key, now_ms);
        if !fields.is_empty() {
            self.notice(key);
            let mut argv: Vec<&[u8]> = vec![b"HDEL", key];
            argv.extend(fields.iter().map(|field| &**field));
            self.unit.expired(&argv);
        }
    }

    /// The frozen time of the unit, in seconds since the epoch.
    pub fn now_s(&self) -> u32 {
        self.unit.now_us.div_euclid(1_000_000) as u32
    }

    /// Whether a time of expiry, in milliseconds since the epoch, is over, so that setting it removes at once. When
    /// recorded effects are applied, it never is: the removal is an effect of its own.
    pub fn is_past(&self, at_ms: i64) -> bool {
        !self.unit.applying && at_ms <= self.now_ms()
    }

    /// Notes an access, unless the connection asked for none (`CLIENT NO-TOUCH`).
    fn access(&self) -> impl Fn(&&Slot) + use<> {
        let (no_touch, now_s) = (self.session.no_touch, self.now_s());
        move |slot| {
            if !no_touch {
                slot.access(now_s);
            }
        }
    }

    fn touched(&mut self, key: &[u8]) {
        self.unit.changed();
        self.notice(key);
    }

    /// Whoever watches `key`, waits for it or has a copy of it learns that it changed.
    fn notice(&mut self, key: &[u8]) {
        self.world.notice(self.session.db, key, self.unit.seq);
        if self.world.tracking.is_some() {
            self.invalidate(key);
        }
    }

    /// The value at `key`, to change; `new` where there is none.
    pub(super) fn value_or_insert(
        &mut self,
        key: &[u8],
        new: impl FnOnce() -> Value,
    ) -> &mut Value {
        self.expire(key);
        let now_s = self.now_s();
        self.db_mut().value_or_insert(key, now_s, new)
    }
}

fn as_string(slot: Option<&Slot>) -> Result<Option<&StringValue>> {
    match slot.map(|slot| slot.value()) {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string)),
        Some(_) => Err(ReplyError::WRONG_TYPE),
    }
}

fn as_hash(slot: Option<&Slot>) -> Result<Option<&Hash>> {
    match slot.map(|slot| slot.value()) {
        None => Ok(None),
        Some(Value::Hash(hash)) => Ok(Some(hash)),
        Some(_) => Err(ReplyError::WRONG_TYPE),
    }
}
