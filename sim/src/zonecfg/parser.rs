//! Parses and runs one command after another, with the real parser's error recovery.
//!
//! Invariant: what the real parser keeps from one command to the next (values that a broken line left behind, words that
//! no rule consumed) is kept here as well; it decides what later lines do.
//!
//! [source: zonecfg_grammar.y, yyparse as yacc makes it; recorded: err-mid-*, cmdline-*, stdin-*]

use std::sync::OnceLock;

use super::command::{Command, Value};
use super::grammar::{Action, Lack, rules};
use super::help::{self, Topic};
use super::lexer::Lexeme;
use super::session::{Flow, Stop, Zonecfg};
use super::words::{Cmd, Prop, Res};
use super::yacc::{END, ERROR, Tables};

/// Number of `name=value` pairs that a command takes.
const MAX_PAIRS: usize = 3;

/// Value of a part of a rule.
#[derive(Debug, Clone)]
enum Part {
    None,
    Word(Vec<u8>),
    Res(Res),
    Prop(Prop),
    Command(Box<Command>),
}

impl Part {
    /// A word, or a keyword taken for one.
    fn text(&self) -> Vec<u8> {
        match self {
            Part::Word(word) => word.clone(),
            Part::Res(res) => res.word().into(),
            Part::Prop(prop) => prop.word().into(),
            Part::None | Part::Command(_) => Vec::new(),
        }
    }
}

/// Result of a complete rule.
enum Outcome {
    Value(Part),
    /// As if the rule could not be read.
    Error,
    /// The parser's work is done.
    Return,
}

fn tables(remove_extras: bool) -> &'static Tables {
    static STOCK: OnceLock<Tables> = OnceLock::new();
    static EXTRAS: OnceLock<Tables> = OnceLock::new();
    let cell = if remove_extras { &EXTRAS } else { &STOCK };
    cell.get_or_init(|| Tables::new(rules(remove_extras)))
}

impl Zonecfg<'_, '_, '_> {
    /// Reads and runs one command.
    pub(super) fn parse(&mut self) -> Flow {
        let tables = tables(self.line.net_extras);
        let mut stack: Vec<(usize, Part)> = vec![(0, Part::None)];
        let mut ahead: Option<Lexeme> = None;
        // Shifts to go until a further error is reported.
        let mut quiet = 0;
        loop {
            let number = stack.last().map_or(0, |(state, _)| *state);
            let state = &tables.states[number];
            if state.looks_ahead {
                if ahead.is_none() {
                    ahead = Some(self.token()?);
                }
                let next = ahead.as_ref().and_then(terminal).and_then(|terminal| state.shift(terminal));
                if let Some(next) = next {
                    let part = match ahead.take() {
                        Some(Lexeme::Word(word)) => Part::Word(word),
                        _ => Part::None,
                    };
                    stack.push((next, part));
                    quiet -= i32::from(quiet > 0);
                    continue;
                }
            }
            let known = if state.looks_ahead { ahead.as_ref().and_then(terminal) } else { None };
            let mut failed = match state.reduction(known) {
                Some(rule) => {
                    let rule = &tables.rules[rule];
                    let parts = stack.split_off(stack.len() - rule.right.len());
                    let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
                    match self.reduce(rule.action, parts)? {
                        Outcome::Return => return Ok(()),
                        Outcome::Value(part) => {
                            let below = stack.last().map_or(0, |(state, _)| *state);
                            let Some(next) = tables.states[below].goto(rule.left) else { return Ok(()) };
                            stack.push((next, part));
                            false
                        }
                        Outcome::Error => true,
                    }
                }
                None if quiet == 3 => {
                    // Nothing was read since the last error: the token is thrown away.
                    if matches!(ahead, None | Some(Lexeme::End)) {
                        return Ok(());
                    }
                    ahead = None;
                    false
                }
                None => {
                    if quiet == 0 {
                        self.syntax_error();
                    }
                    true
                }
            };
            if failed {
                quiet = 3;
            }
            while failed {
                let Some((state, _)) = stack.last() else { return Ok(()) };
                match tables.states[*state].shift(ERROR) {
                    Some(next) => {
                        stack.push((next, Part::None));
                        failed = false;
                    }
                    None => drop(stack.pop()),
                }
            }
        }
    }

    fn token(&mut self) -> Flow<Lexeme> {
        let lexeme = self.lexer.next().map_err(|_| {
            self.host.out.stdout(b"Input string too long, limit 1024\n");
            Stop::Exit(1)
        })?;
        if matches!(lexeme, Lexeme::Word(_)) {
            self.memory.unclaimed += 1;
        }
        Ok(lexeme)
    }

    fn syntax_error(&mut self) {
        self.memory.unclaimed = 0;
        let text: &[u8] = if self.lexer.text.starts_with(b"\n") { b"\\n" } else { &self.lexer.text };
        let place = if self.file.is_some() { format!(" on line {}", self.lexer.number) } else { String::new() };
        let message = if !text.is_empty() {
            [b"syntax error".as_slice(), place.as_bytes(), b" at '", text, b"'\n"].concat()
        } else if self.lexer.at_end {
            return;
        } else {
            b"syntax error, token expected\n".to_vec()
        };
        let listing = !text.is_empty();
        self.saw_error = true;
        self.host.out.stderr(&message);
        if listing {
            self.usage(help::Stream::Errors, &[Topic::Commands]);
        }
    }

    fn claim(&mut self, words: usize) {
        self.memory.unclaimed = self.memory.unclaimed.saturating_sub(words);
    }

    fn check_claims(&self) -> Flow {
        if self.memory.unclaimed == 0 { Ok(()) } else { Err(Stop::Abort) }
    }

    fn reduce(&mut self, action: Action, mut parts: Vec<Part>) -> Flow<Outcome> {
        let first = parts.first().cloned().unwrap_or(Part::None);
        Ok(Outcome::Value(match action {
            Action::Pass => first,
            Action::Run => {
                if let Part::Command(command) = first {
                    self.run(*command)?;
                    self.memory.clear();
                }
                self.check_claims()?;
                return Ok(Outcome::Return);
            }
            Action::Recovered => {
                self.memory.clear();
                return Ok(Outcome::Return);
            }
            Action::RecoveredAtStart => return Ok(Outcome::Return),
            Action::Empty => {
                self.check_claims()?;
                return Ok(Outcome::Return);
            }
            Action::Words(command) => {
                let args: Vec<Vec<u8>> = parts.drain(1..).map(|part| part.text()).collect();
                self.claim(args.len());
                Part::Command(Box::new(Command { args, ..Command::new(command) }))
            }
            Action::Lacking(command, lack) => {
                self.short_usage(command);
                if lack != Lack::Nothing {
                    self.host.out.stderr(b"\n");
                }
                match lack {
                    Lack::Nothing => {}
                    Lack::Properties => self.usage(help::Stream::Errors, &[Topic::Properties]),
                    Lack::ResourcesAndProperties => {
                        self.usage(help::Stream::Errors, &[Topic::Resources, Topic::Properties]);
                    }
                }
                self.claim(parts.iter().filter(|part| matches!(part, Part::Word(_))).count());
                return Ok(Outcome::Error);
            }
            Action::Resource(command, at) => {
                let mut command = Command::new(command);
                if let Some(Part::Res(res)) = parts.get(at) {
                    command.res = Some(*res);
                }
                self.option(&mut command, &parts[1..at]);
                let properties = parts.iter().filter_map(|part| if let Part::Prop(p) = part { Some(*p) } else { None });
                command.props = properties.take(MAX_PAIRS).collect();
                command.pairs = command.props.len();
                command.values = self.memory.values(command.pairs);
                Part::Command(Box::new(command))
            }
            Action::Property(command, at, count) => {
                let mut command = Command::new(command);
                match parts.get(at) {
                    Some(Part::Prop(prop)) => command.props = vec![*prop],
                    _ => command.props = vec![Prop::Zonepath],
                }
                // `remove -F PROPERTY` forgets its option.
                let forgotten = command.cmd == Cmd::Remove && count == 0;
                if !forgotten {
                    self.option(&mut command, &parts[1..at]);
                }
                command.pairs = count;
                command.values = self.memory.values(count);
                Part::Command(Box::new(command))
            }
            Action::EmptyList => {
                let mut command = Command::new(Cmd::Set);
                if let Some(Part::Prop(prop)) = parts.get(1) {
                    command.props = vec![*prop];
                }
                self.memory.set(0, Value::List(Vec::new()));
                command.values = self.memory.values(1);
                Part::Command(Box::new(command))
            }
            Action::Global(prop) => Part::Command(Box::new(Command { props: vec![prop], ..Command::new(Cmd::Info) })),
            Action::SelectOnly(res) => Part::Command(Box::new(Command { res: Some(res), ..Command::new(Cmd::Select) })),
            Action::ResourceType(res) => Part::Res(res),
            Action::PropertyType(prop) => Part::Prop(prop),
            Action::SimpleValue => {
                self.memory.list().clear();
                self.memory.finish(Value::Simple(first.text()));
                Part::None
            }
            Action::ComplexValue => {
                self.memory.list().clear();
                let complex = self.memory.complex.clone();
                self.memory.finish(Value::Complex(complex));
                Part::None
            }
            Action::ListValue => {
                let list = self.memory.list().clone();
                self.memory.finish(Value::List(list));
                Part::None
            }
            Action::Simple => {
                if matches!(first, Part::Word(_)) {
                    self.claim(1);
                }
                let text = first.text();
                self.memory.list().push(Value::Simple(text.clone()));
                Part::Word(text)
            }
            Action::Complex => {
                let complex = self.memory.complex.clone();
                self.memory.list().push(Value::Complex(complex));
                Part::None
            }
            Action::Piece | Action::LastPiece => {
                if action == Action::LastPiece {
                    self.memory.complex.clear();
                }
                if let (Part::Prop(name), Some(value)) = (first, parts.get(2)) {
                    if matches!(value, Part::Word(_)) {
                        self.claim(1);
                    }
                    self.memory.complex.insert(0, (name, value.text()));
                }
                Part::None
            }
        }))
    }

    fn option(&mut self, command: &mut Command, parts: &[Part]) {
        command.args = parts.iter().filter(|part| matches!(part, Part::Word(_))).map(Part::text).collect();
        self.claim(command.args.len());
    }
}

fn terminal(lexeme: &Lexeme) -> Option<&'static str> {
    match lexeme {
        Lexeme::End => Some(END),
        Lexeme::Fixed(text) => Some(text),
        Lexeme::Word(_) => Some("TOKEN"),
        Lexeme::Stray => None,
    }
}
