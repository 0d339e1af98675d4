//! Lists of properties as `-p` gives them (dladm_parse_args).

/// The longest list that dladm takes, all uses of `-p` together, with the comma after each.
const LONGEST: usize = 255;

/// Several uses of `-p`, joined as dladm joins them.
#[derive(Debug, Default)]
pub(super) struct Given {
    text: String,
}

/// A property and its values, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

impl Given {
    /// Takes one use of `-p`; `Err` holds as much of the list as dladm can hold.
    pub(super) fn push(&mut self, text: &str) -> Result<(), String> {
        self.text.push_str(text);
        if self.text.len() >= LONGEST {
            let end = (0..=LONGEST).rev().find(|end| self.text.is_char_boundary(*end)).unwrap_or(0);
            return Err(self.text[..end].to_owned());
        }
        self.text.push(',');
        Ok(())
    }

    /// The names alone, for commands that take no values; `None` when the list is malformed.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let list = self.parse()?;
        list.iter().all(|property| property.values.is_empty()).then(|| list.into_iter().map(|p| p.name).collect())
    }

    /// `a=b,c=d,e`: a name ends at `=` or `,`; what follows a name with `=` are its values, until the next `=`
    /// [list-set-list-then-prop]. An empty word anywhere makes the list malformed [list-set-eq-eq].
    pub(super) fn parse(&self) -> Option<Vec<Property>> {
        let mut list: Vec<Property> = Vec::new();
        let mut open = false;
        let mut word = String::new();
        for c in self.text.chars() {
            if c != '=' && c != ',' {
                word.push(c);
                continue;
            }
            if word.is_empty() {
                return None;
            }
            let word = std::mem::take(&mut word);
            match list.last_mut() {
                Some(last) if open && c == ',' => last.values.push(word),
                _ => {
                    list.push(Property { name: word, values: Vec::new() });
                    open = c == '=';
                }
            }
        }
        Some(list)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Given, Property};

    fn parse(texts: &[&str]) -> Option<Vec<(String, Vec<String>)>> {
        let mut given = Given::default();
        texts.iter().for_each(|text| given.push(text).unwrap());
        let list = given.parse()?;
        Some(list.into_iter().map(|Property { name, values }| (name, values)).collect())
    }

    #[test]
    fn values_go_on_until_the_next_name() {
        let list = parse(&["protection=mac-nospoof,ip-nospoof,mtu=1400", "foo"]).unwrap();
        assert_eq!(
            list,
            [
                ("protection".into(), vec!["mac-nospoof".into(), "ip-nospoof".into()]),
                ("mtu".into(), vec!["1400".into(), "foo".into()]),
            ]
        );
        assert_eq!(parse(&["mtu,maxbw=100"]).unwrap()[0], ("mtu".into(), vec![]));
        for bad in ["", ",", "=", "=1", "mtu=", "mtu==1", "mtu=1400,"] {
            assert_eq!(parse(&[bad]), None, "{bad}");
        }
    }

    #[test]
    fn a_list_has_a_longest_length() {
        let mut given = Given::default();
        assert_eq!(given.push(&"a".repeat(254)), Ok(()));
        assert_eq!(given.push("b"), Err(format!("{},", "a".repeat(254))));
    }
}
