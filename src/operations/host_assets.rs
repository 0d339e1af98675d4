//! Host files and datasets that a creation uses: public keys, certificates, delegated datasets, images.
//!
//! Invariant: no plan, error or log can show a secret: private keys are never read, and a hash of a password is a [`Secret`].

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::brand::{self, ImageKind};
use super::config_tree::ConfigTree;
use super::data;
use super::zonepath::parent;
use crate::documents::publisher::Publisher;
use crate::documents::resolve::ZoneSpec;
use crate::documents::resources::Dataset;
use crate::error::{Code, Error, Result};
use crate::exec::zfs;
use crate::file::{self, Links, Refused};
use crate::host::Host;
use crate::value::Secret;
use crate::value::source::Source;

/// Largest file of public keys that is read.
const KEYS: u64 = 256 << 10;

/// Longest hash of a password.
const HASH: usize = 512;

/// The files and datasets that specs name, as they were before any lock was taken.
#[derive(Debug, Default)]
pub(crate) struct HostAssets {
    /// The lines of each file of public keys, or its error.
    keys: BTreeMap<String, std::result::Result<Vec<String>, String>>,
    /// The hash in each file of a password, or its error.
    passwords: BTreeMap<String, std::result::Result<Secret, String>>,
    /// True for each client certificate and key that is a file.
    certificates: BTreeMap<String, bool>,
    /// True for each dataset that the host has.
    datasets: BTreeMap<String, bool>,
    /// The kind of each image on the host.
    images: BTreeMap<String, ImageKind>,
    /// The dataset mounted at each directory of zonepaths, if golden zones are there.
    above: BTreeMap<String, Option<String>>,
}

impl HostAssets {
    /// Collects what one spec names.
    pub(crate) fn of(host: &Host, config_tree: &ConfigTree, spec: &ZoneSpec) -> Result<HostAssets> {
        let mut host_assets = HostAssets::default();
        host_assets.gather(host, config_tree, spec)?;
        Ok(host_assets)
    }

    /// Collects everything that this spec names. Something missing is recorded, and is an error only where it is needed.
    pub(crate) fn gather(&mut self, host: &Host, config_tree: &ConfigTree, spec: &ZoneSpec) -> Result<()> {
        self.gather_setup(host, spec);
        let publishers = spec.install.publishers.iter().filter_map(|name| config_tree.publishers.get(name));
        for path in publishers.flat_map(|publisher| [&publisher.ssl_cert, &publisher.ssl_key]).flatten() {
            if !self.certificates.contains_key(path) {
                self.certificates.insert(path.clone(), host.path(path).is_file());
            }
        }
        if let Some(image) = &spec.install.image {
            let path = host.path(image);
            let kind = match (path.is_dir(), path.is_file()) {
                (true, _) => ImageKind::Directory,
                (false, true) => ImageKind::File,
                (false, false) => ImageKind::Missing,
            };
            self.images.insert(image.clone(), kind);
        }
        let directory = parent(&spec.zonepath.value);
        if spec.install.is_golden() && !self.above.contains_key(directory) {
            let above = data::mounted_at(host, directory)?.map(|dataset| dataset.name);
            self.above.insert(directory.to_owned(), above);
        }
        for dataset in &spec.resources.datasets {
            if !self.datasets.contains_key(&dataset.name) {
                let found = host.question(&zfs::list_one(&dataset.name))?;
                self.datasets.insert(dataset.name.clone(), found.success());
            }
        }
        Ok(())
    }

    /// Reads the files for the zone's first boot.
    fn gather_setup(&mut self, host: &Host, spec: &ZoneSpec) {
        for path in spec.setup.ssh_keys.iter().flat_map(|keys| keys.value.iter()) {
            if !self.keys.contains_key(path) {
                self.keys.insert(path.clone(), read_keys(&host.path(path), host.is_guarded()));
            }
        }
        if let Some(path) = spec.setup.root_password_file.as_deref()
            && !self.passwords.contains_key(path)
        {
            self.passwords.insert(path.to_owned(), read_password(&host.path(path)));
        }
    }

    /// Returns the dataset in whose mount point a zone has its zonepath; known only for clones of golden zones.
    pub(crate) fn dataset_above(&self, zonepath: &str) -> Option<&str> {
        self.above.get(parent(zonepath))?.as_deref()
    }

    /// Returns the kind of this spec's image on the host.
    pub(crate) fn image(&self, spec: &ZoneSpec) -> ImageKind {
        let found = spec.install.image.as_ref().and_then(|image| self.images.get(image));
        found.copied().unwrap_or(ImageKind::Missing)
    }

    /// Returns the public keys of root, each line once; an error if one of their files cannot be used.
    pub(crate) fn keys(&self, spec: &ZoneSpec) -> Result<Vec<String>> {
        let mut lines: Vec<String> = Vec::new();
        let Some(files) = &spec.setup.ssh_keys else { return Ok(lines) };
        for path in &files.value {
            let found = self.keys.get(path).cloned().unwrap_or_else(|| Err("it was not read".to_owned()));
            let found = found.map_err(|fault| {
                let message =
                    format!("zone {}: the ssh-key {path} ({}) cannot be used: {fault}", spec.name, files.source);
                Error::new(Code::Config, message).with_help("use a file of public keys, such as id_ed25519.pub")
            })?;
            for line in found {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        Ok(lines)
    }

    /// Returns the hash of root's password, if the spec names a file with one; an error if that cannot be used.
    pub(crate) fn password(&self, spec: &ZoneSpec) -> Result<Option<Secret>> {
        let Some(file) = &spec.setup.root_password_file else { return Ok(None) };
        let found = self.passwords.get(&file.value).cloned().unwrap_or_else(|| Err("it was not read".to_owned()));
        found.map(Some).map_err(|fault| {
            let message = format!(
                "zone {}: the root-password-file {} ({}) cannot be used: {fault}",
                spec.name, file.value, file.source
            );
            Error::new(Code::Config, message).with_help(
                "write the hash on one line, such as openssl passwd -5 prints it, into a file of root's with mode 0400",
            )
        })
    }

    /// Returns the publishers of a spec, in search order; their certificates must exist.
    pub(crate) fn publishers(&self, spec: &ZoneSpec, config_tree: &ConfigTree, linked: bool) -> Result<Vec<Publisher>> {
        let publishers = brand::publishers(spec, config_tree, linked)?;
        for publisher in &publishers {
            let paths = [("ssl-cert", &publisher.ssl_cert), ("ssl-key", &publisher.ssl_key)];
            for (node, path) in paths.into_iter().filter_map(|(node, path)| Some((node, path.as_ref()?))) {
                if self.certificates.get(path) != Some(&true) {
                    let message = format!(
                        "zone {}: publisher {} ({}): the {node} {path} does not exist",
                        spec.name, publisher.name, publisher.source
                    );
                    return Err(
                        Error::new(Code::Config, message).with_help(format!("create the file, or correct {node}"))
                    );
                }
            }
        }
        Ok(publishers)
    }

    /// Returns the delegated datasets that have to be made; an error if one is missing and may not be made.
    pub(crate) fn missing_datasets(&self, spec: &ZoneSpec) -> Result<Vec<Dataset>> {
        let mut missing = Vec::new();
        for dataset in &spec.resources.datasets {
            match self.datasets.get(&dataset.name) {
                Some(true) => {}
                _ if dataset.create => missing.push(dataset.value.clone()),
                _ => {
                    let message = format!(
                        "zone {}: the host has no dataset {}, which {} delegates",
                        spec.name, dataset.name, dataset.source
                    );
                    return Err(Error::new(Code::Config, message).with_help(format!(
                        "run `zfs create {0}`, or write `dataset \"{0}\" create=#true`",
                        dataset.name
                    )));
                }
            }
        }
        Ok(missing)
    }
}

/// Returns the files for a zone's first boot that cannot be used, each with its line and the error.
pub(crate) fn unusable_files(host: &Host, spec: &ZoneSpec) -> Vec<(String, Source, Error)> {
    let mut host_assets = HostAssets::default();
    host_assets.gather_setup(host, spec);
    let mut unusable = Vec::new();
    if let (Some(files), Err(error)) = (&spec.setup.ssh_keys, host_assets.keys(spec)) {
        unusable.push((format!("ssh-key {}", files.value.join(" ")), files.source.clone(), error));
    }
    if let (Some(file), Err(error)) = (&spec.setup.root_password_file, host_assets.password(spec)) {
        unusable.push((format!("root-password-file {}", file.value), file.source.clone(), error));
    }
    unusable
}

/// Returns the hash in a file that only its owner may read; otherwise its error, which has nothing of the content.
fn read_password(path: &Path) -> std::result::Result<Secret, String> {
    let (file, meta) = file::open(path, Links::Refuse).map_err(|why| why.to_string())?;
    if meta.uid() != 0 && meta.uid() != rustix::process::geteuid().as_raw() {
        return Err("it is not owned by root".to_owned());
    }
    if meta.permissions().mode() & 0o7777 & !0o600 != 0 {
        return Err(format!("its mode is {:04o}, and it must be 0400 or 0600", meta.permissions().mode() & 0o7777));
    }
    let bytes = file::read_to_limit(&file, &meta, KEYS).map_err(|why| why.to_string())?;
    parse_password(&String::from_utf8(bytes).map_err(|_| Refused::NotText.to_string())?)
}

fn parse_password(text: &str) -> std::result::Result<Secret, String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err("it does not have exactly one line".to_owned());
    };
    // crypt(3) writes `$`, the algorithm, `$`, and so on: nothing that could end the field or the line.
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"./$,=_-".contains(&b);
    let parts: Vec<&str> = line.split('$').collect();
    let is_hash = parts.len() >= 4 && parts[0].is_empty() && !parts[1].is_empty() && !line.ends_with('$');
    if line.len() > HASH || !line.bytes().all(legal) || !is_hash {
        return Err("it is not a hash such as $5$SALT$HASH".to_owned());
    }
    Ok(Secret::new(line))
}

/// Returns the keys of a file, one per line; otherwise its error.
fn read_keys(path: &Path, trusted: bool) -> std::result::Result<Vec<String>, String> {
    let (file, meta) = file::open(path, Links::Follow).map_err(|why| why.to_string())?;
    // As sshd does: a key file that everyone may replace lets everyone into the zone.
    if trusted && meta.permissions().mode() & 0o002 != 0 {
        return Err("it is writable by everyone".to_owned());
    }
    let bytes = file::read_to_limit(&file, &meta, KEYS).map_err(|why| why.to_string())?;
    parse_keys(&String::from_utf8(bytes).map_err(|_| Refused::NotText.to_string())?)
}

fn parse_keys(text: &str) -> std::result::Result<Vec<String>, String> {
    // Searched for anywhere: a private key in the wrong file must not get into a plan, let alone into a zone.
    if text.contains("PRIVATE KEY") || text.contains("PuTTY-User-Key-File") {
        return Err("it contains a private key".to_owned());
    }
    let mut keys = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.chars().any(char::is_control) || !has_key(line) {
            return Err(format!("line {} is not a public key", at + 1));
        }
        keys.push(line.to_owned());
    }
    if keys.is_empty() { Err("it contains no key".to_owned()) } else { Ok(keys) }
}

/// Returns true if two words of a line, after optional options, are the type of a key and its base64.
fn has_key(line: &str) -> bool {
    let is_type = |word: &str| {
        ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"].iter().any(|start| word.starts_with(start))
    };
    let is_key = |word: &str| {
        word.starts_with("AAAA") && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).any(|pair| is_type(pair[0]) && is_key(pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn public_keys() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ops@example";
        let text = format!("# of the team\n\n{key}\nfrom=\"10.0.0.0/8\",no-pty {key}\r\n");
        assert_eq!(parse_keys(&text).unwrap(), [key.to_owned(), format!("from=\"10.0.0.0/8\",no-pty {key}")]);
        for (text, fault) in [
            ("", "it contains no key"),
            ("# nothing\n", "it contains no key"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n", "it contains a private key"),
            ("ssh-ed25519 AAAAC3Nz ops\n-----BEGIN RSA PRIVATE KEY-----\n", "it contains a private key"),
            ("ssh-ed25519 AAAAC3Nz ops\nhello\n", "line 2 is not a public key"),
            ("ssh-ed25519 AAAAC3Nz\x1b[2J\n", "line 1 is not a public key"),
            ("ssh-ed25519 secret\n", "line 1 is not a public key"),
        ] {
            assert_eq!(parse_keys(text), Err(fault.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn hashes_of_passwords() {
        for hash in ["$5$salt$Abc./012", "$6$rounds=5000$salt$Abc", "$2a$10$abc", "$md5,rounds=904$salt$$Abc"] {
            assert_eq!(parse_password(&format!("{hash}\n")).unwrap().reveal(), hash);
        }
        for text in [
            "",
            "\n",
            "secret\n",
            "$5$salt$a:b",
            "$5$salt$a b",
            "$5$salt$a\n$5$salt$b\n",
            "$$s$a",
            "$5$s$",
            "NP",
            "$5$s",
        ] {
            let fault = parse_password(text).unwrap_err();
            assert!(!fault.contains("secret"), "{fault}");
        }
        assert_eq!(format!("{:?}", parse_password("$5$salt$hash").unwrap()), "(secret)");
    }

    #[test]
    fn files_of_passwords() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root");
        assert!(read_password(&path).is_err());
        std::fs::write(&path, "$5$salt$hash\n").unwrap();
        for (mode, good) in
            [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o700, false), (0o644, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_password(&path).is_ok(), good, "{mode:o}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(read_password(&link).is_err());
    }

    #[test]
    fn files_of_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ops.pub");
        assert!(read_keys(&path, false).is_err());
        assert_eq!(read_keys(directory.path(), false), Err("it is a directory, not a regular file".to_owned()));
        std::fs::write(&path, vec![b'x'; KEYS as usize + 1]).unwrap();
        assert!(read_keys(&path, false).unwrap_err().contains("larger"));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read_keys(&path, false), Err("it is not UTF-8 text".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~\n]{0,200}") {
            let _ = parse_keys(&text);
        }
    }
}
