use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// The codes of the faults of a text, read on a stack as small as a caller may have.
fn codes(bytes: &[u8]) -> Vec<&'static str> {
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(128 << 10);
        let thread = small.spawn_scoped(scope, || parse(bytes).faults.iter().map(|fault| fault.code).collect());
        thread.unwrap().join().unwrap()
    })
}

fn code(text: &str) -> &'static str {
    let found = codes(text.as_bytes());
    assert!(!found.is_empty(), "{:?} passes", text.chars().take(60).collect::<String>());
    found[0]
}

#[test]
fn deep_nesting_is_refused_wherever_it_hides() {
    for n in [17, 1_000, 10_000] {
        let open = "{".repeat(n);
        for text in [
            "a{".repeat(n),
            format!("{}{}", "a {\n".repeat(n), "}\n".repeat(n)),
            format!("a /-{}", "{a ".repeat(n)),
            format!("a {{ b \"{open}\" }}"),
            format!("a #\"{open}\"#"),
            format!("a \"\"\"\n{open}\n\"\"\""),
            format!("// {open}\na"),
            format!("/* {open} */ a"),
            format!("a \"x\" {{ b #\"y\"# {open}"),
            "/*".repeat(n) + &"*/".repeat(n),
            "/- a{".repeat(n),
        ] {
            let found = codes(text.as_bytes());
            assert!(!found.is_empty(), "{n} {:?}", text.chars().take(40).collect::<String>());
        }
        assert_eq!(code(&format!("{}{}", "a {\n".repeat(n), "}\n".repeat(n))), "too-deep");
        assert_eq!(code(&format!("a \"{open}\"")), "too-deep");
    }
    let within = format!("{}{}", "a {\n".repeat(16), "}\n".repeat(16));
    assert_eq!(codes(within.as_bytes()), Vec::<&str>::new());
    assert_eq!(codes(b"a \"{zone}_{index}\" #\"}{\"# // }\n"), Vec::<&str>::new());
}

#[test]
fn what_is_no_text_of_ours() {
    assert_eq!(codes(&vec![b' '; MAX_BYTES + 1]), ["too-large"]);
    assert_eq!(codes(&vec![b' '; MAX_BYTES]), Vec::<&str>::new());
    assert_eq!(codes(b"a \xff"), ["not-utf8"]);
    for (text, expected) in [
        ("a \"\0\"", "control-character"),
        ("a \u{202e}", "control-character"),
        ("a 1e400", "number-too-large"),
        ("a -1e400", "number-too-large"),
        ("a 99999999999999999999999999999999999999999", "number-too-large"),
        ("a 0xffffffffffffffffffffffffffffffffffff", "number-too-large"),
        ("a 010", "leading-zero"),
        ("a true", "kdl1-keyword"),
        ("a b=null", "kdl1-keyword"),
        ("a 10.0.0.1", "bare-address"),
        ("a 10.0.0.0/24", "bare-address"),
        ("a b=2001:db8::1", "bare-address"),
        ("a fe80::/64", "bare-address"),
        ("a /zones", "bare-path"),
        ("a 2G", "bare-unit"),
        ("a (u8)1", "type-annotation"),
        ("(t)a 1", "type-annotation"),
        ("a \"x", "unclosed-string"),
        ("a \"\\q\"", "bad-escape"),
        ("a #\"x\"", "unclosed-string"),
        ("a {", "unclosed-block"),
        ("a }", "unmatched-brace"),
        ("a /*", "unclosed-comment"),
        ("a \"x\"y", "unexpected"),
        ("a {} b", "unexpected"),
        ("a b=", "unexpected"),
        ("=", "unexpected"),
        (";", "unexpected"),
        ("1a", "unexpected"),
        ("a/-1", "unexpected"),
        ("/-", "dangling-slashdash"),
    ] {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn several_syntax_errors_are_reported_together() {
    let found = codes(b"a true\nb 10.0.0.1 x=010\nc \"fine\"\nd \"open\ne /etc\n");
    assert_eq!(found, ["kdl1-keyword", "bare-address", "leading-zero", "unclosed-string", "bare-path"]);
}

#[test]
fn a_fault_brings_no_others() {
    for (text, expected) in [
        ("a \"x\" { b 1 /* c\n d 10.0.0.1 }\n", &["unclosed-comment"][..]),
        ("/* a\nb true", &["unclosed-comment"]),
        ("(t)a (u8)1 k=(x)\"y\" (\"a)\") 2", &["type-annotation"; 4]),
        ("a (t)true", &["type-annotation", "kdl1-keyword"]),
        (r#"a r"x\y" 1"#, &["kdl1-raw-string"]),
        (r##"a k=r#"x"y"# { b }"##, &["kdl1-raw-string"]),
        ("r \"x\"", &[]),
    ] {
        assert_eq!(codes(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn what_kdl_2_allows() {
    for text in
        ["e a\\\n=2", "e a /* c */ = /* d */ 2", "e a \\ // c\n = \\\n 2", "/- a { b };c", "/- a; b", "x { /- y; z }"]
    {
        let parsed = parse(text.as_bytes());
        assert!(parsed.faults.is_empty(), "{text} {:?}", parsed.faults);
    }
    let nodes = parse(b"/- a 1; e a\\\n=2").nodes.unwrap();
    assert!(nodes.len() == 1 && nodes[0].same(&Node::new("e").prop("a", 2u16)), "{nodes:?}");
}

#[test]
fn lines_end_at_every_newline() {
    for newline in ["\n", "\r\n", "\r", "\u{85}", "\u{b}", "\u{c}", "\u{2028}", "\u{2029}"] {
        let text = format!("\u{feff}a{newline}{newline} b true");
        let fault = parse(text.as_bytes()).faults.remove(0);
        let shown = Text::new(Path::new("x.kdl").into(), text.as_str().into()).diagnostic(fault);
        assert_eq!(
            (shown.line, shown.column, shown.snippet.as_deref()),
            (Some(3), Some(4), Some(" b true")),
            "{newline:?}"
        );
    }
    let text = "\u{feff}a true";
    let fault = parse(text.as_bytes()).faults.remove(0);
    let shown = Text::new(Path::new("x.kdl").into(), text.into()).diagnostic(fault);
    assert_eq!((shown.line, shown.column), (Some(1), Some(3)));
}

#[test]
fn many_faults_are_counted() {
    let text = Text::new(Path::new("x.kdl").into(), "a".into());
    let faults = (0..150).map(|_| Fault::new("c", Span::new(0, 1), "m")).collect();
    let error = text.error(faults, 7);
    assert_eq!(error.details().len(), MAX_FAULTS + 1);
    assert!(error.details()[MAX_FAULTS].message.starts_with("57 more"), "{error}");
}

#[test]
fn what_made_the_parser_slow_or_crash_is_reported_quickly() {
    let begun = Instant::now();
    for piece in [
        "/- ", "/-", "}", "\"", "{", "(", ")", "[", "\\\n", "\\", "/*", "a=", "=", ";", "#", "#\"a", "a {\n",
        "a 1 }\n", "{}", "\"\\q\" ", "a /-", "a /-{",
    ] {
        for size in [1_000, 20_000] {
            codes(piece.repeat(size / piece.len()).as_bytes());
            codes(format!("a {}", piece.repeat(size / piece.len())).as_bytes());
        }
    }
    // Minutes, or the end of the process, if the parser saw them.
    assert!(begun.elapsed() < Duration::from_secs(100), "{:?}", begun.elapsed());
}

#[test]
fn many_are_read_in_order() {
    let texts: Vec<String> = (0..200).map(|n| if n % 7 == 0 { "a {".into() } else { format!("n {n}") }).collect();
    let read = parse_many(&texts, |text| text.as_bytes(), |_, parsed| parsed.nodes.map(|nodes| nodes[0].clone()));
    for (n, node) in read.iter().enumerate() {
        match node {
            Some(node) => assert_eq!(node.first(), Some(&Value::Int(n as i128))),
            None => assert_eq!(n % 7, 0),
        }
    }
}

#[test]
fn places() {
    let text = "// é\nzone \"ä\" {\n  net \"n\" { vnic \"a0\" } // }\n  e k=1 /-{ x }\n}\n";
    let nodes = parse(text.as_bytes()).nodes.unwrap();
    let of = |span: Span| &text[span.start..span.end];
    assert_eq!(of(nodes[0].name_span), "zone");
    let net = nodes[0].child("net").unwrap();
    assert_eq!(of(net.span), "net \"n\" { vnic \"a0\" }");
    assert_eq!(of(net.braces.unwrap()), "{ vnic \"a0\" }");
    assert!(of(nodes[0].braces.unwrap()).ends_with("/-{ x }\n}"));
    let shown = Text::new(Path::new("x.kdl").into(), text.into()).diagnostic(Fault::new("c", net.span, "m"));
    assert_eq!(
        (shown.line, shown.column, shown.snippet.as_deref()),
        (Some(3), Some(3), Some("  net \"n\" { vnic \"a0\" } // }"))
    );
}

/// Text that is nearly KDL.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("\n".to_owned()),
        Just(";".to_owned()),
        Just(" ".to_owned()),
        Just("=".to_owned()),
        Just("/-".to_owned()),
        Just("//".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just("\"".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("#".to_owned()),
        Just("\\".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("#true".to_owned()),
        Just("true".to_owned()),
        Just("1".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("0x".to_owned()),
        Just("10.0.0.1".to_owned()),
        Just("\r\n".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\u{85}".to_owned()),
        "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Text that is KDL.
fn valid() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("\"x y\"".to_owned()),
        Just("#true".to_owned()),
        Just("12".to_owned()),
        Just("-0.5".to_owned()),
        Just("word".to_owned()),
        Just("#\"raw { \"#".to_owned()),
        Just("0xff".to_owned()),
        Just("k=\"v\"".to_owned()),
        Just("k = 1".to_owned()),
        Just("/- 3".to_owned()),
        Just("/* c */ 1".to_owned()),
        Just("\\\n 4".to_owned()),
        Just("\"\"\"\n  x\n  \"\"\"".to_owned()),
    ];
    let head = ("[a-z][a-z0-9-]{0,4}", proptest::collection::vec(value, 0..4))
        .prop_map(|(name, values)| [vec![name], values].concat().join(" "));
    let end =
        prop_oneof![Just("\n".to_owned()), Just("; ".to_owned()), Just(" // c\n".to_owned()), Just("\r\n".to_owned())];
    let leaf = (head.clone(), end.clone()).prop_map(|(head, end)| head + &end);
    let nodes = leaf.prop_recursive(3, 20, 4, move |inner| {
        (head.clone(), proptest::collection::vec(inner, 0..4), end.clone(), any::<bool>()).prop_map(
            |(head, inner, end, dropped)| {
                format!(
                    "{}{head} {{ {} }}{}",
                    if dropped { "/- " } else { "" },
                    inner.concat(),
                    if dropped { "\n" } else { &end }
                )
            },
        )
    });
    proptest::collection::vec(nodes, 0..5).prop_map(|nodes| nodes.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn what_passes_the_scan_the_parser_reads(text in nearly()) {
        let parsed = parse(text.as_bytes());
        let beyond: Vec<_> = parsed.faults.iter().filter(|fault| matches!(fault.code, "syntax" | "parser-failed")).collect();
        // Indents of strings over several lines are left to the parser.
        prop_assert!(beyond.is_empty() || text.contains("\"\"\""), "{text:?} {beyond:?}");
    }

    #[test]
    fn what_is_kdl_passes(text in valid()) {
        let parsed = parse(text.as_bytes());
        prop_assert!(parsed.faults.is_empty(), "{text:?} {:?}", parsed.faults);
    }

    #[test]
    fn what_is_printed_is_read_back(text in valid()) {
        let nodes = parse(text.as_bytes()).nodes.unwrap();
        let again = parse(print(&nodes, 0).as_bytes()).nodes.unwrap();
        prop_assert_eq!(nodes.len(), again.len());
        for (a, b) in nodes.iter().zip(&again) {
            prop_assert!(a.same(b), "{:?} {:?}", a, b);
        }
    }

    #[test]
    fn any_text_is_quoted_so_that_it_comes_back(text in any::<String>()) {
        let node = Node::new("a").arg(text.as_str()).prop(&format!("k{text}"), text.as_str());
        let read = parse(print(std::slice::from_ref(&node), 1).as_bytes());
        prop_assert!(read.nodes.is_some_and(|nodes| nodes[0].same(&node)), "{text:?} {:?}", read.faults);
    }
}
