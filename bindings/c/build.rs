//! Names the shared library for the linker of its users: `libzmgr.so.MAJOR`; while the version is 0.x, when a minor version may break
//! programs, `libzmgr.so.0.MINOR`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if !matches!(system.as_str(), "macos" | "ios" | "windows") {
        // GNU ld and the illumos one both take -h NAME.
        let number = match env!("CARGO_PKG_VERSION_MAJOR") {
            "0" => concat!("0.", env!("CARGO_PKG_VERSION_MINOR")),
            major => major,
        };
        println!("cargo::rustc-cdylib-link-arg=-Wl,-h,libzmgr.so.{number}");
    }
}
