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
    let mut wording = Wording::default();
    let mut before = Before::default();
    let mut place: usize = 0;
    let mut unknown = false;
    // A word before that may be a verb, and one that may be anything.
    let (mut doubtful, mut strange) = (false, false);
    for (at, word) in words.iter().enumerate() {
        place = if word.opens { 0 } else { place.saturating_add(1) };
        if word.opens {
            wording.leading = None;
        }
        let last = words.get(at.wrapping_sub(1)).map_or("", |last| &last.text);
        if has(JOINS, &word.text) {
            // `list_orders_and_refunds` names two things, `list_and_refund` two deeds.
            before = Before { lists: before.reading && !has(READING, last), ..Before::default() };
        }
        let sense = sense(&words, at, before);
        match sense {
            Sense::Reads => {
                // As a noun it only says what is read, or else what something is done to: `email_list`.
                let ends = words.get(at.saturating_add(1)).is_none_or(|next| has(LINKS, &next.text));
                let is_noun =
                    place > 0 && (doubtful && has(VAGUE, &word.text) || strange && ends && has(NOUNS, &word.text));
                wording.reads |= !is_noun;
                (before.reading, before.verb) = (true, true);
            }
            Sense::Neutral => (before.verb, doubtful) = (true, true),
            Sense::Does(effect) => {
                before.verb = true;
                wording.writes |= effect == Effect::Write;
                if wording.strongest.as_ref().is_none_or(|(_, known)| *known < effect) {
                    wording.strongest = Some((word.text.clone(), effect));
                }
                let settled = place == 1 && (has(READING, last) || has(NEUTRAL, last));
                if place <= 1 && wording.leading.is_none() && !settled {
                    wording.leading = Some((word.text.clone(), effect));
                }
            }
            Sense::Nothing => {
                let is_thing = |word: &str| {
                    // Those may be deeds as well.
                    !has("book order", word)
                        && (word.ends_with('s')
                            || [OBJECTS, RECORD, PEOPLE, PARTS, JOINS].iter().any(|list| has_any(list, word)))
                };
                unknown |= has(JOINS, last) && !(before.lists && is_thing(&word.text));
                let next = words.get(at.saturating_add(1)).map_or("", |next| &next.text);
                let does = match &*word.text {
                    "deploy" if has("history log logs status", next) => None,
                    "post" if next == "search" => None,
                    other => {
                        verb(other).filter(|(how, _)| *how == Use::Noun && !before.reading).map(|(_, effect)| effect)
                    }
                };
                wording.writes |= does == Some(Effect::Write) && has(READING_NOUNS, next);
                if !next.is_empty() {
                    doubtful |= does.is_some() || has(DEEDS, &word.text) && (word.text != "post" || next != "search");
                    strange |= !KNOWN.iter().any(|list| has_any(list, &word.text));
                }
            }
        }
        let next = words.get(at.saturating_add(1)).map_or("", |next| &next.text);
        wording.reaches |= has(OUTSIDE, &word.text) && !(word.text == "google" && has_any(OFFICE, next));
        // `fetch` of nothing in particular fetches from anywhere.
        wording.reaches |= matches!(&*word.text, "fetch" | "fetches") && (next.is_empty() || has_any(PAGES, next));
    }
    // What comes before such a noun is either what it tells of or what is done to it: `git_log`, `push_logs`.
    wording.reads |= !doubtful && !strange && words.last().is_some_and(|last| has(READING_NOUNS, &last.text));
    wording.reads |= words.first().is_some_and(|first| first.text == "can");
    if foreign {
        // What other letters mean nobody knows here: the worst counts.
        wording.leading.clone_from(&wording.strongest);
    }
    // Nothing agrees with what nobody knows here, as is what `and` adds to a reading verb.
    if foreign || unknown {
        (wording.reads, wording.writes) = (false, false);
    }
    wording
}

/// What a name says is done, and to what.
pub(crate) struct Deed {
    verb: String,
    effect: Effect,
    objects: Vec<String>,
}

impl Deed {
    /// None where the name has no verb that does anything.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let (verb, effect) = of_name(name).strongest?;
        let singular = |word: &str| word.strip_suffix('s').unwrap_or(word).to_owned();
        let (words, _) = words_of(name);
        let objects = words.iter().filter(|word| word.text != verb && !has(LINKS, &word.text));
        let objects = objects.map(|word| singular(&word.text)).collect();
        Some(Deed { verb, effect, objects })
    }

    /// Whether another name says the same: the same verb, or one beyond a write that is as dangerous, and something that
    /// it is done to in common.
    pub(crate) fn is_done_by(&self, name: &str) -> bool {
        Self::new(name).is_some_and(|other| {
            let glued = |object: &String| {
                object.len() > 3 && other.verb.strip_suffix('s').unwrap_or(&other.verb).ends_with(&**object)
            };
            let shares = self.objects.is_empty()
                || self.objects.iter().any(|object| other.objects.contains(object) || glued(object));
            shares && (other.verb == self.verb || other.effect == self.effect && self.effect > Effect::Write)
        })
    }
}

/// Whether the name of a parameter says that it takes an address outside the server.
pub(crate) fn takes_address(parameter: &str) -> bool {
    let (words, _) = words_of(parameter);
    let about = words.last().is_some_and(|last| has_any("count format id limit status type", &last.text));
    !about && words.iter().any(|word| has_any(ADDRESSES, &word.text))
}

/// What came before a word since the last `and`.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    reading: bool,
    /// Any verb at all.
    verb: bool,
    /// Before the `and` something is read, so that a plural may be another thing to read.
    lists: bool,
}

/// Whether a word is a reading verb in its place.
fn is_reading(words: &[Word], at: usize) -> bool {
    let text = |at: usize| words.get(at).map_or("", |word| &*word.text);
    let next = text(at.saturating_add(1));
    has(READING, text(at))
        && match text(at) {
            "get" | "gets" => next != "rid",
            "ping" => !has_any(PEOPLE, next),
            // A query may do anything to a database.
            "query" | "queries" => !words.iter().any(|word| is_database(&word.text)),
            // One thing is offered, many are shown.
            "list" | "lists" => !words.windows(3).any(|around| {
                let [thing, link, sale] = around else { return false };
                !thing.text.ends_with('s') && link.text == "for" && sale.text == "sale"
            }),
            _ => true,
        }
}

fn is_database(word: &str) -> bool {
    word.ends_with("sql") || word.ends_with("db") || word.ends_with("ql") || has(DATABASES, word)
}

fn sense(words: &[Word], at: usize, before: Before) -> Sense {
    let Some(word) = words.get(at) else { return Sense::Nothing };
    let behind = || {
        let rest = words.get(at.saturating_add(1)..).unwrap_or_default();
        rest.iter().take_while(|next| !next.opens && !has(JOINS, &next.text)).map(|next| &*next.text)
    };
    let next = words.get(at.saturating_add(1)).filter(|next| !next.opens).map_or("", |next| &next.text);
    let last = words.get(at.wrapping_sub(1)).map_or("", |last| &last.text);
    let is_last = words.len() <= at.saturating_add(1);
    let any = |list: &str| words.iter().any(|other| has_any(list, &other.text));
    // One of those words, with so many others before it.
    let near = |list: &str, others: usize| {
        behind().take(others.saturating_add(1)).take_while(|word| !has(LINKS, word)).any(|word| has_any(list, word))
    };
    // The same where nothing is said of it any more.
    let ends = |list: &str| {
        let mut rest = behind().take_while(|word| !has(LINKS, word));
        rest.by_ref().take(2).any(|word| has_any(list, word)) && rest.next().is_none()
    };
    let start = words.iter().take(at).rposition(|word| has(JOINS, &word.text)).unwrap_or_default();
    let end =
        words.iter().skip(at).position(|word| has(JOINS, &word.text)).map_or(words.len(), |end| at.saturating_add(end));
    let noun = (start..end).any(|place| is_reading(words, place));
    let about = has_any(RECORD, next) || before.reading && has_any(MEASURES, next);
    let alone = next.is_empty() && (word.opens || is_last) && !noun;
    let object = word.opens && !next.is_empty() && !noun && !has_any(RECORD, next) && !has_any(PARTS, next);
    let does = |holds: bool, effect: Effect| holds.then_some(Sense::Does(effect));
    let is_program = |other: &str| {
        has_any(PROGRAMS, other) || has("gql graphql", other) || word.text == "execute" && is_database(other)
    };
    let is_dry = words.windows(2).any(|pair| matches!(pair, [one, other] if one.text == "dry" && other.text == "run"));
    let special = match &*word.text {
        // `can_delete` asks whether, and a dry run only plays.
        _ if at == 1 && matches!(last, "can" | "is") => return Sense::Nothing,
        _ if matches!(verb(&word.text), Some((Use::Noun, _)))
            && (has("current last latest newest previous", last) || is_dry && start == 0) =>
        {
            return Sense::Nothing;
        }
        "forward"
            if has_any("port", next) || has("back browser fast go history move navigate page port skip step", last) =>
        {
            return Sense::Nothing;
        }
        "share" if before.reading && has_any("link url", next) => return Sense::Nothing,
        "bash" | "powershell" | "shell" if before.reading && has_any("alias history script", next) => {
            return Sense::Nothing;
        }
        "send" if has_any("feedback input keystroke request signal", next) => does(true, Effect::External),
        "rid" => does(last == "get" && next == "of", Effect::Destructive),
        "ping" => does(has_any(PEOPLE, next), Effect::Send),
        "checkout" if any(VERSIONS) => does(!before.reading, Effect::Write),
        "checkout" => does(alone || !noun && near("bag basket cart now order", 1), Effect::Billing),
        "purchase" | "subscribe" | "unsubscribe" if about => return Sense::Nothing,
        "purchase" if before.reading => return Sense::Nothing,
        "subscribe" | "unsubscribe" if any(TOPICS) => does(true, Effect::Write),
        "subscribe" | "unsubscribe" => does(true, Effect::Billing),
        "charge" | "bill" | "refund" | "payout" => {
            does(alone || !noun && (near(PEOPLE, 1) || near(PAYMENTS, 1)), Effect::Billing)
        }
        "invoice" => does(!noun && has_any(PEOPLE, next), Effect::Billing),
        "finalise" | "finalize" if next == "invoice" => does(true, Effect::Billing),
        "transfer" | "wire" if alone || near(MONEY, 1) && !before.reading => does(true, Effect::Billing),
        "transfer" if has("between to", next) => {
            does(!noun && behind().skip(1).take(2).any(|word| has_any(BANKS, word)), Effect::Billing)
        }
        "transfer" => does(has_any(TRANSFERS, next) && !noun, Effect::External),
        "bet" | "bid" | "deposit" | "donation" | "tip" | "trade" | "wager" => {
            does(alone || !noun && (near(MONEY, 1) || near(SECURITIES, 1)), Effect::Billing)
        }
        "burn" | "mint" | "stake" | "swap" if alone => does(true, Effect::Billing),
        "bridge" | "burn" | "mint" | "stake" | "swap" | "unstake" | "unwrap" | "wrap" => {
            does(!noun && (near(MONEY, 1) || near("nft", 1)), Effect::Billing)
        }
        "approve" | "move" | "release" | "send" if near(MONEY, 1) && !before.reading => does(true, Effect::Billing),
        "place" | "submit" | "confirm" | "enter" if near("bet bid cost order trade", 2) => {
            does(!before.reading, Effect::Billing)
        }
        "close" | "enter" | "exercise" | "exit" | "open" if near("option position trade", 1) => {
            does(!before.reading, Effect::Billing)
        }
        "accept" | "close" if near("chargeback dispute", 1) => does(!before.reading, Effect::Billing),
        "submit" | "update" if near("chargeback dispute", 1) => does(!before.reading, Effect::External),
        "activate" | "enable" | "set" | "start" | "toggle" | "turn" | "update"
            if behind().any(|word| has("autopay autorenew autorenewal", word))
                || next == "auto"
                    && has("bill billing pay payment renew renewal", behind().nth(1).unwrap_or_default()) =>
        {
            does(!before.reading, Effect::Billing)
        }
        "inject" | "modify" | "patch" | "replace"
            if near(
                "binaries binary bootloader code css executable firmware html javascript js kernel payload script",
                1,
            ) && (word.text == "inject" || !near("code css html javascript js payload", 1)) =>
        {
            does(!before.reading, Effect::Destructive)
        }
        "freeze" | "lock" if near("account card customer user", 1) => does(!before.reading, Effect::Destructive),
        "pause" if near("cluster database db instance project server service site store", 1) => {
            does(!before.reading, Effect::Destructive)
        }
        "pause" | "reactivate" | "resume" if near("membership plan subscription", 0) => {
            does(!before.reading, Effect::Billing)
        }
        "mutate" if near("gql graphql", 1) || has("gql graphql", last) => does(true, Effect::Destructive),
        "upgrade" if has(INSTALLERS, last) => does(true, Effect::External),
        "install"
            if has(INSTALLERS, last) || near("chart dependencies dependency extension module package plugin", 2) =>
        {
            does(!before.reading, Effect::External)
        }
        "upload" if behind().any(|word| has(PLACES, word)) => does(!before.reading, Effect::External),
        // Whom it lets in is outside of what the tool writes, and so is what it then hands on by itself.
        "add" | "allow" | "assign" | "attach" | "change" | "configure" | "create" | "edit" | "enable" | "generate"
        | "import" | "insert" | "issue" | "make" | "mark" | "modify" | "new" | "open" | "put" | "register" | "set"
        | "start" | "toggle" | "update" | "upload"
            if near(OPENING, 2)
                || matches!(behind().last(), Some("public" | "script"))
                || next == "public" && has_any("access link url", behind().nth(1).unwrap_or_default())
                || behind().last().is_some_and(|last| has_any("credential key pat token", last))
                    && near(OPENERS, 1) =>
        {
            does(!before.reading, Effect::External)
        }
        "broadcast" | "execute" | "send" | "sign" | "submit" if near("swap trade transaction tx", 1) => {
            does(!before.reading, Effect::Billing)
        }
        "approve" | "authorise" | "authorize" | "capture" | "complete" | "create" | "execute" | "initiate"
        | "issue" | "make" | "process" | "retry" | "schedule" | "settle" | "submit" | "trigger"
            if ends(PAYING) =>
        {
            does(!before.reading, Effect::Billing)
        }
        "upgrade" | "downgrade" if near("account plan subscription tier", 1) => does(!before.reading, Effect::Billing),
        "order" => does(object, Effect::Billing),
        "book" if has_any(TRAVEL, next) => does(!noun, Effect::Billing),
        "hail" | "request" | "reserve" if has_any("cab car flight hotel ride taxi", next) => {
            does(!noun, Effect::Billing)
        }
        "book" => does(object, Effect::Write),
        "post" => does(!noun && has_any(POSTS, next) || alone && word.opens, Effect::Send),
        "email" | "mail" | "message" | "sms" => {
            does(object || !noun && has_any(PEOPLE, next) || alone && word.opens, Effect::Send)
        }
        "add" | "create"
            if (has_any("email message mms sms tweet", next) || has("chat direct outgoing text", next))
                && ends("email message mms sms tweet") =>
        {
            does(!before.reading, Effect::Send)
        }
        "begin" | "create" | "initiate" | "make" | "place" | "start" if ends("call phonecall") => {
            does(!before.reading, if has_any(TOOLS, next) { Effect::External } else { Effect::Send })
        }
        "call" if has_any(TOOLS, next) => does(!noun, Effect::External),
        "dial" if alone => does(true, Effect::Send),
        "call" | "dial" | "text" => {
            does(!noun && (has_any(PEOPLE, next) || has_any("number phone", next)), Effect::Send)
        }
        "block" => does(
            !noun && (has_any(PEOPLE, next) || has_any("account domain ip number sender", next)),
            Effect::Destructive,
        ),
        "format" => does(has_any(DISKS, next), Effect::Destructive),
        "roll" if next == "back" => does(true, Effect::Destructive),
        "regenerate" | "reissue" | "roll" | "rotate" if near(KEYS, 2) => does(!before.reading, Effect::Destructive),
        "change" | "set" | "update" if ends("passcode passphrase passwd password") => {
            does(!before.reading, Effect::Destructive)
        }
        "unlock" if alone || near("account car door garage gate home house lock safe vault vehicle wallet", 2) => {
            does(!before.reading, Effect::Destructive)
        }
        "open" if near("door garage gate lock safe vault", 1) => does(!before.reading, Effect::Destructive),
        "close" if near("account", 1) => does(!before.reading, Effect::Destructive),
        "shut" | "switch" | "power" | "take" | "tear" | "turn" => does(near("down off", 2), Effect::Destructive),
        "apply" if has_any("manifest migration run", next) || has("kubectl terraform", last) => {
            does(!before.reading, Effect::Destructive)
        }
        "create" | "start" | "trigger" if ends("deployment rollout") => does(!before.reading, Effect::External),
        "accept" if next == "merge" => does(true, Effect::External),
        "merge" if !before.reading && (next == "merge" || any("mr pr pull")) => does(true, Effect::External),
        "execute" | "run" if any("queries query") && words.iter().any(|word| is_database(&word.text)) => {
            does(!before.reading, Effect::Destructive)
        }
        // A query may do anything.
        "run" | "execute" | "perform" if has_any(QUERIES, next) => return Sense::Neutral,
        "run" if has_any("action build ci job pipeline test workflow", last) && !next.is_empty() => {
            return Sense::Nothing;
        }
        "run" | "execute" if alone && word.opens => does(true, Effect::Destructive),
        "run" | "execute"
            if !before.reading && !has_any(RECORD, next) && (is_program(last) || behind().take(3).any(is_program)) =>
        {
            does(true, Effect::Destructive)
        }
        "input" | "invoke" | "issue" | "perform" | "type" | "write"
            if behind().take(3).any(|word| has_any("command console stdin terminal", word)) =>
        {
            does(!before.reading, Effect::Destructive)
        }
        "evaluate" | "launch" | "start" if has_any(PROGRAMS, next) => does(!before.reading, Effect::Destructive),
        "execution" | "executor" | "interpreter" if has_any(PROGRAMS, last) => {
            does(!noun && !has_any(RECORD, next), Effect::Destructive)
        }
        "query" | "search" | "report" | "check" | "analysis" | "lookup" if has("execute perform run", last) => {
            return Sense::Nothing;
        }
        _ => None,
    };
    if let Some(special) = special {
        return special;
    }
    if is_reading(words, at) {
        return Sense::Reads;
    }
    if has(NEUTRAL, &word.text) {
        return Sense::Neutral;
    }
    let known = verb(&word.text);
    let inflected = || word.text.strip_suffix('s').and_then(verb).filter(|(how, _)| *how == Use::Verb);
    match known {
        // `get_delete_preview` looks at one.
        Some((Use::Verb, _)) if before.verb && about => Sense::Nothing,
        Some((Use::Loose | Use::Noun, _)) if before.reading => Sense::Nothing,
        Some((Use::Noun, _)) if has_any(RECORD, next) || has(READING, next) => Sense::Nothing,
        Some((_, effect)) => Sense::Does(effect),
        None => match inflected() {
            // `list_purchases`
            Some(_) if before.reading => Sense::Nothing,
            Some((_, Effect::External)) if before.lists && is_last => Sense::Nothing,
            Some(_) if before.verb && about => Sense::Nothing,
            Some((_, effect)) => Sense::Does(effect),
            None => glued(&word.text),
        },
    }
}

/// A word in which verb and object are written as one: `deletecontact`, `listorders`, `userdelete`.
fn glued(word: &str) -> Sense {
    for at in 3..word.len().saturating_sub(2).min(14) {
        let (Some(front), Some(rest)) = (word.get(..at), word.get(at..)) else { return Sense::Nothing };
        if has_any(OBJECTS, rest) || rest.starts_with("all") {
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
            && has_any(OBJECTS, front)
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
            ',' => {
                prose.passive = Passive::None;
                // Behind the first sentence a comma stands before more often than between verbs.
                if prose.part == Part::Rest && !prose.is_later {
                    prose.part = Part::Joined;
                }
            }
            _ => {}
        }
    }
    prose.word(&word);
    prose.end();
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
    /// A verb that the next word may turn into something harmless.
    held: Option<(String, Effect, Held)>,
    /// What tidies up the answer, unless the sentence ends without any.
    tidies: Option<(String, Effect)>,
    /// Words that make something of the verb before, wherever in the sentence they are.
    awaits: Option<(&'static str, Effect)>,
    /// What is said of may be done by the tool: `All contacts will be`.
    passive: Passive,
    /// What is done, but by whom is not said yet: `are deleted`.
    done: Option<(String, Effect)>,
    /// Words of this sentence.
    count: usize,
}

/// What the next word may make of a verb.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// A noun: `Share price`.
    noun: bool,
    /// Nothing that is done to anything: `Resets at midnight`.
    resting: bool,
    /// Tidying the answer: `and removes duplicates`.
    tidying: bool,
}

/// How far a sentence is on the way to `will be deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Passive {
    #[default]
    None,
    /// `will`, `afterwards`
    Will,
    /// `are`, without `will` before
    Is,
    /// `will be`
    WillBe,
    /// `that`, `whether`, `not`: nothing that follows is said of the tool.
    Never,
}

impl Default for Prose {
    fn default() -> Self {
        Prose {
            least: Effect::Read,
            found: None,
            part: Part::Lead,
            is_later: false,
            has_subject: false,
            waits: None,
            held: None,
            tidies: None,
            awaits: None,
            passive: Passive::None,
            done: None,
            count: 0,
        }
    }
}

impl Prose {
    fn end(&mut self) {
        self.word("");
        if let Some((verb, effect)) = self.tidies.take() {
            self.find(&verb, effect);
        }
        let (least, found) = (self.least, self.found.take());
        *self = Prose { least, found, is_later: self.is_later || self.count > 0, ..Prose::default() };
    }

    fn find(&mut self, word: &str, effect: Effect) {
        if effect >= self.least && self.found.as_ref().is_none_or(|(_, known)| *known < effect) {
            self.found = Some((word.to_owned(), effect));
        }
    }

    /// One word, or nothing at a sentence's end.
    fn word(&mut self, word: &str) {
        self.count = self.count.saturating_add(usize::from(!word.is_empty()));
        if let Some((words, effect)) = self.awaits
            && has_any(words, word)
        {
            self.find(word, effect);
        }
        if let Some((verb, effect)) = self.done.take_if(|_| matches!(word, "tool" | "call")) {
            self.find(&verb, effect);
        }
        if let Some((verb, effect)) = self.waits.take()
            && (has("a all an any every funds it money one the them this to your", word) || has_any(PEOPLE, word))
        {
            self.find(&verb, effect);
        }
        if has_any(ANSWERS, word) {
            self.tidies = None;
        }
        if let Some((verb, effect, held)) = self.held.take() {
            match word {
                "ambiguity" | "confusion" | "doubt" => {}
                "back" if effect == Effect::Send => {}
                // `Go back, forward, or reload`
                "" | "and" | "or" | "port" | "ports" if verb == "forward" => {}
                "feedback" | "input" | "keystrokes" if effect == Effect::Send => self.find(&verb, Effect::External),
                _ if held.noun && has_any("count policy price quote rate sky slip stub", word) => {}
                _ if held.resting && has("at daily every hourly in when", word) => {}
                _ if held.tidying && has_any("duplicate html leading markup trailing whitespace", word) => {
                    self.tidies = Some((verb, effect));
                }
                _ => self.find(&verb, effect),
            }
        }
        self.say(word);
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

    /// What is done to something: `All matching contacts will be deleted`, `Contacts are deleted by this tool`.
    fn say(&mut self, word: &str) {
        self.passive = match (self.passive, word) {
            (_, "it" | "they") => Passive::None,
            (Passive::Never, _) => return,
            (_, "afterwards" | "will") => Passive::Will,
            (Passive::Will | Passive::WillBe, "be" | "is" | "are" | "get") => Passive::WillBe,
            (Passive::None | Passive::Is, "is" | "are") => Passive::Is,
            (passive, _) if has("also automatically immediately irreversibly permanently then", word) => passive,
            _ if has(UNSAID, word) => Passive::Never,
            (Passive::Is | Passive::WillBe, _) => {
                let forms = [word.strip_suffix('d'), word.strip_suffix("ed"), word.strip_suffix("ped")];
                let done = forms.into_iter().flatten().find_map(|form| match form {
                    "bill" | "charge" | "debit" | "refund" => Some((form, Effect::Billing)),
                    _ => Some((form, verb(form)?.1)),
                });
                if let Some((form, effect)) = done.filter(|(_, does)| *does >= Effect::Destructive) {
                    if self.passive == Passive::WillBe {
                        self.tidies = Some((form.to_owned(), effect));
                    } else {
                        self.done = Some((form.to_owned(), effect));
                    }
                }
                Passive::None
            }
            (Passive::Will, _) => Passive::Will,
            (passive, _) => passive,
        };
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
            if leads && has(READING, form) {
                self.passive = Passive::Never;
            }
            let awaits = match form {
                "execute" | "run" => Some((RUNS, Effect::Destructive)),
                "place" | "submit" | "confirm" => Some(("bet bid order trade", Effect::Billing)),
                "transfer" | "wire" => Some(("beneficiary fund iban money payee", Effect::Billing)),
                _ => None,
            };
            if leads && awaits.is_some() {
                self.awaits = awaits;
                if form != "transfer" {
                    return;
                }
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
                Some((how, effect)) if how == Use::Verb || leads => {
                    let held = Held {
                        noun: number == 0 && has("buy cancel clear forward pay sell share unsubscribe withdraw", form),
                        resting: number > 0 && how == Use::Loose && !self.has_subject,
                        tidying: !leads || self.is_later,
                    };
                    self.held = Some((form.to_owned(), effect, held));
                    return;
                }
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
    [
        "internet",
        "search the web",
        "web search",
        "from the web",
        "any url",
        "given url",
        "fetches a url",
        "from a url",
        "webpage",
        "web page",
        "remote server",
        "remote host",
        "http request",
    ]
    .into_iter()
    .any(|words| text.contains(words))
}

/// The words of a name in plain lower-case letters.
pub(crate) fn words_of_name(name: &str) -> Vec<String> {
    words_of(name).0.into_iter().map(|word| word.text).collect()
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
                if matches!(letter, '&' | '+') {
                    words.push(Word { text: "and".to_owned(), opens: false });
                }
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
    // `check_out_cart` and `checkOut` are `checkout`.
    for at in (1..words.len()).rev() {
        let is_particle = words.get(at).is_some_and(|word| matches!(&*word.text, "in" | "off" | "out"));
        let states =
            words.get(at.saturating_add(1)).is_some_and(|next| has_any("date network progress stock use", &next.text));
        if is_particle && !states && words.get(at.wrapping_sub(1)).is_some_and(|word| word.text == "check") {
            let particle = words.remove(at);
            if let Some(word) = words.get_mut(at.wrapping_sub(1)) {
                word.text.push_str(&particle.text);
            }
        }
    }
    (words, foreign)
}

/// Whether a sorted list of words has a word: a binary search in the text itself. Over bytes, for it runs some hundred times
/// for every tool that is listed.
pub(crate) fn has(list: &str, word: &str) -> bool {
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

/// The same, also of a word in the plural.
fn has_any(list: &str, word: &str) -> bool {
    has(list, word) || word.strip_suffix('s').is_some_and(|one| has(list, one))
}

/// What makes a noun of the long verb before it: `deleted`, `remover`, `cancellation`.
const ENDINGS: &str = "able al ation ed er ing ion lat led ment or r s";
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
/// Reading verbs that are nouns as well: behind what may be a verb they confirm nothing, ...
const VAGUE: &str =
    "check count counts diff display estimate list look lookup measure preview queries query search view";
/// ... and those of them that at the end of a name confirm nothing behind a word that is not known either.
const NOUNS: &str = "check count counts diff display estimate list look measure preview queries query view";
/// Nouns that are verbs where something follows them: `email_details`.
const DEEDS: &str = "apply email fax index log mail message phone post record report ship sms tag text wire";
/// Nothing is done by saying them.
const KNOWN: &[&str] = &[
    THINGS,
    OBJECTS,
    RECORD,
    PEOPLE,
    PARTS,
    PAYMENTS,
    MONEY,
    VERSIONS,
    TOPICS,
    PROGRAMS,
    DATABASES,
    KEYS,
    OUTSIDE,
    LINKS,
    JOINS,
    DISKS,
    BANKS,
    SECURITIES,
    READING_NOUNS,
];
/// Of what a reading noun may tell besides.
const THINGS: &str = "api application battery browser build bundle cache conversation cpu crash current db deploy deployment \
    docker engine environment flight forecast gpu hardware host job kubectl last latency latest library \
    machine memory model network os package performance pod port price process research runtime sensor \
    server simulate system uptime usage weather";
/// What of Google's is the user's own.
const OFFICE: &str = "ad analytics calendar contact doc drive form keep sheet slide task";
/// What lets others in, or leads elsewhere.
const OPENING: &str = "acl admin administrator collaborator dns firewall forwarding ingress maintainer nameserver \
    permission role superuser tunnel visibility";
/// Whose key or token opens something.
const OPENERS: &str = "access admin api auth authorized bearer deploy gpg oauth personal pgp public service ssh";
const INSTALLERS: &str = "apt brew cargo gem helm npm pip pnpm yarn";
const PLACES: &str = "dropbox facebook ftp gist imgur instagram linkedin pastebin reddit sftp tiktok twitter youtube";
const BILLING: &str = "buy disburse donate invest liquidate pay purchase reimburse remit repay sell withdraw";
const SENDING: &str = "announce broadcast dispatch forward notify remind resend respond retweet send";
const REACHING: &str = "authorise authorize exfiltrate expose grant publish share submit syndicate";
const DESTROYING: &str = "abort bash bypass cancel deactivate decommission del delete demote deprovision \
    deregister destroy detach disable disarm discard disconnect downgrade eject elevate eradicate erase eval \
    evict exec expel expunge flush halt impersonate kick kill nuke obliterate overwrite powershell prune purge \
    quarantine reboot recreate remove restart revoke rm rmdir shell shred shutdown spawn sudo suspend terminate \
    truncate unenrol unenroll uninstall unlink unpublish unregister void wipe";
const WRITING: &str = "accept activate add append approve assign attach begin configure create decline edit enable enrol \
    enroll inject insert install modify mutate overlay pause persist prepend put reassign \
    register reject rename replace reschedule reserve save unassign unfollow unlock upload upsert write";
const DESTROYING_LOOSE: &str = "ban clear drop empty escalate override reset restore revert rollback stop trash";
const SENDING_LOOSE: &str = "invite reply tweet";
const REACHING_LOOSE: &str = "promote";
const WRITING_LOOSE: &str = "adjust change checkin checkoff close confirm launch mark move set start toggle \
    trigger update";
const REACHING_NOUN: &str = "deploy push redeploy release";
const WRITING_NOUN: &str =
    "archive backup commit execute import lock merge migrate patch rotate run schedule sync upgrade";
const RECORD: &str = "approval candidates config configuration count date details eligibility error event \
    history id info items job limit lines list log metadata metrics number option permission policies policy \
    preview progress queue quota reason report request result rule schedule schema settings state statistics stats \
    status summary template types";
const PEOPLE: &str = "all attendee client contact customer employee everyone guest here lead me member owner \
    patient people person recipient staff student subscriber team tenant user";
const PAYMENTS: &str = "account amount balance bank booking card credit deposit fee invoice order payment \
    purchase subscription transaction wallet";
const MONEY: &str = "allowance amount balance bnb bond btc cash coin credit crypto dollars erc eth eur euros \
    fund matic money nft payment sol spender token usd usdc usdt wealth xrp";
const TRANSFERS: &str = "account asset call data domain file ownership project repo repository site ticket";
const POSTS: &str = "announcement article comment content data form image job link message note on photo reply \
    review status story thread to tweet update video webhook";
const TRAVEL: &str = "car cruise flight hotel ride taxi ticket train travel trip";
const VERSIONS: &str = "branch commit file git head hg jj ref repo repository revision svn tag vcs worktree";
const TOPICS: &str = "calendar changes channel event feed issue logs newsletter notifications resource stream \
    thread topic update webhook";
const PROGRAMS: &str = "bash binary cmd code command console javascript js macro mutation php powershell \
    procedure process program python ruby script sh shell snippet sql ssh statement terminal zsh";
const QUERIES: &str = "analysis audit check diagnostics lookup queries query report scan search";
const DISKS: &str = "device disk drive partition volume";
const KEYS: &str = "credential key password secret token";
const OBJECTS: &str = "account address alert all app asset attachment backup bill board booking bucket \
    calendar campaign card cart channel chat cluster code column command comment company contact container \
    contract coupon customer dashboard data database db deal device directory disk document domain email \
    entities entity entry event everything field file folder fund graph group image index instance invoice \
    issue item job key label lead link list location log mail member message money namespace node note object \
    order org organisation organization page password payment permission person photo pipeline plan playlist \
    pod policy post process product profile project queue record refund repo report repository resource role \
    row rule schema secret server service session setting sheet site sms state subscription table tag task \
    team template tenant text thread ticket token transaction user video volume webhook workflow workspace";
const OUTSIDE: &str = "bing browse crawl curl dns duckduckgo google http https internet nslookup online rss \
    scrape serp tavily traceroute url urls web webpage webpages website websites wget whois www";
const FILLERS: &str = "a ability action agent agents allow allows also an and api automatically be by call \
    called calling can capability command enables endpoint executing for function help helper helps immediately \
    invoked invoking irreversibly is it just let lets may method model one operation permanently please provides \
    quickly running safely silently simply that the then this to tool use used user users using utility when \
    which will you";
/// Behind them nothing is said of the tool itself.
const UNSAID: &str = "another how if never no none not nothing once other that unless until what when where \
    whether which who whose";
/// What a tool may tidy up and still only read, and how long something is kept.
const ANSWERS: &str = "day hour minute output path response result string text";
const RUNS: &str = "bash code command powershell process program script shell";
const PARTS: &str = "account address addresses at body book by chapters client domain field filter folder form \
    format header history in inbox label line member message name of on provider subject thread time";
/// What behind a reading verb makes a noun of the verb before it: `get_buy_price`.
const MEASURES: &str = "channel day group order period price quote rate signal slip stub target version volume";
/// What joins one deed to another.
const JOINS: &str = "and or plus then";
/// What a name says behind them is no object of the verb before.
const LINKS: &str = "and at by for from in into of on or to with";
const DATABASES: &str =
    "bigquery clickhouse cypher database databases gremlin mongo pg postgres raw redshift snowflake";
const BANKS: &str = "account bank beneficiary card iban payee wallet";
const SECURITIES: &str = "asset crypto etf future nft option position share stock";
const TOOLS: &str = "api aws endpoint function rpc service tool webhook";
const ADDRESSES: &str = "domain endpoint host hostname href iri link uri url webhook website";
const PAGES: &str = "article feed html link page site";
const PAYING: &str = "charge deposit payment payout purchase refund transfer withdrawal";

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
            VAGUE,
            NOUNS,
            DEEDS,
            THINGS,
            OFFICE,
            OPENING,
            OPENERS,
            INSTALLERS,
            PLACES,
            MEASURES,
            UNSAID,
            ANSWERS,
            RUNS,
            JOINS,
            LINKS,
            DATABASES,
            BANKS,
            SECURITIES,
            TOOLS,
            ADDRESSES,
            PAGES,
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
