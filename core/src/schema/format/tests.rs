//! Cases of our own, as tables; the official suite runs elsewhere. The tables are kept as they are: one case a line
//! would be five times as long.

use super::Format;

const EVERY: [(&str, Format); 17] = [
    ("date-time", Format::DateTime),
    ("date", Format::Date),
    ("time", Format::Time),
    ("duration", Format::Duration),
    ("email", Format::Email),
    ("hostname", Format::Hostname),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("uri", Format::Uri),
    ("uri-reference", Format::UriReference),
    ("iri", Format::Iri),
    ("iri-reference", Format::IriReference),
    ("uri-template", Format::UriTemplate),
    ("uuid", Format::Uuid),
    ("json-pointer", Format::JsonPointer),
    ("relative-json-pointer", Format::RelativeJsonPointer),
    ("regex", Format::Regex),
];

fn accepts(format: Format, text: &str) -> bool {
    format.accepts(text, |_| false)
}

fn check(format: Format, good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(accepts(format, text), "{format:?} refuses {text:?}");
    }
    for text in bad {
        assert!(!accepts(format, text), "{format:?} accepts {text:?}");
    }
    // A blank or a line break at either end is never part of a value; pointers and literals are told apart below.
    if !matches!(format, Format::JsonPointer | Format::RelativeJsonPointer) {
        for text in good {
            assert!(!accepts(format, &format!("{text}\n")), "{format:?} accepts a line break after {text:?}");
            assert!(!accepts(format, &format!(" {text}")), "{format:?} accepts a blank before {text:?}");
        }
    }
}

#[test]
fn knows_the_names_that_are_asserted() {
    for (name, format) in EVERY {
        assert_eq!(Format::named(name), Some(format));
    }
    for name in ["", "idn-email", "idn-hostname", "Date", "date ", "uri-templat", "int32", "пол"] {
        assert_eq!(Format::named(name), None, "{name}");
    }
}

#[test]
fn asks_the_caller_about_a_regex() {
    assert!(Format::Regex.accepts("a+", |text| text == "a+"));
    assert!(!Format::Regex.accepts("a(", |text| text == "a+"));
}

#[test]
#[rustfmt::skip]
fn date() {
    check(
        Format::Date,
        &["0000-01-01", "9999-12-31", "2000-02-29", "1600-02-29", "0000-02-29", "2024-02-29", "2023-02-28"],
        &[
            "", "1900-02-29", "2023-02-29", "2024-02-30", "2024-00-10", "2024-13-10", "2024-04-31", "2024-06-00",
            "2024-1-1", "24-01-01", "02024-01-01", "2024/01/01", "2024-01-01T", "20x4-01-01", "2024-01-0/",
            "2024-01-0:", "２０２４-01-01", "2024-01-é", "-024-01-01",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn time() {
    check(
        Format::Time,
        &[
            "00:00:00Z", "23:59:59z", "12:30:45+00:00", "12:30:45-00:00", "12:30:45+23:59", "12:30:45.0Z",
            "12:30:45.12345678901234567890-01:15", "23:59:60Z", "23:59:60.999Z", "00:59:60+01:00", "18:44:60-05:15",
            "05:29:60+05:30",
        ],
        &[
            "", "12:30", "12:30:45", "12:30:45.Z", "12:30:45,5Z", "24:00:00Z", "12:60:00Z", "12:30:61Z",
            "12:30:45+24:00", "12:30:45+01:60", "12:30:45+0100", "12:30:45+01", "12:30:45 Z", "12:30:45ZZ",
            "12:30:60Z", "23:58:60Z", "23:59:60+01:00", "00:59:60-01:00", "1:30:45Z", "12-30-45Z", "12:30:45−01:00",
            "१२:30:45Z", "12:30:45.5१Z",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn date_time() {
    check(
        Format::DateTime,
        &[
            "2024-02-29T12:30:45Z", "2024-02-29t12:30:45.5z", "2024-12-31T18:59:60-05:00",
            "0000-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999999-23:59",
        ],
        &[
            "", "2024-02-29", "12:30:45Z", "2024-02-29 12:30:45Z", "2024-02-29T12:30:45", "2023-02-29T12:30:45Z",
            "2024-02-29TT12:30:45Z", "2024-02-29T12:30Z", "2024-02-29T24:00:00Z", "20240229T123045Z",
            "2024-02-29T12:30:45Zé", "2024-02-29T12:30:45+1:00",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn duration() {
    check(
        Format::Duration,
        &[
            "P0Y", "P1Y", "P1Y2M", "P1Y2M3D", "P2M3D", "P3D", "P007W", "PT1H", "PT1H2M", "PT1H2M3S", "PT2M3S", "PT3S",
            "P1YT1S", "P1Y2M3DT4H5M6S", "P99999999999999999999D",
        ],
        &[
            "", "P", "T", "PT", "1D", "P1", "PD", "P1DT", "P1Y2D", "P3D2M", "P1D1D", "PT1H3S", "PT3S1H", "PT1D", "P1H",
            "P1S", "P1W1D", "P1WT1H", "P1Y1W", "PT1W", "PW", "P1.5D", "PT1,5S", "+P1D", "P-1D", "p1d", "P1d", "P１D",
            "P1D é",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn email() {
    let (local64, local65) = (format!("{}@a.b", "l".repeat(64)), format!("{}@a.b", "l".repeat(65)));
    let label64 = format!("a@{}.b", "l".repeat(64));
    check(
        Format::Email,
        &[
            "a@b", "first.last@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "1@2.3", "\"\"@example.com",
            r#""a b@c..d"@example.com"#, r#""a\"b\\c\ "@example.com"#, "a@[127.0.0.1]", "a@[IPv6:2001:db8::1]",
            "a@[ipv6:::]", "a@[IPv6:::ffff:1.2.3.4]", "a@xn--a", &local64,
        ],
        &[
            "", "a", "@", "a@", "@b", "a@b@c", ".a@b", "a.@b", "a..b@c", "a b@c", "a@b.", "a@.b", "a@b..c", "a@-b",
            "a@b-", "a@b_c", "a@b c", r#""a@b"#, r#""a"b@c"#, r#""a"b""@c"#, r#""\"@b"#, r#""a"@"#, "\"a\u{7f}\"@b",
            "a@[", "a@[]", "a@[127.0.0.1", "a@127.0.0.1]", "a@[127.0.0.256]", "a@[::1]", "a@[IPv6:127.0.0.1]",
            "a@[IPv6:::1%25lo]", "a@[tag:content]", "ü@example.com", "a@exämple.com", "a(b)@c", "<a@b>", "a@b, c@d",
            &local65, &label64,
        ],
    );
}

#[test]
#[rustfmt::skip]
fn hostname() {
    let label63 = "l".repeat(63);
    let name253 = format!("{label63}.{label63}.{label63}.{}", "l".repeat(61));
    let (name254, label64) = (format!("{name253}l"), format!("{label63}l"));
    check(
        Format::Hostname,
        &["a", "0", "a.b", "A-1.example", "a--b", "ab--cd", "127.0.0.1", "xn", "xn-a", &label63, &name253],
        &[
            "", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a_b", "a b", "a:80", "a/b", "ä.example", "a。b",
            &label64, &name254,
        ],
    );
}

#[test]
#[rustfmt::skip]
fn a_labels() {
    let cut = format!("xn--{}", "9".repeat(59));
    check(
        Format::Hostname,
        &[
            // Straße, München, Путин, παράδειγμα, 例え, and the last in capitals.
            "xn--strae-oqa", "xn--mnchen-3ya", "xn--h1akeme", "xn--hxajbheg2az3al", "xn--r8jz45g", "XN--R8JZ45G",
            "www.xn--mnchen-3ya.example", "XN--MNCHEN-3YA",
            // l·l, α͵β, א׳ב, ア・イ.
            "xn--ll-0ea", "xn--wva3je", "xn--4dbc5h", "xn--ccke4x",
            // क्‍ष with a joiner behind the virama; a non-joiner between letters of Arabic that join.
            "xn--11b2ezcw70k", "xn--ngba5hb2804a",
        ],
        &[
            // Nothing, plain ASCII, a delimiter alone, broken off, and numbers that never end.
            "xn--", "xn--abc-", "xn---", "xn----", "xn--a", "xn--mnchen-3y", "xn--99999999", &cut,
            // A surrogate: U+D800; beyond Unicode.
            "xn--ib9b", "xn--en32g",
            // A mark in front, a capital Ä, a middle dot alone, a heart, hyphens at the third and fourth place.
            "xn--a-wbb", "xn--7ba", "xn--uba", "xn--g6h", "xn--aa---o47jg78q",
            // Digits of both Arabic rows, and a joiner behind nothing.
            "xn--ngb6iyr", "xn--02b508i",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn ipv4() {
    check(
        Format::Ipv4,
        &["0.0.0.0", "255.255.255.255", "1.20.100.249", "10.9.99.199"],
        &[
            "", ".", "...", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "1.1.1.260",
            "1.1.1.999", "1.1.1.1000", "01.2.3.4", "00.0.0.0", "1.2.3.00", "1.2.3.4/8", "0x1.2.3.4", "a.b.c.d",
            "+1.2.3.4", "１.2.3.4", "1.2.3.४",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn ipv6() {
    check(
        Format::Ipv6,
        &[
            "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "1:2::7:8",
            "ABCD:ef01::", "::1.2.3.4", "1::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "::ffff:255.255.255.255",
            "1:2:3:4:5::1.2.3.4", "0000::0000",
        ],
        &[
            "", ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8", "1::2::3", "1:::2", "12345::", "::12345", "::g", "1.2.3.4", "::1.2.3", "::1.2.3.4.5",
            "::1.2.3.256", "::01.2.3.4", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6::1.2.3.4:7",
            "1:2:3:4:5:6:7::1.2.3.4", "1:2:3:4:5:1.2.3.4", "::1%eth0", "[::1]", "::1/64", "::१", "fe80::é",
        ],
    );
    // Six groups, the gap and a dotted quad would be more than eight.
    check(Format::Ipv6, &["1:2:3:4:5::1.2.3.4"], &["1:2:3:4:5:6::1.2.3.4"]);
}

#[rustfmt::skip]
const URIS: &[&str] = &[
    "a:", "a:b", "A+1-.:", "http:", "http:/", "http://", "http:///path", "http://h", "http://h/", "http://h:",
    "http://h:80", "http://h:80/p?q#f", "http://u:p@h", "http://u@:80", "http://@h", "http://%41%2f/", "http://[::1]",
    "http://[::1]:80/", "http://u@[2001:db8::1]?q", "http://[v1.a:b]", "http://[VfF.~]", "mailto:a@b", "urn:a:b::c",
    "a:/b//c", "a:?", "a:#", "a:?a?b/c#d?e/f", "a:b:c@d", "data:,%00",
];
#[rustfmt::skip]
const RELATIVE: &[&str] = &[
    "", "/", "//", "//h", "//h:80/p", "/a:b", "a", "a/b:c", "./a:b", "?", "?a:b", "#", "#a:b", "a@b", "a;b=c,d", "..",
    "%3a:",
];
#[rustfmt::skip]
const NO_REFERENCES: &[&str] = &[
    ":", ":a", "1a:b", "a_b:c", "a,b:c", "a b", "http://h h", "http://h:8a", "http://h:80:80", "http://a@b@c",
    "http://[::1", "http://::1]", "http://[::1]a", "http://[1.2.3.4]", "http://[v.a]", "http://[v1.]", "http://[v1]",
    "http://[vg.a]", "http://[::1%25lo]", "http://[]", "a:[", "/]", "a:%", "a:%4", "a:%4g", "a:#a#b", "a:\\b", "a:^",
    "a:`", "a:{}", "a:|", "a:<>", "a:\"", "a:\u{7f}", "a:\0", "\t",
];

#[test]
fn uri() {
    // The only relative one here whose first segment has a colon: it is no reference at all.
    let relative: Vec<&str> = RELATIVE.iter().copied().filter(|text| *text != "%3a:").collect();
    let wide = ["http://ü", "a:é", "/ü", "#ü", "?ü"];
    check(Format::Uri, URIS, &[&relative[..], NO_REFERENCES, &wide].concat());
    check(Format::UriReference, &[URIS, &relative].concat(), &[NO_REFERENCES, &wide, &["%3a:"]].concat());
}

#[test]
#[rustfmt::skip]
fn iri() {
    let wide = [
        "http://ü.example", "http://ü@h/", "http://h/例/え?ü#ü", "urn:é:\u{10000}", "a:\u{a0}",
        "a:\u{d7ff}\u{f900}\u{fdcf}", "a:\u{fdf0}\u{ffef}", "a:\u{1fffd}\u{e1000}\u{efffd}",
        "a:?\u{e000}\u{f8ff}\u{f0000}\u{10fffd}",
    ];
    let not = [
        "ü:a", "a:\u{80}", "a:\u{9f}", "a:\u{e000}", "a:#\u{e000}", "http://\u{e000}", "a:\u{fdd0}", "a:\u{fff0}",
        "a:\u{fffd}", "a:\u{1fffe}", "a:\u{2ffff}", "a:\u{e0001}", "a:?\u{ffffe}", "a:?\u{10ffff}", "a:\u{f0000}",
        "http://[::ü]", "http://h:８０", "a:\u{202e}b", "a:?\u{200f}",
    ];
    let relative: Vec<&str> = RELATIVE.iter().copied().filter(|text| *text != "%3a:").collect();
    check(Format::Iri, &[URIS, &wide].concat(), &[NO_REFERENCES, &not, &["é", "/é", ""]].concat());
    check(
        Format::IriReference,
        &[URIS, &relative, &wide, &["é", "/é", "#é", "?é", "é/a:b"]].concat(),
        &[NO_REFERENCES, &not, &["é:a"]].concat(),
    );
}

#[test]
#[rustfmt::skip]
fn uri_template() {
    check(
        Format::UriTemplate,
        &[
            "", "a", "http://h/{a}{?b,c*}{#d:3}", "{a}", "{+a}", "{#a}", "{.a}", "{/a}", "{;a}", "{?a}", "{&a}",
            "{=a}", "{|a}", "{a_1.b.%41c}", "{a:1}", "{a:9999}", "{a*,b:2,c}", "it's", "%41", "[]", "ü{a}例",
            "\u{e000}", "\u{10fffd}", "\u{200e}",
        ],
        &[
            "{", "}", "{}", "{+}", "{a", "a}", "{{a}}", "{a}}", "{a,}", "{,}", "{a b}", "{a.}", "{..a}", "{a..b}",
            "{-a}", "{a-b}", "{++a}", "{a:}", "{a:0}", "{a:01}", "{a:10000}", "{a:1*}", "{a**}", "{a:x}", "{ü}",
            "{%4}", "%", "%4g", "a b", "\"", "<a>", "\\", "^", "`", "|", "\u{7f}", "\u{9f}", "\u{ffff}",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn uuid() {
    check(
        Format::Uuid,
        &[
            "00000000-0000-0000-0000-000000000000", "ffffffff-FFFF-ffff-FFFF-ffffffffffff",
            "01234567-89ab-7def-8123-456789abcdef",
        ],
        &[
            "", "0123456789abcdef0123456789abcdef", "01234567-89ab-7def-8123-456789abcde",
            "0123456-789ab-7def-8123-456789abcdef", "01234567-89ab-7def-8123-456789abcdef0",
            "{01234567-89ab-7def-8123-456789abcdef}", "01234567-89ab-7def-8123-456789abcdeg",
            "01234567-89ab-7def-8123_456789abcdef", "01234567-89ab-7def-8123-456789abcdé",
            "------------------------------------",
        ],
    );
}

#[test]
#[rustfmt::skip]
fn json_pointer() {
    check(
        Format::JsonPointer,
        &["", "/", "//", "/a/b", "/~0~1", "/~01", "/ü/例", "/ ", "/\n", "/\0", "/%", "/#"],
        &["a", "#", "#/a", " ", "~0", "/~", "/~2", "/~~0", "/a~/b", "/a/~é", "ü"],
    );
}

#[test]
#[rustfmt::skip]
fn relative_json_pointer() {
    check(
        Format::RelativeJsonPointer,
        &["0", "1", "10", "0#", "12#", "0/", "3/a/~0~1/ü", "0+1", "0-1/a", "2+10#", "0+0", "99999999999999999999999#"],
        &[
            "", "#", "/", "a", "-1", "+1", "00", "01", "01/a", "1a", "0##", "0#/a", "0 ", "0/~", "0/~2", "0+", "0-#",
            "0+01", "0+1-1", "0++1", "1\n", "१", "0ü",
        ],
    );
}

#[test]
fn very_long_texts_are_answered() {
    let long = |part: &str| part.repeat(100_000 / part.len());
    for part in
        ["a", "1", "-", ".", ":", "/", "%41", "%", "~0", "{a}", "{", "\"", "\\", "[", "a.", "@", "ü", "\u{10000}"]
    {
        for prefix in
            ["", "/", "P", "\"", "a:", "//", "http://", "http://[", "{", "xn--", "0", "a@", "2024-02-29T12:30:45."]
        {
            let text = format!("{prefix}{}", long(part));
            for (_, format) in EVERY {
                accepts(format, &text);
            }
        }
    }
    assert!(accepts(Format::DateTime, &format!("2024-02-29T12:30:45.{}Z", long("1"))));
    assert!(accepts(Format::Duration, &format!("P{}D", long("1"))));
    assert!(accepts(Format::Uri, &format!("http://{}/?{}#{}", long("a"), long("%41"), long("/"))));
    assert!(accepts(Format::Iri, &format!("http://{}/", long("ü"))));
    assert!(accepts(Format::UriTemplate, &long("{?a,b:3}")));
    assert!(accepts(Format::UriTemplate, &format!("{{{}a}}", long("a,"))));
    assert!(accepts(Format::JsonPointer, &long("/~0")));
    assert!(accepts(Format::RelativeJsonPointer, &format!("1{}", long("0"))));
    assert!(!accepts(Format::Hostname, &long("a.")));
    assert!(!accepts(Format::Email, &format!("a@{}", long("a"))));
    assert!(!accepts(Format::Ipv4, &long("1.")));
    assert!(!accepts(Format::Ipv6, &long("1:")));
    assert!(!accepts(Format::Uuid, &long("a")));
}
