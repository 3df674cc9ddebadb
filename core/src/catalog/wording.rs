//! What a tool's name and description say that it does: the words that agree with a hint, and those that speak against it.
//!
//! Single words mislead (`git_checkout`, `blog_post`, `list_orders`), so that a word that may be a noun counts as a verb
//! only beside neighbours that make it one. The table of the rules is in `core/docs/effects.md`, and
//! `tests/vectors/tool-names.json` holds them against names.

use super::effect::Effect;
use super::findings::plain;
use crate::text::is_invisible;

/// What a name says.
#[derive(Debug, Default)]
pub(crate) struct Wording {
    /// The most dangerous verb anywhere in it.
    pub(crate) strongest: Option<(String, Effect)>,
    /// The verb that it begins with, after a namespace and at most one noun.
    pub(crate) leading: Option<(String, Effect)>,
    /// A reading verb is in it, and no letters that cannot be told.
    pub(crate) reads: bool,
    /// A writing verb is in it.
    pub(crate) writes: bool,
    /// It speaks of the world outside the server.
    pub(crate) reaches: bool,
}

struct Word {
    text: String,
    /// The first of its segment: segments end at `.`, `/` and `:`.
    opens: bool,
}

/// What a word in its place says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    Reads,
    Does(Effect),
    /// A verb that proves neither, such as `request`.
    Neutral,
    Nothing,
}

/// How a verb is used where nothing beside it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Always as a verb.
    Verb,
    /// A noun after a reading verb: `get_update`.
    Loose,
    /// That, and before what is written about it: `deploy_status`.
    Noun,
}

/// Reads a tool's name.
pub(crate) fn of_name(name: &str) -> Wording {
    let (words, foreign) = words_of(name);
    let any_reading = words.iter().any(|word| has(READING, &word.text));
    let mut wording = Wording::default();
    let (mut reading, mut verb) = (false, false);
    let mut place: usize = 0;
    for (at, word) in words.iter().enumerate() {
        place = if word.opens { 0 } else { place.saturating_add(1) };
        if word.opens {
            wording.leading = None;
        }
        if has("and or then", &word.text) {
            reading = false;
        }
        let sense = sense(&words, at, Before { reading, verb, any_reading });
        match sense {
            Sense::Reads => (reading, verb, wording.reads) = (true, true, true),
            Sense::Neutral => verb = true,
            Sense::Does(effect) => {
                verb = true;
                wording.writes |= effect == Effect::Write;
                if wording.strongest.as_ref().is_none_or(|(_, known)| *known < effect) {
                    wording.strongest = Some((word.text.clone(), effect));
                }
                let settled = words
                    .get(at.saturating_sub(1))
                    .filter(|_| place == 1)
                    .is_some_and(|before| has(READING, &before.text) || has(NEUTRAL, &before.text));
                if place <= 1 && wording.leading.is_none() && !settled {
                    wording.leading = Some((word.text.clone(), effect));
                }
            }
            Sense::Nothing => {}
        }
        wording.reaches |= has(OUTSIDE, &word.text);
    }
    wording.reads |= words.last().is_some_and(|last| has(READING_NOUNS, &last.text));
    // `fetch` of nothing in particular fetches from anywhere.
    wording.reaches |= words.last().is_some_and(|last| matches!(&*last.text, "fetch" | "fetches"));
    if foreign {
        // What other letters mean nobody knows here: the worst counts, and nothing agrees.
        wording.leading.clone_from(&wording.strongest);
        wording.reads = false;
    }
    wording
}

/// Whether the name of a parameter says that it takes an address outside the server.
pub(crate) fn takes_address(parameter: &str) -> bool {
    let (words, _) = words_of(parameter);
    words.iter().any(|word| has("href url urls webhook webhooks website", &word.text))
}

/// What came before a word.
#[derive(Debug, Clone, Copy)]
struct Before {
    reading: bool,
    /// Any verb at all.
    verb: bool,
    /// A reading verb stands anywhere, also behind.
    any_reading: bool,
}

fn sense(words: &[Word], at: usize, before: Before) -> Sense {
    let Some(word) = words.get(at) else { return Sense::Nothing };
    let next = words.get(at.saturating_add(1)).filter(|next| !next.opens).map_or("", |next| &next.text);
    let is_last = words.len() <= at.saturating_add(1);
    let any = |list: &str| words.iter().any(|other| has(list, &other.text));
    let noun = before.any_reading;
    let alone = next.is_empty() && (word.opens || is_last) && !noun;
    let object = word.opens && !next.is_empty() && !noun && !has(RECORD, next) && !has(PARTS, next);
    let does = |holds: bool, effect: Effect| holds.then_some(Sense::Does(effect));
    let special = match &*word.text {
        "checkout" if any(VERSIONS) => does(!before.reading, Effect::Write),
        "checkout" => does(alone || !noun && has("bag basket cart now order", next), Effect::Billing),
        "subscribe" | "unsubscribe" if any(TOPICS) => does(true, Effect::Write),
        "subscribe" | "unsubscribe" => does(true, Effect::Billing),
        "charge" | "bill" | "refund" | "payout" => {
            does(alone || !noun && (has(PEOPLE, next) || has(PAYMENTS, next)), Effect::Billing)
        }
        "invoice" => does(!noun && has(PEOPLE, next), Effect::Billing),
        "transfer" | "wire" if alone || has(MONEY, next) && !before.reading => does(true, Effect::Billing),
        "transfer" => does(has(TRANSFERS, next) && !noun, Effect::External),
        "bet" | "bid" | "deposit" | "donation" | "tip" | "trade" | "wager" => {
            does(alone || !noun && has(MONEY, next), Effect::Billing)
        }
        "burn" | "mint" | "stake" | "swap" => does(!noun && (has(MONEY, next) || alone), Effect::Billing),
        "move" | "release" | "send" if has(MONEY, next) => does(true, Effect::Billing),
        "place" | "submit" | "confirm" if has("bet bid order orders trade", next) => does(true, Effect::Billing),
        "capture" | "create" | "initiate" | "issue" | "make" | "process"
            if has(PAYING, next) && words.len() <= at.saturating_add(2) =>
        {
            does(true, Effect::Billing)
        }
        "upgrade" | "downgrade" if has("account plan subscription tier", next) => {
            does(!before.reading, Effect::Billing)
        }
        "order" => does(object, Effect::Billing),
        "book" if has(TRAVEL, next) => does(!noun, Effect::Billing),
        "book" => does(object, Effect::Write),
        "post" => does(!noun && has(POSTS, next) || alone && word.opens, Effect::Send),
        "email" | "mail" | "message" | "sms" => {
            does(object || !noun && has(PEOPLE, next) || alone && word.opens, Effect::Send)
        }
        "call" if has("api endpoint function tool webhook", next) => does(!noun, Effect::External),
        "call" | "text" => does(!noun && (has(PEOPLE, next) || has("number phone", next)), Effect::Send),
        "block" => {
            does(!noun && (has(PEOPLE, next) || has("account domain ip number sender", next)), Effect::Destructive)
        }
        "format" => does(has(DISKS, next), Effect::Destructive),
        "rotate" if has(KEYS, next) => does(!before.reading, Effect::Destructive),
        "close" if has("account accounts", next) => does(!before.reading, Effect::Destructive),
        "shut" | "switch" | "power" | "take" | "tear" | "turn" => does(has("down off", next), Effect::Destructive),
        "roll" => does(next == "back", Effect::Destructive),
        "run" | "execute" if has(PROGRAMS, next) || alone && word.opens => does(true, Effect::Destructive),
        // A query may do anything.
        "run" | "execute" | "perform" if has(QUERIES, next) => return Sense::Neutral,
        "query" | "search" | "report" | "check" | "analysis" | "lookup"
            if at > 0 && words.get(at.saturating_sub(1)).is_some_and(|verb| has("execute perform run", &verb.text)) =>
        {
            return Sense::Nothing;
        }
        _ => None,
    };
    if let Some(special) = special {
        return special;
    }
    if has(READING, &word.text) {
        return Sense::Reads;
    }
    if has(NEUTRAL, &word.text) {
        return Sense::Neutral;
    }
    let known = verb(&word.text);
    let inflected = || word.text.strip_suffix('s').and_then(verb).filter(|(how, _)| *how == Use::Verb);
    match known.or_else(inflected) {
        // `get_delete_preview` looks at one.
        Some((Use::Verb, _)) if before.verb && has(RECORD, next) => Sense::Nothing,
        Some((Use::Loose | Use::Noun, _)) if before.reading => Sense::Nothing,
        Some((Use::Noun, _)) if has(RECORD, next) || has(READING, next) => Sense::Nothing,
        Some((_, effect)) => Sense::Does(effect),
        None => glued(&word.text),
    }
}

/// A word in which verb and object are written as one: `deletecontact`, `listorders`, `userdelete`.
fn glued(word: &str) -> Sense {
    for at in 3..word.len().saturating_sub(2).min(14) {
        let (Some(front), Some(rest)) = (word.get(..at), word.get(at..)) else { return Sense::Nothing };
        if has(OBJECTS, rest) || rest.starts_with("all") {
            if has(READING, front) {
                return Sense::Reads;
            }
            if let Some((_, effect)) = verb(front) {
                return Sense::Does(effect);
            }
            // A word that begins with a verb of money has no list of its own.
            if has("charge refund transfer wire", front) {
                return Sense::Does(Effect::Billing);
            }
        } else if at >= 6 {
            let lists = [(DESTROYING, Effect::Destructive), (SENDING, Effect::Send), (BILLING, Effect::Billing)];
            let long = lists.into_iter().find(|(list, _)| has(list, front));
            let is_noun = || rest.len() < 3 || ENDINGS.split(' ').any(|ending| rest.starts_with(ending));
            if let Some((_, effect)) = long.filter(|_| !is_noun()) {
                return Sense::Does(effect);
            }
        }
        if rest.len() > 3
            && has(OBJECTS, front)
            && let Some((Use::Verb, effect)) = verb(rest)
        {
            return Sense::Does(effect);
        }
    }
    Sense::Nothing
}

fn verb(word: &str) -> Option<(Use, Effect)> {
    VERBS.iter().find(|(list, ..)| has(list, word)).map(|(_, how, effect)| (*how, *effect))
}

/// The verb of what a description says that the tool does, at least `least`.
///
/// `Lists what was deleted` and `Does not delete anything` say what the tool does not do, so that only the words before
/// which nothing but `This tool`, `Use this to` and the like stands count, and those that `and` joins to them. Behind the
/// first sentence the model is spoken to (`Set the limit to 10`), and only what is said of the tool counts.
pub(crate) fn of_description(description: &str, least: Effect) -> Option<(String, Effect)> {
    let mut prose = Prose { least, ..Prose::default() };
    let mut word = String::new();
    for character in description.chars().filter(|character| !is_invisible(*character)) {
        let letter = plain(character);
        if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '\'' | '’') {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            prose.word(&word);
            word.clear();
        }
        match letter {
            '.' | '!' | '?' | ';' | '\n' | ':' => prose.end(),
            // Behind the first sentence a comma stands before more often than between verbs.
            ',' if prose.part == Part::Rest && !prose.is_later => prose.part = Part::Joined,
            _ => {}
        }
    }
    prose.word(&word);
    prose.found
}

/// The verb that a description of a trusted server's tool begins with.
pub(crate) fn of_trusted_description(description: &str) -> Option<(String, Effect)> {
    let mut words = description.split(|character| !plain(character).is_ascii_alphanumeric());
    let mut first = words.find(|word| !word.is_empty())?.chars().map(plain).collect::<String>();
    if matches!(&*first, "permanently" | "irreversibly" | "immediately") {
        first = words.find(|word| !word.is_empty())?.chars().map(plain).collect();
    }
    let forms = [Some(&*first), first.strip_suffix('s'), first.strip_suffix("es")];
    let said = forms.into_iter().flatten().find_map(|form| Some((form, outright(form)?)));
    said.map(|(form, effect)| (form.to_owned(), effect))
}

/// Whether a word of [`outright`] is in a name.
pub(crate) fn has_outright(name: &str) -> bool {
    words_of(name).0.iter().any(|word| outright(&word.text).is_some())
}

/// What no trusted server's hint makes harmless.
pub(crate) fn outright(word: &str) -> Option<Effect> {
    const DESTROYS: &str = "cancel clear delete destroy drop erase kill overwrite purge remove reset revoke terminate \
        truncate uninstall void wipe";
    const PAYS: &str = "bill charge checkout pay payout purchase refund subscribe unsubscribe";
    const SENDS: &str = "blast broadcast dispatch email notify remind send sms";
    let lists = [(DESTROYS, Effect::Destructive), (PAYS, Effect::Billing), (SENDS, Effect::Send)];
    lists.into_iter().find(|(list, _)| has(list, word)).map(|(_, effect)| effect)
}

/// Where in a sentence a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// Nothing but fillers came before.
    #[default]
    Lead,
    /// Behind `and` or a comma.
    Joined,
    Rest,
}

struct Prose {
    least: Effect,
    found: Option<(String, Effect)>,
    part: Part,
    is_later: bool,
    /// Something is said of the tool: `This tool`, `it`, `will`.
    has_subject: bool,
    /// A word that may be a noun waits for the next one.
    waits: Option<(String, Effect)>,
    runs: bool,
    /// Words of this sentence.
    count: usize,
}

impl Default for Prose {
    fn default() -> Self {
        let (found, part, waits) = (None, Part::Lead, None);
        Prose { least: Effect::Read, found, part, is_later: false, has_subject: false, waits, runs: false, count: 0 }
    }
}

impl Prose {
    fn end(&mut self) {
        self.is_later |= self.count > 0;
        (self.part, self.has_subject, self.waits, self.runs, self.count) = (Part::Lead, false, None, false, 0);
    }

    fn find(&mut self, word: &str, effect: Effect) {
        if effect >= self.least && self.found.as_ref().is_none_or(|(_, known)| *known < effect) {
            self.found = Some((word.to_owned(), effect));
        }
    }

    fn word(&mut self, word: &str) {
        self.count = self.count.saturating_add(usize::from(!word.is_empty()));
        if self.runs && has("bash code command commands powershell process program script scripts shell", word) {
            self.find(word, Effect::Destructive);
        }
        if let Some((verb, effect)) = self.waits.take()
            && (has("a all an any every funds money one the this to your", word) || has(PEOPLE, word))
        {
            self.find(&verb, effect);
        }
        match self.part {
            Part::Lead if has(FILLERS, word) => {
                self.has_subject |= has("also can function it then this tool which will", word);
                return;
            }
            Part::Joined if has("also automatically immediately irreversibly permanently then", word) => return,
            Part::Lead | Part::Joined => self.judge(word),
            Part::Rest => {}
        }
        self.part = if has("and or then", word) { Part::Joined } else { Part::Rest };
    }

    fn judge(&mut self, word: &str) {
        let leads = self.part == Part::Lead;
        let forms = [Some(word), word.strip_suffix('s'), word.strip_suffix("es")];
        let speaks_of_tool = self.has_subject || !self.is_later;
        for (number, form) in forms.into_iter().enumerate() {
            let Some(form) = form else { continue };
            // The imperative of a later sentence speaks to the model.
            if number == 0 && (!speaks_of_tool || !leads && self.is_later) {
                continue;
            }
            if leads && has("execute run", form) {
                self.runs = true;
                return;
            }
            if leads && has("bill book charge deposit donate email message order post refund sms transfer", form) {
                let effect = match form {
                    "email" | "message" | "post" | "sms" => Effect::Send,
                    "book" => Effect::Write,
                    _ => Effect::Billing,
                };
                self.waits = Some((form.to_owned(), effect));
                return;
            }
            match verb(form) {
                Some((how, effect)) if how == Use::Verb || leads => return self.find(form, effect),
                _ => {}
            }
        }
        // `A tool for deleting contacts`
        if let Some(stem) = word.strip_suffix("ing").filter(|_| leads && speaks_of_tool) {
            let whole = [stem, "e"].concat();
            let said = [stem, whole.as_str()].into_iter().find_map(|form| Some((form, verb(form)?)));
            if let Some((form, (Use::Verb, effect))) = said {
                self.find(form, effect);
            }
        }
    }
}

/// Whether a description says that the tool reaches the world outside the server.
pub(crate) fn reaches_out(description: &str) -> bool {
    let text: String = description.chars().filter(|character| !is_invisible(*character)).map(plain).collect();
    ["internet", "search the web", "web search", "from the web", "any url", "given url", "webpage", "web page"]
        .into_iter()
        .any(|words| text.contains(words))
}

/// The words of a name in plain lower-case letters, and whether letters are among them that are none.
///
/// A word ends at whatever is no letter, at a change of case and at digits; a version (`v2`) is no word.
fn words_of(name: &str) -> (Vec<Word>, bool) {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Lower,
        Upper,
        Digit,
        Other,
    }
    let mut words: Vec<Word> = Vec::new();
    let (mut last, mut opens, mut foreign) = (Kind::Other, true, false);
    // The letters between two separators, with the digits that stand for letters read so.
    let mut run = String::new();
    let mut is_mixed = false;
    for character in name.chars().filter(|character| !is_invisible(*character)).chain([' ']) {
        let letter = plain(character);
        let kind = match letter {
            'a'..='z' if character.is_uppercase() => Kind::Upper,
            'a'..='z' => Kind::Lower,
            '0'..='9' => Kind::Digit,
            _ => Kind::Other,
        };
        match (last, kind) {
            (_, Kind::Other) => {
                foreign |= letter.is_alphanumeric();
                if is_mixed && verb(&run).is_some() {
                    words.push(Word { text: core::mem::take(&mut run), opens: false });
                }
                (is_mixed, run) = (false, String::new());
                opens |= matches!(letter, '.' | '/' | ':');
            }
            (_, Kind::Digit) => {
                if last != Kind::Digit && words.last().is_some_and(|word| word.text == "v") {
                    opens |= words.pop().is_some_and(|word| word.opens);
                }
            }
            (Kind::Upper, Kind::Lower) => {
                // `getURLList`: the last capital begins the next word.
                if let Some(word) = words.last_mut()
                    && word.text.len() > 1
                    && let Some(capital) = word.text.pop()
                {
                    words.push(Word { text: String::from(capital), opens: false });
                }
                if let Some(word) = words.last_mut() {
                    word.text.push(letter);
                }
            }
            (Kind::Lower, Kind::Lower) | (Kind::Upper, Kind::Upper) => {
                if let Some(word) = words.last_mut() {
                    word.text.push(letter);
                }
            }
            _ => words.push(Word { text: String::from(letter), opens: core::mem::take(&mut opens) }),
        }
        if kind != Kind::Other {
            is_mixed |= last == Kind::Digit && kind != Kind::Digit && !run.is_empty();
            run.push(match letter {
                '0' => 'o',
                '1' => 'l',
                '3' => 'e',
                '4' => 'a',
                '5' => 's',
                '7' => 't',
                _ => letter,
            });
        }
        last = kind;
    }
    (words, foreign)
}

/// Whether a sorted list of words has a word: a binary search in the text itself. Over bytes, for it runs some hundred times
/// for every tool that is listed.
fn has(list: &str, word: &str) -> bool {
    let (list, word) = (list.as_bytes(), word.as_bytes());
    let is_space = |byte: &u8| *byte == b' ';
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let before = list.get(low..middle).and_then(|before| before.iter().rposition(is_space));
        let start = before.map_or(low, |at| low.saturating_add(at).saturating_add(1));
        let behind = list.get(middle..high).and_then(|rest| rest.iter().position(is_space));
        let end = behind.map_or(high, |at| middle.saturating_add(at));
        match list.get(start..end).unwrap_or_default().cmp(word) {
            core::cmp::Ordering::Equal => return true,
            core::cmp::Ordering::Less => low = end.saturating_add(1),
            core::cmp::Ordering::Greater => high = start.saturating_sub(1),
        }
    }
    false
}

/// What makes a noun of the long verb before it: `deleted`, `remover`, `cancellation`.
const ENDINGS: &str = "able ation ed er ing ion lat led ment or r s";
/// Verbs, how they are used, and what they do.
const VERBS: &[(&str, Use, Effect)] = &[
    (BILLING, Use::Verb, Effect::Billing),
    (SENDING, Use::Verb, Effect::Send),
    (DESTROYING, Use::Verb, Effect::Destructive),
    (REACHING, Use::Verb, Effect::External),
    (WRITING, Use::Verb, Effect::Write),
    (SENDING_LOOSE, Use::Loose, Effect::Send),
    (DESTROYING_LOOSE, Use::Loose, Effect::Destructive),
    (REACHING_LOOSE, Use::Loose, Effect::External),
    (WRITING_LOOSE, Use::Loose, Effect::Write),
    (REACHING_NOUN, Use::Noun, Effect::External),
    (WRITING_NOUN, Use::Noun, Effect::Write),
];

const READING: &str = "analyse analyze browse calculate check compare compute count counts describe describes detect diff \
    discover display enumerate estimate examine exists explain explore fetch fetches find finds get gets \
    has inspect is list lists locate look lookup measure parse peek ping preview queries query read \
    reads retrieve retrieves returns search searches see show shows suggest summarise summarize validate \
    view whoami";
const READING_NOUNS: &str = "details health help history info log logs metadata metrics overview screenshot snapshot statistics \
    stats status summary tree version";
const NEUTRAL: &str = "draft request";
const BILLING: &str = "buy disburse donate invest pay purchase reimburse remit repay sell withdraw";
const SENDING: &str = "announce broadcast dispatch forward notify remind resend respond retweet send";
const REACHING: &str = "authorise authorize exfiltrate expose grant publish share submit syndicate";
const DESTROYING: &str = "abort bash bypass cancel deactivate decommission del delete demote deprovision deregister destroy \
    detach disable discard disconnect downgrade eject elevate eradicate erase eval evict exec expel \
    expunge flush halt impersonate kick kill nuke obliterate overwrite powershell prune purge quarantine \
    reboot remove restart revoke rm rmdir shell shred shutdown spawn sudo suspend terminate truncate \
    unenrol unenroll uninstall unlink unpublish unregister void wipe";
const WRITING: &str = "accept activate add append approve assign attach begin configure create decline edit enable enrol \
    enroll inject insert install modify mutate overlay pause persist prepend put reassign recreate \
    register reject rename replace reschedule reserve save unassign unfollow unlock upload upsert write";
const DESTROYING_LOOSE: &str = "ban clear drop empty escalate override reset restore revert rollback stop trash";
const SENDING_LOOSE: &str = "invite reply tweet";
const REACHING_LOOSE: &str = "promote";
const WRITING_LOOSE: &str = "adjust change close confirm launch mark move set start toggle trigger update";
const REACHING_NOUN: &str = "deploy push release";
const WRITING_NOUN: &str =
    "archive backup commit execute import lock merge migrate patch rotate run schedule sync upgrade";
const RECORD: &str = "approval approvals candidates config configuration count counts date dates details eligibility error \
    errors event events history id ids info items job jobs limit limits lines list log logs metadata \
    metrics number option options permission permissions policies policy preview progress queue quota \
    reason reasons report reports request requests result results rule rules schema settings state \
    statistics stats status summary template templates types";
const PEOPLE: &str = "all attendee attendees client clients contact contacts customer customers employee employees \
    everyone guest guests lead leads me member members owner owners patient patients people person \
    recipient recipients staff student students subscriber subscribers team tenant tenants user users";
const PAYMENTS: &str = "account amount balance bank booking bookings card cards credit deposit fee fees invoice invoices \
    order orders payment payments purchase subscription transaction transactions wallet";
const MONEY: &str = "amount balance btc cash coin coins credit credits crypto dollars eth eur euros fund funds money \
    payment payments token tokens usd wealth";
const TRANSFERS: &str = "account accounts asset assets call data domain file files ownership project repo repository site \
    ticket";
const POSTS: &str = "announcement article comment comments content data form image job link message messages note on \
    photo reply review status story thread to tweet update video webhook";
const TRAVEL: &str = "car cruise flight flights hotel ride taxi ticket tickets train travel trip";
const VERSIONS: &str = "branch commit file files git head hg jj ref repo repository revision svn tag vcs worktree";
const TOPICS: &str = "calendar changes channel channels event events feed issue logs newsletter notifications resource \
    resources stream thread topic topics update updates webhook";
const PROGRAMS: &str = "bash cmd code command commands javascript js powershell process program python script scripts shell \
    snippet sql statement terminal";
const QUERIES: &str = "analysis audit check diagnostics lookup queries query report scan search";
const DISKS: &str = "device disk drive partition volume";
const KEYS: &str = "credential credentials key keys password passwords secret secrets token tokens";
const OBJECTS: &str = "account accounts address alert alerts all app apps asset assets attachment attachments backup bill \
    bills board boards booking bookings bucket buckets calendar campaign campaigns card cards cart \
    channel channels chat chats cluster code column columns command commands comment comments company \
    contact contacts container contract contracts coupon customer customers dashboard data database db \
    deal deals device devices directory disk document documents domain domains email emails entities \
    entity entry event events everything field fields file files folder folders fund funds graph group \
    groups image images index instance instances invoice invoices issue issues item items job jobs key \
    keys label labels lead leads link list lists location log logs mail member members message messages \
    money namespace node nodes note notes object objects order orders org organisation organization page \
    pages password passwords payment payments permission permissions person photo photos pipeline plan \
    playlist pod policy post posts process product products profile project projects queue record \
    records refund repo report reports repository resource resources role roles row rows rule rules \
    schema secret secrets server servers service services session sessions setting settings sheet site \
    sms state subscription table tables tag tags task tasks team template templates tenant text thread \
    ticket tickets token tokens transaction transactions user users video volume webhook webhooks \
    workflow workspace";
const OUTSIDE: &str = "bing browse crawl curl duckduckgo google http https internet online rss scrape serp tavily url urls \
    web webpage webpages website websites wget www";
const FILLERS: &str = "a ability action agent agents allow allows also an and api automatically be by call called can \
    capability command enables endpoint for function help helper helps immediately invoked irreversibly \
    is it just let lets may method model one operation permanently please provides quickly safely \
    silently simply that the then this to tool use used user users utility when which will you";
const PARTS: &str = "account accounts address addresses at body book books by chapters client domain domains field fields filter folder \
    folders form format forms header headers history in inbox label labels line member message messages name names of \
    on provider providers subject thread threads time times";
const PAYING: &str =
    "charge deposit payment payments payout payouts purchase refund refunds transfer transfers withdrawal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        let mut lists: Vec<&str> = VERBS.iter().map(|(list, ..)| *list).collect();
        lists.extend([
            READING,
            READING_NOUNS,
            NEUTRAL,
            RECORD,
            PEOPLE,
            PAYMENTS,
            MONEY,
            TRANSFERS,
            POSTS,
            TRAVEL,
            VERSIONS,
            TOPICS,
            PROGRAMS,
            QUERIES,
            DISKS,
            KEYS,
            OBJECTS,
            OUTSIDE,
            FILLERS,
            PARTS,
            PAYING,
        ]);
        for list in lists {
            let words: Vec<&str> = list.split(' ').collect();
            assert!(words.is_sorted() && words.iter().all(|word| !word.is_empty()), "{list}");
            assert!(words.iter().all(|word| has(list, word)), "{list}");
            assert!(!has(list, "") && !has(list, "zzz") && !has(list, "aa"), "{list}");
        }
    }

    #[test]
    fn letters_beyond_ascii_hide_no_verb() {
        for (name, verb) in [
            ("delete_über", "delete"),
            ("éé_foo_delete", "delete"),
            ("getß_delete", "delete"),
            ("get–delete", "delete"),
            ("\u{212a}ill_job", "kill"),
            ("état_send_delete", "send"),
            ("list_d3lete_x", "delete"),
        ] {
            assert_eq!(of_name(name).strongest.map(|(word, _)| word).as_deref(), Some(verb), "{name}");
        }
        assert!(of_name("liste_für_alle").strongest.is_none());
        assert!(!of_name("liste_für_alle_list").reads);
        let deletes = of_description("🗑 Deletes the customer’s data", Effect::Destructive);
        assert_eq!(deletes, Some(("delete".to_owned(), Effect::Destructive)));
    }

    #[test]
    fn descriptions() {
        for (text, word) in [
            ("This tool deletes all contacts.", Some("delete")),
            ("Use this to delete contacts", Some("delete")),
            ("Will remove the row.", Some("remove")),
            ("A tool that sends email", Some("send")),
            ("A tool for deleting contacts", Some("delete")),
            ("Reads the file and deletes it.", Some("delete")),
            ("Get the order, then cancel it", Some("cancel")),
            ("Shows a contact. It also removes the old one.", Some("remove")),
            ("Shows a contact. Deletes the original.", Some("delete")),
            ("Charges the customer's card", Some("charge")),
            ("Executes arbitrary shell commands", Some("shell")),
            ("Creates a contact", Some("create")),
            ("Lists what was deleted", None),
            ("Does not delete anything", None),
            ("Returns deleted items", None),
            ("Lists orders and charges", None),
            ("Shows a contact. Use `delete_contact` to delete it.", None),
            ("Shows a contact. Set the limit to 10, and send a cursor for more.", None),
            ("Order details.", None),
            ("Run a read-only SQL query", None),
            ("Finds a contact. Never deletes.", None),
        ] {
            assert_eq!(of_description(text, Effect::Write).map(|(word, _)| word).as_deref(), word, "{text}");
        }
    }
}
