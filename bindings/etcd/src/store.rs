//! The store of a fleet on etcd. Invariant: what is changed is changed by one transaction that compares the incarnation of the host, so
//! a host that was forgotten changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use zmgr::{
    Code, EntryId, Error, MAX_STORE_KEYS, PoolName, Store, StoreAnswer, StoreClaim, StoreConfig, StoreHost, StoreKey,
    StoreKind, StorePool, StoreRecord, StoreRefusal,
};

use crate::client::{Client, Login};
use crate::failure::{Effect, Failure};
use crate::files;
use crate::kv::{self, Found, Stored, Transaction};
use crate::transport::{TlsFiles, Transport};

/// Keys of one answer.
const PAGE: usize = 2000;

/// Number of times that a call starts again because something has changed in between.
const TURNS: usize = 16;

/// Zones whose claims one transaction removes.
const ZONES: usize = 42;

/// Claims that one transaction removes: one comparison is for the host.
const REMOVED: usize = kv::MOST - 1;

const TXN: &str = "/v3/kv/txn";
const RANGE: &str = "/v3/kv/range";

/// End of a call.
enum End {
    Refused(StoreRefusal),
    Failed(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        End::Failed(failure)
    }
}

impl From<StoreRefusal> for End {
    fn from(refusal: StoreRefusal) -> Self {
        End::Refused(refusal)
    }
}

/// Keys, each with the claim that is to hold it.
type Keys<'a> = BTreeMap<&'a StoreKey, &'a StoreClaim>;

/// A call in progress.
struct Call<'a> {
    store: &'a EtcdStore,
    /// Set once something has been changed, or may have been.
    touched: bool,
}

impl Call<'_> {
    /// Carries out a transaction. Returns what it read if its comparisons do not hold.
    fn commit(&mut self, transaction: &Transaction) -> Result<Option<Found>, End> {
        if !transaction.fits() {
            return Err(Failure::new(Effect::None, "too many keys for one transaction of etcd").into());
        }
        match self.store.client.call(TXN, &transaction.request()) {
            Ok(answer) if kv::succeeded(&answer) => {
                self.touched = true;
                Ok(None)
            }
            Ok(answer) => Ok(Some(kv::found(&answer)?)),
            Err(failure) => {
                self.touched |= failure.effect == Effect::Unknown;
                Err(failure.into())
            }
        }
    }

    /// Reads keys in one step.
    fn read<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Result<Found, End> {
        Ok(kv::found(&self.store.client.call(TXN, &kv::reading(keys))?)?)
    }
}

/// The store of a fleet on etcd.
///
/// A value can be used by many threads, and connects to nothing before its first call. Its `Debug` shows no secret.
///
/// ```no_run
/// use std::time::Duration;
/// use zmgr::{Store, StoreAnswer};
/// use zmgr_etcd::EtcdStore;
///
/// let store = EtcdStore::builder("prod")
///     .endpoint("https://a.example:2379")
///     .endpoint("https://b.example:2379")
///     .ca("/etc/zmgr/tls/ca.pem")
///     .certificate("/etc/zmgr/tls/h1.pem", "/etc/zmgr/tls/h1.key")
///     .user("h1", "/etc/zmgr/tls/h1.password")
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// if let StoreAnswer::Done(records) = store.read("ip/dmz/") {
///     println!("{} addresses are held", records.len());
/// }
/// # Ok::<(), zmgr::Error>(())
/// ```
#[derive(Debug)]
pub struct EtcdStore {
    client: Client,
    fleet: String,
}

/// Opens the store that config.kdl names; [`zmgr::ManagerBuilder`] takes it.
///
/// Fails with `invalid-argument` for a store that is not etcd, and for files that cannot be used. Connects to nothing.
///
/// ```no_run
/// use zmgr::{Manager, StoreAnswer};
///
/// let config = Manager::open("/etc/zmgr")?.config()?.store.expect("config.kdl has `store`");
/// let store = zmgr_etcd::open(&config)?;
/// if let StoreAnswer::Done(hosts) = store.read("host/") {
///     println!("{} hosts", hosts.len());
/// }
/// # Ok::<(), zmgr::Error>(())
/// ```
pub fn open(config: &StoreConfig) -> Result<Box<dyn Store>, Error> {
    if config.kind != StoreKind::Etcd {
        return Err(Error::new(Code::InvalidArgument, format!("unknown store \"{}\": expected \"etcd\"", config.kind)));
    }
    let builder = EtcdStore::builder(config.fleet.as_str()).timeout(config.timeout);
    let mut builder = config.endpoints.iter().fold(builder, EtcdStoreBuilder::endpoint);
    if let Some(tls) = &config.tls {
        builder.ca.clone_from(&tls.ca);
        builder.certificate = match (&tls.cert, &tls.key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            _ => return Err(Error::new(Code::InvalidArgument, "`tls` needs both `cert` and `key`, or neither")),
        };
    }
    if let Some(user) = &config.user {
        builder = builder.user(user.name.as_str(), &user.password_file);
    }
    Ok(Box::new(builder.build()?))
}

/// Builds an [`EtcdStore`].
///
/// ```no_run
/// # use zmgr_etcd::*;
/// let builder: EtcdStoreBuilder = EtcdStore::builder("prod").endpoint("https://a.example:2379");
/// let store = builder.ca("/etc/zmgr/tls/ca.pem").build()?;
/// # Ok::<(), zmgr::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct EtcdStoreBuilder {
    fleet: String,
    endpoints: Vec<String>,
    ca: Option<PathBuf>,
    certificate: Option<(PathBuf, PathBuf)>,
    login: Option<Login>,
    timeout: Duration,
}

impl EtcdStoreBuilder {
    /// Adds the URL of a member: `https://HOST:PORT`. Members are tried in this order; `http` is taken for this machine only.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoints.push(url.into());
        self
    }

    /// Sets the file with the certificates of the authorities that sign those of the members.
    #[must_use]
    pub fn ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(path.into());
        self
    }

    /// Sets the files with the certificate of this host and its private key, both in PEM.
    #[must_use]
    pub fn certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Sets the user, and the file whose one line is the password.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password_file: impl Into<PathBuf>) -> Self {
        self.login = Some(Login { user: name.into(), password_file: password_file.into() });
        self
    }

    /// Sets the time limit of each request. Default: 10 seconds.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Reads certificates and keys, and returns the store.
    ///
    /// Fails with `invalid-argument` for an endpoint or file that cannot be used, such as a key that others can read.
    pub fn build(self) -> Result<EtcdStore, Error> {
        let invalid = |message: String| Error::new(Code::InvalidArgument, message);
        if self.fleet.is_empty() || self.fleet.contains('/') || self.fleet.chars().any(char::is_control) {
            return Err(invalid(format!("invalid name of a fleet: {:?}", self.fleet)));
        }
        if self.certificate.is_some() && self.ca.is_none() {
            return Err(invalid("a certificate without `ca`: the authority of etcd is not known".to_owned()));
        }
        if let Some(login) = &self.login {
            // An unreadable password is found now, not in the middle of an operation.
            files::password(&login.password_file).map_err(invalid)?;
        }
        let tls = self.ca.as_deref().map(|ca| {
            let identity = self.certificate.as_ref().map(|(certificate, key)| (certificate.as_path(), key.as_path()));
            TlsFiles { ca, identity }
        });
        let transport = Transport::new(&self.endpoints, tls.as_ref()).map_err(invalid)?;
        Ok(EtcdStore { client: Client::new(transport, self.login, self.timeout), fleet: self.fleet })
    }
}

impl EtcdStore {
    /// Returns a builder of the store of this fleet.
    pub fn builder(fleet: impl Into<String>) -> EtcdStoreBuilder {
        EtcdStoreBuilder {
            fleet: fleet.into(),
            endpoints: Vec::new(),
            ca: None,
            certificate: None,
            login: None,
            timeout: Duration::from_secs(10),
        }
    }

    fn key(&self, key: &StoreKey) -> String {
        key.encode(&self.fleet)
    }

    fn host_key(&self, host: &str) -> String {
        self.key(&StoreKey::Host(host.to_owned()))
    }

    fn record(&self, stored: &Stored) -> Option<StoreRecord> {
        StoreRecord::decode(&self.fleet, &stored.key, &stored.value)
    }

    /// Runs a call and turns its end into an answer.
    fn answer<T>(&self, call: impl FnOnce(&mut Call<'_>) -> Result<T, End>) -> StoreAnswer<T> {
        let mut state = Call { store: self, touched: false };
        match call(&mut state) {
            Ok(done) => StoreAnswer::Done(done),
            Err(End::Refused(refusal)) => StoreAnswer::Refused(refusal),
            Err(End::Failed(failure)) => {
                let error =
                    Error::new(Code::StoreUnreachable, format!("store of fleet {:?}: {}", self.fleet, failure.message));
                let error = match failure.help {
                    Some(help) => error.with_help(help),
                    None => error,
                };
                if state.touched { StoreAnswer::Unknown(error) } else { StoreAnswer::Unreachable(error) }
            }
        }
    }

    /// Requires that the host is a member with this incarnation.
    fn member(&self, found: &Found, host: &str, incarnation: &EntryId) -> Result<(), End> {
        let member = found.get(&self.host_key(host)).and_then(|stored| StoreHost::decode(&stored.value));
        match member {
            Some(member) if member.incarnation == *incarnation => Ok(()),
            other => Err(StoreRefusal::NotJoined(other).into()),
        }
    }

    /// Requires that no other entry holds any of the keys.
    fn not_held(&self, found: &Found, keys: &Keys<'_>) -> Result<(), End> {
        let mut held = Vec::new();
        let mut foreign = false;
        for (key, claim) in keys {
            let Some(stored) = found.get(&self.key(key)) else { continue };
            if !carries(stored, &claim.entry, &claim.host) {
                foreign = true;
                held.extend(self.record(stored));
            }
        }
        if foreign { Err(StoreRefusal::Held(held).into()) } else { Ok(()) }
    }

    /// Claims with what was found; `None` once there is nothing left to do.
    fn claim_found(
        &self,
        found: &Found,
        member: &StoreClaim,
        keys: &Keys<'_>,
        pools: &BTreeMap<&PoolName, &StorePool>,
    ) -> Result<Option<Transaction>, End> {
        self.member(found, &member.host, &member.incarnation)?;
        for (name, pool) in pools {
            if let Some(stored) = found.get(&self.key(&StoreKey::Pool((*name).clone()))) {
                let stored = StorePool::decode(&stored.value);
                if stored.as_ref().is_none_or(|stored| stored.digest != pool.digest) {
                    return Err(StoreRefusal::PoolDiffers { pool: (*name).clone(), stored }.into());
                }
            }
        }
        self.not_held(found, keys)?;
        let (mut transaction, mut changes) = (Transaction::default(), false);
        let host = self.host_key(&member.host);
        transaction.same(&host, found).or_read(&host);
        for (name, pool) in pools {
            let key = self.key(&StoreKey::Pool((*name).clone()));
            transaction.same(&key, found).or_read(&key);
            if !found.contains_key(&key) {
                transaction.put(&key, &pool.encode());
                changes = true;
            }
        }
        for (key, claim) in keys.iter().map(|(key, claim)| (self.key(key), claim)) {
            transaction.same(&key, found).or_read(&key);
            if !found.get(&key).is_some_and(|stored| says(stored, claim)) {
                transaction.put(&key, &claim.encode());
                changes = true;
            }
        }
        Ok(changes.then_some(transaction))
    }

    /// Claims as if nothing were taken: right for most calls, and one transaction.
    fn claim_free(&self, member: &StoreClaim, keys: &Keys<'_>, pools: &BTreeMap<&PoolName, &StorePool>) -> Transaction {
        let mut transaction = Transaction::default();
        let host = self.host_key(&member.host);
        let member = StoreHost::new(member.host.as_str(), member.incarnation.clone(), "");
        transaction.begins(&host, &member.encoded_start()).or_read(&host);
        for (name, pool) in pools {
            let key = self.key(&StoreKey::Pool((*name).clone()));
            transaction.begins(&key, &pool.encoded_start()).or_read(&key);
        }
        for (key, claim) in keys.iter().map(|(key, claim)| (self.key(key), claim)) {
            transaction.absent(&key).put(&key, &claim.encode()).or_read(&key);
        }
        transaction
    }

    /// Reads everything that begins with this text, as of one revision.
    fn all(&self, prefix: &str) -> Result<Vec<StoreRecord>, Failure> {
        Ok(self.stored(prefix)?.iter().filter_map(|stored| self.record(stored)).collect())
    }

    fn stored(&self, prefix: &str) -> Result<Vec<Stored>, Failure> {
        let prefix = format!("{}{prefix}", StoreKey::root(&self.fleet));
        let mut turns = 0..TURNS;
        'start: loop {
            let (mut all, mut from, mut revision): (Vec<Stored>, _, Option<String>) =
                (Vec::new(), prefix.clone(), None);
            loop {
                let request = kv::range(&prefix, &from, PAGE, revision.as_deref());
                let answer = match self.client.call(RANGE, &request) {
                    // The revision is gone: etcd was compacted between two pages.
                    Err(failure) if failure.message.contains("compacted") && turns.next().is_some() => continue 'start,
                    answer => answer?,
                };
                all.extend(kv::keys(&answer)?);
                let Some(last) = all.last().filter(|_| answer["more"] == serde_json::json!(true)) else {
                    return Ok(all);
                };
                from = format!("{}\0", last.key);
                revision = Some(kv::revision(&answer)?);
            }
        }
    }

    /// Removes the host, so that its calls are refused from here on.
    fn remove_host(&self, call: &mut Call<'_>, name: &str, removed: &mut Vec<StoreRecord>) -> Result<(), End> {
        let key = self.host_key(name);
        let mut found = call.read([key.as_str()])?;
        for _ in 0..TURNS {
            let Some(stored) = found.get(&key) else { return Ok(()) };
            let mut transaction = Transaction::default();
            transaction.unchanged(stored).delete(&key).or_read(&key);
            match call.commit(&transaction)? {
                None => {
                    removed.extend(self.record(stored));
                    return Ok(());
                }
                Some(now) => found = now,
            }
        }
        Err(restless().into())
    }

    /// Removes claims that were read, and refuses if the host has joined again. Returns false if something has changed since.
    fn remove_claims(&self, call: &mut Call<'_>, name: &str, claims: &[Stored]) -> Result<bool, End> {
        let key = self.host_key(name);
        let mut transaction = Transaction::default();
        transaction.absent(&key).or_read(&key);
        for stored in claims {
            transaction.unchanged(stored).delete(&stored.key);
        }
        match call.commit(&transaction)? {
            None => Ok(true),
            Some(found) => match found.get(&key) {
                Some(member) => Err(StoreRefusal::NotJoined(StoreHost::decode(&member.value)).into()),
                None => Ok(false),
            },
        }
    }
}

/// Returns true if the key is held by this entry of this host. The host counts too: a tree that was copied to another host has the
/// same ids.
fn carries(stored: &Stored, entry: &EntryId, host: &str) -> bool {
    StoreClaim::decode(&stored.value).is_some_and(|claim| claim.entry == *entry && claim.host == host)
}

/// Returns true if the key says what the claim says, whenever it was made.
fn says(stored: &Stored, claim: &StoreClaim) -> bool {
    StoreClaim::decode(&stored.value).is_some_and(|found| {
        let of = |claim: &StoreClaim| (claim.entry.clone(), claim.incarnation.clone(), claim.kind, claim.name.clone());
        of(&found) == of(claim)
    })
}

/// Splits claims so that those of an entry stay together where one transaction can hold them.
fn batches(mut claims: Vec<(EntryId, Stored)>) -> Vec<Vec<Stored>> {
    claims.sort_by(|a, b| (&a.0, &a.1.key).cmp(&(&b.0, &b.1.key)));
    let (mut batches, mut current, mut zones): (Vec<Vec<Stored>>, Vec<Stored>, usize) = (Vec::new(), Vec::new(), 0);
    for entry in claims.chunk_by(|a, b| a.0 == b.0) {
        for part in entry.chunks(REMOVED) {
            if !current.is_empty() && (zones == ZONES || current.len() + part.len() > REMOVED) {
                batches.push(std::mem::take(&mut current));
                zones = 0;
            }
            current.extend(part.iter().map(|(_, stored)| stored.clone()));
            zones += 1;
        }
    }
    batches.extend((!current.is_empty()).then_some(current));
    batches
}

fn restless() -> Failure {
    Failure::new(Effect::None, "the keys change faster than they can be read; try again")
}

fn few(keys: usize) -> Result<(), End> {
    if keys > MAX_STORE_KEYS {
        return Err(Failure::new(Effect::None, format!("{keys} keys do not fit into one transaction")).into());
    }
    Ok(())
}

impl Store for EtcdStore {
    fn read(&self, prefix: &str) -> StoreAnswer<Vec<StoreRecord>> {
        self.answer(|_| Ok(self.all(prefix)?))
    }

    fn claim_all(&self, claims: &[(StoreClaim, Vec<StoreKey>)], pools: &[(PoolName, StorePool)]) -> StoreAnswer<()> {
        let Some((member, _)) = claims.first() else { return StoreAnswer::Done(()) };
        let keys: Keys<'_> = claims.iter().flat_map(|(claim, keys)| keys.iter().map(move |key| (key, claim))).collect();
        let pools: BTreeMap<&PoolName, &StorePool> = pools.iter().map(|(name, pool)| (name, pool)).collect();
        self.answer(|call| {
            few(keys.len())?;
            let first = self.claim_free(member, &keys, &pools);
            let mut found = if first.fits() {
                match call.commit(&first)? {
                    None => return Ok(()),
                    Some(found) => found,
                }
            } else {
                let pools = pools.keys().map(|name| self.key(&StoreKey::Pool((*name).clone())));
                let all: Vec<String> =
                    keys.keys().map(|key| self.key(key)).chain(pools).chain([self.host_key(&member.host)]).collect();
                call.read(all.iter().map(String::as_str))?
            };
            for _ in 0..TURNS {
                let Some(transaction) = self.claim_found(&found, member, &keys, &pools)? else { return Ok(()) };
                match call.commit(&transaction)? {
                    None => return Ok(()),
                    Some(now) => found = now,
                }
            }
            Err(restless().into())
        })
    }

    fn release(&self, host: &StoreHost, entry: &EntryId, keys: &[StoreKey]) -> StoreAnswer<()> {
        let keys: BTreeSet<&StoreKey> = keys.iter().collect();
        self.answer(|call| {
            few(keys.len())?;
            let member = self.host_key(&host.host);
            let all: Vec<String> = keys.iter().map(|key| self.key(key)).chain([member.clone()]).collect();
            let mut found = call.read(all.iter().map(String::as_str))?;
            for _ in 0..TURNS {
                self.member(&found, &host.host, &host.incarnation)?;
                let mut transaction = Transaction::default();
                transaction.same(&member, &found);
                let ours: Vec<_> = found.values().filter(|stored| carries(stored, entry, &host.host)).collect();
                if ours.is_empty() {
                    return Ok(());
                }
                for stored in ours {
                    transaction.unchanged(stored).delete(&stored.key);
                }
                for key in &all {
                    transaction.or_read(key);
                }
                match call.commit(&transaction)? {
                    None => return Ok(()),
                    Some(now) => found = now,
                }
            }
            Err(restless().into())
        })
    }

    fn join(&self, host: &StoreHost) -> StoreAnswer<()> {
        self.answer(|call| {
            let key = self.host_key(&host.host);
            let mut transaction = Transaction::default();
            transaction.absent(&key).put(&key, &host.encode()).or_read(&key);
            for _ in 0..TURNS {
                match call.commit(&transaction)? {
                    None => return Ok(()),
                    // Forgotten between the comparison and now cannot be: both are one step.
                    Some(found) if found.contains_key(&key) => {
                        return self.member(&found, &host.host, &host.incarnation);
                    }
                    Some(_) => {}
                }
            }
            Err(restless().into())
        })
    }

    fn forget(&self, host: &str) -> StoreAnswer<Vec<StoreRecord>> {
        self.answer(|call| {
            let mut removed = Vec::new();
            self.remove_host(call, host, &mut removed)?;
            'start: for _ in 0..TURNS {
                let ours = self.stored("")?.into_iter().filter_map(|stored| {
                    let claim = self.record(&stored)?.claim().filter(|claim| claim.host == host)?.clone();
                    Some((claim.entry, stored))
                });
                for batch in batches(ours.collect()) {
                    if !self.remove_claims(call, host, &batch)? {
                        continue 'start;
                    }
                    removed.extend(batch.iter().filter_map(|stored| self.record(stored)));
                }
                return Ok(removed);
            }
            Err(restless().into())
        })
    }

    fn push(&self, host: &StoreHost, pool: &PoolName, new: &StorePool, expected: Option<&str>) -> StoreAnswer<()> {
        self.answer(|call| {
            let (member, key) = (self.host_key(&host.host), self.key(&StoreKey::Pool(pool.clone())));
            let mut found = call.read([member.as_str(), key.as_str()])?;
            for _ in 0..TURNS {
                self.member(&found, &host.host, &host.incarnation)?;
                let stored = found.get(&key);
                let value = stored.and_then(|stored| StorePool::decode(&stored.value));
                if value.as_ref().is_some_and(|value| value.digest == new.digest) {
                    return Ok(());
                }
                // One that is unreadable has no digest that could be expected.
                let digest = value.as_ref().map(|value| value.digest.as_str());
                if digest != expected || stored.is_some() != value.is_some() {
                    return Err(StoreRefusal::PoolDiffers { pool: pool.clone(), stored: value }.into());
                }
                let mut transaction = Transaction::default();
                transaction.same(&member, &found).same(&key, &found).put(&key, &new.encode());
                transaction.or_read(&member).or_read(&key);
                match call.commit(&transaction)? {
                    None => return Ok(()),
                    Some(now) => found = now,
                }
            }
            Err(restless().into())
        })
    }
}
