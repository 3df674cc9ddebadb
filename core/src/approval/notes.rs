//! What is easily overlooked in a call's arguments: letters that look like others, and characters that are not seen.

use super::preview::{Weight, is_whom, rank};
use crate::catalog::findings::plain;
use crate::json::tape::{Kind, Node};
use crate::json::{is_pointed_at, push_pointer_token};
use crate::sort::sort_by;
use crate::text::{has_odd_blank, is_invisible, name_within, shorten, visible};

const MAX_NOTES: usize = 10;
const MAX_SHOWN: usize = 80;
/// Bytes of a place up to which what stands at it is put together in one note.
const MAX_FOLDED: usize = 1_000;

const ADDRESS: &str = "is an address with characters beyond ASCII: ";
const MIXED: &str = "mixes letters that look alike: ";
const TWINS: &str = "is written in letters that look like Latin ones: ";
const UNSEEN: &str = "holds characters that are not seen; they are written out";

/// Cyrillic letters that hardly any language writes a word with.
const RARE: &str = "ѕԁԛԝѡѵһӏ";
/// Look like a Latin letter of another size or height, so that whoever reads a word of them sees which script it is.
const UNLIKE: &str = "мктЬёβγσωητκχαιυ";
/// Abbreviations that ordinary names of companies begin with.
const ORDINARY: &[&str] = &["ООО", "ОАО", "АО", "ТОО"];

/// One sentence a place and kind; the items of a list are one place.
pub(super) struct Notes<'a> {
    /// JSON Pointers to values that are not for reading.
    pub(super) hidden: &'a [&'a str],
    order: &'a [String],
    pointer: String,
    /// The pointer with `*` for each place in a list.
    folded: String,
    weight: Weight,
    /// Whether a name on the way is one of whom the call reaches.
    whom: bool,
    /// What matters most.
    found: Vec<Found>,
    omitted: usize,
}

struct Found {
    weight: Weight,
    folded: String,
    kind: &'static str,
    note: String,
    more: usize,
}

impl<'a> Notes<'a> {
    pub(super) fn new(hidden: &'a [&'a str], order: &'a [String]) -> Self {
        let (pointer, folded) = (String::new(), String::new());
        Notes { hidden, order, pointer, folded, weight: (0, 0), whom: false, found: Vec::new(), omitted: 0 }
    }

    /// The notes, what matters most first, and how many more there would be.
    pub(super) fn counted(self) -> (Vec<String>, usize) {
        let with_count = |found: Found| match found.more {
            0 => found.note,
            more => [&found.note, " (and ", &more.to_string(), " more like it)"].concat(),
        };
        (self.found.into_iter().map(with_count).collect(), self.omitted)
    }

    /// Looks at a name of the tool, the server or the subject.
    pub(super) fn name(&mut self, place: &str, name: &str) {
        (self.pointer, self.folded) = (place.to_owned(), place.to_owned());
        self.weight = (0, 0);
        self.text(name);
        // In names each part counts: `delete_х` has no letter of another script beside a Latin one.
        for token in name.split(char::is_whitespace) {
            let has_latin = place == "tool" || token.bytes().any(|byte| byte.is_ascii_alphabetic());
            let is_alike = |word: &str| word.chars().all(|character| character.is_ascii() || looks_latin(character));
            let is_known = self.found.iter().any(|found| found.folded == place);
            if has_latin
                && !is_known
                && let Some(word) = words(token).find(|word| !mixes(word, false) && is_alike(word))
            {
                self.note(MIXED, token, word);
            }
        }
    }

    /// Looks at values; `place` is what their pointers begin with.
    pub(super) fn values(&mut self, place: &str, value: Node<'_>) {
        (self.pointer, self.folded) = (place.to_owned(), place.to_owned());
        self.weight = (usize::MAX, 0);
        self.walk(value);
    }

    fn walk(&mut self, value: Node<'_>) {
        if is_pointed_at(self.hidden, &self.pointer) {
            return;
        }
        if value.kind() == Kind::String {
            self.text(&value.text());
        }
        for (index, item) in value.items().enumerate() {
            self.within(&index.to_string(), "*", item, usize::MAX);
        }
        // In one order, whatever the caller's: the same call has the same notes.
        let mut members: Vec<_> = value.members().map(|member| (member.name(), member.value)).collect();
        sort_by(&mut members, |(one, _), (other, _)| one.cmp(other));
        for (name, member) in members {
            self.text(&name);
            self.within(&name, &name, member, rank(self.order, &name));
        }
    }

    fn within(&mut self, token: &str, folded: &str, value: Node<'_>, rank: usize) {
        let (lengths, weight, whom) = ((self.pointer.len(), self.folded.len()), self.weight, self.whom);
        for (token, path) in [(token, &mut self.pointer), (folded, &mut self.folded)] {
            path.push('/');
            push_pointer_token(token, path);
        }
        self.weight = (weight.0.min(rank), weight.1.saturating_add(1));
        self.whom |= is_whom(token);
        self.walk(value);
        (self.weight, self.whom) = (weight, whom);
        self.pointer.truncate(lengths.0);
        self.folded.truncate(lengths.1);
    }

    fn text(&mut self, text: &str) {
        if text.is_ascii() {
            return;
        }
        // Whoever sees a letter that is like no other knows the script, and that of what stands beside it.
        let is_told =
            text.chars().any(|one| one >= '\u{250}' && one.is_alphabetic() && !is_twin(one) && !is_a_form(one));
        for token in text.split(char::is_whitespace).filter(|token| !token.is_ascii()) {
            let address = address_in(token).or_else(|| Some(text.trim()).filter(|text| is_host_like(text)));
            if let Some(address) = address.filter(|address| !address.is_ascii()) {
                self.note(ADDRESS, address, address);
                continue;
            }
            let is_code = self.whom || token.chars().any(|one| one.is_ascii_alphanumeric() || matches!(one, '@' | '_'));
            let passes =
                |word: &str| !is_told && is_of_twins(word) && (is_code || word.chars().any(|one| RARE.contains(one)));
            for word in words(token) {
                if mixes(word, is_told) {
                    self.note(MIXED, word, word);
                } else if passes(word) {
                    self.note(TWINS, word, word);
                }
            }
        }
        if text.chars().any(hides) || has_odd_blank(text) {
            self.note(UNSEEN, text, "");
        }
    }

    fn note(&mut self, kind: &'static str, about: &str, letters: &str) {
        let folded = if self.folded.len() <= MAX_FOLDED { self.folded.as_str() } else { "" };
        let is_like = |found: &&mut Found| found.kind == kind && found.folded == folded;
        if let Some(like) = self.found.iter_mut().find(is_like) {
            like.more = like.more.saturating_add(1);
            return;
        }
        let weight = self.weight;
        let place = self.found.partition_point(|found| found.weight <= weight);
        if place < MAX_NOTES {
            let at = if self.pointer.is_empty() { "/" } else { &self.pointer };
            let about = name_within(about, MAX_SHOWN);
            let note = [&visible(&shorten(at, MAX_SHOWN)), ": ", &about, " ", kind, &numbered(letters)].concat();
            self.found.insert(place, Found { weight, folded: folded.to_owned(), kind, note, more: 0 });
        }
        let last = if place < MAX_NOTES { self.found.get(MAX_NOTES).map(|last| last.more) } else { Some(0) };
        self.found.truncate(MAX_NOTES);
        self.omitted = self.omitted.saturating_add(last.map_or(0, |more| more.saturating_add(1)));
    }
}

/// The notes on texts that a person is shown, under a name for all of them.
pub(crate) fn of_texts(place: &str, texts: Node<'_>) -> Vec<String> {
    let mut notes = Notes::new(&[], &[]);
    notes.values(place, texts);
    notes.counted().0
}

/// The address of an email, or the host of a web address, cut out of the text around it. Some scripts write without blanks,
/// so that an address ends where letters of another kind begin.
fn address_in(token: &str) -> Option<&str> {
    let at = token.find(['@', '＠', '﹫']);
    let (start, end) = match (at, token.find("://")) {
        (_, Some(scheme)) => {
            let start = scheme.saturating_add(3);
            (start, start)
        }
        (Some(at), None) => (at, token.get(at..)?.char_indices().nth(1)?.0.saturating_add(at)),
        (None, None) => return None,
    };
    let is_local = |one: char| is_of_a_host(one) || matches!(one, '_' | '+' | '%');
    let local = length_of(token.get(..start)?.chars().rev(), is_local);
    let host =
        length_of(token.get(end..)?.chars(), |one| is_of_a_host(one) || start == end && matches!(one, '@' | ':' | '_'));
    let host = token.get(end..end.saturating_add(host))?.trim_end_matches(|one: char| !one.is_alphanumeric());
    let local = if start == end { 0 } else { local };
    let local = token.get(start.saturating_sub(local)..start)?.trim_start_matches(|one: char| !one.is_alphanumeric());
    let is_named = host.contains(is_dot) || host.is_ascii() && host.starts_with(|one: char| one.is_ascii_alphabetic());
    let is_whole = start == end || !local.is_empty() && is_named;
    token.get(start.saturating_sub(local.len())..end.saturating_add(host.len())).filter(|_| is_whole)
}

/// Bytes of the characters up to one that does not belong there, or is a letter of another kind: with or without cases.
fn length_of(characters: impl Iterator<Item = char>, belongs: impl Fn(char) -> bool) -> usize {
    let mut caseless = None;
    let mut length: usize = 0;
    for character in characters.take_while(|character| belongs(*character)) {
        if character.is_alphanumeric() {
            let is_caseless = character.is_alphabetic() && !character.is_lowercase() && !character.is_uppercase();
            if *caseless.get_or_insert(is_caseless) != is_caseless {
                break;
            }
        } else if character == '.' {
            caseless = None;
        }
        length = length.saturating_add(character.len_utf8());
    }
    length
}

fn is_of_a_host(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '‐'..='‒') || is_dot(character)
}

/// A dot, or what browsers and eyes take for one.
fn is_dot(character: char) -> bool {
    matches!(character, '.' | '․' | '。' | '．' | '｡')
}

/// A text that is nothing but a host or what follows it, with signs in it that look like its own.
fn is_host_like(text: &str) -> bool {
    let text = text.trim_matches(|one: char| !one.is_alphanumeric());
    let is_sign = |one: char| matches!(one, '․' | '‐'..='‒' | '⁄' | '∕');
    !text.is_ascii()
        && text
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_' | ':' | '/') || is_sign(one))
        && text.split_once(is_dot).is_some_and(|(_, rest)| rest.starts_with(|one: char| one.is_ascii_alphabetic()))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_ascii())
}

/// Whether a word has letters of the Latin alphabet, or digits, beside others that look like them. `is_told`: the text has
/// letters of another script, beside which whole words of full-width forms are common.
fn mixes(word: &str, is_told: bool) -> bool {
    // Turkish writes `ı` beside Latin letters; in an address it is noted as such.
    let alike = word.chars().any(|one| looks_latin(one) && one.is_alphabetic() && one != 'ı');
    let others = word.chars().any(|one| one.is_ascii_alphabetic());
    let form = word.chars().any(|one| is_a_form(one) && !one.is_alphabetic());
    let digits = word.chars().any(|one| one.is_ascii_digit());
    alike && (others || !is_told && word.chars().all(|one| looks_latin(one) && is_a_form(one))) || form && digits
}

/// Whether a word is written in letters of another script alone, two or more, each of which has a Latin twin.
fn is_of_twins(word: &str) -> bool {
    let letters = || word.chars().filter(|one| one.is_alphabetic());
    letters().count() > 1 && letters().all(is_twin) && !ORDINARY.contains(&word)
}

fn is_twin(character: char) -> bool {
    looks_latin(character) && !is_a_form(character) && !UNLIKE.contains(character)
}

/// A full-width or mathematical letter is a form of a Latin one, and never a letter of another script.
fn is_a_form(character: char) -> bool {
    matches!(character, '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}')
}

fn looks_latin(character: char) -> bool {
    !character.is_ascii() && plain(character).is_ascii()
}

/// The characters beyond ASCII, each by its number: `а (U+0430)`.
fn numbered(word: &str) -> String {
    let mut seen: Vec<char> = Vec::new();
    for character in word.chars().filter(|character| !character.is_ascii()) {
        if !seen.contains(&character) && seen.len() < 4 {
            seen.push(character);
        }
    }
    let named: Vec<String> = seen
        .iter()
        .map(|character| format!("{} (U+{:04X})", visible(&character.to_string()), u32::from(*character)))
        .collect();
    named.join(", ")
}

/// Joiners and variation selectors are part of emoji and of some scripts' words, and common there.
fn hides(character: char) -> bool {
    is_invisible(character) && !matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod tests {
    use super::Notes;
    use crate::json::Document;
    use crate::json::canonical::quoted;

    fn notes(name: &str, value: &str) -> Vec<String> {
        let text = ["{", &quoted(name), ":", &quoted(value), "}"].concat();
        let document = Document::read(&text, crate::json::ARGUMENTS).unwrap();
        let mut notes = Notes::new(&[], &[]);
        notes.values("", document.tape().root());
        notes.counted().0
    }

    #[test]
    fn what_looks_like_something_else_is_noted() {
        let mut missing = Vec::new();
        for value in [
            "АВ-1042",
            "ВС1042",
            "@сосо",
            "сосо",
            "ѕсоре",
            "ѕсоре-admin",
            "admin-ѕсоре",
            "ана@localhost",
            "аna",
            "раypal",
            "rооt",
            "ana@studio․example",
            "ana@studio。example",
            "ana@studio．example",
            "ana@studio‑x.example",
            "studio‐ana.example",
            "studio․example",
            "ana\u{a0}b@x.example",
            "/home/x\u{a0}y",
            "/home/x\u{202f}y",
            "ⅰnvoice",
            "Ꭺna",
            "ꓢtudio",
            "Ꮯlaude",
            "１0",
            "+852 1２34",
            "DE89 3704 ОО12",
            "0xАВ12",
            "ETH:0хabc",
            "Αdmin",
            "ADΜIN",
            "ɑna@x.example",
            "ana﹫x.example",
            "https://ѕtudio.example/x",
            "https://раура.example",
            "раура.com",
            "https:⁄⁄good.example",
            "good.example⁄x",
            "//аna",
            "/etc/раsswd",
            "ｒоot",
            "Ana <аna@studio.example>",
            "請聯絡аna@studio.example。",
            "用户@例子.公司",
            "ana@例子.公司",
            "Müller@müller.example",
            "ana@studio.example,ben@ѕtudio.example",
        ] {
            if notes("to", value).is_empty() {
                missing.push(value);
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
        // Letters that hardly any language has, and codes, wherever they stand.
        for value in ["ѕсоре", "АВ-1042", "@сосо"] {
            assert!(!notes("reference", value).is_empty(), "{value:?}");
        }
    }

    #[test]
    fn ordinary_texts_have_no_note() {
        let mut noted = Vec::new();
        for value in [
            "Müller.pdf",
            "价格3.5元",
            "3.14159π",
            "Nº.5",
            "“ben@studio.example”",
            "ana@studio.example…",
            "请联系ana@studio.example。谢谢",
            "請聯絡ana@studio.example。",
            "請聯絡ana@studio.example，謝謝",
            "ana@studio.exampleまでご連絡ください",
            "詳細はhttps://studio.example/予約へ",
            "https://de.wikipedia.org/wiki/München",
            "https://studio.example/подробнее",
            "«ana@studio.example»",
            "(ana@studio.example)—danke",
            "ติดต่อana@studio.exampleครับ",
            "راسلنا على ana@studio.example،",
            "כתבו אל ana@studio.example״",
            "Пишите на ana@studio.example.",
            "Иван ivan@x.example",
            "Γράψτε στο ana@studio.example·",
            "Écrivez à ana@studio.example !",
            "5\u{a0}000\u{202f}€",
            "«\u{a0}Bonjour\u{a0}!\u{202f}»",
            "12\u{202f}345,60\u{a0}€",
            "Привет, как дела?",
            "ООО «Ромашка»",
            "ООО",
            "АО Теремок",
            "Москва, ул. Тверская, д. 5",
            "отчёт.pdf",
            "договор.docx",
            "Номер А-5",
            "Мама мыла раму",
            "Анна Каренина",
            "Николай",
            "Вход с 9 до 18",
            "тест",
            "кот",
            "в 10:30",
            "Т-34",
            "цена 3.5 руб.",
            "№ 5",
            "Київ",
            "їжак",
            "Українська",
            "Београд",
            "Љубљана",
            "Скопје",
            "Ѓорѓи",
            "София",
            "Алматы қаласы",
            "Καλημέρα",
            "και",
            "ναι",
            "Αθήνα",
            "Ελλάδα 2004",
            "ΟΤΕ Α.Ε. Ελλάδος",
            "π.χ.",
            "σελ.5",
            "价格",
            "我想预约明天下午三点的美容护理",
            "北京市朝阳区1号楼2.5层",
            "版本2.0已发布",
            "东京都千代田区１－２－３",
            "東京都港区芝公園４丁目２－８",
            "ＮＴＴドコモ",
            "株式会社ＡＢＣ商事",
            "カット＆カラー",
            "１０月１２日（月）",
            "予約は10時です。よろしくお願いします。",
            "ラーメン・ライス",
            "〒100-0001",
            "서울특별시 강남구",
            "안녕하세요, 예약 확인 부탁드립니다.",
            "5,000원",
            "สวัสดีครับ",
            "กรุงเทพฯ",
            "๑๒๓",
            "مرحبا بكم",
            "السعر ٣٫٥ ريال",
            "٢٠٢٦/١١/٢٨",
            "שלום עולם",
            "דו״ח.pdf",
            "नमस्ते",
            "₹५००",
            "Xin chào",
            "Nguyễn Văn Ánh",
            "Đà Nẵng",
            "Łódź",
            "Çiğdem Şahin",
            "İstanbul",
            "ışık",
            "Ærøskøbing",
            "Þórr",
            "naïve café",
            "résumé.docx",
            "Straße 5",
            "façade.png",
            "El Niño",
            "São Paulo",
            "Zoë’s",
            "it’s 20°C",
            "5 µm",
            "½ cup",
            "x²+y²",
            "→ next",
            "• one",
            "👍 great",
            "👨‍👩‍👧",
            "❤️",
            "© 2026 Ana",
            "™",
            "“quoted”",
            "well‑known",
            "Node.js‑based tools",
            "a–b",
            "2024–2026",
            "state‐of‐the‐art",
            "$5.50–$7.00",
            "¥1,000",
            "#büro",
            "@müller",
            "Grüße",
            "Crème brûlée",
            "ﬁnal",
            "①",
            "Ⅳ",
            "苹果@5元",
            "你好@小明",
            "…",
            "v1.2…",
            "日本語.txt",
            "写真.jpg",
            "보고서.pdf",
            "ΑΕΚ – Παναθηναϊκός",
            "Ω",
            "μg",
            "Δx",
            "λ = 0.5",
            "Вы выиграли 100 ₽",
            "Я в Tokyo",
            "скидка 10%",
            "iPhone и Android",
        ] {
            for name in ["to", "text"] {
                noted.extend(notes(name, value));
            }
        }
        assert!(noted.is_empty(), "{noted:#?}");
    }
}
