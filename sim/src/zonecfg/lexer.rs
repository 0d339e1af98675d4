//! Cuts the input into words, as the four states of the command's lexer do.
//!
//! Invariant: the longest match wins, keywords before words. A command may be glued to what follows it; a keyword may not.
//!
//! [source: zonecfg_lex.l; recorded: syn-*, zonepath-long, attr-string-*]

use super::words::{Cmd, Prop, Res};
use crate::dialect::Line;

/// The buffer for one token: what is matched and the byte looked at after it.
const LIMIT: usize = 1024;

/// Token for the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// The end of the input, or a NUL byte where a token should start.
    End,
    /// A command, a keyword or a mark of the language, under its own text.
    Fixed(&'static str),
    /// A word or a quoted string, without the quotes.
    Word(Vec<u8>),
    /// A byte that starts nothing.
    Stray,
}

/// A token was longer than the lexer's buffer, which ends the program.
#[derive(Debug)]
pub(super) struct TooLong;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A command may start here.
    Start,
    /// After a command.
    Command,
    /// Within `[…]`.
    List,
    /// Within `(…)`.
    Complex,
}

pub(super) struct Lexer {
    input: Vec<u8>,
    at: usize,
    state: State,
    /// State after the closing parenthesis.
    outer: State,
    line: &'static Line,
    /// The number of the current line, from 1.
    pub(super) number: usize,
    /// The text of the last token, quotes and all; empty at the end of the input.
    pub(super) text: Vec<u8>,
    /// The end of the input was read.
    pub(super) at_end: bool,
}

/// Returns true if the lexer of this line of illumos knows the word.
fn knows(line: &Line, prop: Prop) -> bool {
    match prop {
        Prop::MacAddr | Prop::VlanId | Prop::GlobalNic | Prop::Property => line.net_extras,
        Prop::ZfsIoPriority => line.joyent_rctls,
        Prop::Uuid => line.uuid_property,
        _ => true,
    }
}

impl Lexer {
    pub(super) fn new(input: Vec<u8>, line: &'static Line) -> Self {
        Lexer {
            input,
            at: 0,
            state: State::Start,
            outer: State::Start,
            line,
            number: 1,
            text: Vec::new(),
            at_end: false,
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Lexeme, TooLong> {
        loop {
            let rest = &self.input[self.at..];
            let Some(&first) = rest.first() else {
                self.at_end = true;
                self.text.clear();
                return Ok(Lexeme::End);
            };
            match first {
                b' ' | b'\t' => self.at += 1,
                b'#' if self.state == State::Start => {
                    let length = self.measure(rest, |b| b != b'\n' && b != 0)?;
                    self.at += length;
                }
                0 => {
                    self.at += 1;
                    self.text.clear();
                    return Ok(Lexeme::End);
                }
                _ => return self.token(first),
            }
        }
    }

    fn token(&mut self, first: u8) -> Result<Lexeme, TooLong> {
        use State::{Command, Complex, List, Start};
        let (state, outer) = (self.state, self.outer);
        match (first, state) {
            (b'\n', _) => {
                self.number += 1;
                self.take(1, Start, outer, Lexeme::Fixed("\n"))
            }
            (b';', _) => self.take(1, Start, outer, Lexeme::Fixed(";")),
            (b'=', Command | List | Complex) => self.take(1, state, outer, Lexeme::Fixed("=")),
            (b'[', Command) => self.take(1, List, List, Lexeme::Fixed("[")),
            (b']', List) => self.take(1, Command, Command, Lexeme::Fixed("]")),
            (b'(', Command | List) => self.take(1, Complex, outer, Lexeme::Fixed("(")),
            (b')', Complex) => self.take(1, outer, outer, Lexeme::Fixed(")")),
            (b',', List | Complex) => self.take(1, state, outer, Lexeme::Fixed(",")),
            (b'"', Command | List) => self.quoted(),
            (b'"', Complex) if self.line.quotes_in_complex => self.quoted(),
            (_, Start) => self.command(),
            _ => self.word(),
        }
    }

    fn take(&mut self, length: usize, state: State, outer: State, lexeme: Lexeme) -> Result<Lexeme, TooLong> {
        self.text = self.input[self.at..self.at + length].to_vec();
        self.at += length;
        self.state = state;
        self.outer = outer;
        Ok(lexeme)
    }

    fn command(&mut self) -> Result<Lexeme, TooLong> {
        let rest = &self.input[self.at..];
        let command = if rest[0] == b'?' { Some((1, Cmd::Help)) } else { None }.or_else(|| {
            let known = Cmd::ALL.into_iter().find(|command| rest.starts_with(command.word().as_bytes()))?;
            Some((known.word().len(), known))
        });
        match command {
            Some((length, command)) => self.take(length, State::Command, State::Command, Lexeme::Fixed(command.word())),
            None => self.take(1, self.state, self.outer, Lexeme::Stray),
        }
    }

    fn word(&mut self) -> Result<Lexeme, TooLong> {
        let stops: &[u8] = match self.state {
            State::Complex => b" \t\n\",;=()\0",
            State::List => b" \t\n\",;=[]()\0",
            State::Start | State::Command => b" \t\n\";=[]()\0",
        };
        let length = self.measure(&self.input[self.at..], |b| !stops.contains(&b))?;
        if length == 0 {
            return self.take(1, self.state, self.outer, Lexeme::Stray);
        }
        let word = &self.input[self.at..self.at + length];
        let keyword = match self.state {
            State::List | State::Start => None,
            State::Command => resource(word).or_else(|| self.property(word)),
            State::Complex => self.property(word),
        };
        let lexeme = keyword.map_or_else(|| Lexeme::Word(word.to_vec()), Lexeme::Fixed);
        self.take(length, self.state, self.outer, lexeme)
    }

    fn property(&self, word: &[u8]) -> Option<&'static str> {
        let known = |prop: &Prop| prop.word().as_bytes() == word && knows(self.line, *prop);
        Prop::ALL.iter().find(|prop| known(prop)).map(|prop| prop.word())
    }

    /// A string in double quotes. A newline ends it as well, and then belongs to it.
    fn quoted(&mut self) -> Result<Lexeme, TooLong> {
        let body = self.measure(&self.input[self.at + 1..], |b| !matches!(b, b'"' | b'\n' | 0))?;
        if body + 2 > LIMIT {
            return Err(TooLong);
        }
        let start = self.at + 1;
        match self.input.get(start + body) {
            Some(b'"') => {
                let value = self.input[start..start + body].to_vec();
                self.take(body + 2, self.state, self.outer, Lexeme::Word(value))
            }
            Some(b'\n') => {
                let value = self.input[start..=start + body].to_vec();
                self.take(body + 2, self.state, self.outer, Lexeme::Word(value))
            }
            _ => self.take(1, self.state, self.outer, Lexeme::Stray),
        }
    }

    /// Number of bytes at the start of `text` to take: an error if the buffer cannot hold them and one more.
    fn measure(&self, text: &[u8], wanted: impl Fn(u8) -> bool) -> Result<usize, TooLong> {
        let length = text.iter().position(|&b| !wanted(b)).unwrap_or(text.len());
        let looked_at = length + usize::from(length < text.len());
        if looked_at > LIMIT { Err(TooLong) } else { Ok(length) }
    }
}

fn resource(word: &[u8]) -> Option<&'static str> {
    Res::ALL.iter().find(|res| res.word().as_bytes() == word).map(|res| res.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;

    fn cut(text: &str, dialect: Dialect) -> Vec<String> {
        let mut lexer = Lexer::new(text.as_bytes().to_vec(), dialect.line());
        let mut cut = Vec::new();
        loop {
            match lexer.next().unwrap() {
                Lexeme::End if lexer.at_end => return cut,
                Lexeme::End => cut.push("END".into()),
                Lexeme::Fixed(text) => cut.push(text.replace('\n', "NL")),
                Lexeme::Word(word) => cut.push(format!("<{}>", String::from_utf8_lossy(&word))),
                Lexeme::Stray => cut.push(format!("?{}", String::from_utf8_lossy(&lexer.text))),
            }
        }
    }

    #[test]
    fn commands_may_be_glued_and_keywords_may_not() {
        assert_eq!(cut("createset", Dialect::Illumos), ["create", "<set>"]);
        assert_eq!(cut("set zonepathx=net", Dialect::Illumos), ["set", "<zonepathx>", "=", "net"]);
    }

    #[test]
    fn brackets_change_what_a_word_is() {
        assert_eq!(
            cut("add options [net,a]b,c", Dialect::Illumos),
            ["add", "options", "[", "<net>", ",", "<a>", "]", "<b,c>"]
        );
        assert_eq!(
            cut("add value (limit=net)net", Dialect::Illumos),
            ["add", "value", "(", "limit", "=", "<net>", ")", "net"]
        );
    }

    #[test]
    fn quotes() {
        assert_eq!(cut("set x=\"a b\"", Dialect::Illumos), ["set", "<x>", "=", "<a b>"]);
        assert_eq!(cut("set x=\"a\nb\n", Dialect::Illumos), ["set", "<x>", "=", "<a\n>", "<b>", "NL"]);
        assert_eq!(cut("add x (\"a\")", Dialect::Illumos), ["add", "<x>", "(", "?\"", "<a>", "?\"", ")"]);
        assert_eq!(cut("add x (\"a\")", Dialect::SmartOs), ["add", "<x>", "(", "<a>", ")"]);
        assert_eq!(cut("set x=\"a", Dialect::Illumos), ["set", "<x>", "=", "?\"", "<a>"]);
    }

    #[test]
    fn the_buffer_ends_the_program() {
        let with = |length: usize| {
            Lexer::new(format!("{}\n", "#".repeat(length)).into_bytes(), Dialect::Illumos.line()).next()
        };
        assert!(with(1023).is_ok());
        assert!(with(1024).is_err());
    }
}
