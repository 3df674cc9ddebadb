#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

use super::{Flaw, Pattern, TooMuchWork, is_valid};
use proptest::prelude::*;

const PLENTY: u64 = 10_000_000;

fn matches(source: &str, text: &str) -> bool {
    Pattern::compile(source).unwrap().is_match(text, &mut PLENTY.clone()).unwrap()
}

fn flaw(source: &str) -> (usize, &'static str) {
    let Flaw { at, what } = Pattern::compile(source).unwrap_err();
    (at, what)
}

/// What the search took, whether it ended or not.
fn work(source: &str, text: &str, budget: u64) -> (Result<bool, TooMuchWork>, u64) {
    let mut left = budget;
    let found = Pattern::compile(source).unwrap().is_match(text, &mut left);
    (found, budget - left)
}

/// Every text of the first list matches, none of the second does.
fn table(cases: &[(&str, &[&str], &[&str])]) {
    for (source, yes, no) in cases {
        for (texts, expected) in [(yes, true), (no, false)] {
            for text in *texts {
                assert_eq!(matches(source, text), expected, "{source} on {text:?}");
            }
        }
    }
}

#[test]
fn what_schemas_have() {
    table(&[
        ("", &["", "a"], &[]),
        ("^[A-Z]{3}-\\d{4}$", &["ABC-1234"], &["ABC-123", "ABC-12345", "xABC-1234", "ABCD-1234", "ABC-1234\n"]),
        ("^\\S+$", &["a", "é😀"], &["", "a b", " "]),
        ("^[a-z0-9_-]{1,64}$", &["a", "a_b-c"], &["", "A", "a b"]),
        ("^https?://", &["http://a", "https://a"], &["xhttp://a", "httpss://", "http:/"]),
        ("^.{1,4000}$", &["a", "😀"], &["", "a\nb"]),
        ("[\\s\\S]{0,10000}", &["", "a\nb"], &[]),
        ("^(.|\\n)*$", &["", "a\nb\n"], &["a\rb"]),
        ("^[a-z]+(?:\\.[a-z]+)*$", &["a", "a.b", "abc.de.f"], &["", ".", "a.", ".a", "a..b"]),
        ("^(?=.*[a-z])(?=.*\\d)[A-Za-z\\d]{8,}$", &["passw0rd"], &["password", "12345678", "passw0r", "passw0rd!"]),
        ("^(?!-)[a-z-]{1,63}(?<!-)$", &["a", "a-b"], &["-a", "a-", "-"]),
        ("^\\d{4}-(0[1-9]|1[0-2])$", &["2024-12", "2024-01"], &["2024-13", "2024-00", "2024-1"]),
        ("^(?:foo|bar|)$", &["foo", "bar", ""], &["fo", "foobar"]),
        ("a|^b|c$", &["xa", "bx", "xc"], &["xb", "cx", ""]),
        ("foo", &["a foo", "ffoo", "fofoo"], &["fo", ""]),
        ("é+x", &["aééx"], &["ééy"]),
        ("^(?:[a-z]{2}){2,3}$", &["abcd", "abcdef"], &["ab", "abcde", "abcdefgh"]),
        ("^(?:ab){1000}$", &[&"ab".repeat(1000)], &[&"ab".repeat(999), &"ab".repeat(1001)]),
        ("^(?:a?){3}$", &["", "a", "aaa"], &["aaaa"]),
        ("^a{0}b{1}$", &["b"], &["ab", ""]),
        ("^a{2,}$", &["aa", "aaaa"], &["a"]),
        ("^a{99999999999}", &[], &["aaa"]),
        ("^a{0,99999999999}$", &["", "aaa"], &["b"]),
    ]);
}

#[test]
fn characters() {
    table(&[
        ("^\\d$", &["0", "9"], &["٣", "a"]),
        ("^\\D$", &["٣", "a", "😀"], &["0"]),
        ("^\\w$", &["a", "Z", "_", "0"], &["é", "-"]),
        ("^\\W$", &["é", "-"], &["a"]),
        (
            "^\\s$",
            &["\u{9}", "\u{B}", " ", "\u{A0}", "\u{1680}", "\u{2003}", "\u{2028}", "\u{3000}", "\u{FEFF}"],
            &["\u{180E}", "\u{200B}", "\u{85}", "a"],
        ),
        ("^\\S$", &["\u{200B}", "a"], &["\u{FEFF}"]),
        ("^.$", &["a", "😀", "\u{85}"], &["\n", "\r", "\u{2028}", "\u{2029}", "ab"]),
        ("^[^]$", &["\n", "a"], &[""]),
        ("[]", &[], &["", "a"]),
        ("^[^a-c]$", &["d", "é", "\n"], &["b"]),
        ("^[a\\-b]$", &["a", "-", "b"], &["c"]),
        ("^[-a]$", &["-", "a"], &["b"]),
        ("^[a-]$", &["-", "a"], &["b"]),
        ("^[\\W1]$", &["-", "1", "é"], &["a"]),
        ("^[^\\d\\s]$", &["a"], &["1", " "]),
        ("^[\\b]$", &["\u{8}"], &["b"]),
        ("^[😀-😂]$", &["😁"], &["😃"]),
        ("^[^é-í]$", &["a", "î"], &["ê"]),
        ("^\\x41\\u0042\\u{43}\\cJ\\t\\0$", &["ABC\n\t\0"], &[]),
        ("^\\uD83D\\uDE00$", &["😀"], &["a"]),
        ("^[\\uD83D\\uDE00]$", &["😀"], &["a"]),
        ("\\uD83D", &[], &["😀", "a"]),
        ("\\u{D83D}\\u{DE00}", &[], &["😀"]),
        ("^[^\\uD83D]$", &["😀"], &[]),
        ("^\\/\\.\\^\\$\\|$", &["/.^$|"], &[]),
        ("^\\bab\\b$", &["ab"], &[]),
        ("a\\b", &["a", "aé", "a-"], &["ab"]),
        ("é\\B", &["é", "é-"], &["éa"]),
        ("^a$", &["a"], &["a\n", "\na"]),
    ]);
}

#[test]
fn properties() {
    table(&[
        ("^\\p{L}+$", &["aé", "Ж"], &["1", ""]),
        ("^\\P{L}$", &["1", "😀"], &["a", "é"]),
        ("^[\\p{Lu}_]$", &["A", "É", "_"], &["a", "é"]),
        ("^[^\\p{L}]$", &["1", "😀"], &["a", "é"]),
        ("^[^\\P{L}b]$", &["a", "é"], &["b", "1"]),
        ("^[\\P{L}b]$", &["b", "1", "😀"], &["a", "é"]),
        ("^\\p{Script=Greek}$", &["α"], &["a"]),
        ("^\\p{Lu}+x$", &["ÉÉx"], &["éx"]),
    ]);
    for source in ["\\p{Nonsense}", "\\p{L", "\\p{}", "\\p{L})(", "[\\p{L/}]"] {
        assert!(Pattern::compile(source).is_err(), "{source}");
    }
    assert!(!is_valid("\\p"));
}

#[test]
fn looks() {
    table(&[
        ("a(?=b)", &["ab"], &["ac", "a"]),
        ("a(?!b)", &["ac", "a"], &["ab"]),
        ("(?<=a)b", &["ab"], &["b", "cb"]),
        ("(?<!a)b", &["b", "cb"], &["ab"]),
        ("(?<=^|,)x(?=,|$)", &["x", "a,x", "x,a"], &["ax", "xa"]),
        ("(?<=a.*)b", &["ab", "axxb"], &["xb"]),
        ("(?<=(?<!b)a)c", &["ac", "xac"], &["bac"]),
        ("(?=(?=a)a)", &["a"], &["b"]),
        ("^(?:(?!cd)[a-z])*$", &["abce", "c"], &["abcd"]),
        ("(?<=\\b)a", &["a", "-a"], &["ba"]),
        ("^(?=a)*b", &["b"], &["ab"]),
        ("(?=a){2}a", &["a"], &["b"]),
        ("^(?=[ab]{2}$)(?!bb)", &["ab", "aa"], &["bb", "abb", "a"]),
    ]);
}

#[test]
fn captures() {
    table(&[
        ("^(a|b)\\1$", &["aa", "bb"], &["ab", "a"]),
        ("^(?<q>[\"'])[^\"']*\\k<q>$", &["'a'", "\"\""], &["'a\""]),
        ("^\\k<q>(?<q>a)$", &["a"], &["aa"]),
        ("^\\1(a)$", &["a"], &["aa"]),
        ("^(a\\1)$", &["a"], &["aa"]),
        ("^(?:(a)|b)*\\1$", &["ab", "aa", "bb", ""], &["ba"]),
        ("^(?:(a)|b)*\\1c$", &["abc", "aac", "bc"], &["bac"]),
        ("^(z)((a+)?(b+)?(c))*\\3$", &["zaacbbbc", "zc", "zaacaa"], &["zaacbbbcac", "zaaca"]),
        ("^(a*)*$\\1", &[""], &["aa", "b"]),
        ("^(?=(a+))a*b\\1$", &["aabaa"], &["aaba", "b"]),
        ("^(?=(a*?))\\1b", &["b"], &["ab"]),
        ("^(?!(a)b)\\1a", &["ac", "a"], &["ab"]),
        ("(?<=\\1(a))b", &["aab"], &["ab", "b"]),
        ("(?<=(a)\\1)b", &["ab", "aab"], &["b"]),
        ("^(?:(?<n>a)|(?<n>b))\\k<n>$", &["aa", "bb"], &["ab"]),
        ("^(é)\\1$", &["éé"], &["é"]),
        ("^(?:|(a)){2}\\1$", &["", "aa"], &["b"]),
    ]);
}

#[test]
fn empty_iterations() {
    table(&[
        ("^(a*)*$", &["", "aa"], &["b"]),
        ("^(a|b?)*$", &["", "abab"], &["c"]),
        ("^(?:)*a", &["a"], &["b"]),
        ("^(?:(?=a)|b)*a$", &["a", "ba"], &["b"]),
        ("^(?:a*){3}$", &["", "aaaa"], &["b"]),
        ("^(?:|a)+$", &["", "aaa"], &["b"]),
        ("^(?:a?b??)*$", &["", "abba"], &["c"]),
        ("(?:){1000000000}", &[""], &[]),
        ("^(?:(?:|a)*?)+b$", &["b", "aab"], &["c"]),
    ]);
}

#[test]
fn what_is_no_pattern() {
    for (source, at) in [
        ("a)", 1),
        ("(a", 0),
        ("[a", 0),
        ("x[\\]", 1),
        ("é*+", 2),
        ("+", 0),
        ("^*", 1),
        ("a**", 2),
        ("{1}", 0),
        ("a{2,1}", 1),
        ("[b-a]", 1),
        ("\\", 0),
        ("(?<=a)*", 6),
        ("(?#a)", 0),
        ("(?<1>a)", 3),
        ("(?<>a)", 3),
        ("(?<n>a)(?<n>b)", 7),
        ("(?<n>a)\\k<m>", 7),
        ("(?<n>a)\\k", 7),
    ] {
        assert_eq!(flaw(source).0, at, "{source}");
        assert!(!is_valid(source), "{source}");
    }
    assert_eq!(flaw("a(?i:b)"), (1, "modifiers are not supported"));
    assert_eq!(flaw(&"(".repeat(101)), (100, "groups are nested too deep"));
    assert!(Pattern::compile(&format!("{}{}", "(".repeat(100), ")".repeat(100))).is_ok());
    for large in ["((a{1000}){1000}){1000}", "(?:(?=)){99999}", "(){99999}\\1", "(?:ab){99999999999}"] {
        assert_eq!(flaw(large), (0, "the pattern is too large"));
    }
    assert_eq!(flaw(&"a".repeat(65 * 1024)), (0, "the pattern is too long"));
    assert_eq!(flaw(&"a".repeat(30_000)), (0, "the pattern is too large"));
}

#[test]
fn names() {
    for source in ["(?<a1>x)", "(?<$_>x)", "(?<é>x)", "(?<\\u0061>x)", "(?<\\u{61}>x)", "(?<a>x)|(?<a>y)"] {
        assert!(is_valid(source), "{source}");
    }
    for source in ["(?<a b>x)", "(?<😀>x)", "(?<a", "(?<\\x61>x)", "(?<\\u{ff>x)"] {
        assert!(!is_valid(source), "{source}");
    }
}

#[test]
fn strict_is_what_a_format_asks() {
    for source in ["", "^a$", "[\\w\\-]", "\\/", "\\u{1F600}", "a{1}", "(?<n>a)\\k<n>", "(?<!a)b", "\\cA", "[^]"] {
        assert!(is_valid(source), "{source}");
    }
    for source in
        ["^\\S(|(.|\\n)*\\S)\\Z", "\\-", "\\_", "{", "}", "]", "a{1", "a{,2}", "[\\w-a]", "\\1", "\\00", "\\a"]
    {
        assert!(!is_valid(source), "{source}");
    }
}

#[test]
fn lenient() {
    table(&[
        ("^a\\-b\\_\\:$", &["a-b_:"], &["a\\-b_:"]),
        ("^[\\w-\\.]+$", &["a-b.c"], &["a,c"]),
        ("^[a-\\d]$", &["a", "-", "5"], &["b"]),
        ("^{a}$", &["{a}"], &["a"]),
        ("^a{,2}$", &["a{,2}"], &["aa"]),
        ("^]$", &["]"], &[]),
        ("^\\101\\08\\9$", &["A\u{0}89"], &[]),
        ("^\\400$", &["\u{20}0"], &[]),
        ("^[\\c1]$", &["\u{11}"], &["c"]),
        ("^\\c!$", &["\\c!"], &[]),
        ("^\\x4\\u12\\k\\p$", &["x4u12kp"], &[]),
        ("^\\-\\u{1F600}\\p{L}.$", &["-😀é😀"], &[]),
        ("a\\Z", &["aZ"], &["a"]),
    ]);
}

/// Each would keep a backtracking engine busy for longer than anybody waits.
#[test]
fn hostile() {
    let long = "a".repeat(10_000);
    let cut = format!("{long}!");
    let pairs = "ab".repeat(5_000);
    let crosses = "x".repeat(10_000);
    for (source, text, expected, most) in [
        ("(a+)+$", &cut, false, 100_000),
        ("^(a|a)*$", &cut, false, 100_000),
        ("(a|aa)+$", &cut, false, 150_000),
        ("(.*a){20}$", &cut, false, 1_000_000),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", &long, false, 100_000),
        ("(x+x+)+y", &crosses, false, 150_000),
        ("(?=(a+)+b)", &long, false, 100_000),
        ("(?<=b(a+)+)c", &long, false, 100_000),
        ("((((((a+)+)+)+)+)+)+$", &cut, false, 300_000),
        ("(a*?)*?$", &cut, true, 150_000),
        ("(?:a|b|ab)*c", &pairs, false, 200_000),
        ("(?!(?:a|aa)+$)x", &long, false, 200_000),
        ("a+x", &long, false, 50_000),
        ("^a*a*a*a*a*x", &long, false, 150_000),
    ] {
        let (found, work) = work(source, text, PLENTY);
        assert_eq!(found, Ok(expected), "{source}");
        assert!(work <= most, "{source} took {work}");
    }
    // What was captured cannot be told from where one is.
    for source in ["(a*)*\\1b", "^(a*)*\\1b$"] {
        assert_eq!(work(source, &long, 1_000_000), (Err(TooMuchWork), 1_000_000), "{source}");
    }
    assert_eq!(work("(?:a?){1000}b", &long, 1_000_000).0, Err(TooMuchWork));
    // The table of visited places would be too large.
    let (found, work) = work(&"(?:ab|cd)*".repeat(1000), &"ab".repeat(50_000), u64::MAX);
    assert_eq!((found, work), (Err(TooMuchWork), u64::MAX));
}

#[test]
fn a_usual_pattern_takes_no_more_steps_than_characters() {
    for (source, text) in [
        ("^[A-Z]{3}-\\d{4}$", "ABC-1234"),
        ("^[a-z0-9_-]{1,64}$", "some-identifier_01"),
        ("^(?:[a-z]+)$", "abcdefghijkl"),
        ("foo", "some text without that word, much longer"),
    ] {
        let (found, work) = work(source, text, PLENTY);
        assert!(found.is_ok() && work <= text.len() as u64 + 6, "{source} took {work}");
    }
}

fn quantified(item: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let quantifiers: &[&str] =
        &["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}", "{0}", "{0,3}"];
    (item, proptest::sample::select(quantifiers)).prop_map(|(item, quantifier)| item + quantifier)
}

fn pattern(with_references: bool) -> impl Strategy<Value = String> {
    let atoms: &[&str] =
        &["a", "b", "a", "b", "é", "😀", ".", "[ab]", "[^a]", "[^]", "[]", "\\w", "\\W", "\\d", "[b-é]", "[\\s-]"];
    let places: &[&str] = &["^", "$", "\\b", "\\B"];
    let references: &'static [&str] = if with_references { &["\\1", "\\2"] } else { &["a"] };
    let leaf = prop_oneof![
        6 => quantified(proptest::sample::select(atoms).prop_map(str::to_owned)),
        1 => proptest::sample::select(places).prop_map(str::to_owned),
        1 => quantified(proptest::sample::select(references).prop_map(str::to_owned)),
    ];
    let inner = leaf.prop_recursive(3, 12, 3, |inner| {
        let sequence = proptest::collection::vec(inner, 0..4).prop_map(|items| items.concat());
        let choice = proptest::collection::vec(sequence, 1..4).prop_map(|branches| branches.join("|"));
        let looks: &[&str] = &["(?=", "(?!", "(?<=", "(?<!"];
        prop_oneof![
            3 => quantified(choice.clone().prop_map(|inner| format!("({inner})"))),
            2 => quantified(choice.clone().prop_map(|inner| format!("(?:{inner})"))),
            1 => (proptest::sample::select(looks), choice).prop_map(|(look, inner)| format!("{look}{inner})")),
        ]
    });
    (any::<bool>(), proptest::collection::vec(inner, 1..4), any::<bool>()).prop_map(move |(start, items, end)| {
        let edges = (if start { "^" } else { "" }, if end { "$" } else { "" });
        let groups = if with_references { "(a?)(b)?" } else { "" };
        format!("{}{groups}{}{}", edges.0, items.concat(), edges.1)
    })
}

/// `regress` decides the same, wherever both decide. Patterns that may keep it busy are left out; and it is its other
/// executor that is asked, because the usual one never ends on `(?:(?:|-*){2}b?){2}$`.
fn same(source: &str, texts: &[String]) {
    if source.matches(['*', '+', '{']).count() > 4 {
        return;
    }
    let ours = match Pattern::compile(source) {
        Ok(ours) => ours,
        Err(flaw) => {
            assert_eq!(flaw.what, "the pattern is too large", "{source}");
            return;
        }
    };
    let theirs = regress::Regex::with_flags(source, "u").unwrap();
    for text in texts {
        if let Ok(found) = ours.is_match(text, &mut 200_000) {
            let theirs =
                regress::backends::find::<regress::backends::PikeVMExecutor>(&theirs, text, 0).next().is_some();
            assert_eq!(found, theirs, "{source} on {text:?}");
        }
    }
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[abab1é😀 -]{0,6}", 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn decides_like_another_engine(source in pattern(false), texts in texts()) {
        same(&source, &texts);
    }

    #[test]
    fn decides_like_another_engine_with_references(source in pattern(true), texts in texts()) {
        same(&source, &texts);
    }

    #[test]
    fn nothing_stops_it(source in "[ab\\\\(\\[{?:=!<>|*+,})\\]^$.\\-0-9kpuxcé]{0,20}", text in "[ab\\\\({k-]{0,6}") {
        let compiled = Pattern::compile(&source);
        if let Ok(pattern) = &compiled {
            let _either_way = pattern.is_match(&text, &mut 50_000);
        }
        let too_large = compiled.as_ref().is_err_and(|flaw| flaw.what == "the pattern is too large");
        prop_assert!(!is_valid(&source) || compiled.is_ok() || too_large);
    }
}
