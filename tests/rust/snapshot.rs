//! A directory as a whole, to be compared with another: everything in it, but for what is random by design.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Paths that are not state: the simulation's own corner, zmgr's locks and index, the logs of commands, OmniOS's count of zones.
const LEFT_OUT: [&str; 4] = [".zmgr", "etc/zmgr/.zmgr", "var/log/zmgr", "etc/zones/did.txt"];

/// Every file, directory and link below `root`: kind, mode, contents. Ids, uuids, MAC addresses and times are replaced by words.
pub(crate) fn whole(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn walk(root: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let meta = fs::symlink_metadata(&path).unwrap();
        let mode = meta.permissions().mode() & 0o7777;
        let what = if meta.is_dir() {
            walk(root, &path, found);
            "directory".to_owned()
        } else if meta.is_symlink() {
            format!("link to {}", fs::read_link(&path).unwrap().display())
        } else {
            let text = plain(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
            // A zone gets another number at each boot.
            let numbered = name.starts_with("var/run/zones/");
            let timed = name.starts_with("etc/zfs/");
            let kept = |line: &&str| {
                !(numbered && (line.starts_with("id ") || line.starts_with("serial ")))
                    && !(timed && line.starts_with("creation "))
            };
            text.lines().filter(kept).collect::<Vec<_>>().join("\n")
        };
        found.insert(plain(&name), format!("{mode:o} {what}"));
    }
}

/// The text with everything random replaced.
fn plain(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(word) {
        out.push_str(&rest[..start]);
        let end = rest[start..].find(|c| !word(c)).map_or(rest.len(), |n| start + n);
        let found = &rest[start..end];
        match named(found) {
            Some(name) => out.push_str(name),
            None => {
                out.push_str(&found.split(':').map(|part| named(part).unwrap_or(part)).collect::<Vec<_>>().join(":"))
            }
        }
        rest = &rest[end..];
    }
    out + rest
}

fn named(word: &str) -> Option<&'static str> {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let parts: Vec<usize> = word.split('-').map(str::len).collect();
    if parts == [8, 4, 4, 4, 12] && hex(&word.replace('-', "")) {
        return Some("UUID");
    }
    if word.len() == 32 && hex(word) {
        return Some("ID");
    }
    if word.split(':').count() == 6
        && word.split(':').all(|byte| (1..=2).contains(&byte.len()))
        && hex(&word.replace(':', ""))
    {
        return Some("MAC");
    }
    // The names of zmgr's snapshots, with the entry's id and the time.
    if word.starts_with("zmgr-") && parts.len() > 3 && parts[1..3] == [8, 16] {
        return Some(if word.ends_with("-later") { "SNAPSHOT-LATER" } else { "SNAPSHOT" });
    }
    // The label of a snapshot that is named after the time.
    let compact = word.as_bytes();
    if word.len() == 16 && compact[8] == b'T' && compact[15] == b'Z' && word.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return Some("LABEL");
    }
    if word.len() > 14 && word.bytes().all(|b| b.is_ascii_digit()) {
        return Some("GUID");
    }
    if word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T' {
        return Some("TIME");
    }
    None
}

/// A directory of its own, in memory where there is a place for that: tests that make thousands of machines wait for no disk.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Copies a directory, modes included.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            copy(&path, &target);
            fs::set_permissions(&target, meta.permissions()).unwrap();
        } else if meta.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), &target).unwrap();
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The differences of two wholes, for people.
pub(crate) fn differences(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (path, text) in a {
        match b.get(path) {
            None => out.push_str(&format!("- {path}\n")),
            Some(other) if other != text => out.push_str(&format!("~ {path}\n  {text:?}\n  {other:?}\n")),
            Some(_) => {}
        }
    }
    for path in b.keys().filter(|path| !a.contains_key(*path)) {
        out.push_str(&format!("+ {path}: {:?}\n", b[path]));
    }
    out
}
