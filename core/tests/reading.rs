//! JSON text beside serde_json, and numbers beside arithmetic without rounding.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "it is shared, and only values are of use here")]
mod generate;
mod strict;

use core::cmp::Ordering;

use generate::{Choices, respelled};
use num_bigint::BigInt;
use proptest::prelude::*;
use serde_json::Value;
use strict::reference;
use toolgate_core::ffi::{self, Tokens, Validator};

fn accepts(text: &[u8]) -> bool {
    let anything = Validator::compile("true", "{}").unwrap();
    let accepted = anything.is_valid(text, &mut Tokens::default());
    assert_eq!(accepted, anything.validate(text, &mut Tokens::default()).is_empty());
    accepted
}

/// A text that is JSON, or was before something happened to it.
fn text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 40] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "\\u0000",
        "\\u00e9",
        "\\n",
        "\\x",
        "null",
        "true",
        "false",
        "0",
        "-",
        "1",
        ".",
        "e",
        "E+",
        "-0",
        "01",
        "1e999",
        "\n",
        "\t",
        " ",
        "\u{0}",
        "\u{1f}",
        "\u{7f}",
        "é",
        "😀",
        "\"a\"",
        "\"a\":",
        "\"\":",
        "\u{feff}",
        "9007199254740993",
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, 0..PIECES.len()), 0..4);
    (prop::collection::vec(any::<u8>(), 0..80), any::<bool>(), edits).prop_map(|(bytes, plain, edits)| {
        let value = Choices::new(&bytes).value(3);
        let mut text = String::new();
        if plain {
            text = value.to_string();
        } else {
            respelled(&value, &mut text);
        }
        let mut characters: Vec<String> = text.chars().map(String::from).collect();
        for (place, kind, piece) in edits {
            let place = place.index(characters.len() + 1);
            let inside = place < characters.len();
            match kind {
                0 if inside => drop(characters.remove(place)),
                1 if inside => PIECES[piece].clone_into(&mut characters[place]),
                _ => characters.insert(place, PIECES[piece].to_owned()),
            }
        }
        characters.concat()
    })
}

/// `mantissa × 10^exponent`
#[derive(Debug, Clone)]
struct Exact {
    mantissa: BigInt,
    exponent: i64,
}

impl Exact {
    fn of(text: &str) -> Exact {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i64);
        let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap();
        Exact { mantissa: mantissa.replace('.', "").parse().unwrap(), exponent: exponent - fraction }
    }

    /// Both in units of the finer one.
    fn integers(&self, other: &Exact) -> (BigInt, BigInt) {
        let finer = self.exponent.min(other.exponent);
        let raised = |number: &Exact| &number.mantissa * BigInt::from(10).pow((number.exponent - finer) as u32);
        (raised(self), raised(other))
    }

    fn compare(&self, other: &Exact) -> Ordering {
        let (one, other) = self.integers(other);
        one.cmp(&other)
    }

    fn is_multiple_of(&self, divisor: &Exact) -> bool {
        let (number, divisor) = self.integers(divisor);
        number % divisor == BigInt::ZERO
    }

    fn is_integer(&self) -> bool {
        self.is_multiple_of(&Exact { mantissa: 1.into(), exponent: 0 })
    }

    fn significant_digits(&self) -> usize {
        self.mantissa.magnitude().to_string().trim_matches('0').len()
    }

    /// In JSON, with the point wherever it comes to stand.
    fn text(&self, shift: i64) -> String {
        let sign = if self.mantissa < BigInt::ZERO { "-" } else { "" };
        let digits = self.mantissa.magnitude().to_string();
        let behind = shift.clamp(0, 40) as usize;
        let padded = format!("{}{digits}", "0".repeat((behind + 1).saturating_sub(digits.len())));
        let (whole, fraction) = padded.split_at(padded.len() - behind);
        let exponent = self.exponent + behind as i64;
        let point = if fraction.is_empty() { "" } else { "." };
        match exponent {
            0 => format!("{sign}{whole}{point}{fraction}"),
            _ => format!("{sign}{whole}{point}{fraction}{}{exponent}", if shift & 1 == 0 { "e" } else { "E" }),
        }
    }
}

fn number() -> impl Strategy<Value = Exact> {
    let digits = prop_oneof![
        3 => (0..1000_i64).prop_map(BigInt::from),
        3 => any::<i64>().prop_map(BigInt::from),
        2 => (any::<u64>(), any::<u64>()).prop_map(|(one, other)| BigInt::from(one) * BigInt::from(other)),
        1 => (0..25_u32, -1..2_i64).prop_map(|(power, more)| BigInt::from(10).pow(power) + more),
        1 => (50..55_u32, -1..2_i64).prop_map(|(power, more)| BigInt::from(2).pow(power) + more),
    ];
    let exponent =
        prop_oneof![4 => Just(0_i64), 4 => -20..20_i64, 1 => -330..330_i64, 1 => Just(-308_i64), 1 => Just(308_i64)];
    (digits, any::<bool>(), exponent).prop_map(|(mantissa, negative, exponent)| Exact {
        mantissa: if negative { -mantissa } else { mantissa },
        exponent,
    })
}

/// Two numbers that have something to do with each other.
fn related() -> impl Strategy<Value = (Exact, Exact)> {
    (number(), number(), -40..1000_i64, 0..5_u8, -20..20_i64).prop_map(|(one, free, factor, kind, exponent)| {
        let other = match kind {
            0 => one.clone(),
            1 => Exact { mantissa: &one.mantissa * factor, exponent: one.exponent },
            2 => Exact { mantissa: &one.mantissa * factor + 1, exponent: one.exponent },
            3 => Exact { mantissa: &one.mantissa * factor, exponent: one.exponent + exponent },
            _ => free,
        };
        (one, other)
    })
}

fn says(schema: &str, document: &str) -> bool {
    let validator = Validator::compile(schema, "{}").unwrap_or_else(|error| panic!("{schema}: {error}"));
    let verdict = validator.is_valid(document.as_bytes(), &mut Tokens::default());
    assert_eq!(verdict, validator.validate(document.as_bytes(), &mut Tokens::default()).is_empty());
    verdict
}

fn check_numbers(one: &Exact, other: &Exact, shift: i64) -> Result<(), TestCaseError> {
    let (bound, text) = (one.text(shift), other.text(shift / 2));
    prop_assert_eq!(Exact::of(&bound).compare(one), Ordering::Equal, "the test's own spelling");
    let order = other.compare(one);
    for (keyword, expected) in [
        ("const", order.is_eq()),
        ("minimum", order.is_ge()),
        ("maximum", order.is_le()),
        ("exclusiveMinimum", order.is_gt()),
        ("exclusiveMaximum", order.is_lt()),
    ] {
        prop_assert_eq!(
            says(&format!(r#"{{"{keyword}":{bound}}}"#), &text),
            expected,
            "{} {} {}",
            text,
            keyword,
            bound
        );
    }
    prop_assert_eq!(says(&format!(r#"{{"enum":["",{bound}]}}"#), &text), order.is_eq(), "{} {}", text, bound);
    prop_assert_eq!(says(r#"{"uniqueItems":true}"#, &format!("[{bound},{text}]")), order.is_ne(), "{} {}", text, bound);
    let many: String = (0..20).map(|index| format!("\"{index}\",")).collect();
    let many = format!("[{many}{bound},{text}]");
    prop_assert_eq!(says(r#"{"uniqueItems":true}"#, &many), order.is_ne(), "{} {}", text, bound);
    prop_assert_eq!(says(r#"{"type":"integer"}"#, &text), other.is_integer(), "{}", text);
    let schema = format!(r#"{{"multipleOf":{bound}}}"#);
    if one.mantissa > BigInt::ZERO && one.significant_digits() <= 18 {
        prop_assert_eq!(says(&schema, &text), other.is_multiple_of(one), "{} of {}", text, bound);
    } else {
        prop_assert!(Validator::compile(&schema, "{}").is_err(), "{}", bound);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_is_taken_as_serde_json_takes_it(text in text()) {
        if let Some(expected) = reference(&text) {
            prop_assert_eq!(accepts(text.as_bytes()), expected, "{}", text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused(text in text(), place in any::<prop::sample::Index>(), byte in 0x80..=0xff_u8) {
        let mut bytes = text.into_bytes();
        bytes.insert(place.index(bytes.len() + 1), byte);
        if core::str::from_utf8(&bytes).is_err() {
            prop_assert!(!accepts(&bytes));
        }
    }

    #[test]
    fn the_canonical_form_is_the_same_value_and_its_own(text in text()) {
        match ffi::canonicalize(&text) {
            Ok(canonical) => {
                let value: Value = serde_json::from_str(&text).unwrap();
                let read: Value = serde_json::from_str(&canonical).unwrap();
                prop_assert!(is_same(&value, &read), "{} {}", text, canonical);
                prop_assert_eq!(ffi::canonicalize(&canonical).unwrap(), canonical.clone());
                // Above that, integers of 64 bits are kept as they are where they are written as integers.
                if is_safe(&value) {
                    let mut other = String::new();
                    respelled(&value, &mut other);
                    prop_assert_eq!(ffi::canonicalize(&other).unwrap(), canonical, "{} {}", text, other);
                    prop_assert_eq!(ffi::digest(&other), ffi::digest(&text));
                }
            }
            Err(_) => prop_assert_ne!(reference(&text), Some(true), "{}", text),
        }
    }

    #[test]
    fn numbers_are_compared_and_divided_exactly((one, other) in related(), shift in -5..45_i64) {
        check_numbers(&one, &other, shift)?;
    }

    #[test]
    fn numbers_have_one_canonical_form(number in number(), shift in -5..45_i64, other_shift in -5..45_i64) {
        let (text, other) = (number.text(shift), number.text(other_shift));
        let double: f64 = text.parse().unwrap();
        match ffi::canonicalize(&text) {
            Ok(canonical) => {
                prop_assert_eq!(ffi::canonicalize(&canonical).unwrap(), canonical.clone(), "{}", text);
                prop_assert_eq!(canonical.parse::<f64>().unwrap(), double, "{} {}", text, canonical);
                // An integer of 64 bits stays what it is where it is written as one; nothing else says more than a double.
                if text.parse::<i64>().is_err() && text.parse::<u64>().is_err() {
                    let expected = ryu_js::Buffer::new().format(double).to_owned();
                    prop_assert_eq!(&canonical, &expected, "{}", text);
                } else if number.mantissa != BigInt::ZERO {
                    prop_assert_eq!(&canonical, &text);
                }
                if double.abs() < 9_007_199_254_740_992.0 {
                    prop_assert_eq!(ffi::canonicalize(&other).unwrap(), canonical, "{} {}", text, other);
                }
            }
            Err(_) => prop_assert!(double.is_infinite(), "{}", text),
        }
    }
}

/// Whether every double in it is the only one that is written so.
fn is_safe(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|double| double.abs() < 9_007_199_254_740_992.0),
        Value::Array(items) => items.iter().all(is_safe),
        Value::Object(members) => members.values().all(is_safe),
        _ => true,
    }
}

/// Equal, however its numbers and members are written.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        _ => one == other,
    }
}

#[test]
fn numbers_that_are_easily_got_wrong() {
    let texts = [
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "0e999999999",
        "1",
        "1.0",
        "1e0",
        "10e-1",
        "0.1e1",
        "100E-2",
        "0.1",
        "0.3",
        "0.30000000000000004",
        "1e308",
        "1.7976931348623157e308",
        "1e309",
        "1e-308",
        "5e-324",
        "1e-400",
        "-1e-400",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "999999999999999",
        "1000000000000000",
        "999999999999999999",
        "0.000000000000001",
        "123456789.123456",
        "123456789012345.678",
        "0.00000000000000000000000000000000000001",
        "3.14159265358979323846264338327950288419716939937510",
        "1e15",
        "1e16",
        "1e18",
        "1e19",
        "19.99",
        "0.01",
        "0.07",
        "1e-15",
        "2.5e-1",
    ];
    for one in texts {
        for other in texts {
            // What the exact arithmetic would have to write out is left to the comparison of magnitudes.
            if !one.contains("999999999") && !other.contains("e999999999") {
                check_numbers(&Exact::of(one), &Exact::of(other), 0).unwrap();
            }
            let direct = Exact::of(one).mantissa == BigInt::ZERO && Exact::of(other).mantissa == BigInt::ZERO;
            if direct {
                assert!(says(&format!(r#"{{"const":{one}}}"#), other), "{one} {other}");
            }
        }
    }
    for (bound, larger) in [
        ("1e999999", "1e1000000"),
        ("-1e1000000", "-1e999999"),
        ("1e-1000000", "1e-999999"),
        ("0", "1e-999999999"),
        ("1e99999", "1e9999999999999999999999"),
    ] {
        assert!(says(&format!(r#"{{"exclusiveMinimum":{bound}}}"#), larger), "{bound} {larger}");
        assert!(says(&format!(r#"{{"exclusiveMaximum":{larger}}}"#), bound), "{bound} {larger}");
    }
    assert!(says(r#"{"multipleOf":3e-999999}"#, "3e999999"));
    assert!(!says(r#"{"multipleOf":3e999999}"#, "3e-999999"));
    assert!(says(r#"{"type":"integer","multipleOf":7}"#, &"7".repeat(100_000)));
    assert!(!says(r#"{"multipleOf":7}"#, &format!("{}1", "7".repeat(100_000))));
}

#[test]
fn depth_is_serde_json_s() {
    for depth in 120..135 {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let text = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(Some(accepts(text.as_bytes())), reference(&text), "{depth}");
        }
    }
}
