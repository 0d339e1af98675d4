//! A simulated host in a temporary directory, and what a recording puts on it before it begins.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Cursor};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use zmgr_sim::{Call, Caller, Dialect, Machine, Output, Status};

/// A simulated host.
pub(crate) struct Bench {
    directory: tempfile::TempDir,
    pub(crate) machine: Machine,
}

/// Output of one command, and its exit status (128 plus the signal if one killed it).
pub(crate) struct Answered {
    pub(crate) code: i64,
    pub(crate) out: String,
    pub(crate) err: String,
}

#[derive(Default)]
struct Written {
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Output for Written {
    fn stdout(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.err.extend_from_slice(bytes);
    }
}

/// The strings of a list; none if it is absent.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// The elements of a list; none if it is absent.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Bench {
    pub(crate) fn new(dialect: &Value) -> Bench {
        let dialect = dialect.as_str().and_then(Dialect::from_name).expect("the dialect of a recording");
        // Memory, if there is some: thousands of small machines are made.
        let directory = match Path::new("/dev/shm").is_dir() {
            true => tempfile::tempdir_in("/dev/shm"),
            false => tempfile::tempdir(),
        };
        let directory = directory.unwrap();
        let machine = Machine::create(directory.path(), dialect).unwrap();
        Bench { directory, machine }
    }

    /// Path on this machine of an absolute path of the simulated host.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }

    /// The simulated host's root directory, as it appears in messages.
    pub(crate) fn root(&self) -> String {
        self.machine.root().to_string_lossy().into_owned()
    }

    /// Runs a command on the host.
    pub(crate) fn run(&self, argv: &[&str], stdin: &str, env: &[(&str, &str)]) -> Answered {
        self.run_in(Path::new("/"), argv, stdin, env)
    }

    /// Runs a command in a directory of the host.
    pub(crate) fn run_in(&self, cwd: &Path, argv: &[&str], stdin: &str, env: &[(&str, &str)]) -> Answered {
        let cwd = self.path(&cwd.to_string_lossy());
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let env: Vec<(OsString, OsString)> = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut written = Written::default();
        let mut call = Call {
            argv: &argv,
            env: &env,
            cwd: &cwd,
            stdin: &mut Cursor::new(stdin.as_bytes().to_vec()),
            interrupted: &|| false,
            hooks: None,
            caller: Caller::InProcess,
        };
        let code = match self.machine.answer(&mut call, &mut written) {
            Status::Exited(code) => i64::from(code),
            Status::Signalled(signal) => 128 + i64::from(signal),
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Answered { code, out: text(written.out), err: text(written.err) }
    }

    /// Puts files, directories, links and archives on the host.
    pub(crate) fn place(&self, items: &Value) -> Result<(), String> {
        list(items).iter().try_for_each(|item| self.place_one(item)).map_err(|error| format!("{items}: {error}"))
    }

    fn place_one(&self, item: &Value) -> io::Result<()> {
        let path = self.path(&item["path"].as_str().unwrap().replace("FILES", "/FILES"));
        if !item["gone"].is_null() {
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            return Ok(());
        }
        if let Some(target) = item["link"].as_str() {
            return std::os::unix::fs::symlink(self.path(target), &path);
        }
        let parent = || fs::create_dir_all(path.parent().unwrap());
        if let Some(compression) = item["tar"].as_str() {
            parent()?;
            return fs::write(&path, archive(compression, &strings(&item["members"])));
        }
        match item["text"].as_str() {
            Some(text) => {
                parent()?;
                fs::write(&path, text)?;
            }
            None => fs::create_dir_all(&path)?,
        }
        if let Some(mode) = item["mode"].as_str() {
            fs::set_permissions(&path, fs::Permissions::from_mode(u32::from_str_radix(mode, 8).unwrap()))?;
        }
        if let Some(uid) = item["uid"].as_u64() {
            std::os::unix::fs::chown(&path, Some(uid.try_into().unwrap()), None)?;
        }
        Ok(())
    }
}

/// A tar archive of these members (directories end in `/`), compressed by the host's own programs.
fn archive(compression: &str, members: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    for name in members {
        let path = directory.path().join(name);
        fs::create_dir_all(if name.ends_with('/') { path.clone() } else { path.parent().unwrap().to_owned() }).unwrap();
        if !name.ends_with('/') {
            fs::write(&path, "x\n").unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let compress = match compression {
        "gz" => "-z",
        "bz2" => "-j",
        "xz" => "-J",
        _ => "--format=ustar",
    };
    let mut tar = std::process::Command::new("tar");
    tar.arg("-C").arg(directory.path()).args(["--no-recursion", compress, "-cf", "-"]).args(members);
    tar.output().unwrap().stdout
}
