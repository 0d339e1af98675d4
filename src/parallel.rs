//! Shares work among threads that end before the caller continues. A thread that cannot be started, or that died, costs time and
//! changes no answer.

use std::io;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};
use std::time::Duration;

use crate::error::{Code, Error};

/// Returns the number of available cores. Finding out reads several files.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Returns the number of threads to use for `count` items if each thread should get at least `per_thread`.
pub(crate) fn threads_for(count: usize, per_thread: usize) -> usize {
    match count / per_thread {
        0 | 1 => 1,
        shares => cores().min(shares),
    }
}

/// Starts a thread. If `needed`, retries briefly when the system refuses one: others may be about to end.
pub(crate) fn start<'scope, T, W>(
    scope: &'scope Scope<'scope, '_>,
    needed: bool,
    work: impl FnMut() -> W,
) -> io::Result<ScopedJoinHandle<'scope, T>>
where
    T: Send + 'scope,
    W: FnOnce() -> T + Send + 'scope,
{
    start_with(Builder::new, scope, needed, work)
}

/// Like [`start`], for threads with a name or a stack of their own.
pub(crate) fn start_with<'scope, T, W>(
    builder: impl Fn() -> Builder,
    scope: &'scope Scope<'scope, '_>,
    needed: bool,
    mut work: impl FnMut() -> W,
) -> io::Result<ScopedJoinHandle<'scope, T>>
where
    T: Send + 'scope,
    W: FnOnce() -> T + Send + 'scope,
{
    const TRIES: u32 = 20;
    for _ in 1..if needed { TRIES } else { 1 } {
        match builder().spawn_scoped(scope, work()) {
            Err(_) => thread::sleep(Duration::from_millis(5)),
            started => return started,
        }
    }
    builder().spawn_scoped(scope, work())
}

/// Returns the error of work that needs a thread and cannot have one.
pub(crate) fn no_thread(error: io::Error) -> Error {
    Error::new(Code::Io, format!("cannot start a thread: {error}"))
        .with_help("raise the limit of threads (task.max-lwps, ulimit -u), or try again when fewer are running")
        .with_source(error)
}

/// Applies `work` to each item on this many threads; keeps the order. One thread means the calling one.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], at_a_time: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let others = at_a_time.min(items.len()).saturating_sub(1);
    if others == 0 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let run = move || {
        let mut done = Vec::new();
        while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < items.len()) {
            done.push((at, work(&items[at])));
        }
        done
    };
    let mut done: Vec<Option<R>> = items.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| Builder::new().spawn_scoped(scope, run)).collect();
        let own = run();
        let theirs = others.into_iter().filter_map(|other| other.ok()?.join().ok());
        for (at, result) in theirs.flatten().chain(own) {
            done[at] = Some(result);
        }
    });
    done.into_iter().zip(items).map(|(done, item)| done.unwrap_or_else(|| work(item))).collect()
}

/// Applies `work` to shares of the items, a few for each of `threads`, so that a slow thread gets fewer.
pub(crate) fn shares<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    const SHARES_PER_THREAD: usize = 4;
    if threads < 2 || items.len() < 2 {
        return vec![work(items)];
    }
    let shares: Vec<&[T]> = items.chunks(items.len().div_ceil(threads * SHARES_PER_THREAD)).collect();
    each(&shares, threads, |share| work(share))
}

/// Runs both in parallel, the second on the calling thread. A panic of either is a panic of the caller.
pub(crate) fn both<A: Send, B>(first: impl Fn() -> A + Sync, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let other = Builder::new().spawn_scoped(scope, &first);
        let second = second();
        let first = match other.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(done)) => done,
            Ok(Err(payload)) => panic::resume_unwind(payload),
            Err(_) => first(),
        };
        (first, second)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_the_order() {
        let items: Vec<usize> = (0..10).collect();
        for count in 0..12 {
            let done: Vec<usize> = shares(&items, count, <[usize]>::to_vec).concat();
            assert_eq!(done, items, "{count}");
        }
        assert_eq!(shares(&[0; 0], 4, <[usize]>::len), [0]);
    }

    #[test]
    fn what_a_thread_that_died_was_at_is_done_by_the_caller() {
        let caller = thread::current().id();
        // The caller's first item waits until the other thread has begun one.
        let (both, met) = (std::sync::Barrier::new(2), std::sync::Once::new());
        let work = |n: &usize| match thread::current().id() == caller {
            true => {
                met.call_once(|| {
                    both.wait();
                });
                *n
            }
            false => {
                both.wait();
                panic!("died")
            }
        };
        let items: Vec<usize> = (0..50).collect();
        assert_eq!(each(&items, 2, work), items);
    }

    #[test]
    fn both_are_done_at_the_same_time() {
        // Each waits for the other: running them one after the other would block forever.
        let meet = std::sync::Barrier::new(2);
        let wait = |word: &'static str| {
            meet.wait();
            word
        };
        assert_eq!(both(|| wait("one"), || wait("two")), ("one", "two"));
    }

    #[test]
    fn a_panic_goes_on() {
        let died = panic::catch_unwind(|| both(|| panic!("first"), || 2));
        assert_eq!(died.unwrap_err().downcast_ref::<&str>(), Some(&"first"));
    }
}
