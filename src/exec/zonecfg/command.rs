//! zonecfg's own commands: those that templates pass through, and the output of `export`.

use std::fmt;

/// A command that changes a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `set P=V`; several values if it is a list.
    Set(String, Vec<String>),
    /// `clear P`.
    Clear(String),
    /// `add RESOURCE`.
    Add(String),
    /// `add P V`, inside a resource.
    AddValue(String, Addition),
    /// `select RESOURCE P=V …`.
    Select(String, Vec<(String, String)>),
    /// `remove RESOURCE P=V …`.
    Remove(String, Vec<(String, String)>),
    /// `remove P V`, inside a resource.
    RemoveValue(String, Addition),
    /// `end`.
    End,
}

/// A value added to a list property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// Texts.
    Texts(Vec<String>),
    /// A group of named texts.
    Group(Vec<(String, String)>),
}

impl Command {
    /// Parses one command by zonecfg's own grammar; the error says where it is invalid.
    pub fn parse(text: &str) -> Result<Command, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens };
        let command = parser.command()?;
        match parser.tokens {
            [] => Ok(command),
            [token, ..] => Err(format!("{token} was not expected")),
        }
    }
}

/// Formats it for zonecfg: every value in quotes, except inside parentheses if it needs none.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = |f: &mut fmt::Formatter<'_>, pairs: &[(String, String)]| {
            pairs.iter().try_for_each(|(name, value)| write!(f, " {name}=\"{value}\""))
        };
        match self {
            Command::Set(property, values) => match values.as_slice() {
                [value] => write!(f, "set {property}=\"{value}\""),
                values => write!(f, "set {property}={}", Addition::Texts(values.to_vec())),
            },
            Command::Clear(property) => write!(f, "clear {property}"),
            Command::Add(resource) => write!(f, "add {resource}"),
            Command::AddValue(property, value) => write!(f, "add {property} {value}"),
            Command::Select(resource, by) => write!(f, "select {resource}").and_then(|()| pairs(f, by)),
            Command::Remove(resource, by) => write!(f, "remove {resource}").and_then(|()| pairs(f, by)),
            Command::RemoveValue(property, value) => write!(f, "remove {property} {value}"),
            Command::End => f.write_str("end"),
        }
    }
}

impl fmt::Display for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close, parts): (_, _, Vec<String>) = match self {
            Addition::Texts(texts) if texts.len() == 1 => return write!(f, "\"{}\"", texts[0]),
            Addition::Texts(texts) => ("[", "]", texts.iter().map(|text| format!("\"{text}\"")).collect()),
            Addition::Group(group) => {
                let plain =
                    |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                let pair = |(name, value): &(String, String)| match plain(value) {
                    true => format!("{name}={value}"),
                    false => format!("{name}=\"{value}\""),
                };
                ("(", ")", group.iter().map(pair).collect())
            }
        };
        write!(f, "{open}{}{close}", parts.join(","))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(char),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) => write!(f, "{word:?}"),
            Token::Quoted(text) => write!(f, "{text:?}"),
            Token::Sign(sign) => write!(f, "{:?}", sign.to_string()),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => {}
            '\n' | '\r' | '\0' => return Err("a command is one line".to_owned()),
            ';' => return Err("a command stands alone, without \";\"".to_owned()),
            '"' => {
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\n' | '\r' | '\0') | None => return Err("a quote is not closed".to_owned()),
                        Some(char) => quoted.push(char),
                    }
                }
                tokens.push(Token::Quoted(quoted));
            }
            '=' | '[' | ']' | '(' | ')' => {
                inside = matches!(char, '[' | '(') || inside && char == '=';
                tokens.push(Token::Sign(char));
            }
            ',' if inside => tokens.push(Token::Sign(',')),
            '#' if tokens.is_empty() => return Err("it is a comment".to_owned()),
            _ => {
                let mut word = String::from(char);
                let ends = |c: char| c.is_whitespace() || "\";=[]()\0".contains(c) || inside && c == ',';
                while let Some(char) = chars.next_if(|c| !ends(*c)) {
                    word.push(char);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser<'t> {
    tokens: &'t [Token],
}

impl Parser<'_> {
    fn command(&mut self) -> Result<Command, String> {
        let verb = self.word("a command")?;
        Ok(match verb.as_str() {
            "end" => Command::End,
            "set" => {
                let property = self.word("a property")?;
                self.sign('=')?;
                match self.addition()? {
                    Addition::Texts(texts) => Command::Set(property, texts),
                    Addition::Group(_) => return Err("a group cannot be set, it is added".to_owned()),
                }
            }
            "clear" => Command::Clear(self.word("a property")?),
            "add" => {
                let what = self.word("a resource or property")?;
                match self.tokens {
                    [] => Command::Add(what),
                    _ => Command::AddValue(what, self.addition()?),
                }
            }
            "select" => Command::Select(self.word("a resource")?, self.pairs()?),
            "remove" => {
                let mut what = self.word("a resource or property")?;
                if what == "-F" {
                    what = self.word("a resource")?;
                }
                match self.tokens {
                    [] | [_, Token::Sign('='), ..] => Command::Remove(what, self.pairs()?),
                    _ => Command::RemoveValue(what, self.addition()?),
                }
            }
            other => {
                return Err(format!("{other:?} is not one of set, clear, add, select, remove, end"));
            }
        })
    }

    fn pairs(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut pairs = Vec::new();
        while !self.tokens.is_empty() {
            pairs.push(self.pair()?);
        }
        if pairs.len() > 3 { Err("more than three properties".to_owned()) } else { Ok(pairs) }
    }

    fn pair(&mut self) -> Result<(String, String), String> {
        let name = self.word("a property")?;
        self.sign('=')?;
        Ok((name, self.text()?))
    }

    fn addition(&mut self) -> Result<Addition, String> {
        match self.tokens {
            [Token::Sign('['), ..] => {
                self.sign('[')?;
                let mut texts = vec![self.text()?];
                while self.comma(']')? {
                    texts.push(self.text()?);
                }
                Ok(Addition::Texts(texts))
            }
            [Token::Sign('('), ..] => {
                self.sign('(')?;
                let mut group = vec![self.pair()?];
                while self.comma(')')? {
                    group.push(self.pair()?);
                }
                Ok(Addition::Group(group))
            }
            _ => Ok(Addition::Texts(vec![self.text()?])),
        }
    }

    fn comma(&mut self, end: char) -> Result<bool, String> {
        match self.next() {
            Some(Token::Sign(',')) => Ok(true),
            Some(Token::Sign(sign)) if *sign == end => Ok(false),
            _ => Err(format!("{end:?} is missing")),
        }
    }

    fn next(&mut self) -> Option<&Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn word(&mut self, what: &str) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word.clone()),
            Some(token) => Err(format!("expected {what}, not {token}")),
            None => Err(format!("{what} is missing")),
        }
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        match self.next() {
            Some(Token::Sign(found)) if *found == sign => Ok(()),
            _ => Err(format!("{:?} is missing", sign.to_string())),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(text.clone()),
            Some(token) => Err(format!("expected a value, not {token}; put the value in quotes")),
            None => Err("a value is missing".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_quotes() {
        for (text, quoted) in [
            ("set fs-allowed=ufs,nfs", "set fs-allowed=\"ufs,nfs\""),
            ("  set bootargs = \"-m verbose\"", "set bootargs=\"-m verbose\""),
            ("clear pool", "clear pool"),
            ("add fs", "add fs"),
            ("add options [ro,nodevices]", "add options [\"ro\",\"nodevices\"]"),
            ("add value (priv=privileged,limit=10,action=none)", "add value (priv=privileged,limit=10,action=none)"),
            ("add property (name=a,value=\"b c\")", "add property (name=a,value=\"b c\")"),
            ("select net physical=net0", "select net physical=\"net0\""),
            ("remove -F attr", "remove attr"),
            ("remove options ro", "remove options \"ro\""),
            ("set options=[]", "!"),
            ("end", "end"),
            ("commit", "!"),
            ("set a=b;end", "!"),
            ("set a=b c", "!"),
            ("set a=\"b", "!"),
            ("set a", "!"),
            ("# x", "!"),
            ("", "!"),
        ] {
            let command = Command::parse(text).map_or_else(|_| "!".to_owned(), |command| command.to_string());
            assert_eq!(command, quoted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "(set|add|remove|select|clear) [a-z]{1,4}( ?[=(\\[]?[a-z0-9 ,=\"\\[\\]()]{0,12})") {
            if let Ok(command) = Command::parse(&text) {
                prop_assert_eq!(Command::parse(&command.to_string()), Ok(command));
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = Command::parse(&text);
        }
    }
}
