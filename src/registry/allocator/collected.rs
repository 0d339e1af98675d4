//! Contents of all entries, collected once there were enough questions to make that cheaper than to scan all entries for each.

/// Number of questions that scan all entries.
const LINEAR_MAX: usize = 8;

/// A collection that is made after the first few questions.
#[derive(Debug, Default)]
pub(super) struct Collected<T> {
    asked: usize,
    all: Option<T>,
}

impl<T> Collected<T> {
    /// Counts a question. Returns the collection, or `None` if the question is one of the first: all entries are to be scanned.
    pub(super) fn ask(&mut self, collect: impl FnOnce() -> T) -> Option<&T> {
        self.asked += 1;
        if self.asked > LINEAR_MAX { Some(self.all.get_or_insert_with(collect)) } else { None }
    }

    /// Returns the collection, if there is one, to add to it.
    pub(super) fn made(&mut self) -> Option<&mut T> {
        self.all.as_mut()
    }

    /// Drops the collection, because something in it is gone. The next question makes a new one.
    pub(super) fn forget(&mut self) {
        self.all = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_after_the_first_questions() {
        let (mut collected, mut made) = (Collected::default(), 0);
        let mut ask = |collected: &mut Collected<u32>| {
            let answer = collected.ask(|| {
                made += 1;
                made
            });
            answer.copied()
        };
        for n in 0..LINEAR_MAX {
            assert_eq!(ask(&mut collected), None, "question {n}");
            assert_eq!(collected.made(), None);
        }
        assert_eq!([ask(&mut collected), ask(&mut collected)], [Some(1); 2]);
        assert_eq!(collected.made(), Some(&mut 1));
        collected.forget();
        assert_eq!(collected.made(), None);
        assert_eq!([ask(&mut collected), ask(&mut collected)], [Some(2); 2]);
    }
}
