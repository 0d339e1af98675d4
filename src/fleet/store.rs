//! The store that the hosts of a fleet share, as a trait. No network code: the client of etcd is the package `zmgr-etcd`.
//!
//! Invariant: a key is taken until its holder releases it or its host is forgotten. Nothing ends with time.

use super::keys::{StoreClaim, StoreHost, StoreKey, StorePool, StoreRecord};
use crate::error::Error;
use crate::value::EntryId;
use crate::value::name::PoolName;

/// Answer of a store.
///
/// ```
/// # use zmgr::*;
/// fn say(answer: StoreAnswer<()>) -> &'static str {
///     match answer {
///         StoreAnswer::Done(()) => "done",
///         StoreAnswer::Refused(_) => "refused; nothing has changed",
///         StoreAnswer::Unknown(_) => "perhaps done; ask again",
///         StoreAnswer::Unreachable(_) => "not done",
///     }
/// }
/// assert_eq!(say(StoreAnswer::Done(())), "done");
/// ```
#[derive(Debug)]
#[must_use]
pub enum StoreAnswer<T> {
    /// The store did it, now or when the same was asked before.
    Done(T),
    /// The store did nothing and never will for this call.
    Refused(StoreRefusal),
    /// The store may have done it: the answer was lost. Ask the same again.
    Unknown(Error),
    /// The store did nothing: it cannot be reached, has no quorum, is full, or does not let this host in. The error is
    /// `store-unreachable`.
    Unreachable(Error),
}

/// Reason for which a store refused.
///
/// ```
/// # use zmgr::*;
/// let refusal = StoreRefusal::NotJoined(None);
/// assert!(matches!(refusal, StoreRefusal::NotJoined(None)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreRefusal {
    /// Others hold some of the keys: each with its holder.
    Held(Vec<StoreRecord>),
    /// The host is not a member with this incarnation: it never joined, or was forgotten. The member of its name now, if there is
    /// one.
    NotJoined(Option<StoreHost>),
    /// The definition of a pool is another one.
    PoolDiffers {
        /// The pool.
        pool: PoolName,
        /// The definition in the store; `None` if it is unreadable.
        stored: Option<StorePool>,
    },
}

/// A store of claims that the hosts of a fleet share.
///
/// Every call that changes something is one transaction and may be repeated: asked twice, it is done once. A call blocks until its
/// time limit, and takes no lock of the tree. Implementations are linearizable: an answer rests on a quorum.
///
/// ```
/// # use zmgr::*;
/// /// Returns the addresses that a host holds.
/// fn addresses(store: &dyn Store, host: &str) -> StoreAnswer<Vec<StoreKey>> {
///     match store.read("ip/") {
///         StoreAnswer::Done(records) => {
///             let ours = |record: &StoreRecord| record.claim().is_some_and(|claim| claim.host == host);
///             StoreAnswer::Done(records.into_iter().filter(ours).map(|record| record.key).collect())
///         }
///         StoreAnswer::Refused(refusal) => StoreAnswer::Refused(refusal),
///         StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => StoreAnswer::Unreachable(error),
///     }
/// }
/// ```
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Returns what has a key that begins with this text (without the prefix of the fleet), such as `ip/dmz/`; the empty text stands
    /// for everything. Keys of kinds that [`StoreKey::decode`] does not know are left out. Never `Unknown` or `Refused`.
    fn read(&self, prefix: &str) -> StoreAnswer<Vec<StoreRecord>>;

    /// Puts each claim at its keys, or none of them. The claims are those of one host, and have at most [`MAX_STORE_KEYS`] keys
    /// together, none of them twice. Each pool must have this digest, and gets it if it has none.
    ///
    /// Done if each key is free or already carries the entry id of its claim. `NotJoined` if the host of the claims is not a member with
    /// their incarnation, otherwise `PoolDiffers`, otherwise `Held` with every key that another entry holds.
    fn claim_all(&self, claims: &[(StoreClaim, Vec<StoreKey>)], pools: &[(PoolName, StorePool)]) -> StoreAnswer<()>;

    /// Puts one claim at all these keys, or at none, as [`Store::claim_all`].
    fn claim(&self, claim: &StoreClaim, keys: &[StoreKey], pools: &[(PoolName, StorePool)]) -> StoreAnswer<()> {
        self.claim_all(&[(claim.clone(), keys.to_vec())], pools)
    }

    /// Removes those of these keys, at most [`MAX_STORE_KEYS`], that carry this entry id; the others stay.
    ///
    /// `NotJoined` if `host` is not a member with its incarnation.
    fn release(&self, host: &StoreHost, entry: &EntryId, keys: &[StoreKey]) -> StoreAnswer<()>;

    /// Makes the host a member. Done if it is one with the same incarnation.
    ///
    /// `NotJoined` with the member of its name, if that has another incarnation.
    fn join(&self, host: &StoreHost) -> StoreAnswer<()>;

    /// Removes the host of this name, so that its calls are refused from then on, and then what it holds, in transactions of at most
    /// 42 zones that are refused once a host of this name has joined. Returns what was removed; after an interruption, a second call
    /// returns the rest.
    ///
    /// `NotJoined` with the new member, if a host of this name joined in the meantime.
    fn forget(&self, host: &str) -> StoreAnswer<Vec<StoreRecord>>;

    /// Replaces the definition of a pool if its digest is `expected`; `None`: if it has none. Done if it already has the new digest.
    ///
    /// `NotJoined` as above, `PoolDiffers` if the digest is another one.
    fn push(&self, host: &StoreHost, pool: &PoolName, new: &StorePool, expected: Option<&str>) -> StoreAnswer<()>;
}

/// Most keys of one call: a transaction of etcd has at most 128 operations.
///
/// ```
/// # use zmgr::*;
/// fn parts(keys: &[StoreKey]) -> impl Iterator<Item = &[StoreKey]> {
///     keys.chunks(MAX_STORE_KEYS)
/// }
/// assert_eq!(parts(&[]).count(), 0);
/// ```
pub const MAX_STORE_KEYS: usize = 100;
