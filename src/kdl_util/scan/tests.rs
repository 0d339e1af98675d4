use proptest::prelude::*;

use super::super::read::nodes_of;
use super::*;

/// Inputs for each property: a hundred times as many in `make soak`.
fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if std::env::var_os("ZMGR_SOAK").is_some() { 200_000 } else { 2000 })
}

/// Reads a text with the parser, or the copy of it in which every problem is bridged.
fn by_the_parser(text: &str) -> Option<Vec<Node>> {
    let mut scanner = Scanner::new(text);
    scanner.document();
    if scanner.hopeless {
        return None;
    }
    let mut scanned = scan(text);
    scanned.blocks.sort_unstable_by_key(|block| block.start);
    scanned.ends.sort_unstable();
    let copy = bridged(text, &scanner);
    let mut again = Scanner::new(&copy);
    again.document();
    if !again.faults.is_empty() {
        return None;
    }
    // A blanked problem may leave a `/-` that now drops the node after it.
    let copy = bridged(&copy, &again);
    (scanned.blocks, scanned.ends) = (again.blocks, again.ends);
    scanned.blocks.sort_unstable_by_key(|block| block.start);
    scanned.ends.sort_unstable();
    Some(nodes_of(&copy, &scanned).unwrap_or_else(|fault| panic!("{text:?}: {}", fault.message)))
}

/// Returns a copy of a text in which every problem that the scanner found is bridged.
fn bridged(text: &str, scanner: &Scanner<'_>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (span, how) in &scanner.patches {
        bytes[span.start..span.end].fill(if matches!(how, Bridge::Word) { b'x' } else { b' ' });
    }
    String::from_utf8(bytes).unwrap()
}

/// Compares what the scanner reads with what the parser reads. Returns whether the scanner read it without the parser.
fn agrees(text: &str) -> Result<bool, TestCaseError> {
    let Tree::Read(nodes) = scan(text).tree else { return Ok(false) };
    // Two numbers that are none are not equal, so they are compared as they are shown.
    let parsed = by_the_parser(text).map(|nodes| format!("{nodes:#?}"));
    prop_assert_eq!(parsed, Some(format!("{nodes:#?}")), "{:?}", text);
    Ok(true)
}

#[test]
fn what_zmgr_writes_needs_no_parser() {
    let text = "// of ops { }\nzone \"web01\" {\n    format 1\n    state \"creating\" step=\"install\" undo=#true\n    net \"a\" { vnic \"a_0\"; mtu -1 } // c\n\n\tx-note _a \"\" k.1=\"\\\\ \\\" { {zone}_{index}\" #null {}\n}\n  last";
    assert!(agrees(text).unwrap());
}

#[test]
fn the_scanner_reads_every_construct_as_the_parser_does() {
    for text in [
        "a \"\"\"\nx\n\"\"\"",
        "a \"\"\"x\"\"\"",
        "a #\"x\"#",
        "a /* */ 1",
        "/- a",
        "a /- 1",
        "a\\\n 1",
        "a 1.5",
        "a 0x1",
        "a 1_0",
        "a 010",
        "a true",
        "true",
        "a k = 1",
        "a k=1 k=2",
        "a{}",
        "a {}b",
        "a {} {}",
        "a {} 1",
        "a \"x\"y",
        "a 1\"x\"",
        "a b\"x\"",
        "(t)a",
        "a (t)1",
        "a \"\\u{41}\"",
        "a \"\\s\"",
        "a \"é\"",
        "// é",
        "a\r\n",
        "\u{feff}a",
        ";",
        "a;;",
        "a }",
        "a {",
        "1a",
        "a -",
        "a -b",
        "a +1",
        "a 1a",
        "a k=",
        "a k=b",
        "a k",
        "a .1",
        "-a",
        "a #truex",
        "a 10.0.0.1",
        "a = 1",
        "\"a\" 1",
        "a 1234567890123456789",
        "a -0",
        "a 1//c",
        "a//c",
        "a 1{}",
        "a k{}",
        "a \"x\"{}",
        "a \"x",
        "a \"x\ny\"",
        "a \t ; b",
        "a {};b",
        "a {} ;b",
        "a {} // c\nb",
        "a { b }",
        "a {b;}\n",
        "a # b",
        "a / b",
        "a//",
        "a 1 //",
        "nan",
        "a nan",
        "a inf",
        "a -inf",
        "a k=nan",
        "a null=1",
        "a/- {}",
        "a/-{} b",
        "a /-{}/-{}",
        "a /-{} /-{}",
        "a {}/-{}",
        "a {} /-{}/-{}",
        "a 1/-{ b }",
        "a \"x\"/-{}",
        "1.5e3\"\"\"\n/-1.5e3\u{85}-;",
    ] {
        agrees(text).unwrap();
    }
    for text in [
        "a #\"x\"#",
        "a /* */ 1",
        "/- a;b",
        "a\\\n 1",
        "a 1.5",
        "a k = 1 k=2",
        "a{}",
        "\u{feff}a \"é\"\r\n",
        "\"\\u{e9}\" #nan",
    ] {
        assert!(agrees(text).unwrap(), "{text:?} needs the parser");
    }
    assert!(!agrees("a \"\"\"\nx\n  \"\"\"").unwrap(), "a line that is not indented as it must be is for the parser");
    let deep = |n: usize| format!("{}{}", "a {\n".repeat(n), "}\n".repeat(n));
    assert!(agrees(&deep(MAX_DEPTH)).unwrap());
    assert!(!agrees(&deep(MAX_DEPTH + 1)).unwrap());
    for n in [15, 16, 17] {
        let open = "{".repeat(n);
        for text in [
            format!("a \"{open}\""),
            format!("// {open}"),
            format!("a {{ b \"{open}\" }}"),
            format!("a {{ b // {open}\n }}"),
        ] {
            agrees(&text).unwrap();
        }
    }
}

/// Returns the directory of KDL's own test cases, which the parser's package brings along.
fn test_cases() -> std::path::PathBuf {
    let cargo = std::env::var("CARGO").expect("cargo runs the tests");
    let mut command = std::process::Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--locked"]);
    let answer = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let kdl = packages.iter().find(|package| package["name"] == "kdl").unwrap();
    let manifest = std::path::Path::new(kdl["manifest_path"].as_str().unwrap());
    manifest.with_file_name("tests").join("test_cases")
}

#[test]
fn test_cases_of_kdl_are_read_as_the_parser_reads_them() {
    let (mut read, mut refused) = (0, std::collections::BTreeSet::new());
    for input in std::fs::read_dir(test_cases().join("input")).unwrap() {
        let path = input.unwrap().path();
        let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        // The parser lets some pass that the cases call invalid.
        let is_valid = !path.to_str().unwrap().contains("_fail") && text.parse::<kdl::KdlDocument>().is_ok();
        agrees(&text).unwrap();
        let scanned = scan(&text);
        match scanned.faults.first() {
            None if is_valid => read += 1,
            None => assert!(matches!(scanned.tree, Tree::Parser(None)), "{} is not KDL", path.display()),
            Some(fault) if is_valid => drop(refused.insert(fault.code)),
            Some(_) => {}
        }
    }
    assert!(read > 150, "only {read} were read");
    // Parts of KDL 2 that are refused on purpose.
    let on_purpose = ["leading-zero", "number-too-large", "type-annotation"];
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), on_purpose);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_is_read_as_the_parser_reads_it(pieces in proptest::collection::vec(prop_oneof![
        6 => Just(" "), 4 => Just("\n"), 4 => Just("a"), 2 => Just("net"), 2 => Just(" {"), 3 => Just("}"), 2 => Just(";"), 2 => Just("k="), 2 => Just("\"x\""),
        2 => Just("\"{a}\\n\\\\\""), 2 => Just("1"), 1 => Just("-20"), 1 => Just("#true"), 1 => Just("#null"), 1 => Just("// c { \n"), 1 => Just("\t"), 1 => Just("\""),
        1 => Just("\\"), 1 => Just("/-"), 1 => Just("/*"), 1 => Just("-"), 1 => Just("."), 1 => Just("0"), 1 => Just("="), 1 => Just("#"), 1 => Just("true"),
        1 => Just("\r\n"), 1 => Just("é"), 1 => Just("{"), 1 => Just("\\\n"), 1 => Just("*/"), 2 => Just("#\"y\"#"), 1 => Just("\"\\u{e9} \\\n z\""), 1 => Just("1.5e3"),
        1 => Just("0x_f"), 1 => Just("+1_0"), 1 => Just("\u{85}"), 1 => Just("(t)"), 1 => Just("#inf"), 1 => Just("\"\"\"\n x\n \"\"\""), 1 => Just("\"\"\"\n"), 1 => Just("\n\"\"\""), 1 => Just("\\n"), 1 => Just("\\ "), 1 => Just("\u{feff}"), 1 => Just("10.0.0.1"),
    ], 0..24)) {
        agrees(&pieces.concat())?;
    }

    #[test]
    fn strings_of_several_lines(pieces in proptest::collection::vec(prop_oneof![
        4 => Just(" "), 4 => Just("\n"), 3 => Just("  x"), 1 => Just("\t"), 1 => Just("\\n"), 1 => Just("\\\n"), 1 => Just("\\ "), 1 => Just("\\\\"), 1 => Just("\\\""),
        1 => Just("\r\n"), 1 => Just("\""), 1 => Just("\\u{9}"), 1 => Just("é"),
    ], 0..16), raw: bool) {
        let fence = if raw { "#" } else { "" };
        // The parser takes a lone quote in such a raw string for the end of one on a single line.
        let inner = if raw { pieces.concat().replace('"', "x") } else { pieces.concat() };
        agrees(&format!("a {fence}\"\"\"\n{}\n  \"\"\"{fence}", inner))?;
    }

    #[test]
    fn nodes_of_every_shape(lines in proptest::collection::vec((0usize..3, prop_oneof![
        Just("a 1"), Just("net \"x\" k=\"y\" m=2"), Just("word bare #false"), Just("// c"), Just(""), Just("b {}"), Just("c { d; e 1 }"), Just("f \"\\\"\" ; g")
    ], prop_oneof![Just("\n"), Just(" \n"), Just(";"), Just(" // c\n")]), 0..12)) {
        let mut text = String::new();
        let mut depth = 0;
        for (deeper, line, end) in lines {
            match deeper {
                1 if depth < 5 => { text.push_str(&format!("{}n \"{depth}\" {{ // in\n", "  ".repeat(depth))); depth += 1; }
                2 if depth > 0 => { depth -= 1; text.push_str(&format!("{}}}\n", "  ".repeat(depth))); }
                _ => {}
            }
            text.push_str(&"  ".repeat(depth));
            text.push_str(line);
            text.push_str(end);
        }
        text.push_str(&"}\n".repeat(depth));
        agrees(&text)?;
    }
}
