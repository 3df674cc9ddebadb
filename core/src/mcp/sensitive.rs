//! Whether a form asks for what must never be typed into one: passwords, keys, tokens, codes, cards, recovery phrases.
//!
//! A field's name and title are labels, where a single word tells; descriptions and messages are prose, where a word
//! needs its neighbours, for `code` and `key` mean many things.

use crate::catalog::findings::in_plain_letters;
use crate::catalog::wording::has;
use crate::text::is_invisible;

const PASSWORD: &str = "a password";
const KEY: &str = "a key or token";
const CODE: &str = "a code or PIN";
const CARD: &str = "a payment card";
pub(crate) const CODE_OR_KEY: &str = "a code or key";
pub(crate) const PHRASE: &str = "a recovery phrase";

/// Longer texts are judged by their beginning; a request's texts are bounded besides.
const MAX_CHARACTERS: usize = 20_000;

/// Words that tell by themselves, in the languages in which such forms are written.
const STRONG: &[(&str, &str)] = &[
    (
        "password|passwords|passwd|passw|pwd|pw|psw|pswd|pword|parola|lozinka|geslo|parool|wagwoord|\
        nenosiri|passcode|passphrase|passkey|passwort|kennwort|zugangsdaten|contrasena|motdepasse|senha|\
        wachtwoord|losenord|adgangskode|passord|salasana|haslo|heslo|jelszo|sifre|credential|credentials",
        PASSWORD,
    ),
    ("secret|secrets|apikey|apikeys|jwt|keystore|kubeconfig|dsn", KEY),
    (
        "otp|totp|mfa|2fa|pincode|geheimzahl|geheimnummer|sicherheitscode|bestatigungscode|einmalcode|\
        smstan|mtan|pushtan|puk",
        CODE,
    ),
    ("cvc|cvv|cvn|kartennummer|kreditkartennummer", CARD),
    ("mnemonic", PHRASE),
];

/// Several words, or words of other scripts, wherever they stand.
const PHRASES: &[(&str, &str)] = &[
    (
        "mot de passe|security answer|maiden name|memorable word|mật khẩu|kata sandi|clave de acceso|\
        парол|лозинка|पासवर्ड|कूटशब्द|পাসওয়ার্ড|கடவுச்சொல்|رمز عبور|گذرواژه|پاس ورڈ|κωδικός πρόσβασης|\
        סיסמ|كلمة المرور|كلمة السر|パスワード|密码|密碼|口令|비밀번호|รหัสผ่าน",
        PASSWORD,
    ),
    (
        "authorization header|connection string|clave secreta|clave api|clé api|clé secrète|chiave api|\
        chiave privata|api-schlüssel|zugriffsschlüssel|секретный ключ|秘密鍵|私钥",
        KEY,
    ),
    (
        "código de verificación|codigo de verificacion|código de verificação|code de vérification|\
        code de verification|codice di verifica|пин-код|пинкод|код подтверждения|код из смс|رمز التحقق|\
        暗証番号|認証コード|確認コード|验证码|驗證碼|인증번호|인증 코드",
        CODE,
    ),
    ("número de tarjeta|numero de tarjeta|numéro de carte|numero di carta|номер карты|银行卡号|카드번호", CARD),
    ("助记词", PHRASE),
];

/// Written as one word, in the names of fields above all.
const COMPOUNDS: &[(&str, &str)] = &[
    ("onetimepass|onetimecode|verificationcode|securitycode|authcode|logincode|recoverycode|accesscode", CODE),
    (
        "accesstoken|authtoken|bearertoken|refreshtoken|sessiontoken|accesskey|privatekey|secretkey|\
        clientsecret|connectionstring|databaseurl|sessionid|sessid",
        KEY,
    ),
    ("cardnumber|cardnum|ccnum|ccno", CARD),
    ("seedphrase|recoveryphrase|seedwords", PHRASE),
];

/// What makes a key or a token one that opens something.
const OPENS: &str = "access account activation admin aes anthropic api app application auth authentication authorization aws azure bearer \
    bot client consumer decryption deploy dev developer encryption favcrm github gitlab google gpg hf \
    hmac id licence license login master mcp oauth openai personal pgp private recovery refresh root rsa secret \
    security service session shared signing slack ssh storage stripe twilio wallet webhook";

/// Whose pass is a password.
const PASSES: &str = "account admin auth db email ftp git http login mail mysql new old proxy root smtp user wifi";

/// How keys and tokens begin.
const PREFIXES: &str = "-----BEGIN AIza AKIA eyJ ghp_ github_pat_ glpat- sk- sk_ whsec_ xox";

/// A key of these is a name, not a secret; nor is a token.
const HARMLESS_KEY: &str =
    "dictionary entry foreign issue map musical object primary project public publishable song sort";
const NOT_A_TOKEN: &str = "address amount budget count counts id limit price standard supply symbol ticker usage";
const COUNTED_TOKEN: &str = "erc game input max maximum min native nft output per";

/// What makes a code one that was given to this person alone.
const GIVEN: &str = "access activation auth authentication authenticator authorization backup confirm confirmation digit \
    digits email emailed factor inbox login magic mail mailed mfa otp pairing pass pin received \
    recovery reset secret security sent signin sms stellige stelligen stelliger temporary texted time totp unlock validation \
    verification verify";

/// Codes that anybody may know.
const KNOWN: &str = "account airport area bank bar bic booking branch calling category city color colour company cost \
    country coupon course currency customer department diagnosis dial dialing dialling discount dress \
    error event exit fault flight gl hex http iata industry invite item job language location order \
    phone plan post postal product promo promotion province qr reason referral region reservation \
    response room site sku sort source state status store supplier swift tax team tracking vat vendor \
    voucher zip";

/// Where a travel desk's or a shop's own words say which code is meant.
const OF_A_THING: &str = "booking flight hotel order parcel reservation shipment trip";

/// What leads to a store, with the password for it.
const STORES: &str = "conn connection database db jdbc mongo mongodb mysql postgres postgresql redis";

/// Files of which the content is a secret, where that content is asked for.
const SECRET_FILES: &str = ".aws/credentials .env .netrc .npmrc .pgpass .pypirc id_dsa id_ecdsa id_ed25519 id_rsa";
const GIVES_CONTENT: &str = "content contents copy paste provide send upload";

/// Words after a secret's name that make of it a thing to be spoken of; those of the second list are verbs as well, or may
/// begin another field, so that nothing may follow them.
const ABOUT: &str = "expiration expiry issuer length lifetime manager policies policy provider requirements rotation \
    strength template templates ttl";
const ABOUT_AT_THE_END: &str = "description format label method name names status type";

const OF_A_PLACE: &str = "address area city delivery district postal postcode shipping zip";
const NOT_A_PIN: &str = "a board color colour icon it location map message on position post style the this to";
const OTHER_PINS: &str = "bowling drop gpio hair lapel location map push rolling safety to";
const OTHER_CARDS: &str = "business index library loyalty member membership playing post report score sim trello";
const OF_A_CARD: &str = "data details no nr num number numbers";
const AROUND_A_CARD: &str = "accepted brand fee holder kind last name network type";
const NOT_SECRET: &str = "garden ingredient menu recipe santa shopper";
const NUMBERED: &str = "account booking case customer invoice order phone reference reservation room ticket tracking";
/// Numbers of six digits that are no codes, beside those of [`KNOWN`] and [`NUMBERED`].
const SIX_DIGITS: &str = "amount date id pincode postcode price ref sku sum";
const FILLING: &str = "a an current enter my new old please the type user value your";

/// What a name or a title of a field asks for, if it is a secret.
pub(crate) fn label(text: &str) -> Option<&'static str> {
    let words = secrets_alone(words(text));
    // `mTAN` is taken apart as `camelCase` is.
    let whole = words.concat();
    phrase(text)
        .or_else(|| strong(&whole))
        .or_else(|| known(COMPOUNDS, |compound| words.iter().any(|word| word.contains(compound))))
        .or_else(|| ask(&words, true))
}

/// Whether a pattern is that of keys, or of codes of six digits whose field is not named for any other number.
pub(crate) fn pattern(pattern: &str, labels: [&str; 2]) -> bool {
    if begins_key(pattern) {
        return true;
    }
    let digits = pattern.trim_start_matches('^').trim_end_matches('$').replace("[0-9]", r"\d");
    let is_other = |word: &String| [KNOWN, NUMBERED, OF_A_PLACE, SIX_DIGITS].iter().any(|list| has(list, word));
    matches!(&*digits, r"\d{6}" | r"\d{6,6}" | r"\d\d\d\d\d\d")
        && !labels.into_iter().flat_map(words).any(|word| is_other(&word))
}

/// Whether a text names how a key begins.
fn begins_key(text: &str) -> bool {
    PREFIXES.split(' ').any(|prefix| {
        text.match_indices(prefix).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            // `sk-SK` is a language.
            !before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '-' | '_' | '.'))
                && !text.get(at..).is_some_and(|rest| rest.starts_with("sk-SK"))
        })
    })
}

/// Whether a label is `code` or `key` and nothing more.
pub(crate) fn is_alone(label: &str) -> bool {
    matches!(&*label.to_ascii_lowercase(), "code" | "key")
}

/// Whether a text speaks of a code that anybody may know, or of a key that is a name, and of no other.
pub(crate) fn names_harmless(text: &str) -> bool {
    let harmless = |pair: &[String]| match pair {
        [before, word] if matches!(&**word, "code" | "codes") => has(KNOWN, before),
        [before, word] if matches!(&**word, "key" | "keys") => has(HARMLESS_KEY, before),
        _ => false,
    };
    prose(text).is_none() && words(text).windows(2).any(harmless)
}

/// The same for a description or a message.
pub(crate) fn prose(text: &str) -> Option<&'static str> {
    if begins_key(text) {
        return Some(KEY);
    }
    phrase(text).or_else(|| ask(&secrets_alone(words(text)), false))
}

fn strong(word: &str) -> Option<&'static str> {
    let plain = word.trim_end_matches(|character: char| character.is_ascii_digit());
    known(STRONG, |strong| {
        strong == word || strong == plain || (strong.len() > 7 && word.starts_with(strong) && word != "passwordless")
    })
}

/// The words without those that only speak of a secret, such as a token's name or the policy for passwords.
fn secrets_alone(mut words: Vec<String>) -> Vec<String> {
    let is = |word: Option<&String>, list: &str| word.is_some_and(|word| has(list, word));
    let named = |word: &String| strong(word).is_some() || matches!(word.as_str(), "key" | "token" | "keys" | "tokens");
    // The name of a secret.
    while let Some(at) = words.windows(2).position(|pair| pair == ["name", "of"]) {
        let mut rest = words.iter().skip(at).take(4);
        let to = rest.position(named).map_or(at.saturating_add(1), |place| at.saturating_add(place));
        words.drain(at..=to);
    }
    let mut index = words.len();
    while index > 1 {
        index = index.saturating_sub(1);
        let rest = words.iter().skip(index.saturating_add(1));
        let is_last = rest.clone().all(|word| matches!(word.as_str(), "optional" | "required"));
        let is_about = is(words.get(index), ABOUT) || (is_last && is(words.get(index), ABOUT_AT_THE_END));
        let before = index.saturating_sub(1);
        if is_about && words.get(before).is_some_and(named) {
            let first = words.get(before.wrapping_sub(1));
            let from = if is(first, OPENS) || first.is_some_and(named) { before.saturating_sub(1) } else { before };
            words.drain(from..=index);
            index = from;
        }
    }
    words
}

fn known(list: &[(&str, &'static str)], fits: impl Fn(&str) -> bool) -> Option<&'static str> {
    list.iter().find(|(words, _)| words.split('|').any(&fits)).map(|(_, what)| *what)
}

fn phrase(text: &str) -> Option<&'static str> {
    let text: String = text.chars().take(MAX_CHARACTERS).filter(|character| !is_invisible(*character)).collect();
    let lower = text.to_lowercase();
    let folded = folded(&lower);
    let found = known(PHRASES, |phrase| lower.contains(phrase) || folded.contains(&self::folded(phrase)));
    let parts = |text| str::split(text, |letter: char| !letter.is_alphanumeric() && !matches!(letter, '.' | '_' | '/'));
    let is_file = |part: &str| {
        let path = part.trim_end_matches('.');
        let name = path.rsplit('/').next().unwrap_or_default();
        has(SECRET_FILES, name) || name.starts_with(".env.") || path.ends_with(".aws/credentials")
    };
    found
        .or_else(|| {
            let gives = parts(&folded).any(|part| has(GIVES_CONTENT, part));
            (gives && parts(&folded).any(is_file)).then_some(KEY)
        })
        // In capitals they are what banks and cards call them.
        .or_else(|| parts(&text).any(|part| matches!(part, "TAN" | "PUK")).then_some(CODE))
}

/// A letter without its marks, as far as it is one of the Latin alphabet or stands in a circle.
fn base(letter: char) -> char {
    /// The last of each run from U+1E00 on, and its letter.
    const ADDITIONAL: &[(u32, char)] = &[
        (0x01, 'a'),
        (0x07, 'b'),
        (0x09, 'c'),
        (0x13, 'd'),
        (0x1d, 'e'),
        (0x1f, 'f'),
        (0x21, 'g'),
        (0x2b, 'h'),
        (0x2f, 'i'),
        (0x35, 'k'),
        (0x3d, 'l'),
        (0x43, 'm'),
        (0x4b, 'n'),
        (0x53, 'o'),
        (0x57, 'p'),
        (0x5f, 'r'),
        (0x69, 's'),
        (0x71, 't'),
        (0x7b, 'u'),
        (0x7f, 'v'),
        (0x89, 'w'),
        (0x8d, 'x'),
        (0x8f, 'y'),
        (0x95, 'z'),
        (0x96, 'h'),
        (0x97, 't'),
        (0x98, 'w'),
        (0x99, 'y'),
        (0x9a, 'a'),
        (0x9f, 's'),
        (0xb7, 'a'),
        (0xc7, 'e'),
        (0xcb, 'i'),
        (0xe3, 'o'),
        (0xf1, 'u'),
        (0xf9, 'y'),
    ];
    /// From U+00C0 on.
    const LATIN: &[u8] = b"aaaaaa?ceeeeiiii?nooooo?ouuuuy??aaaaaa?ceeeeiiii?nooooo?ouuuuy?y\
        aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkk?llllllllllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
    let code = u32::from(letter);
    let from = |first: u32| code.wrapping_sub(first);
    let alphabet = |at: u32| char::from_u32(u32::from('a').wrapping_add(at.checked_rem(26).unwrap_or_default()));
    let found = match code {
        0xc0..=0x17f => usize::try_from(from(0xc0)).ok().and_then(|at| LATIN.get(at)).map(|byte| char::from(*byte)),
        0x1e00..=0x1ef9 => ADDITIONAL.iter().find(|(last, _)| from(0x1e00) <= *last).map(|(_, letter)| *letter),
        0x249c..=0x24b5 => alphabet(from(0x249c)),
        0x24b6..=0x24e9 => alphabet(from(0x24b6)),
        0x1f110..=0x1f129 => alphabet(from(0x1f110)),
        0x1f130..=0x1f149 => alphabet(from(0x1f130)),
        0x1f150..=0x1f169 => alphabet(from(0x1f150)),
        0x1f170..=0x1f189 => alphabet(from(0x1f170)),
        _ => None,
    };
    match found.filter(|found| *found != '?') {
        Some(found) if letter.is_uppercase() => found.to_ascii_uppercase(),
        Some(found) => found,
        None => letter,
    }
}

/// Marks that stand on the letter before them.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn folded(text: &str) -> String {
    text.chars().filter(|letter| !is_mark(*letter)).map(base).collect()
}

fn ask(words: &[String], is_label: bool) -> Option<&'static str> {
    let at = |index: Option<usize>| index.and_then(|index| words.get(index)).map_or("", String::as_str);
    let any = |list: &str| words.iter().any(|word| has(list, word));
    let is_alone = words.iter().filter(|word| !has(FILLING, word)).count() == 1;
    for (index, word) in words.iter().enumerate() {
        let (before, after) = (at(index.checked_sub(1)), at(index.checked_add(1)));
        // `OpenAI` and `GitHub` are two words each.
        let opens = has(OPENS, before) || has(OPENS, &[at(index.checked_sub(2)), before].concat());
        let near = |list: &str, reach: usize| {
            let from = index.saturating_sub(reach);
            let within = words.iter().skip(from).take(reach.saturating_mul(2).saturating_add(1));
            within.enumerate().any(|(place, other)| from.saturating_add(place) != index && has(list, other))
        };
        let word = word.as_str();
        let plain = word.trim_end_matches(|character: char| character.is_ascii_digit());
        let strong = strong(word);
        if strong.is_some() && !(matches!(word, "secret" | "secrets") && has(NOT_SECRET, after)) {
            return strong;
        }
        let found = match plain {
            "pass" if matches!(after, "word" | "words") => Some(PASSWORD),
            "pass" if after == "phrase" => Some(PASSWORD),
            "pass" if is_label && (is_alone || has(PASSES, before)) => Some(PASSWORD),
            "account" if before == "service" && matches!(after, "json" | "key") => Some(KEY),
            "key" | "keys" if opens => Some(KEY),
            "key" if is_label && is_alone && !has(HARMLESS_KEY, before) => Some(KEY),
            "token" | "tokens" if opens && !has(NOT_A_TOKEN, after) => Some(KEY),
            "token" if is_label && !has(NOT_A_TOKEN, after) && !has(COUNTED_TOKEN, before) => Some(KEY),
            "token" if before == "your" && !has(NOT_A_TOKEN, after) => Some(KEY),
            "url" | "uri" | "dsn" | "string" | "str" if has(STORES, before) => Some(KEY),
            "id" if is_label && before == "session" => Some(KEY),
            "bearer" | "authorization" | "auth" | "pem" | "pat" if is_label && is_alone => Some(KEY),
            "bearer" | "authorization" if is_label && matches!(after, "header" | "value") => Some(KEY),
            "pat" if opens => Some(KEY),
            "pem" if is_label && matches!(before, "key" | "private" | "rsa" | "ssh") => Some(KEY),
            "tan" | "puk" if is_label && is_alone => Some(CODE),
            "pan" if is_label && (is_alone || before == "card") => Some(CARD),
            "cc" if is_label && has(OF_A_CARD, after) => Some(CARD),
            "seed" | "seeds" if is_label && is_alone => Some(PHRASE),
            "cookie" | "cookies" if is_label && is_alone => Some(KEY),
            "cookie" | "cookies" if matches!(before, "session" | "auth" | "login") => Some(KEY),
            "pin" if any(OF_A_PLACE) => None,
            "pin" if is_label && !has(NOT_A_PIN, after) && !has(OTHER_PINS, before) => Some(CODE),
            "pin" if matches!(after, "code" | "number") => Some(CODE),
            "pin" if has("bank card digit enter security sim your", before) && !has(NOT_A_PIN, after) => Some(CODE),
            "code" | "codes" | "codigo" | "codice"
                if near("chiffres cifras cifre digitos stellige stelligen stelliger", 4) =>
            {
                Some(CODE)
            }
            "number" if has("authentication otp passcode verification", before) => Some(CODE),
            "code" | "codes" if has(KNOWN, before) || any(OF_A_THING) || (before == "pin" && any(OF_A_PLACE)) => None,
            "code" | "codes" if is_label && (is_alone || has(GIVEN, before)) => Some(CODE),
            "code" | "codes" if !is_label && near(GIVEN, 8) => Some(CODE),
            "digits" | "digit" | "number" | "figures"
                if !is_label && !has(NUMBERED, before) && near("authenticator emailed mailed sms texted", 8) =>
            {
                Some(CODE)
            }
            "digits" | "digit" if !is_label && near("inbox received sent", 8) => Some(CODE),
            "digits" | "figures"
                if !is_label
                    && near("displayed displays see show shown shows", 8)
                    && any("app authenticator device phone screen") =>
            {
                Some(CODE)
            }
            "digits" if near("back card front", 5) && !any("last") => Some(CARD),
            "card" | "cards" if has(OTHER_CARDS, before) || any("last") => None,
            "card" | "cards" if has(OF_A_CARD, after) => Some(CARD),
            "card" if is_label && matches!(before, "credit" | "debit" | "bank" | "payment") && !any(AROUND_A_CARD) => {
                Some(CARD)
            }
            "number" if matches!(before, "the" | "long") && near("card", 4) => Some(CARD),
            "phrase" if before == "word" && near("12 15 18 21 24 twelve", 3) => Some(PHRASE),
            "words" if matches!(before, "12" | "24" | "twelve") && near("wallet your", 3) => Some(PHRASE),
            "phrase" | "words" if matches!(before, "seed" | "recovery" | "secret" | "backup" | "wallet") => {
                Some(PHRASE)
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// A text's words in plain letters: `apiKey`, `API_KEY`, `p@ssw0rd` and `p a s s w o r d` are what they look like.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let letters = text.chars().take(MAX_CHARACTERS).filter(|letter| !is_invisible(*letter) && !is_mark(*letter));
    let letters: Vec<char> = letters.map(base).collect();
    for (index, &letter) in letters.iter().enumerate() {
        let after = letters.get(index.saturating_add(1)).copied().unwrap_or(' ');
        let within = before.is_alphabetic() && after.is_alphanumeric();
        let letter = match letter {
            '@' | '4' if within && after.is_alphabetic() => 'a',
            '$' | '5' if within && (after.is_alphabetic() || matches!(after, '$' | '5')) => 's',
            '0' if within && after.is_alphabetic() => 'o',
            '3' if within && after.is_alphabetic() => 'e',
            '1' if within && after.is_alphabetic() => 'i',
            other => other,
        };
        let starts =
            letter.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && after.is_lowercase()));
        if (!letter.is_alphanumeric() || starts) && !word.is_empty() {
            words.push(core::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            let mut buffer = [0; 4];
            word.push_str(&in_plain_letters(letter.encode_utf8(&mut buffer)));
        }
        before = letter;
    }
    if !word.is_empty() {
        words.push(word);
    }
    // A word that was taken apart letter by letter.
    let mut whole: Vec<String> = Vec::new();
    let mut run = String::new();
    let flush = |run: &mut String, whole: &mut Vec<String>| {
        if run.chars().count() >= 3 {
            whole.push(core::mem::take(run));
        } else {
            whole.extend(run.drain(..).map(String::from));
        }
    };
    for word in words {
        if word.chars().count() == 1 {
            run.push_str(&word);
        } else {
            flush(&mut run, &mut whole);
            whole.push(word.to_lowercase());
        }
    }
    flush(&mut run, &mut whole);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        let lists = [
            OPENS,
            HARMLESS_KEY,
            PASSES,
            SIX_DIGITS,
            NOT_A_TOKEN,
            COUNTED_TOKEN,
            GIVEN,
            KNOWN,
            OF_A_THING,
            STORES,
            SECRET_FILES,
            GIVES_CONTENT,
            ABOUT,
            ABOUT_AT_THE_END,
            OF_A_PLACE,
            NOT_A_PIN,
            OTHER_PINS,
            OTHER_CARDS,
            OF_A_CARD,
            AROUND_A_CARD,
            NOT_SECRET,
            NUMBERED,
            FILLING,
        ];
        for list in lists {
            assert!(list.split(' ').is_sorted_by(|one, other| one < other), "{list}");
        }
    }

    #[test]
    fn labels_of_secrets() {
        for text in [
            "password",
            "Password",
            "newPassword",
            "user_password",
            "PASSWORD2",
            "p@ssw0rd",
            "p a s s w o r d",
            "pаssword",
            "pass\u{200b}word",
            "Pass word",
            "passphrase",
            "pwd",
            "Passwort",
            "Contraseña",
            "Mot de passe",
            "senha",
            "пароль",
            "密码",
            "パスワード",
            "비밀번호",
            "apiKey",
            "API key",
            "api-key",
            "x-api-key",
            "APIKey",
            "openai_key",
            "Private key",
            "SSH key",
            "key",
            "Your key",
            "token",
            "accessToken",
            "bearer_token",
            "GitHub token",
            "session cookie",
            "clientSecret",
            "secret",
            "otp",
            "OTP code",
            "2FA",
            "mfaCode",
            "TOTP",
            "code",
            "Code",
            "Enter the code",
            "verification_code",
            "emailCode",
            "SMS code",
            "one-time code",
            "6-digit code",
            "security code",
            "PIN",
            "pin code",
            "cvc",
            "CVV2",
            "card number",
            "cardNumber",
            "Credit card",
            "Card no.",
            "Kartennummer",
            "seed phrase",
            "recovery phrase",
            "mnemonic",
            "Secret words",
            "Sicherheitscode",
            "код подтверждения",
            "验证码",
            "pa\u{301}ssword",
            "passwörd",
            "pạsswọrd",
            "Ⓟassword",
            "🅟assword",
            "pw",
            "wifi_pw",
            "pswd",
            "Parola",
            "पासवर्ड",
            "bearer",
            "Authorization",
            "authorization_header",
            "github_pat",
            "session_id",
            "PHPSESSID",
            "database_url",
            "DATABASE_URL",
            "db_dsn",
            "connection_string",
            "conn_str",
            "pem",
            "keystore",
            "TAN",
            "mTAN",
            "tan",
            "cookie",
            "PUK",
            "PAN",
            "ccnum",
            "cc_number",
            "seed",
            "12-word phrase",
            "16 digits on the front",
            "pass",
            "user_pass",
            "license_key",
            "service_account_json",
            "GitHub PAT",
            "Your OpenAI key",
            "Verification number",
        ] {
            assert!(label(text).is_some(), "{text}");
        }
    }

    #[test]
    fn labels_of_anything_else() {
        for text in [
            "amount",
            "Which amount?",
            "country code",
            "Country_Code",
            "postalCode",
            "ZIP code",
            "area code",
            "promo code",
            "discountCode",
            "currency code",
            "product code",
            "keyboard",
            "Keyboard layout",
            "primary key",
            "foreign_key",
            "publicKey",
            "sort key",
            "key date",
            "Keynote",
            "keywords",
            "monkey",
            "token count",
            "max_tokens",
            "tokens",
            "token symbol",
            "pin location",
            "Pinned",
            "map pin",
            "Shipping PIN code (address)",
            "booking confirmation code",
            "card holder",
            "Credit card type",
            "last four digits of the card",
            "business card",
            "postcard",
            "passenger",
            "passport",
            "boarding pass",
            "pass rate",
            "compass",
            "bypass",
            "secretary",
            "Secret Santa budget",
            "encoded",
            "decode",
            "barcode",
            "dress code",
            "username",
            "email",
            "phone number",
            "reason",
            "name",
            "colour",
            "hotel",
            "code review needed",
            "error code",
            "room code",
            "loyalty card number",
            "color code",
            "order number",
            "optional",
            "cvs",
            "token id",
            "Secret name",
            "secret_name",
            "token_name",
            "API key name",
            "API key name (optional)",
            "secret key name",
            "Password policy",
            "password_length",
            "otp_template",
            "Session title",
            "website url",
            "auth method",
            "Sun tan lotion",
            "Pat Smith's role",
            "cc",
            "Größe",
            "naïve",
            "seed round amount",
        ] {
            assert_eq!(label(text), None, "{text}");
        }
    }

    #[test]
    fn prose_that_asks_for_secrets() {
        for text in [
            "Please enter your password to go on.",
            "Type the 6-digit code we emailed you.",
            "Enter the code from your authenticator app",
            "We sent a code to your phone. Which is it?",
            "Paste your API key here",
            "Please give your access token.",
            "What are the digits in the SMS?",
            "The number we just texted you",
            "Enter your PIN",
            "Card number, please",
            "What is the long number on your card?",
            "Your recovery phrase, twelve words",
            "Bitte geben Sie Ihr Passwort ein",
            "Introduzca su contraseña",
            "Entrez votre mot de passe",
            "Введите пароль",
            "请输入验证码",
            "one time password",
            "Please enter your p.a.s.s.w.o.r.d",
            "Introduzca su contrasen\u{303}a",
            "The 16 digits on the front",
            "Your 12-word phrase",
            "Paste ~/.ssh/id_rsa",
            "Paste your .env",
            "The contents of your .env.local",
            "Geben Sie die TAN ein",
            "Enter your password type it twice",
            "The name of your pet and your password",
            "Mother's maiden name",
            "Paste the connection string",
            "Your OpenAI key (starts with sk-)",
            "Which six digits does your phone show?",
            "Bitte gib den 6-stelligen Code ein",
            "Digits you received by text",
            "Verification number",
            "Le code à 6 chiffres",
        ] {
            assert!(prose(text).is_some(), "{text}");
        }
    }

    #[test]
    fn patterns() {
        for (text, label) in
            [("^sk-[a-z]+$", "value"), ("^[0-9]{6}$", "answer"), (r"^\d{6}$", "confirm"), ("^ghp_", "x")]
        {
            assert!(pattern(text, [label, ""]), "{text}");
        }
        for (text, label) in [
            ("^[0-9]{6}$", "postalCode"),
            (r"^\d{6}$", "order_id"),
            (r"^\d{4}$", "year"),
            ("^[a-z]+-sk-", "slug"),
            ("^desk-[0-9]+$", "desk"),
        ] {
            assert!(!pattern(text, [label, ""]), "{text}");
        }
    }

    #[test]
    fn codes_and_keys_that_are_named() {
        for text in ["Which promo code?", "The country code of the number", "The map key to set"] {
            assert!(names_harmless(text), "{text}");
        }
        for text in
            ["We sent a code to your phone", "Enter the code", "The key, please", "The promo code or your password"]
        {
            assert!(!names_harmless(text), "{text}");
        }
    }

    #[test]
    fn prose_about_anything_else() {
        for text in [
            "Which amount?",
            "Which amount shall be charged to the credit card?",
            "What is the country code of the number?",
            "Enter the promo code we emailed you",
            "Which key should the song be in?",
            "How many tokens may the model use?",
            "Pin the message to the channel?",
            "Where shall the pin be on the map?",
            "Choose a keyboard",
            "Which invoice number did we email? The invoice number we emailed you.",
            "The postal code of the delivery address",
            "Last four digits of the card",
            "A passenger's name as in the passport",
            "How many guests?",
            "The product code on the email",
            "Which password policy applies?",
            "Which .env file shall be read?",
            "A summary in 12 words",
            "A three-word phrase for the mood",
            "Which provider name?",
            "Name of the secret to rotate",
            "Last four digits on the front of the card",
            "Send it to staging.env.example.com",
            "A language such as sk-SK",
            "Which task-list?",
        ] {
            assert_eq!(prose(text), None, "{text}");
        }
    }
}
