//! The layers of the library: which module may use which, compared with what the sources use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `src/` in layers, the lowest first: a module uses only modules before it.
const ORDER: &[&str] = &[
    "error",
    "file",
    "parallel",
    "log",
    "value",
    "kdl_util",
    "schema",
    "documents",
    "ipam",
    "exec",
    "host",
    "registry",
    "fleet",
    "api",
    "operations",
    "doctor",
    "simhost",
    "manager",
    "fuzz",
    "internals",
];

/// A module as the names from the crate's root down.
type Module = Vec<String>;

/// The sources of a crate, and what each module uses.
struct Crate {
    code: BTreeMap<Module, String>,
    /// By module: the names that its `use` declarations bring in, and where they come from.
    names: BTreeMap<Module, BTreeMap<String, Module>>,
}

impl Crate {
    fn read(source: &Path) -> Crate {
        let mut code = BTreeMap::new();
        let mut directories = vec![source.to_path_buf()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
                if stem == "tests" {
                    continue;
                } else if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let mut module: Module = directory
                        .strip_prefix(source)
                        .unwrap()
                        .iter()
                        .map(|part| part.to_str().unwrap().into())
                        .collect();
                    if !["mod", "lib", "main"].contains(&stem.as_str()) {
                        module.push(stem);
                    }
                    code.insert(module, without_tests(&fs::read_to_string(&path).unwrap()));
                }
            }
        }
        let mut krate = Crate { code, names: BTreeMap::new() };
        for module in krate.code.keys() {
            let mut names = BTreeMap::new();
            for path in imports(&krate.code[module]) {
                if let Some(absolute) = krate.absolute(module, &path) {
                    names.entry(path.last().unwrap().clone()).or_insert(absolute);
                }
            }
            krate.names.insert(module.clone(), names);
        }
        krate
    }

    /// Returns a path from the root of the crate; `None` if it leads elsewhere.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" | "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let start = up + usize::from(path[0] == "self");
                let base = &module[..module.len().checked_sub(up)?];
                Some([base, &path[start..]].concat())
            }
            first => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                self.code.contains_key(&child).then(|| [module.as_slice(), path].concat())
            }
        }
    }

    /// Returns the module that defines what a path names, behind re-exports.
    fn definer(&self, path: &[String], depth: usize) -> Module {
        let mut module = Module::new();
        for part in path {
            module.push(part.clone());
            if !self.code.contains_key(&module) {
                module.pop();
                break;
            }
        }
        match path.get(module.len()).and_then(|name| self.names.get(&module)?.get(name)) {
            Some(target) if depth < 8 && target != path => self.definer(target, depth + 1),
            _ => module,
        }
    }

    /// Returns pairs of modules of which the first uses the second.
    fn uses(&self) -> BTreeSet<(Module, Module)> {
        let mut uses = BTreeSet::new();
        for (module, code) in &self.code {
            // A re-export is used by the modules that name it there.
            let private = code.split_inclusive(';').filter(|item| !is_reexport(item)).collect::<String>();
            for path in imports(&private).into_iter().chain(paths(&private)) {
                if let Some(path) = self.absolute(module, &path) {
                    uses.insert((module.clone(), self.definer(&path, 0)));
                }
            }
        }
        uses.retain(|(user, used)| user != used);
        uses
    }

    /// Returns, for each directory, which of its modules use which other ones of it.
    fn directories(&self) -> BTreeMap<Module, BTreeSet<(String, String)>> {
        let mut directories: BTreeMap<Module, BTreeSet<(String, String)>> = BTreeMap::new();
        for (user, used) in self.uses() {
            let common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (user.get(common), used.get(common)) {
                directories.entry(user[..common].to_vec()).or_default().insert((a.clone(), b.clone()));
            }
        }
        directories
    }
}

fn is_reexport(item: &str) -> bool {
    item.trim_start().lines().any(|line| line.starts_with("pub") && line.contains(" use "))
}

/// Returns code without comments, texts and unit tests.
fn without_tests(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let mut code = String::new();
    for line in text.lines() {
        let line = line.trim_start().split("//").next().unwrap();
        for (n, part) in line.replace("\\\"", "").split('"').enumerate() {
            if n % 2 == 0 {
                code.push_str(part);
            }
        }
        code.push('\n');
    }
    code
}

/// Returns every path that `use` declarations bring in.
fn imports(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let starts = code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        if starts && let Some(end) = code[at..].find(';') {
            expand(&[], &code[at + 4..at + end], &mut found);
        }
    }
    found
}

fn expand(prefix: &[String], tree: &str, found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let (path, group) = match tree.split_once('{') {
        Some((path, group)) => (path, Some(group.trim_end().strip_suffix('}').unwrap_or(group))),
        None => (tree.split(" as ").next().unwrap(), None),
    };
    let parts = path.split("::").map(str::trim).filter(|part| !part.is_empty() && *part != "self" || prefix.is_empty());
    let path: Vec<String> =
        prefix.iter().cloned().chain(parts.filter(|part| !part.is_empty()).map(str::to_owned)).collect();
    let Some(group) = group else {
        if !path.is_empty() {
            found.push(path);
        }
        return;
    };
    let (mut depth, mut start) = (0usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                expand(&path, &group[start..at], found);
                start = at + 1;
            }
            _ => {}
        }
    }
    expand(&path, &group[start..], found);
}

/// Returns every path in code that begins with `crate`, `self`, `super` or the name of a module.
fn paths(code: &str) -> Vec<Vec<String>> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !word(c)).filter(|word| word.contains("::") && !word.starts_with(':'));
    words.map(|word| word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()).collect()
}

/// Returns the modules that lie on a cycle.
fn on_cycles(uses: &BTreeSet<(String, String)>) -> BTreeSet<String> {
    let reach = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.to_owned()];
        while let Some(module) = next.pop() {
            for (_, used) in uses.iter().filter(|(user, _)| *user == module) {
                if seen.insert(used.clone()) {
                    next.push(used.clone());
                }
            }
        }
        seen
    };
    let modules: BTreeSet<&String> = uses.iter().map(|(user, _)| user).collect();
    modules.into_iter().filter(|module| reach(module).contains(*module)).cloned().collect()
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn modules_use_only_lower_layers() {
    let krate = Crate::read(&top().join("src"));
    let place = |module: &str| {
        ORDER.iter().position(|each| *each == module).unwrap_or_else(|| panic!("{module} has no place in ORDER"))
    };
    let uses = &krate.directories()[&Module::new()];
    assert!(uses.len() > 50, "{uses:?}");
    let upward: Vec<_> = uses.iter().filter(|(user, used)| place(used) > place(user)).collect();
    assert!(upward.is_empty(), "these modules use a higher one: {upward:?}");
}

#[test]
fn no_directory_has_a_cycle() {
    for source in ["src", "sim/src", "bindings/etcd/src", "bindings/cli/src", "bindings/c/src", "bindings/python/src"] {
        for (directory, uses) in Crate::read(&top().join(source)).directories() {
            let cycle = on_cycles(&uses);
            assert!(cycle.is_empty(), "{source}/{}: {cycle:?}", directory.join("/"));
        }
    }
}

/// Most lines of a source file of the simulated host. Its tables are data, but none is longer.
const MAX_LINES: usize = 500;

#[test]
fn sources_of_the_simulated_host_stay_short() {
    let mut directories = vec![top().join("sim/src")];
    let mut long = Vec::new();
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            files += 1;
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > MAX_LINES {
                long.push((path, lines));
            }
        }
    }
    assert!(files > 100, "{files}");
    assert!(long.is_empty(), "split these where an idea ends: {long:?}");
}

#[test]
fn a_cycle_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("lib.rs", "mod a;\nmod b;\nmod c;\n");
    write("a.rs", "use crate::{b::B, c};\n// use crate::a;\npub struct A;\n");
    write("b.rs", "pub struct B;\n#[cfg(test)]\nmod tests { use crate::a::A; }\n");
    write("c.rs", "pub fn c() { super::b::d() }\n");
    let cycle = || on_cycles(&Crate::read(directory.path()).directories()[&Module::new()]);
    assert!(cycle().is_empty(), "{:?}", cycle());
    write("b.rs", "pub struct B;\nfn d() { crate::a::e() }\n");
    assert_eq!(cycle().into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
}
