//! A store in memory, for tests of what hosts do with a store's answers.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::keys::{StoreClaim, StoreHost, StoreKey, StorePool, StoreRecord, StoreValue};
use super::store::{MAX_STORE_KEYS, Store, StoreAnswer, StoreRefusal};
use crate::error::{Code, Error};
use crate::value::EntryId;
use crate::value::name::PoolName;

/// A store in memory. Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    records: Arc<Mutex<BTreeMap<String, String>>>,
    /// The file that processes share.
    file: Option<PathBuf>,
    disturb: Option<Arc<Disturb>>,
}

type Disturb = dyn Fn(StoreCall) -> Disturbance + Send + Sync;

/// A call of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreCall {
    /// [`Store::read`].
    Read,
    /// [`Store::claim_all`].
    Claim,
    /// [`Store::release`].
    Release,
    /// [`Store::join`].
    Join,
    /// [`Store::forget`].
    Forget,
    /// [`Store::push`].
    Push,
}

/// Way in which a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disturbance {
    /// Nothing.
    None,
    /// The store is not reached.
    Unreachable,
    /// The store does it, and its answer is lost.
    AnswerLost,
    /// The request is lost, and the caller cannot know.
    RequestLost,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("records", &self.records).finish_non_exhaustive()
    }
}

/// The name of the only fleet of a store in memory.
const FLEET: &str = "memory";

impl MemoryStore {
    /// Returns an empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// Returns a store in this file, for several processes. A process that is killed leaves it as it was before a call, or after it.
    pub fn in_file(path: impl Into<PathBuf>) -> Self {
        MemoryStore { file: Some(path.into()), ..MemoryStore::default() }
    }

    /// Returns the same store as it is for a client whose calls are disturbed. `disturb` is asked once for each call.
    #[must_use]
    pub fn disturbed(&self, disturb: impl Fn(StoreCall) -> Disturbance + Send + Sync + 'static) -> Self {
        MemoryStore { disturb: Some(Arc::new(disturb)), ..self.clone() }
    }

    /// Returns everything in the store.
    pub fn records(&self) -> Vec<StoreRecord> {
        let records = self.lock();
        records.iter().filter_map(|(key, value)| StoreRecord::decode(FLEET, key, value)).collect()
    }

    /// Puts a text at a key, as another program would.
    pub fn put(&self, key: &StoreKey, text: &str) {
        self.lock().insert(key.encode(FLEET), text.to_owned());
    }

    fn lock(&self) -> Records<'_> {
        let mut records = self.records.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let file = self.file.clone().map(|path| {
            let lock = File::create(path.with_extension("lock")).expect("the lock of the store");
            lock.lock().expect("the lock of the store");
            let text = fs::read_to_string(&path).unwrap_or_default();
            *records = serde_json::from_str(&text).unwrap_or_default();
            (path, lock)
        });
        Records { before: records.clone(), records, file }
    }

    fn call<T>(&self, call: StoreCall, answer: impl FnOnce() -> StoreAnswer<T>) -> StoreAnswer<T> {
        let lost = |what: &str| Error::new(Code::StoreUnreachable, format!("the {what} of the store was lost"));
        match self.disturb.as_ref().map_or(Disturbance::None, |disturb| disturb(call)) {
            Disturbance::None => answer(),
            Disturbance::Unreachable => {
                StoreAnswer::Unreachable(Error::new(Code::StoreUnreachable, "cannot reach the store"))
            }
            // A read changes nothing, so that it is never unknown.
            Disturbance::AnswerLost | Disturbance::RequestLost if call == StoreCall::Read => {
                StoreAnswer::Unreachable(lost("answer"))
            }
            Disturbance::AnswerLost => {
                let _ = answer();
                StoreAnswer::Unknown(lost("answer"))
            }
            Disturbance::RequestLost => StoreAnswer::Unknown(lost("answer")),
        }
    }
}

/// The records, locked. What was changed is in the file once they are dropped.
struct Records<'s> {
    records: MutexGuard<'s, BTreeMap<String, String>>,
    before: BTreeMap<String, String>,
    file: Option<(PathBuf, File)>,
}

impl Deref for Records<'_> {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.records
    }
}

impl DerefMut for Records<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.records
    }
}

impl Drop for Records<'_> {
    fn drop(&mut self) {
        if let Some((path, _)) = self.file.as_ref().filter(|_| *self.records != self.before) {
            let new = path.with_extension("new");
            fs::write(&new, serde_json::to_string(&*self.records).unwrap_or_default()).expect("the file of the store");
            fs::rename(new, path).expect("the file of the store");
        }
    }
}

fn get(records: &BTreeMap<String, String>, key: &StoreKey) -> Option<StoreRecord> {
    let text = key.encode(FLEET);
    records.get(&text).and_then(|value| StoreRecord::decode(FLEET, &text, value))
}

/// Returns the refusal for a host that is not a member.
fn member(records: &BTreeMap<String, String>, name: &str, incarnation: &EntryId) -> Result<(), StoreRefusal> {
    match get(records, &StoreKey::Host(name.to_owned())).map(|record| record.value) {
        Some(StoreValue::Host(host)) if host.incarnation == *incarnation => Ok(()),
        Some(StoreValue::Host(host)) => Err(StoreRefusal::NotJoined(Some(host))),
        _ => Err(StoreRefusal::NotJoined(None)),
    }
}

fn same_pool(records: &BTreeMap<String, String>, pool: &PoolName, digest: &str) -> Result<bool, StoreRefusal> {
    match get(records, &StoreKey::Pool(pool.clone())).map(|record| record.value) {
        None => Ok(false),
        Some(StoreValue::Pool(stored)) if stored.digest == digest => Ok(true),
        Some(StoreValue::Pool(stored)) => Err(StoreRefusal::PoolDiffers { pool: pool.clone(), stored: Some(stored) }),
        Some(_) => Err(StoreRefusal::PoolDiffers { pool: pool.clone(), stored: None }),
    }
}

fn few<T>(keys: usize) -> Option<StoreAnswer<T>> {
    (keys > MAX_STORE_KEYS).then(|| {
        let message = format!("{keys} keys do not fit into one transaction");
        StoreAnswer::Unreachable(Error::new(Code::StoreUnreachable, message))
    })
}

impl Store for MemoryStore {
    fn read(&self, prefix: &str) -> StoreAnswer<Vec<StoreRecord>> {
        self.call(StoreCall::Read, || {
            let prefix = format!("{}{prefix}", StoreKey::root(FLEET));
            let records = self.lock();
            let found = records.iter().filter(|(key, _)| key.starts_with(&prefix));
            StoreAnswer::Done(found.filter_map(|(key, value)| StoreRecord::decode(FLEET, key, value)).collect())
        })
    }

    fn claim_all(&self, claims: &[(StoreClaim, Vec<StoreKey>)], pools: &[(PoolName, StorePool)]) -> StoreAnswer<()> {
        self.call(StoreCall::Claim, || {
            if let Some(refused) = few(claims.iter().map(|(_, keys)| keys.len()).sum()) {
                return refused;
            }
            let Some((first, _)) = claims.first() else { return StoreAnswer::Done(()) };
            let mut records = self.lock();
            if let Err(refusal) = member(&records, &first.host, &first.incarnation) {
                return StoreAnswer::Refused(refusal);
            }
            let mut new = Vec::new();
            for (pool, value) in pools {
                match same_pool(&records, pool, &value.digest) {
                    Ok(true) => {}
                    Ok(false) => new.push((StoreKey::Pool(pool.clone()), value.encode())),
                    Err(refusal) => return StoreAnswer::Refused(refusal),
                }
            }
            let all = || claims.iter().flat_map(|(claim, keys)| keys.iter().map(move |key| (claim, key)));
            let taken = all().filter_map(|(claim, key)| Some((claim, get(&records, key)?)));
            let taken = taken.filter(|(claim, record)| record.claim().is_none_or(|other| other.entry != claim.entry));
            let taken: Vec<StoreRecord> = taken.map(|(_, record)| record).collect();
            if !taken.is_empty() {
                return StoreAnswer::Refused(StoreRefusal::Held(taken));
            }
            new.extend(all().map(|(claim, key)| (key.clone(), claim.encode())));
            for (key, value) in new {
                records.entry(key.encode(FLEET)).or_insert(value);
            }
            StoreAnswer::Done(())
        })
    }

    fn release(&self, host: &StoreHost, entry: &EntryId, keys: &[StoreKey]) -> StoreAnswer<()> {
        self.call(StoreCall::Release, || {
            if let Some(refused) = few(keys.len()) {
                return refused;
            }
            let mut records = self.lock();
            if let Err(refusal) = member(&records, &host.host, &host.incarnation) {
                return StoreAnswer::Refused(refusal);
            }
            for key in keys {
                let ours = get(&records, key).is_some_and(|record| record.claim().is_some_and(|c| c.entry == *entry));
                if ours {
                    records.remove(&key.encode(FLEET));
                }
            }
            StoreAnswer::Done(())
        })
    }

    fn join(&self, host: &StoreHost) -> StoreAnswer<()> {
        self.call(StoreCall::Join, || {
            let mut records = self.lock();
            match member(&records, &host.host, &host.incarnation) {
                Ok(()) => StoreAnswer::Done(()),
                Err(StoreRefusal::NotJoined(None)) => {
                    records.insert(StoreKey::Host(host.host.clone()).encode(FLEET), host.encode());
                    StoreAnswer::Done(())
                }
                Err(refusal) => StoreAnswer::Refused(refusal),
            }
        })
    }

    fn forget(&self, host: &str) -> StoreAnswer<Vec<StoreRecord>> {
        self.call(StoreCall::Forget, || {
            let mut records = self.lock();
            let gone: Vec<(String, StoreRecord)> = records
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), StoreRecord::decode(FLEET, key, value)?)))
                .filter(|(_, record)| match &record.value {
                    StoreValue::Host(member) => member.host == host,
                    StoreValue::Claim(claim) => claim.host == host,
                    _ => false,
                })
                .collect();
            for (key, _) in &gone {
                records.remove(key);
            }
            StoreAnswer::Done(gone.into_iter().map(|(_, record)| record).collect())
        })
    }

    fn push(&self, host: &StoreHost, pool: &PoolName, new: &StorePool, expected: Option<&str>) -> StoreAnswer<()> {
        self.call(StoreCall::Push, || {
            let mut records = self.lock();
            if let Err(refusal) = member(&records, &host.host, &host.incarnation) {
                return StoreAnswer::Refused(refusal);
            }
            if let Ok(true) = same_pool(&records, pool, &new.digest) {
                return StoreAnswer::Done(());
            }
            match (same_pool(&records, pool, expected.unwrap_or_default()), expected) {
                (Ok(true), Some(_)) | (Ok(false), None) => {
                    records.insert(StoreKey::Pool(pool.clone()).encode(FLEET), new.encode());
                    StoreAnswer::Done(())
                }
                (Ok(_), _) => StoreAnswer::Refused(StoreRefusal::PoolDiffers { pool: pool.clone(), stored: None }),
                (Err(refusal), _) => StoreAnswer::Refused(refusal),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> StoreHost {
        StoreHost::new(name, EntryId::random().unwrap(), "2026-11-30T20:00:00Z")
    }

    fn claim(host: &StoreHost, name: &str) -> StoreClaim {
        StoreClaim::new(EntryId::random().unwrap(), host, super::super::keys::ClaimKind::Zone, name, "now")
    }

    fn keys(last: &[u8]) -> Vec<StoreKey> {
        let key = |n: &u8| StoreKey::Ip { segment: "dmz".to_owned(), address: [10, 1, 0, *n].into() };
        last.iter().map(key).collect()
    }

    fn is_done<T>(answer: StoreAnswer<T>) -> bool {
        matches!(answer, StoreAnswer::Done(_))
    }

    #[test]
    fn a_claim_is_all_or_nothing_and_names_the_holders() {
        let (store, h1, h2) = (MemoryStore::new(), host("h1"), host("h2"));
        assert!(is_done(store.join(&h1)) && is_done(store.join(&h2)));
        let first = claim(&h1, "web01");
        assert!(is_done(store.claim(&first, &keys(&[10]), &[])));
        assert!(is_done(store.claim(&first, &keys(&[10]), &[])), "asked twice, done once");
        match store.claim(&claim(&h2, "web02"), &keys(&[11, 10]), &[]) {
            StoreAnswer::Refused(StoreRefusal::Held(held)) => {
                assert_eq!(held.len(), 1);
                assert_eq!(held[0].claim(), Some(&first));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(store.records().len(), 3, "two hosts and one claim");
    }

    #[test]
    fn a_release_removes_what_carries_the_id() {
        let (store, h1) = (MemoryStore::new(), host("h1"));
        assert!(is_done(store.join(&h1)));
        let (first, second) = (claim(&h1, "web01"), claim(&h1, "web02"));
        assert!(is_done(store.claim(&first, &keys(&[10]), &[])) && is_done(store.claim(&second, &keys(&[11]), &[])));
        assert!(is_done(store.release(&h1, &first.entry, &keys(&[10, 11]))));
        let left: Vec<StoreKey> = store.records().into_iter().map(|record| record.key).collect();
        assert_eq!(left, [vec![StoreKey::Host("h1".to_owned())], keys(&[11])].concat());
    }

    #[test]
    fn a_forgotten_host_is_refused_until_it_joins_again() {
        let (store, h1) = (MemoryStore::new(), host("h1"));
        assert!(is_done(store.join(&h1)));
        let held = claim(&h1, "web01");
        assert!(is_done(store.claim(&held, &keys(&[10]), &[])));
        match store.forget("h1") {
            StoreAnswer::Done(gone) => assert_eq!(gone.len(), 2),
            other => panic!("{other:?}"),
        }
        for answer in [store.claim(&held, &keys(&[10]), &[]), store.release(&h1, &held.entry, &keys(&[10]))] {
            assert!(matches!(answer, StoreAnswer::Refused(StoreRefusal::NotJoined(None))), "{answer:?}");
        }
        let again = host("h1");
        assert!(is_done(store.join(&again)));
        assert!(matches!(store.join(&h1), StoreAnswer::Refused(StoreRefusal::NotJoined(Some(now))) if now == again));
    }

    #[test]
    fn a_pool_has_one_definition() {
        let (store, h1) = (MemoryStore::new(), host("h1"));
        assert!(is_done(store.join(&h1)));
        let pool: PoolName = "front".parse().unwrap();
        let of = |digest: &str| vec![(pool.clone(), StorePool::new(digest, "h1", "now"))];
        assert!(is_done(store.claim(&claim(&h1, "a"), &keys(&[10]), &of("old"))));
        let differs = |answer| matches!(answer, StoreAnswer::Refused(StoreRefusal::PoolDiffers { .. }));
        assert!(differs(store.claim(&claim(&h1, "b"), &keys(&[11]), &of("new"))));
        assert!(differs(store.push(&h1, &pool, &of("new")[0].1, None)));
        assert!(differs(store.push(&h1, &pool, &of("new")[0].1, Some("other"))));
        assert!(is_done(store.push(&h1, &pool, &of("new")[0].1, Some("old"))));
        assert!(is_done(store.push(&h1, &pool, &of("new")[0].1, Some("old"))), "asked twice, done once");
        assert!(is_done(store.claim(&claim(&h1, "b"), &keys(&[11]), &of("new"))));
    }

    #[test]
    fn a_lost_answer_is_unknown_and_may_be_asked_again() {
        let (store, h1) = (MemoryStore::new(), host("h1"));
        assert!(is_done(store.join(&h1)));
        let held = claim(&h1, "web01");
        for (disturbance, done) in [(Disturbance::RequestLost, 1), (Disturbance::AnswerLost, 2)] {
            let answer = store.disturbed(move |_| disturbance).claim(&held, &keys(&[10]), &[]);
            assert!(matches!(answer, StoreAnswer::Unknown(_)), "{answer:?}");
            assert_eq!(store.records().len(), done);
        }
        assert!(is_done(store.claim(&held, &keys(&[10]), &[])));
        assert_eq!(store.records().len(), 2);
    }
}
