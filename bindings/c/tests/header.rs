//! The committed header is what cbindgen makes of the sources. `make header` writes it anew.

use std::path::Path;

#[test]
fn the_header_is_fresh() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_crate(here).with_config(config).generate().unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    // Rust's heading for what a caller must keep to, in words for C.
    let made = String::from_utf8(made).unwrap().replace("//\n// # Safety\n// ", "//\n// Requires: ");
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
