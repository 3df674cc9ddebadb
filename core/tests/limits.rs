//! Schemas and documents that are made to hang, to exhaust or to deceive: each is answered with bounded work.
//!
//! What it costs is not measured here, because a test's machine may be slow: whatever is not bounded does not end.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

use toolgate_core::ffi::{Tokens, Validator};

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

fn compiled(schema: &str) -> Validator {
    Validator::compile(schema, "{}").unwrap()
}

fn problem(schema: &str) -> (String, String) {
    let error: serde_json::Value = serde_json::from_str(&Validator::compile(schema, "{}").unwrap_err()).unwrap();
    let told = |name: &str| error["details"][name].as_str().unwrap().to_owned();
    (told("problem"), told("path"))
}

/// The keyword of the first violation, or nothing. The verdict must agree.
fn first(schema: &str, document: &str) -> String {
    let validator = compiled(schema);
    let mut tokens = Tokens::default();
    let is_valid = validator.is_valid(document.as_bytes(), &mut tokens);
    let violations = validator.validate(document.as_bytes(), &mut Tokens::default());
    assert_eq!(is_valid, violations.is_empty(), "{violations:?}");
    assert!(violations.len() <= 10);
    violations.first().map(|violation| violation.keyword.clone()).unwrap_or_default()
}

/// On a thread as small as some systems make theirs.
fn with_little_room(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 10).spawn(test).unwrap().join().unwrap();
}

/// Thirty definitions, each of which applies the next one twice.
fn doubling(keyword: &str, last: &str) -> String {
    let definitions = list(30, |level| match level {
        29 => format!(r#""d29":{last}"#),
        _ => {
            let next = format!(r##"{{"$ref":"#/$defs/d{}"}}"##, level + 1);
            format!(r#""d{level}":{{"{keyword}":[{next},{next}]}}"#)
        }
    });
    format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{definitions}}}}}"##)
}

/// Names of one length, one beginning and one end, which is all that the tape's hash looks at.
fn colliding(number: usize) -> String {
    format!("aaaa{number:08}zzzz")
}

fn branches(keyword: &str, count: usize, branch: &str) -> String {
    format!(r#"{{"{keyword}":[{}]}}"#, list(count, |_| branch.to_owned()))
}

#[test]
fn references_that_double_to_the_end() {
    assert_eq!(first(&doubling("allOf", r#"{"type":"integer"}"#), "1"), "too_much_work");
    assert_eq!(first(&doubling("anyOf", r#"{"type":"integer"}"#), "\"a\""), "too_much_work");
    assert_eq!(first(&doubling("oneOf", r#"{"type":"integer"}"#), "\"a\""), "too_much_work");
}

#[test]
fn references_that_double() {
    let long = format!("\"{}\"", "é".repeat(1 << 20));
    assert_eq!(first(&doubling("allOf", r#"{"maxLength":2000000}"#), &long), "too_much_work");
    assert_eq!(first(&doubling("anyOf", r#"{"maxLength":1}"#), &long), "too_much_work");
    let validator = compiled(&doubling("anyOf", r#"{"maxLength":1}"#));
    let mut tokens = Tokens::default();
    for _ in 0..2 {
        assert!(!validator.is_valid(long.as_bytes(), &mut tokens));
        assert!(validator.is_valid(b"\"a\"", &mut tokens), "what was given up spoils nothing");
    }
    assert_eq!(first(&doubling("oneOf", r#"{"maxLength":1}"#), &long), "too_much_work");
    // The first branch decides.
    assert_eq!(first(&doubling("anyOf", r#"{"type":"integer"}"#), "1"), "");
    assert_eq!(first(&doubling("allOf", r#"{"type":"integer"}"#), "\"a\""), "type");
}

/// "I could not look" must not become "it does not match", which `not` would turn into "it is fine".
#[test]
fn work_that_runs_out_below_a_negation() {
    let long = "a".repeat(80_000);
    let listed = format!(r#"{{"enum":[{}]}}"#, list(40, |number| format!(r#"["{long}",{}]"#, number + 1)));
    let document = format!("[{}]", list(150, |_| format!(r#"["{long}",0]"#)));
    for schema in [
        format!(r#"{{"items":{{"not":{listed}}}}}"#),
        format!(r#"{{"not":{{"contains":{listed}}}}}"#),
        format!(r#"{{"items":{{"if":{listed},"then":false}}}}"#),
        format!(r#"{{"items":{{"oneOf":[true,{listed}]}}}}"#),
        format!(r#"{{"contains":{listed},"minContains":0,"maxContains":0}}"#),
    ] {
        assert_eq!(first(&schema, &document), "too_much_work");
    }
}

#[test]
fn items_that_must_differ() {
    assert_eq!(first(r#"{"uniqueItems":true}"#, &format!("[{}]", list(100_000, |number| number.to_string()))), "");
    let twice_at_the_end = format!("[{},99999.0]", list(100_000, |number| number.to_string()));
    assert_eq!(first(r#"{"uniqueItems":true}"#, &twice_at_the_end), "uniqueItems");
    // Rows of flags: many different ones, of few values.
    let row = |number: usize| {
        format!("{{{}}}", list(16, |bit| format!(r#""{}":{}"#, (b'a' + bit as u8) as char, number >> bit & 1 == 1)))
    };
    assert_eq!(first(r#"{"uniqueItems":true}"#, &format!("[{}]", list(20_000, row))), "");
}

#[test]
fn enumerations_of_many_values() {
    let objects = |offset: usize| list(10_000, |number| format!(r#"{{"a":{},"b":[1,{number}]}}"#, number + offset));
    assert_eq!(first(&format!(r#"{{"items":{{"enum":[{}]}}}}"#, objects(0)), &format!("[{}]", objects(1))), "enum");
    let texts = |offset: usize| list(50_000, |number| format!("\"{}\"", colliding(number + offset)));
    let schema = format!(r#"{{"items":{{"enum":[{}]}}}}"#, texts(0));
    assert_eq!(first(&schema, &format!("[{}]", texts(0))), "");
    assert_eq!(first(&schema, &format!("[{}]", texts(1))), "enum");
}

#[test]
fn names_that_collide() {
    let members = |count: usize, offset: usize| list(count, |number| format!(r#""{}":1"#, colliding(number + offset)));
    let schema =
        format!(r#"{{"properties":{{{}}},"additionalProperties":false}}"#, members(20_000, 0).replace(":1", ":{}"));
    assert_eq!(first(&schema, &format!("{{{}}}", members(20_000, 0))), "");
    assert_eq!(first(&schema, &format!("{{{}}}", members(20_000, 1))), "additionalProperties");
    assert_eq!(first(&schema, &format!("{{{},{}}}", members(20_000, 0), members(1, 0))), "duplicate_key");
    let schema = format!(r#"{{"required":[{}]}}"#, list(20_000, |number| format!("\"{}\"", colliding(number))));
    assert_eq!(first(&schema, &format!("{{{}}}", members(20_000, 0))), "");
    assert_eq!(first(&schema, &format!("{{{}}}", members(19_999, 0))), "required");
}

#[test]
fn a_name_that_stands_twice_among_many() {
    let members = list(60_000, |number| format!(r#""k{number}":0"#));
    assert_eq!(first("{}", &format!("{{{members}}}")), "");
    assert_eq!(first("{}", &format!(r#"{{{members},"\u006b0":0}}"#)), "duplicate_key");
}

#[test]
fn one_large_value_and_many_rules() {
    let digits = "7".repeat(1 << 20);
    for rule in [r#"{"multipleOf":7}"#, r#"{"type":"integer"}"#, r#"{"minimum":7}"#] {
        assert_eq!(first(&branches("allOf", 40_000, rule), &digits), "too_much_work", "{rule}");
    }
    let name = "e".repeat(20_000);
    let members = format!("{{{}}}", list(300, |number| format!(r#""{name}{number}":1"#)));
    for rule in
        [r#"{"required":[],"properties":{"k":{}}}"#, r#"{"unevaluatedProperties":true}"#, r#"{"propertyNames":true}"#]
    {
        assert_eq!(first(&branches("allOf", 20_000, rule), &members), "too_much_work", "{rule}");
    }
    let texts = format!("[{}]", list(13, |number| format!("\"{}{number:02}\"", "e".repeat(100_000))));
    assert_eq!(first(&branches("allOf", 20_000, r#"{"uniqueItems":true}"#), &texts), "too_much_work");
    let named = format!(r#"{{"{}":1}}"#, "e".repeat(4 << 20));
    assert_eq!(
        first(&branches("allOf", 20_000, r#"{"additionalProperties":{"type":"integer"}}"#), &named),
        "too_much_work"
    );
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes half a minute without optimisation")]
fn one_long_text_and_many_rules() {
    let long = format!("\"\\n{}\"", "e".repeat(4 << 20));
    for rule in [r#"{"minLength":1}"#, r#"{"not":{"const":"a"}}"#, r#"{"pattern":"^x*"}"#] {
        assert_eq!(first(&branches("allOf", 20_000, rule), &long), "too_much_work", "{rule}");
    }
    let plain = format!("\"{}\"", "e".repeat(4 << 20));
    assert_eq!(first(&branches("allOf", 20_000, r#"{"format":"uri-reference"}"#), &plain), "too_much_work");
    // A name of the same hash as millions of letters.
    let long = format!(r#"{{"\u0065{}":1}}"#, "e".repeat((4 << 20) - 1));
    let schema = branches("allOf", 20_000, r#"{"properties":{"syulvjnk":{}}}"#);
    assert_eq!(first(&schema, &long), "too_much_work");
}

#[test]
fn words_for_many_findings() {
    let texts = format!("[{}]", list(500, |_| format!("\"{}\"", "e".repeat(2_000))));
    let schema = format!(r#"{{"items":{}}}"#, branches("anyOf", 4_000, r#"{"type":"integer"}"#));
    compiled(&schema).validate(texts.as_bytes(), &mut Tokens::default());
    let named = format!(r#"{{"{}":"a"}}"#, "e".repeat(4 << 20));
    compiled(&format!(r#"{{"additionalProperties":{}}}"#, branches("anyOf", 10_000, r#"{"type":"integer"}"#)))
        .validate(named.as_bytes(), &mut Tokens::default());
    let names = |letter: char| list(10_000, |number| format!(r#""{}{letter}{number}":true"#, "e".repeat(40)));
    let schema = format!(r#"{{"properties":{{{}}},"additionalProperties":false}}"#, names('x'));
    assert_eq!(first(&schema, &format!("{{{}}}", names('y'))), "additionalProperties");
    let required = list(10_000, |number| format!("\"k{number}\""));
    let schema = format!(r#"{{"items":{{"required":[{required}],"properties":{{{}}}}}}}"#, names('x'));
    assert_eq!(first(&schema, &format!("[{}]", list(100, |_| "{}".to_owned()))), "required");
}

#[test]
fn evaluation_that_is_passed_on() {
    let chain = |keyword: &str, last: &str| {
        let definitions = list(200, |level| match level {
            199 => format!(r#""d199":{last}"#),
            _ => format!(r##""d{level}":{{"$ref":"#/$defs/d{}","{keyword}":false}}"##, level + 1),
        });
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{definitions}}}}}"##)
    };
    let name = "e".repeat(20_000);
    let members = format!("{{{}}}", list(300, |number| format!(r#""{name}{number}":1"#)));
    assert_eq!(first(&chain("unevaluatedProperties", r#"{"additionalProperties":true}"#), &members), "too_much_work");
    let items = format!("[{}]", list(3_000_000, |_| "1".to_owned()));
    if !cfg!(debug_assertions) {
        assert_eq!(first(&chain("unevaluatedItems", r#"{"items":true}"#), &items), "too_much_work");
    }
    assert_eq!(first(&chain("unevaluatedItems", r#"{"items":true}"#), "[1,2]"), "");
}

#[test]
fn nesting() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let itself = r##"{"items":{"$ref":"#"}}"##;
    assert_eq!(first(itself, &nested(127)), "");
    assert_eq!(first(itself, &nested(128)), "too_deep");
    assert_eq!(first(itself, &nested(1_000_000)), "too_deep");
    assert_eq!(first(itself, &"[".repeat(10_000_000)), "too_deep");
    assert_eq!(first(itself, &r#"{"a":"#.repeat(1_000_000)), "too_deep");
    let negations = |depth: usize| format!("{}true{}", r#"{"not":"#.repeat(depth), "}".repeat(depth));
    assert_eq!(first(&negations(126), "1"), "");
    assert_eq!(first(&negations(127), "1"), "not");
    assert_eq!(problem(&negations(128)).0, "unreadable");
    // As deep as rules may go within rules, through whatever goes deepest on the stack.
    let chain = |length: usize| {
        let next = |level: usize| match level % 5 {
            0 => format!(r##"{{"allOf":[{{"$ref":"#/$defs/d{}"}}]}}"##, level + 1),
            1 => format!(r##"{{"oneOf":[{{"$ref":"#/$defs/d{}"}}]}}"##, level + 1),
            2 => format!(r##"{{"if":{{"$ref":"#/$defs/d{}"}},"then":true}}"##, level + 1),
            3 => format!(r##"{{"dependentSchemas":{{"a":{{"$ref":"#/$defs/d{}"}}}}}}"##, level + 1),
            _ => format!(r##"{{"not":{{"not":{{"$ref":"#/$defs/d{}"}}}},"unevaluatedProperties":true}}"##, level + 1),
        };
        let definitions = list(length, |level| match level + 1 == length {
            true => format!(r#""d{level}":{{"unevaluatedProperties":{{}}}}"#),
            false => format!(r#""d{level}":{}"#, next(level)),
        });
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{definitions}}}}}"##)
    };
    with_little_room(move || {
        assert_eq!(first(&chain(200), r#"{"a":1}"#), "");
        assert_eq!(first(&chain(600), r#"{"a":1}"#), "too_deep");
    });
}

#[test]
fn references_without_end() {
    for schema in [
        r##"{"$ref":"#"}"##,
        r##"{"$dynamicRef":"#"}"##,
        r##"{"allOf":[{"anyOf":[{"$ref":"#"}]}]}"##,
        r##"{"not":{"$ref":"#"}}"##,
        r##"{"if":{"$ref":"#"}, "then": true}"##,
        r##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##,
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"oneOf":[{"$ref":"#/$defs/a"}]}}}"##,
        r##"{"$defs":{"a":{"$ref":"#/$defs/a"}}}"##,
        r##"{"$dynamicAnchor":"x","$dynamicRef":"#x"}"##,
        r##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveRef":"#"}"##,
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"dependencies":{"x":{"$ref":"#/definitions/a"}}}}}"##,
    ] {
        assert_eq!(problem(schema).0, "endless_reference", "{schema}");
    }
    for schema in [
        r##"{"items":{"$ref":"#"},"properties":{"a":{"$ref":"#"}}}"##,
        r##"{"propertyNames":{"$ref":"#"}}"##,
        r##"{"contains":{"$ref":"#"},"minContains":0,"unevaluatedItems":{"$ref":"#"}}"##,
        r##"{"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/b"},"b":{}}}"##,
    ] {
        assert_eq!(first(schema, r#"{"a":[1,{"a":[]}]}"#), "", "{schema}");
    }
    // Where it leads is known only on the way.
    let loops = |inner: &str| {
        format!(
            r##"{{"$id":"https://e.com/r","$dynamicAnchor":"x","$ref":"https://e.com/i","$defs":{{"i":
            {{"$id":"https://e.com/i",{inner},"$defs":{{"n":{{"$dynamicAnchor":"x","type":"string"}}}}}}}}}}"##
        )
    };
    with_little_room(move || {
        assert_eq!(first(&loops(r##""$dynamicRef":"#x""##), "1"), "too_deep");
        assert_eq!(first(&loops(r##""anyOf":[{"$dynamicRef":"#x"},{"$dynamicRef":"#x"}]"##), "1"), "too_deep");
        assert_eq!(first(&loops(r##""not":{"$dynamicRef":"#x"}"##), "1"), "too_deep");
        assert_eq!(first(&loops(r##""items":{"$dynamicRef":"#x"}"##), "[[1]]"), "");
    });
}

#[test]
fn schemas_that_take_long_to_compile() {
    let last = 40_000;
    let definitions = list(last + 1, |number| match number == last {
        true => format!(r#""{}":true"#, colliding(number)),
        false => format!(r##""{}":{{"$ref":"#/$defs/{}"}}"##, colliding(number), colliding(last)),
    });
    assert_eq!(first(&format!(r#"{{"$defs":{{{definitions}}}}}"#), "1"), "");
    let anchors = list(10_000, |number| {
        format!(
            r##""d{number}":{{"$id":"{number}","$dynamicAnchor":"x{number}","items":{{"$dynamicRef":"#x{number}"}}}}"##
        )
    });
    assert_eq!(first(&format!(r#"{{"$id":"https://e.com/","$defs":{{{anchors}}}}}"#), "[1]"), "");
    let identifiers = list(40_000, |number| format!(r#""d{number}":{{"$id":"{number}"}}"#));
    let long = format!(r#"{{"$id":"https://e.com/{}/","$defs":{{{identifiers}}}}}"#, "a".repeat(1 << 20));
    assert_eq!(problem(&long), ("invalid_keyword".to_owned(), "/$id".to_owned()));
    assert_eq!(problem(&branches("anyOf", 60_000, "{}")).0, "too_large");
    assert_eq!(problem(&format!(r#"{{"enum":[{}]}}"#, list(200_001, |_| "0".to_owned()))).0, "unreadable");
    assert_eq!(problem(&format!(r#"{{"title":"{}"}}"#, "a".repeat(4 << 20))).0, "unreadable");
}

#[test]
fn text_that_ends_too_early_or_is_broken() {
    let validator = compiled(r#"{"type":["object","array","string"]}"#);
    let whole = r#"{"a":[1.5e3,"\u00e9\ud83d\ude00é",true,null,{"b":{}}],"c":"d"}"#;
    let mut tokens = Tokens::default();
    for end in 0..whole.len() {
        assert!(!validator.is_valid(&whole.as_bytes()[..end], &mut tokens), "{end}");
        let violations = validator.validate(&whole.as_bytes()[..end], &mut Tokens::default());
        assert!(
            ["syntax", "lone_surrogate", "invalid_utf8"].contains(&violations[0].keyword.as_str()),
            "{violations:?}"
        );
    }
    assert!(validator.is_valid(whole.as_bytes(), &mut tokens));
    for (text, keyword) in [
        (r#""\x""#, "syntax"),
        (r#""\u12g4""#, "syntax"),
        (r#""\u""#, "syntax"),
        ("\"\n\"", "syntax"),
        ("\"\u{0}\"", "syntax"),
        (r#""\ud800""#, "lone_surrogate"),
        (r#""\udc00""#, "lone_surrogate"),
        (r#""\ud800\u0041""#, "lone_surrogate"),
        (r#""\ud800\ud800""#, "lone_surrogate"),
        (r#"{"a":1,"\u0061":2}"#, "duplicate_key"),
        (r#"{"a":1,}"#, "syntax"),
        ("[1,]", "syntax"),
        ("[1 2]", "syntax"),
        ("{1:2}", "syntax"),
        ("01", "syntax"),
        ("1.", "syntax"),
        (".5", "syntax"),
        ("+1", "syntax"),
        ("1e", "syntax"),
        ("-", "syntax"),
        ("NaN", "syntax"),
        ("nul", "syntax"),
        ("nulll", "syntax"),
        ("1 2", "syntax"),
        ("[1]]", "syntax"),
        ("", "syntax"),
        (" ", "syntax"),
        ("\u{feff}1", "syntax"),
        ("// a\n1", "syntax"),
        ("'a'", "syntax"),
        ("\u{a0}1", "syntax"),
        ("[1}", "syntax"),
        ("{\"a\"}", "syntax"),
    ] {
        assert!(!validator.is_valid(text.as_bytes(), &mut tokens), "{text}");
        assert_eq!(validator.validate(text.as_bytes(), &mut Tokens::default())[0].keyword, keyword, "{text}");
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xc3\"", b"\"\xed\xa0\x80\"", b"\xff", b"\"\xc0\x80\"", b"\"\xf4\x90\x80\x80\""]
    {
        assert!(!validator.is_valid(bytes, &mut tokens));
        assert_eq!(validator.validate(bytes, &mut Tokens::default())[0].keyword, "invalid_utf8");
    }
    assert!(validator.is_valid(b"\"a\"", &mut tokens));
}
