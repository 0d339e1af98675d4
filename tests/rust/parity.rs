//! `bindings/README.md` is the table of the API: what stands there exists in each face, and what exists stands there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use zmgr::{Cancel, Diagnosis, Manager, Plan, Report, SimHost, Zone};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Names Rust items, so that one that is missing does not compile, and gives their names.
macro_rules! items {
    ($($type:ident :: $method:ident,)*) => {{
        $(let _ = $type::$method;)*
        BTreeSet::from([$(concat!(stringify!($type), "::", stringify!($method)).to_owned(),)*])
    }};
}

/// The items that take `impl Trait` cannot be named as values: a call that is never made names them.
#[allow(dead_code)]
fn generic() {
    let _ = Manager::open("/");
    let manager = Manager::open("/").unwrap();
    let _ = manager.read_file("");
    let _ = manager.write_file("", "", None, &mut zmgr::RunOptions::new());
    let _ = SimHost::create("/", zmgr::Dialect::default());
    let _ = SimHost::open("/");
    let _ = SimHost::open("/").map(|host| host.link("/", &[]));
    let report: Option<Report> = None;
    let _ = zmgr::Fleet::read(["/"]).map(|fleet| (fleet.zones().count(), fleet.check()));
    let _ = report.map(|report| (report.zones().count(), report.failures().count()));
}

fn rust_items() -> BTreeSet<String> {
    let mut items = items! {
        Manager::builder,
        Manager::root,
        Manager::init,
        Manager::check,
        Manager::config,
        Manager::doctor,
        Diagnosis::can_manage,
        Diagnosis::count,
        Diagnosis::to_json,
        Manager::templates,
        Manager::template,
        Manager::pools,
        Manager::pool,
        Manager::publishers,
        Manager::publisher,
        Manager::effective,
        Manager::import,
        Manager::plan_import,
        Manager::forget,
        Manager::plan_forget,
        Manager::zones,
        Manager::zone,
        Manager::create,
        Manager::create_all,
        Manager::plan_create,
        Manager::destroy,
        Manager::plan_destroy,
        Manager::reinstall,
        Manager::reinstall_all,
        Manager::plan_reinstall,
        Manager::detach,
        Manager::plan_detach,
        Manager::attach,
        Manager::plan_attach,
        Manager::update,
        Manager::plan_update,
        Manager::refresh_templates,
        Manager::plan_refresh_templates,
        Manager::rename,
        Manager::plan_rename,
        Manager::run,
        Manager::boot,
        Manager::boot_all,
        Manager::plan_boot,
        Manager::plan_shutdown,
        Manager::shutdown_all,
        Manager::halt,
        Manager::shutdown,
        Manager::reboot,
        Manager::exec,
        Manager::login,
        Manager::snapshots,
        Manager::create_snapshot,
        Manager::plan_create_snapshot,
        Manager::delete_snapshot,
        Manager::plan_delete_snapshot,
        Manager::roll_back,
        Manager::plan_roll_back,
        Manager::diff,
        Manager::diff_offline,
        Manager::apply,
        Manager::plan_apply,
        Manager::set,
        Manager::recover,
        Manager::allocate,
        Manager::allocate_all,
        Manager::release,
        Manager::pool_usage,
        Manager::pool_usages,
        Manager::check_pools,
        Manager::find,
        Manager::fleet_status,
        Manager::fleet_join,
        Manager::fleet_push,
        Manager::fleet_forget,
        Manager::with_cancel,
        Plan::to_json,
        Plan::from_json,
        Plan::digest,
        Plan::is_empty,
        Zone::to_json,
        Zone::from_json,
        Report::error,
        Report::into_result,
        Cancel::new,
        Cancel::requests,
        Cancel::cancel,
        Cancel::is_cancelled,
        SimHost::fault,
        SimHost::clear_faults,
        SimHost::reboot,
        SimHost::dir,
        SimHost::dialect,
        SimHost::faults,
        SimHost::answer,
    };
    for generic in [
        "Manager::open",
        "Manager::read_file",
        "Manager::write_file",
        "SimHost::create",
        "SimHost::open",
        "SimHost::link",
        "Report::zones",
        "Report::failures",
        "Fleet::read",
        "Fleet::zones",
        "Fleet::check",
    ] {
        items.insert(generic.to_owned());
    }
    items
}

/// The rows of the table; each cell as it stands.
fn table() -> Vec<[String; 4]> {
    let text = read("bindings/README.md");
    let rows = text.lines().skip_while(|line| !line.starts_with("| Rust | C | Python |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            <[String; 4]>::try_from(cells).unwrap_or_else(|cells| panic!("four cells a row: {cells:?}"))
        })
        .collect()
}

/// The names in backquotes of a cell; a cell without any must say why.
fn names(cell: &str) -> Vec<String> {
    let names: Vec<String> = cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!names.is_empty() || cell.starts_with("— ("), "a face that has none says why: {cell:?}");
    names
}

fn column(n: usize) -> BTreeSet<String> {
    table().iter().flat_map(|row| names(&row[n])).collect()
}

fn same(what: &str, there: &BTreeSet<String>, table: &BTreeSet<String>) {
    let missing: Vec<&String> = there.difference(table).collect();
    let gone: Vec<&String> = table.difference(there).collect();
    assert!(missing.is_empty(), "{what} has what bindings/README.md has not: add a row for {missing:?}");
    assert!(gone.is_empty(), "bindings/README.md has what {what} has not: drop or fix the rows of {gone:?}");
}

#[test]
fn rust_has_what_the_table_says() {
    same("tests/rust/parity.rs", &rust_items(), &column(0));
}

/// The public methods of a type, wherever below `path` its `impl` blocks stand.
fn methods(path: &str, of: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let files: Vec<_> = match fs::read_dir(&path) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => vec![path],
    };
    let mut methods = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with("impl") {
                inside = line == format!("impl {of} {{");
            }
            if let Some(rest) = line.strip_prefix("    pub fn ").filter(|_| inside) {
                methods.insert(format!("{of}::{}", rest.split(['(', '<']).next().unwrap()));
            }
        }
    }
    assert!(!methods.is_empty(), "{of} has no methods: the source has moved");
    methods
}

#[test]
fn every_public_method_is_in_the_table() {
    for (path, of) in [
        ("src/manager", "Manager"),
        ("src/api/zone.rs", "Zone"),
        ("src/api/plan.rs", "Plan"),
        ("src/api/report.rs", "Report"),
        ("src/value/cancel.rs", "Cancel"),
        ("src/simhost.rs", "SimHost"),
        ("src/fleet", "Fleet"),
        ("src/doctor", "Diagnosis"),
    ] {
        let prefix = format!("{of}::");
        let table: BTreeSet<String> = column(0).into_iter().filter(|name| name.starts_with(&prefix)).collect();
        same(path, &methods(path, of), &table);
    }
}

/// The functions of the header that can fail are the operations.
#[test]
fn the_header_has_what_the_table_says() {
    let header = read("include/zmgr.h");
    let code: String =
        header.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let mut declared = BTreeSet::new();
    let mut operations = BTreeSet::new();
    for declaration in code.split(';') {
        let Some((head, arguments)) = declaration.split_once('(') else { continue };
        let name: String = head
            .chars()
            .rev()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .collect();
        if !name.starts_with("zmgr_") {
            continue;
        }
        declared.insert(name.clone());
        if arguments.contains("zmgr_error **") {
            operations.insert(name);
        }
    }
    let table = column(1);
    let gone: Vec<&String> = table.difference(&declared).collect();
    assert!(gone.is_empty(), "bindings/README.md has what include/zmgr.h has not: {gone:?}");
    let missing: Vec<&String> = operations.difference(&table).collect();
    assert!(missing.is_empty(), "include/zmgr.h has what bindings/README.md has not: {missing:?}");
}

/// Returns the text of the Python package's values.
fn python_values() -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/zmgr/_values");
    fs::read_dir(directory).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_stub_has_what_the_table_says() {
    // Names that are not native have no stub.
    let stub = ["_zmgr.pyi", "_errors.py"].map(|file| read(&format!("python/zmgr/{file}"))).concat() + &python_values();
    let mut there = BTreeSet::new();
    let mut class = String::new();
    for line in stub.lines() {
        if let Some(rest) = line.strip_prefix("class ") {
            class = rest.split([':', '(']).next().unwrap().to_owned();
            there.insert(class.clone());
        }
        if let Some(rest) = line.strip_prefix("def ") {
            there.insert(rest.split('(').next().unwrap().to_owned());
        }
        if let Some(rest) = line.strip_prefix("    def ") {
            there.insert(format!("{class}.{}", rest.split('(').next().unwrap()));
        }
    }
    let table = column(2);
    let gone: Vec<&String> = table.difference(&there).collect();
    assert!(gone.is_empty(), "bindings/README.md has what the stub has not: {gone:?}");
    let of = ["Manager.", "SimHost.", "Cancel."];
    let methods = there.iter().filter(|name| of.iter().any(|of| name.starts_with(of)) && !name.contains("__"));
    let missing: Vec<&String> = methods.filter(|name| !table.contains(*name)).collect();
    assert!(missing.is_empty(), "the stub has what bindings/README.md has not: {missing:?}");
}

#[test]
fn the_table_of_errors_is_the_table_of_codes() {
    let text = read("bindings/README.md");
    for code in zmgr::Code::ALL {
        let row = format!("| {} | {} |", code.number(), code.slug());
        assert!(text.contains(&row), "bindings/README.md lacks {row}");
    }
}

#[test]
fn c_and_python_have_every_word_of_a_diagnosis() {
    let (header, values) = (read("include/zmgr.h"), python_values());
    let kinds = zmgr::DiagnosisKind::ALL.iter().map(|kind| ("ZMGR_DIAGNOSIS_", kind.as_str()));
    let areas = zmgr::DiagnosisArea::ALL.iter().map(|area| ("ZMGR_DIAGNOSIS_AREA_", area.as_str()));
    let levels = zmgr::DiagnosisLevel::ALL.iter().map(|level| ("ZMGR_DIAGNOSIS_LEVEL_", level.as_str()));
    for (prefix, word) in kinds.chain(areas).chain(levels) {
        let name = word.to_uppercase().replace('-', "_");
        assert!(header.contains(&format!("    {prefix}{name} = ")), "include/zmgr.h lacks {prefix}{name}");
        assert!(values.contains(&format!("    {name} = \"{word}\"\n")), "python/zmgr/_values lacks {name}");
    }
    let kinds = zmgr::HolderKind::ALL.iter().map(|kind| kind.as_str());
    let reasons = zmgr::HoldingReason::ALL.iter().map(|reason| reason.as_str());
    for word in kinds.chain(reasons).chain(zmgr::AddressStanding::ALL.iter().map(|standing| standing.as_str())) {
        let name = word.to_uppercase().replace('-', "_");
        assert!(values.contains(&format!("    {name} = \"{word}\"\n")), "python/zmgr/_values lacks {name}");
    }
    for evidence in zmgr::Evidence::ALL {
        assert!(values.contains(&format!(" = \"{evidence}\"\n")), "python/zmgr/_values lacks {evidence}");
    }
}

/// Lines of the blocks of these pages that the tests run in a shell.
fn shell_lines(pages: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for page in pages {
        let text = read(page);
        let mut blocks = text.split("\n```");
        blocks.next();
        // Every second part is between two blocks.
        let shell = blocks.step_by(2).filter(|block| block.starts_with("sh"));
        lines.extend(shell.flat_map(str::lines).map(str::to_owned));
    }
    lines
}

/// An operation with a plan has the plan in each language, and a page that the tests run shows the command.
#[test]
fn each_operation_with_a_plan_is_there_for_all_and_in_a_page_that_runs() {
    let text = read("bindings/README.md");
    let rows = text.lines().filter(|line| line.starts_with("| `Manager::plan_"));
    let lines = shell_lines(&["docs/guide.md", "docs/cookbook.md"]);
    let mut commands = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.iter().all(|cell| !cell.starts_with('—')), "{row}");
        let command =
            cells[3].trim_matches('`').strip_suffix(" --dry-run").unwrap_or_else(|| panic!("{row}")).to_owned();
        let is_shown =
            |line: &String| line.split(['|', ';', '&']).any(|part| part.trim().starts_with(&format!("zmgr {command}")));
        assert!(lines.iter().any(is_shown), "no page that runs shows `zmgr {command}`");
        commands.insert(command);
    }
    assert!(commands.len() >= 16, "{commands:?}");
}
