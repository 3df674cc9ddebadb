//! What is no schema is refused, and the refusal says which keyword, where and why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use serde_json::{Value, json};
use toolgate_core::ffi::{Tokens, Validator};

const D2020: &str = "https://json-schema.org/draft/2020-12/schema";
const D2019: &str = "https://json-schema.org/draft/2019-09/schema";
const D7: &str = "http://json-schema.org/draft-07/schema#";
const D6: &str = "http://json-schema.org/draft-06/schema#";
const ALL: &[&str] = &[D2020, D2019, D7, D6];
const SINCE_2019: &[&str] = &[D2020, D2019];
const SINCE_7: &[&str] = &[D2020, D2019, D7];
const UNTIL_7: &[&str] = &[D7, D6];
const UNTIL_2019: &[&str] = &[D2019, D7, D6];

fn refusal(schema: &Value) -> Option<(String, String, String)> {
    let error: Value = serde_json::from_str(&Validator::compile(&schema.to_string(), "{}").err()?).unwrap();
    assert_eq!(error["code"], "invalid_schema");
    assert!(!error["message"].as_str().unwrap().is_empty());
    let told = |name: &str| error["details"][name].as_str().unwrap().to_owned();
    Some((told("problem"), told("keyword"), told("path")))
}

/// Keywords, the drafts that know them, and values that they do not take.
fn wrong_values() -> Vec<(Vec<&'static str>, &'static [&'static str], Vec<Value>)> {
    let no_schema = vec![json!(1), json!("a"), json!(null), json!([])];
    let no_list = vec![json!([]), json!({}), json!(true), json!("a"), json!(null), json!(1)];
    let no_map = vec![json!([]), json!(true), json!("a"), json!(null), json!(1)];
    let no_text = vec![json!(1), json!(null), json!(true), json!([]), json!({})];
    let no_number = vec![json!("1"), json!(null), json!(true), json!([]), json!({})];
    let no_count = vec![json!(-1), json!(1.5), json!(1e-1), json!("1"), json!(null), json!(true), json!([]), json!({})];
    vec![
        (
            vec!["type"],
            ALL,
            vec![
                json!("text"),
                json!("String"),
                json!(["string", "text"]),
                json!([1]),
                json!([["string"]]),
                json!([]),
                json!(1),
                json!(null),
                json!(true),
                json!({}),
            ],
        ),
        (vec!["enum"], ALL, vec![json!("a"), json!(1), json!(null), json!({}), json!(true)]),
        (
            vec!["multipleOf"],
            ALL,
            vec![
                json!(0),
                json!(-1),
                json!(0.0),
                json!(-0.5),
                json!("1"),
                json!(null),
                json!([]),
                json!({}),
                json!(1_234_567_890_123_456_789_u64),
            ],
        ),
        (vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], ALL, no_number),
        (
            vec!["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
            ALL,
            no_count.clone(),
        ),
        (vec!["minContains", "maxContains"], SINCE_2019, no_count),
        (
            vec!["pattern"],
            ALL,
            vec![
                json!("("),
                json!("["),
                json!("a**"),
                json!("\\p{Nothing}"),
                json!("(?<a"),
                json!("a{2,1}"),
                json!(1),
                json!(null),
                json!([]),
                json!({}),
            ],
        ),
        (vec!["format"], ALL, no_text.clone()),
        (vec!["uniqueItems"], ALL, vec![json!(1), json!("true"), json!(null), json!([]), json!({})]),
        (vec!["required"], ALL, vec![json!("a"), json!(true), json!([1]), json!(["a", null]), json!({}), json!(null)]),
        (
            vec!["dependentRequired"],
            SINCE_2019,
            vec![
                json!([]),
                json!("a"),
                json!(1),
                json!(null),
                json!({ "a": 1 }),
                json!({ "a": [1] }),
                json!({ "a": "b" }),
            ],
        ),
        (vec!["properties", "definitions"], ALL, no_map.clone()),
        (vec!["$defs", "dependentSchemas"], SINCE_2019, no_map.clone()),
        (vec!["dependencies"], UNTIL_7, {
            let mut wrong = no_map.clone();
            wrong.push(json!({ "a": [1] }));
            wrong
        }),
        (vec!["patternProperties"], ALL, {
            let mut wrong = no_map;
            wrong.push(json!({ "(": true }));
            wrong
        }),
        (vec!["additionalProperties", "propertyNames", "contains", "not"], ALL, no_schema.clone()),
        (vec!["if", "then", "else"], SINCE_7, no_schema.clone()),
        (vec!["unevaluatedProperties", "unevaluatedItems", "contentSchema"], SINCE_2019, no_schema.clone()),
        (vec!["additionalItems"], UNTIL_2019, no_schema),
        (vec!["items"], &[D2020], vec![json!(1), json!("a"), json!(null), json!([]), json!([true])]),
        (vec!["items"], UNTIL_2019, vec![json!(1), json!("a"), json!(null)]),
        (vec!["allOf", "anyOf", "oneOf"], ALL, no_list.clone()),
        (vec!["prefixItems"], &[D2020], no_list),
        (vec!["$ref"], ALL, no_text.clone()),
        (vec!["$id"], ALL, no_text.clone()),
        (vec!["$anchor"], SINCE_2019, no_text.clone()),
        (vec!["$dynamicRef", "$dynamicAnchor"], &[D2020], no_text.clone()),
        (vec!["$recursiveRef"], &[D2019], {
            let mut wrong = no_text;
            wrong.push(json!("#/$defs/a"));
            wrong
        }),
        (vec!["$recursiveAnchor"], &[D2019], vec![json!("a"), json!(1), json!(null)]),
    ]
}

#[test]
fn every_keyword_refuses_what_it_does_not_take() {
    let mut accepted = Vec::new();
    for (keywords, drafts, values) in wrong_values() {
        for (keyword, draft) in keywords.iter().flat_map(|keyword| drafts.iter().map(move |draft| (*keyword, *draft))) {
            for value in &values {
                let wrong = json!({ keyword: value });
                let defined = if draft == D2020 || draft == D2019 { "$defs" } else { "definitions" };
                let places = [
                    (json!({ "$schema": draft, keyword: value }), String::new()),
                    (
                        json!({ "$schema": draft, "properties": { "a/b~": { "allOf": [true, wrong] } } }),
                        "/properties/a~1b~0/allOf/1".to_owned(),
                    ),
                    (json!({ "$schema": draft, defined: { "never used": wrong } }), format!("/{defined}/never used")),
                ];
                for (schema, within) in places {
                    let expected = ("invalid_keyword".to_owned(), keyword.to_owned(), format!("{within}/{keyword}"));
                    match refusal(&schema) {
                        Some(refusal) if refusal == expected => {}
                        other => accepted.push(format!("{schema}\n    {other:?}")),
                    }
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{} are not refused as they should be:\n{}", accepted.len(), accepted.join("\n"));
}

#[test]
fn what_stands_where_a_schema_is_due_must_be_one() {
    for (schema, path) in [
        (json!(1), ""),
        (json!("a"), ""),
        (json!(null), ""),
        (json!([]), ""),
        (json!({ "properties": { "a": 1 } }), "/properties/a"),
        (json!({ "patternProperties": { "a": [] } }), "/patternProperties/a"),
        (json!({ "$defs": { "a": null } }), "/$defs/a"),
        (json!({ "dependentSchemas": { "a": ["b"] } }), "/dependentSchemas/a"),
        (json!({ "allOf": [true, 1] }), "/allOf/1"),
        (json!({ "prefixItems": [true, "a"] }), "/prefixItems/1"),
        (json!({ "$ref": "#/title", "title": "a" }), "/title"),
    ] {
        assert_eq!(refusal(&schema), Some(("invalid_keyword".to_owned(), String::new(), path.to_owned())), "{schema}");
    }
}

/// What says something about a value but demands nothing may be written as it likes, as tools do.
#[test]
fn annotations_demand_nothing() {
    for keyword in [
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "contentEncoding",
        "contentMediaType",
        "$vocabulary",
        "x-anything",
        "",
    ] {
        for value in [json!(null), json!(1), json!("a"), json!([1]), json!({ "a": 1 })] {
            for draft in ALL {
                assert_eq!(refusal(&json!({ "$schema": draft, keyword: value })), None, "{keyword}: {value}");
            }
        }
    }
}

/// A keyword of another draft is no keyword.
#[test]
fn other_drafts_keywords_mean_nothing() {
    for (draft, keyword) in [
        (D2020, "additionalItems"),
        (D2020, "dependencies"),
        (D2020, "$recursiveRef"),
        (D2020, "$recursiveAnchor"),
        (D2019, "prefixItems"),
        (D2019, "dependencies"),
        (D2019, "$dynamicRef"),
        (D2019, "$dynamicAnchor"),
        (D7, "prefixItems"),
        (D7, "$defs"),
        (D7, "$anchor"),
        (D7, "dependentRequired"),
        (D7, "dependentSchemas"),
        (D7, "unevaluatedItems"),
        (D7, "unevaluatedProperties"),
        (D7, "minContains"),
        (D7, "maxContains"),
        (D7, "contentSchema"),
        (D6, "if"),
        (D6, "then"),
        (D6, "else"),
    ] {
        let schema = json!({ "$schema": draft, keyword: 5 }).to_string();
        let validator = Validator::compile(&schema, "{}").unwrap_or_else(|error| panic!("{keyword}: {error}"));
        for document in ["1", "\"a\"", "[1,1]", r#"{"a":1}"#] {
            assert!(validator.is_valid(document.as_bytes(), &mut Tokens::default()), "{keyword}");
        }
    }
}

#[test]
fn dialects_that_are_not_known() {
    for draft in [
        json!("http://json-schema.org/draft-04/schema#"),
        json!("http://json-schema.org/draft-03/schema#"),
        json!("http://json-schema.org/schema#"),
        json!("https://json-schema.org/draft/next/schema"),
        json!("https://json-schema.org/draft/2020-12/schema/"),
        json!(""),
        json!("2020-12"),
        json!(1),
        json!(null),
    ] {
        let expected = |path: &str| Some(("unsupported_dialect".to_owned(), "$schema".to_owned(), path.to_owned()));
        assert_eq!(refusal(&json!({ "$schema": draft })), expected("/$schema"), "{draft}");
        let inner = json!({ "items": { "$id": "https://e.com/a", "$schema": draft } });
        assert_eq!(refusal(&inner), expected("/items/$schema"), "{draft}");
    }
    for draft in ALL {
        let other = draft.strip_suffix('#').map_or_else(|| format!("{draft}#"), str::to_owned);
        assert_eq!(refusal(&json!({ "$schema": draft })), None);
        assert_eq!(refusal(&json!({ "$schema": other })), None);
    }
}

#[test]
fn references_that_lead_nowhere() {
    for (reference, keyword) in [
        ("#/$defs/b", "$ref"),
        ("#/$defs/a/0", "$ref"),
        ("#/$defs/a/items/00", "$ref"),
        ("#/$defs/a/items/-", "$ref"),
        ("#/allOf/1", "$ref"),
        ("#a", "$ref"),
        ("#/", "$ref"),
        ("a", "$ref"),
        ("/a#/$defs", "$ref"),
        ("https://example.com/other", "$ref"),
        ("urn:uuid:00000000-0000-0000-0000-000000000000", "$ref"),
        ("file:///etc/passwd", "$ref"),
        ("#a", "$dynamicRef"),
        ("https://example.com/other#a", "$dynamicRef"),
    ] {
        let schema = json!({ "$defs": { "a": { "title": "a" } }, "allOf": [{ keyword: reference }] });
        let expected = ("unresolvable_reference".to_owned(), keyword.to_owned(), format!("/allOf/0/{keyword}"));
        assert_eq!(refusal(&schema), Some(expected), "{reference}");
    }
    // Nothing of the meta-schemas has to be fetched.
    for draft in ALL {
        let validator = Validator::compile(&json!({ "$ref": draft }).to_string(), "{}").unwrap();
        assert!(validator.is_valid(br#"{"type":"string"}"#, &mut Tokens::default()));
        assert!(!validator.is_valid(br#"{"type":"text"}"#, &mut Tokens::default()));
    }
}

#[test]
fn text_that_is_no_schema() {
    for (text, keyword, path) in [
        ("", "syntax", ""),
        ("{", "syntax", ""),
        (r#"{"type":"string","properties":{"a":{"type":}}}"#, "syntax", "/properties/a/type"),
        (r#"{"type":"string","type":"number"}"#, "duplicate_key", "/type"),
        (r#"{"const":"\ud800"}"#, "lone_surrogate", "/const"),
    ] {
        let error: Value = serde_json::from_str(&Validator::compile(text, "{}").unwrap_err()).unwrap();
        assert_eq!(error["details"], json!({ "problem": "unreadable", "keyword": keyword, "path": path }), "{text}");
    }
}

#[test]
fn options_that_are_not_known() {
    for (options, keyword) in [
        (r#"{"formats":"maybe"}"#, "formats"),
        (r#"{"formats":true}"#, "formats"),
        (r#"{"dialect":"2020"}"#, "dialect"),
        (r#"{"dialect":7}"#, "dialect"),
        (r#"{"resources":[]}"#, "resources"),
        (r#"{"resource":{}}"#, "resource"),
        ("[]", ""),
        ("null", ""),
    ] {
        let error: Value = serde_json::from_str(&Validator::compile("{}", options).unwrap_err()).unwrap();
        assert_eq!(error["details"]["problem"], "invalid_option", "{options}");
        assert_eq!(error["details"]["keyword"], keyword, "{options}");
    }
    assert!(Validator::compile("{}", "{").is_err());
}

/// A schema that comes along is checked like the one that refers to it, and the path says in which one it is.
#[test]
fn resources() {
    let options = json!({ "resources": {
        "https://example.com/good": { "type": "integer", "$defs": { "a": { "$anchor": "a", "maximum": 5 } } },
        "https://example.com/bad": { "properties": { "a": { "type": "text" } } },
        "https://example.com/gone": { "$ref": "elsewhere" },
    } })
    .to_string();
    let compile =
        |reference: &str| Validator::compile(&json!({ "items": { "$ref": reference } }).to_string(), &options);
    let validator = compile("https://example.com/good#a").unwrap();
    assert!(validator.is_valid(b"[5]", &mut Tokens::default()));
    assert_eq!(
        validator.validate(b"[6]", &mut Tokens::default())[0].schema_path,
        "https://example.com/good#/$defs/a/maximum"
    );
    for (reference, problem, path) in [
        ("https://example.com/bad", "invalid_keyword", "https://example.com/bad#/properties/a/type"),
        ("https://example.com/gone", "unresolvable_reference", "https://example.com/gone#/$ref"),
        ("https://example.com/good#b", "unresolvable_reference", "/items/$ref"),
        ("https://example.com/none", "unresolvable_reference", "/items/$ref"),
    ] {
        let error: Value = serde_json::from_str(&compile(reference).unwrap_err()).unwrap();
        assert_eq!((&error["details"]["problem"], &error["details"]["path"]), (&json!(problem), &json!(path)));
    }
}
