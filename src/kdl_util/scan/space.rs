//! Blanks, newlines, comments and continued lines.

use super::{MAX_DEPTH, Scanner};
use crate::kdl_util::chars::{is_blank, is_newline, line_end};

/// Result of skipping blanks.
#[derive(PartialEq)]
pub(super) enum Gap {
    None,
    Some,
}

/// The parser recurses over continued lines too.
const MAX_CONTINUED: usize = 64;

impl Scanner<'_> {
    fn too_many_continued(&mut self, start: usize) {
        self.fault("too-deep", start, "more than 64 continued lines in a row", None);
        self.hopeless = true;
    }

    /// Blanks, newlines and comments.
    pub(super) fn line_space(&mut self, depth: usize) {
        let mut continued = 0;
        loop {
            let start = self.at;
            match self.peek() {
                Some(c) if is_newline(c) || is_blank(c) => self.at += c.len_utf8(),
                Some('/') if self.starts("//") => self.line_comment(depth),
                Some('/') if self.starts("/*") => self.block_comment(depth),
                Some('\\') => {
                    if self.continuation(depth).is_none() {
                        return;
                    }
                    continued += 1;
                    if continued > MAX_CONTINUED {
                        return self.too_many_continued(start);
                    }
                }
                _ => return,
            }
            if self.hopeless {
                return;
            }
        }
    }

    /// Blanks, comments within the line, continued lines.
    pub(super) fn node_space(&mut self, depth: usize) -> Gap {
        let mut gap = Gap::None;
        let mut continued = 0;
        loop {
            match self.peek() {
                Some(c) if is_blank(c) => self.at += c.len_utf8(),
                Some('/') if self.starts("/*") => self.block_comment(depth),
                Some('\\') => {
                    continued += 1;
                    let start = self.at;
                    if self.continuation(depth).is_none() {
                        return gap;
                    }
                    if continued > MAX_CONTINUED {
                        self.too_many_continued(start);
                        return gap;
                    }
                }
                _ => return gap,
            }
            gap = Gap::Some;
            if self.hopeless {
                return gap;
            }
        }
    }

    /// `\`, blanks, an optional comment, a newline.
    pub(super) fn continuation(&mut self, depth: usize) -> Option<()> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(c) if is_blank(c) => self.at += c.len_utf8(),
                Some('/') if self.starts("/*") => self.block_comment(depth),
                _ => break,
            }
            if self.hopeless {
                return None;
            }
        }
        if self.starts("//") {
            self.line_comment(depth);
        }
        match self.peek() {
            Some(c) if is_newline(c) => {
                self.at += if self.starts("\r\n") { 2 } else { c.len_utf8() };
                Some(())
            }
            None => Some(()),
            _ => {
                self.at = start + 1;
                self.fault(
                    "unexpected",
                    start,
                    "a `\\` continues a line and must stand at its end",
                    Some("put strings that hold it in quotes"),
                );
                self.skip_line(start);
                None
            }
        }
    }

    pub(super) fn line_comment(&mut self, depth: usize) {
        let start = self.at;
        let end = line_end(self.text, start);
        self.at = end;
        self.braces(depth, start, end);
    }

    pub(super) fn block_comment(&mut self, depth: usize) {
        let start = self.at;
        let mut nested = 0usize;
        while self.at < self.bytes.len() {
            if self.starts("/*") {
                self.at += 2;
                nested += 1;
                if nested > MAX_DEPTH {
                    self.check_depth(nested, start);
                    return;
                }
            } else if self.starts("*/") {
                self.at += 2;
                nested -= 1;
                if nested == 0 {
                    let end = self.at;
                    return self.braces(depth, start, end);
                }
            } else {
                self.at += 1;
            }
        }
        self.at = start + 2;
        self.fault("unclosed-comment", start, "this comment is never closed", Some("add the missing `*/`"));
        self.hopeless = true;
    }

    /// Counts the braces of a string or comment on top of the depth around it, should the parser ever see it otherwise than we do.
    pub(super) fn braces(&mut self, depth: usize, start: usize, end: usize) {
        let bytes = &self.bytes[start..end];
        if !bytes.contains(&b'{') {
            return;
        }
        let mut level = 0usize;
        for b in bytes {
            match b {
                b'{' => {
                    level += 1;
                    if depth + level > MAX_DEPTH {
                        return self.check_depth(depth + level, start);
                    }
                }
                b'}' => level = level.saturating_sub(1),
                _ => {}
            }
        }
    }
}
