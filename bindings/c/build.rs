//! Names the shared library for the linker of its users: `libzmgr.so.0` while the version is 0.x.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if !matches!(system.as_str(), "macos" | "ios" | "windows") {
        // GNU ld and the illumos one both take -h NAME.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-h,libzmgr.so.{}", env!("CARGO_PKG_VERSION_MAJOR"));
    }
}
