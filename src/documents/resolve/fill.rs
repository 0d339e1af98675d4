//! Placeholders: `{zone}`, `{template}`, `{brand}` in texts of templates. `{{zone}}` is a literal `{zone}`.

use std::borrow::Cow;

use super::Findings;
use crate::documents::resources::{AttrValue, Resources};
use crate::documents::settings::{Settings, Setup};
use crate::schema::did_you_mean;
use crate::value::source::{Source, Sourced};

/// Values of the placeholders.
pub(super) struct Filler<'a> {
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) findings: &'a mut Findings,
}

impl Filler<'_> {
    /// Returns a layer with its placeholders filled. Most have none, and are returned as they are.
    pub(super) fn layer<'s>(&mut self, settings: &'s Settings) -> Cow<'s, Settings> {
        if !texts(settings).any(|text| text.contains('{')) {
            return Cow::Borrowed(settings);
        }
        let mut settings = settings.clone();
        self.setup(&mut settings.setup);
        self.resources(&mut settings.resources);
        self.sourced(&mut settings.dns_domain);
        self.list(&mut settings.zonecfg);
        for Sourced { value: without, source } in &mut settings.without {
            if let Some(key) = &mut without.key {
                self.text(key, source);
            }
        }
        Cow::Owned(settings)
    }

    fn text(&mut self, text: &mut String, source: &Source) {
        if text.contains('{') {
            *text = self.filled(text, source);
        }
    }

    fn sourced(&mut self, text: &mut Option<Sourced<String>>) {
        if let Some(Sourced { value, source }) = text {
            self.text(value, source);
        }
    }

    fn list(&mut self, list: &mut Option<Sourced<Vec<String>>>) {
        if let Some(Sourced { value, source }) = list {
            value.iter_mut().for_each(|text| self.text(text, source));
        }
    }

    fn setup(&mut self, setup: &mut Setup) {
        self.sourced(&mut setup.hostname);
        self.list(&mut setup.ssh_keys);
        self.sourced(&mut setup.root_password_file);
        self.list(&mut setup.hosts);
    }

    fn resources(&mut self, resources: &mut Resources) {
        for Sourced { value: fs, source } in &mut resources.fs {
            for text in [&mut fs.dir, &mut fs.special].into_iter().chain(&mut fs.raw).chain(&mut fs.options) {
                self.text(text, source);
            }
        }
        for Sourced { value: dataset, source } in &mut resources.datasets {
            self.text(&mut dataset.name, source);
        }
        for Sourced { value: device, source } in &mut resources.devices {
            self.text(&mut device.pattern, source);
        }
        for Sourced { value: attr, source } in &mut resources.attrs {
            if let AttrValue::String(text) = &mut attr.value {
                self.text(text, source);
            }
        }
        for (_, slot) in resources.singles_mut().filter(|(single, _)| single.has_placeholders) {
            if let Some((text, source)) = slot.text() {
                self.text(text, source);
            }
        }
    }

    fn filled(&mut self, text: &str, source: &Source) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let literal = word(&rest[1..]).filter(|_| rest.starts_with("{{"));
            if let Some(name) =
                literal.and_then(|_| word(&rest[1..])).filter(|name| rest[name.len() + 3..].starts_with('}'))
            {
                out.push_str(&format!("{{{name}}}"));
                rest = &rest[name.len() + 4..];
                continue;
            }
            match word(rest) {
                None => {
                    out.push('{');
                    rest = &rest[1..];
                }
                Some(name) => {
                    match self.values.iter().find(|(known, _)| *known == name) {
                        Some((_, value)) => out.push_str(value),
                        None => {
                            let message = format!("unknown placeholder {{{name}}}");
                            let near = did_you_mean(name, self.values.iter().map(|(known, _)| *known));
                            let known: Vec<String> =
                                self.values.iter().map(|(known, _)| format!("{{{known}}}")).collect();
                            let help = match near {
                                Some(near) => format!("did you mean {{{near}}}?"),
                                None => format!(
                                    "use one of {}, or write {{{{{name}}}}} for the literal text",
                                    known.join(", ")
                                ),
                            };
                            self.findings.add_with_help("unknown-placeholder", source, message, help);
                        }
                    }
                    rest = &rest[name.len() + 2..];
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// Returns the texts of a layer that may have placeholders.
fn texts(settings: &Settings) -> impl Iterator<Item = &str> {
    fn one(text: &Option<Sourced<String>>) -> impl Iterator<Item = &String> {
        text.iter().map(|text| &text.value)
    }
    fn all(list: &Option<Sourced<Vec<String>>>) -> impl Iterator<Item = &String> {
        list.iter().flat_map(|list| &list.value)
    }
    let (setup, resources) = (&settings.setup, &settings.resources);
    let fs = resources.fs.iter().flat_map(|fs| [&fs.dir, &fs.special].into_iter().chain(&fs.raw).chain(&fs.options));
    let attrs = resources.attrs.iter().filter_map(|attr| match &attr.value.value {
        AttrValue::String(text) => Some(text),
        _ => None,
    });
    let singles = resources.singles().filter(|(single, _)| single.has_placeholders);
    let keys = settings.without.iter().filter_map(|without| without.key.as_ref());
    one(&setup.hostname)
        .chain(all(&setup.ssh_keys))
        .chain(one(&setup.root_password_file))
        .chain(all(&setup.hosts))
        .chain(fs)
        .chain(resources.datasets.iter().map(|dataset| &dataset.name))
        .chain(resources.devices.iter().map(|device| &device.pattern))
        .chain(attrs)
        .chain(one(&settings.dns_domain))
        .chain(all(&settings.zonecfg))
        .chain(keys)
        .map(String::as_str)
        .chain(singles.filter_map(|(_, slot)| slot.as_text()))
}

/// Returns the name of a placeholder at the beginning of a text: `zone` of `{zone}…`.
fn word(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('{')?;
    // Looks no further than a name goes: a text may have thousands of braces.
    let end = rest.bytes().position(|b| !(b.is_ascii_lowercase() || b == b'-'))?;
    (end > 0 && rest.as_bytes()[end] == b'}').then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fill(text: &str) -> (String, usize) {
        let mut findings = Findings::default();
        let mut filler =
            Filler { values: vec![("zone", "web01".into()), ("brand", "lipkg".into())], findings: &mut findings };
        let mut text = text.to_owned();
        filler.text(&mut text, &Source::none());
        (text, findings.0.len())
    }

    #[test]
    fn placeholders() {
        for (text, filled, faults) in [
            ("/export/{zone}", "/export/web01", 0),
            ("{zone}{brand}", "web01lipkg", 0),
            ("{{zone}}", "{zone}", 0),
            ("{\"a\": 1}", "{\"a\": 1}", 0),
            ("{", "{", 0),
            ("{}", "{}", 0),
            ("{zon}", "", 1),
            ("{{zone}", "{web01", 0),
        ] {
            assert_eq!(fill(text), (filled.to_owned(), faults), "{text}");
        }
    }

    #[test]
    fn a_text_of_braces_is_read_once() {
        // Looking for the end of each to the end of the text would take hours.
        let text = "{".repeat(1 << 20);
        assert_eq!(fill(&text), (text, 0));
    }

    proptest! {
        #[test]
        fn texts_without_braces_stay(text in "[^{}]{0,40}") {
            prop_assert_eq!(fill(&text).0, text);
        }

        #[test]
        fn no_text_panics(text in "[{}a-z é\"]{0,24}") {
            fill(&text);
        }
    }
}
