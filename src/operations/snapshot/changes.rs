//! Changes of a zone's file since a snapshot was taken. A rollback does not undo them.

use std::path::Path;

use crate::documents::document::Document;
use crate::documents::zone::{EntryState, Intent, OLDEST_FORMAT, ZoneEntry};

/// Returns the copy of a zone's file that is kept beside a snapshot: as it is while no operation is in progress.
pub(super) fn copy_of(document: &Document<ZoneEntry>) -> crate::error::Result<String> {
    let mut entry = document.value.clone();
    (entry.state, entry.intent) = (Some(EntryState::Ready), Intent::default());
    Ok(document.with(entry)?.text().to_owned())
}

/// Returns the lines that were added (`+`) and removed (`-`) since the copy was kept; what zmgr records does not count. `None` if the
/// copy cannot be read.
pub(super) fn since(path: &Path, copy: Option<&[u8]>, now: &ZoneEntry) -> Option<Vec<String>> {
    // The copy is named after its label, and the zone may have another name now.
    let text = std::str::from_utf8(copy?).ok()?;
    let name = text.split("zone \"").nth(1)?.split('"').next()?;
    let then = Document::<ZoneEntry>::parse(&path.with_file_name(format!("{name}.kdl")), text.as_bytes()).ok()?.value;
    let path = path.with_file_name(format!("{}.kdl", now.name));
    let then = ZoneEntry { name: now.name.clone(), ..then };
    let (then, now) = (lines(&path, then)?, lines(&path, now.clone())?);
    let removed = then.iter().filter(|line| !now.contains(line)).map(|line| format!("-{line}"));
    let added = now.iter().filter(|line| !then.contains(line)).map(|line| format!("+{line}"));
    Some(removed.chain(added).collect())
}

/// Returns the lines of what a user can write, with the block that each is in.
fn lines(path: &Path, mut entry: ZoneEntry) -> Option<Vec<String>> {
    entry.format = OLDEST_FORMAT;
    (entry.state, entry.intent, entry.uuid, entry.created) = (None, Intent::default(), None, None);
    (entry.applied, entry.pending) = (None, None);
    entry.datasets.clear();
    entry.snapshots.clear();
    let text = Document::create(path, entry).ok()?.text().to_owned();
    let mut block = Vec::new();
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("format ")) {
        if line == "}" {
            block.pop();
            continue;
        }
        let inner: Vec<&str> = block.iter().skip(1).copied().chain([line.trim_end_matches(" {")]).collect();
        lines.push(inner.join(" / "));
        if line.ends_with(" {") {
            block.push(line.trim_end_matches(" {"));
        }
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> ZoneEntry {
        Document::parse(Path::new("w.kdl"), text.as_bytes()).unwrap().value
    }

    #[test]
    fn what_zmgr_records_does_not_count() {
        let then =
            "zone \"w\" {\n    format 2\n    state \"ready\"\n    attr \"a\" \"1\"\n    net \"n\" { pool \"p\"; }\n}\n";
        let now = entry(
            "zone \"w\" {\n    created \"2026-03-22T12:14:09Z\"\n    attr \"a\" \"2\"\n    net \"n\" { pool \"p\"; }\n}\n",
        );
        let path = Path::new("/t/snapshots/w/before.kdl");
        assert_eq!(since(path, Some(then.as_bytes()), &now).unwrap(), ["-attr \"a\" \"1\"", "+attr \"a\" \"2\""]);
        assert_eq!(
            since(path, Some(b"zone \"w\" {\n    attr \"a\" \"2\"\n    net \"n\" { pool \"q\"; }\n}\n"), &now).unwrap(),
            ["-net \"n\" / pool \"q\"", "+net \"n\" / pool \"p\""]
        );
        assert_eq!(since(path, None, &now), None);
        assert_eq!(since(path, Some(b"zone"), &now), None);
    }
}
