//! The committed header is what cbindgen makes of the sources. `make header` updates it.

use std::path::Path;

/// Returns the header with a heading above the first declaration of each section.
fn with_sections(header: &str, here: &Path) -> String {
    let starts = |line: &str, start: &str| line.starts_with(start);
    let mut sections = vec![
        ("enum zmgr_status".to_owned(), "Constants".to_owned()),
        ("typedef struct zmgr_".to_owned(), "Objects".to_owned()),
        ("typedef bool (*zmgr_progress_fn)".to_owned(), "Options and callbacks".to_owned()),
    ];
    let library = std::fs::read_to_string(here.join("src/lib.rs")).unwrap();
    let mut title = None;
    for line in library.lines() {
        if let Some(heading) = line.strip_prefix("// Section: ") {
            title = Some(heading.to_owned());
        } else if let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'))
            && let Some(heading) = title.take()
        {
            let source = std::fs::read_to_string(here.join(format!("src/{module}.rs"))).unwrap();
            let function = source.split("extern \"C\" fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
            sections.push((function.unwrap_or_else(|| panic!("{module}.rs has no function")).to_owned(), heading));
        }
    }
    let mut lines: Vec<String> = header.lines().map(str::to_owned).collect();
    for (start, title) in sections {
        let declares = |line: &String| {
            starts(line, &start) || line.contains(&format!(" {start}(")) || line.contains(&format!("*{start}("))
        };
        let declaration = lines.iter().position(|line| !line.starts_with("//") && declares(line));
        let declaration = declaration.unwrap_or_else(|| panic!("the header does not declare {start}"));
        let comment = lines[..declaration].iter().rposition(|line| !line.starts_with("//")).map_or(0, |line| line + 1);
        lines.splice(comment..comment, [format!("// ==== {title} ===="), String::new()]);
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_sections_are_in_reading_order() {
    let header = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/zmgr.h")).unwrap();
    let titles: Vec<&str> =
        header.lines().filter_map(|line| line.strip_prefix("// ==== ")?.strip_suffix(" ====")).collect();
    assert_eq!(
        titles[..6],
        ["Constants", "Objects", "Options and callbacks", "Managers", "Errors and diagnostics", "Zones"]
    );
    assert_eq!(titles.last(), Some(&"Simulated hosts"));
}

#[test]
fn the_header_is_fresh() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_crate(here).with_config(config).generate().unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    // Rust's heading for what a caller must keep to, in words for C.
    let made = String::from_utf8(made).unwrap().replace("//\n// # Safety\n// ", "//\n// Requires: ");
    let made = with_sections(&made, here);
    let header = here.join("../../include/zmgr.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&header, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&header).unwrap_or_default();
    if kept != made {
        let differs = kept.lines().zip(made.lines()).position(|(old, new)| old != new);
        let line = differs.unwrap_or(kept.lines().count().min(made.lines().count()));
        panic!(
            "include/zmgr.h is stale from line {}: run `make header`\n  has:   {}\n  wants: {}",
            line + 1,
            kept.lines().nth(line).unwrap_or("(end)"),
            made.lines().nth(line).unwrap_or("(end)"),
        );
    }
}

#[test]
fn the_version_of_the_header_is_the_version_of_the_library() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = std::fs::read_to_string(here.join("cbindgen.toml")).unwrap();
    for (part, number) in [
        ("MAJOR", env!("CARGO_PKG_VERSION_MAJOR")),
        ("MINOR", env!("CARGO_PKG_VERSION_MINOR")),
        ("PATCH", env!("CARGO_PKG_VERSION_PATCH")),
    ] {
        assert!(
            config.contains(&format!("#define ZMGR_VERSION_{part} {number}\n")),
            "cbindgen.toml: ZMGR_VERSION_{part}"
        );
    }
}

/// Each declaration that ends in `;` with the comment above it.
fn declarations() -> Vec<(String, String)> {
    let header = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/zmgr.h")).unwrap();
    let (mut all, mut comment, mut code) = (Vec::new(), String::new(), String::new());
    for line in header.lines() {
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words);
        } else if line.is_empty() {
            (comment, code) = (String::new(), String::new());
        } else {
            code.push_str(line);
            if code.ends_with(';') {
                all.push((std::mem::take(&mut code), std::mem::take(&mut comment)));
            }
        }
    }
    all
}

#[test]
fn every_function_that_can_fail_says_how() {
    let codes: Vec<(String, String)> =
        declarations().into_iter().filter(|(code, _)| code.contains("zmgr_error **")).collect();
    assert!(codes.len() > 40, "the header is read wrongly: {} functions", codes.len());
    let header = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/zmgr.h")).unwrap();
    for (code, comment) in codes {
        let errors = comment.split_once("Errors: ").unwrap_or_else(|| panic!("no `Errors:` above {code}")).1;
        let words = errors.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| w.starts_with("ZMGR_"));
        for word in words {
            assert!(header.contains(&format!("    {word} = ")), "{word} is not a constant: {code}");
        }
    }
}

#[test]
fn every_object_says_who_may_use_it_and_how_long() {
    let objects: Vec<(String, String)> =
        declarations().into_iter().filter(|(code, _)| code.starts_with("typedef struct zmgr_")).collect();
    assert!(objects.len() > 12, "the header is read wrongly: {} objects", objects.len());
    for (code, comment) in objects {
        assert!(comment.contains("thread"), "which threads may use it? {code}");
        let ends = ["_free", "_close", "elongs to", "Lives for"];
        assert!(ends.iter().any(|end| comment.contains(end)), "how long does it live? {code}");
    }
}
