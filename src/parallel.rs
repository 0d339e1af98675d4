//! Work shared among threads that end before the caller goes on. A thread that cannot be had, or that died, costs time and
//! changes no answer.

use std::panic;
use std::thread::{self, Builder};

/// How many things can be worked on at the same time. Finding out reads several files.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What `work` makes of each of `count` shares of the items, in their order; the first share is the caller's own.
pub(crate) fn shares<T: Sync, R: Send>(items: &[T], count: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    if count < 2 || items.len() < 2 {
        return vec![work(items)];
    }
    let work = &work;
    thread::scope(|scope| {
        let mut shares = items.chunks(items.len().div_ceil(count));
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> =
            shares.map(|share| (share, Builder::new().spawn_scoped(scope, move || work(share)))).collect();
        let mut done = vec![work(own)];
        for (share, other) in others {
            let theirs = other.ok().and_then(|thread| thread.join().ok());
            done.push(theirs.unwrap_or_else(|| work(share)));
        }
        done
    })
}

/// Does both at the same time, the second on the calling thread. A panic of either is a panic of the caller.
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
    fn both_are_done_at_the_same_time() {
        // Each waits for the other: one after the other would be for ever.
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
