//! The rules of the house that a search of the sources can hold, each with its reason.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that may stand in the files below some paths only.
struct Rule {
    words: &'static [&'static str],
    below: &'static str,
    except: &'static [&'static str],
    reason: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &["kdl::", "extern crate kdl"],
        below: "src",
        except: &["src/kdl_util/"],
        reason: "one place knows the parser, so that its limits (size, depth, stack) are checked before every use",
    },
    Rule {
        words: &["process::Command", "process::{", "process::exit", "process::abort"],
        below: "src",
        except: &["src/exec/system.rs"],
        reason: "one file spawns programs: no shell, a clean environment, an own process group, a time limit",
    },
    Rule {
        words: &["doc(hidden)"],
        below: "src",
        except: &[],
        reason: "what is public is promised and documented; the project's own tests use the feature `internals`",
    },
    Rule {
        words: &["zmgr_sim"],
        below: "src",
        except: &["src/exec/simulated.rs", "src/simhost.rs"],
        reason: "the simulated machine is reached through its runner and the public wrapper only",
    },
    Rule {
        words: &["process::Command", "std::process::{"],
        below: "sim/src",
        except: &[],
        reason: "the simulated machine runs no programs",
    },
    Rule {
        words: &["println!", "print!(", "eprintln!", "eprint!(", "dbg!("],
        below: "src",
        except: &[],
        reason: "a library prints nothing: it answers, or tells its caller through events",
    },
    Rule {
        words: &["unsafe ", "unsafe{", "allow(unsafe_code)"],
        below: "src",
        except: &[],
        reason: "the core is safe Rust",
    },
    Rule {
        words: &["unsafe ", "unsafe{"],
        below: "bindings/cli",
        except: &["bindings/cli/src/process.rs"],
        reason: "the CLI needs unsafe code for what it inherits from its parent, and for nothing else",
    },
    Rule {
        words: &["unsafe ", "unsafe{"],
        below: "bindings/python",
        except: &[],
        reason: "pyo3 is unsafe so that this face need not be",
    },
    Rule {
        words: &["unsafe ", "unsafe{", "env::var", "process::Command", "println!", "sleep(", "try_from_env"],
        below: "bindings/etcd/src",
        except: &[],
        reason: "the client of the store is safe Rust, prints nothing, and takes nothing from the environment",
    },
    Rule {
        words: &["Box::from_raw", "Box::into_raw", "CStr::from_ptr", "from_raw_parts", "CString::from_raw"],
        below: "bindings/c/src",
        except: &["bindings/c/src/ffi.rs", "bindings/c/src/guard.rs"],
        reason: "every cast of a pointer stands in two files",
    },
    Rule {
        words: &["ZMGR_ROOT", "ZMGR_SIMULATE", "env::var(", "env::var_os("],
        below: "src",
        except: &[],
        reason: "only the command line reads the environment; a library is told",
    },
    Rule {
        words: &["ZMGR_ROOT", "ZMGR_SIMULATE"],
        below: "bindings",
        except: &["bindings/cli/"],
        reason: "only the command line reads the environment; a library is told",
    },
    Rule {
        words: &["ureq", "rustls", "TcpStream", "TcpListener", "UdpSocket"],
        below: "src",
        except: &[],
        reason: "the network is a package of its own, which a host without a store does not have",
    },
    Rule {
        words: &["clap::", "pyo3::", "libc::"],
        below: "src",
        except: &[],
        reason: "what a face needs stays in that face",
    },
    Rule {
        words: &["static mut", "thread_local!", "set_hook", "set_current_dir", "set_var("],
        below: "src",
        except: &[],
        reason: "no state of the whole process: several managers live side by side, and the host program is not ours",
    },
];

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(below: &str) -> Vec<PathBuf> {
    let mut directories = vec![top().join(below)];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            // Unit tests in files of their own may do what they like, as those within a file may.
            if path.file_stem().is_some_and(|stem| stem == "tests") && path.starts_with(top().join("src")) {
                continue;
            }
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(top()).unwrap().to_string_lossy().replace('\\', "/")
}

/// The lines of a file without comments and without its unit tests, which may do what they like.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let until = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..until]
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(n, line)| (n + 1, line.to_owned()))
        .collect()
}

#[test]
fn every_rule_of_the_house_is_kept() {
    let mut broken = Vec::new();
    for rule in RULES {
        for path in rust_files(rule.below) {
            let name = shown(&path);
            if rule.except.iter().any(|except| name.starts_with(except)) {
                continue;
            }
            for (n, line) in code(&path) {
                for word in rule.words.iter().filter(|word| line.contains(*word)) {
                    broken.push(format!("{name}:{n}: `{word}`: {}", rule.reason));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn public_signatures_show_no_type_of_kdl_clap_or_miette() {
    let mut broken = Vec::new();
    for path in rust_files("src") {
        for (n, line) in code(&path) {
            let open = line.trim_start().starts_with("pub ");
            if open && ["Kdl", "miette::", "clap::"].iter().any(|word| line.contains(word)) {
                broken.push(format!("{}:{n}: {}", shown(&path), line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_file_of_tests_is_forgotten() {
    let main = fs::read_to_string(top().join("tests/rust/main.rs")).unwrap();
    for entry in fs::read_dir(top().join("tests/rust")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_theme = path.is_dir() && path.join("mod.rs").exists() || path.extension().is_some_and(|e| e == "rs");
        if is_theme && stem != "main" {
            assert!(main.contains(&format!("mod {stem};")), "tests/rust/main.rs does not name {stem}");
        }
    }
}
