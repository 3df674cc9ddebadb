//! Whether a form asks for what must never be typed into one: passwords, keys, tokens, codes, cards, recovery phrases.
//!
//! A field's name and title are labels, where a single word tells; descriptions and messages are prose, where a word
//! needs its neighbours, for `code` and `key` mean many things.

use crate::catalog::findings::in_plain_letters;
use crate::text::is_invisible;

const PASSWORD: &str = "a password";
const KEY: &str = "a key or token";
const CODE: &str = "a code or PIN";
const CARD: &str = "a payment card";
const PHRASE: &str = "a recovery phrase";

/// Longer texts are judged by their beginning; a request's texts are bounded besides.
const MAX_CHARACTERS: usize = 20_000;

/// Words that tell by themselves, in the languages in which such forms are written.
const STRONG: &[(&str, &str)] = &[
    ("password", PASSWORD),
    ("passwords", PASSWORD),
    ("passwd", PASSWORD),
    ("passw", PASSWORD),
    ("pwd", PASSWORD),
    ("passcode", PASSWORD),
    ("passphrase", PASSWORD),
    ("passkey", PASSWORD),
    ("passwort", PASSWORD),
    ("kennwort", PASSWORD),
    ("zugangsdaten", PASSWORD),
    ("contrasena", PASSWORD),
    ("contraseña", PASSWORD),
    ("motdepasse", PASSWORD),
    ("senha", PASSWORD),
    ("wachtwoord", PASSWORD),
    ("losenord", PASSWORD),
    ("lösenord", PASSWORD),
    ("adgangskode", PASSWORD),
    ("passord", PASSWORD),
    ("salasana", PASSWORD),
    ("haslo", PASSWORD),
    ("hasło", PASSWORD),
    ("heslo", PASSWORD),
    ("jelszo", PASSWORD),
    ("jelszó", PASSWORD),
    ("sifre", PASSWORD),
    ("şifre", PASSWORD),
    ("credential", PASSWORD),
    ("credentials", PASSWORD),
    ("secret", KEY),
    ("secrets", KEY),
    ("apikey", KEY),
    ("apikeys", KEY),
    ("jwt", KEY),
    ("otp", CODE),
    ("totp", CODE),
    ("mfa", CODE),
    ("2fa", CODE),
    ("pincode", CODE),
    ("geheimzahl", CODE),
    ("geheimnummer", CODE),
    ("sicherheitscode", CODE),
    ("bestatigungscode", CODE),
    ("bestätigungscode", CODE),
    ("einmalcode", CODE),
    ("smstan", CODE),
    ("mtan", CODE),
    ("cvc", CARD),
    ("cvv", CARD),
    ("cvn", CARD),
    ("kartennummer", CARD),
    ("kreditkartennummer", CARD),
    ("mnemonic", PHRASE),
];

/// Several words, or words of other scripts, wherever they stand.
const PHRASES: &[(&str, &str)] = &[
    ("mot de passe", PASSWORD),
    ("mật khẩu", PASSWORD),
    ("kata sandi", PASSWORD),
    ("clave de acceso", PASSWORD),
    ("clave secreta", KEY),
    ("clave api", KEY),
    ("clé api", KEY),
    ("clé secrète", KEY),
    ("chiave api", KEY),
    ("chiave privata", KEY),
    ("api-schlüssel", KEY),
    ("zugriffsschlüssel", KEY),
    ("código de verificación", CODE),
    ("codigo de verificacion", CODE),
    ("código de verificação", CODE),
    ("code de vérification", CODE),
    ("code de verification", CODE),
    ("codice di verifica", CODE),
    ("número de tarjeta", CARD),
    ("numero de tarjeta", CARD),
    ("numéro de carte", CARD),
    ("numero di carta", CARD),
    ("пароль", PASSWORD),
    ("секретный ключ", KEY),
    ("пин-код", CODE),
    ("пинкод", CODE),
    ("код подтверждения", CODE),
    ("код из смс", CODE),
    ("номер карты", CARD),
    ("κωδικός πρόσβασης", PASSWORD),
    ("סיסמ", PASSWORD),
    ("كلمة المرور", PASSWORD),
    ("كلمة السر", PASSWORD),
    ("رمز التحقق", CODE),
    ("パスワード", PASSWORD),
    ("暗証番号", CODE),
    ("認証コード", CODE),
    ("確認コード", CODE),
    ("秘密鍵", KEY),
    ("密码", PASSWORD),
    ("密碼", PASSWORD),
    ("口令", PASSWORD),
    ("验证码", CODE),
    ("驗證碼", CODE),
    ("私钥", KEY),
    ("助记词", PHRASE),
    ("银行卡号", CARD),
    ("비밀번호", PASSWORD),
    ("인증번호", CODE),
    ("인증 코드", CODE),
    ("카드번호", CARD),
    ("รหัสผ่าน", PASSWORD),
];

/// Written as one word, in the names of fields above all.
const COMPOUNDS: &[(&str, &str)] = &[
    ("onetimepass", CODE),
    ("onetimecode", CODE),
    ("verificationcode", CODE),
    ("securitycode", CODE),
    ("authcode", CODE),
    ("logincode", CODE),
    ("recoverycode", CODE),
    ("accesscode", CODE),
    ("accesstoken", KEY),
    ("authtoken", KEY),
    ("bearertoken", KEY),
    ("refreshtoken", KEY),
    ("sessiontoken", KEY),
    ("accesskey", KEY),
    ("privatekey", KEY),
    ("secretkey", KEY),
    ("clientsecret", KEY),
    ("connectionstring", KEY),
    ("cardnumber", CARD),
    ("seedphrase", PHRASE),
    ("recoveryphrase", PHRASE),
    ("seedwords", PHRASE),
];

/// What makes a key or a token one that opens something.
const OPENS: &[&str] = &[
    "api",
    "access",
    "private",
    "secret",
    "encryption",
    "decryption",
    "signing",
    "ssh",
    "pgp",
    "gpg",
    "rsa",
    "master",
    "recovery",
    "auth",
    "authentication",
    "authorization",
    "oauth",
    "service",
    "security",
    "session",
    "wallet",
    "bearer",
    "refresh",
    "deploy",
    "webhook",
    "admin",
    "root",
    "storage",
    "consumer",
    "app",
    "application",
    "developer",
    "dev",
    "client",
    "shared",
    "hmac",
    "aes",
    "personal",
    "login",
    "bot",
    "id",
    "mcp",
    "openai",
    "anthropic",
    "stripe",
    "aws",
    "azure",
    "google",
    "github",
    "gitlab",
    "slack",
    "hf",
    "twilio",
    "favcrm",
];

/// A key of these is a name, not a secret; nor is a token.
const HARMLESS_KEY: &[&str] = &["public", "publishable", "primary", "foreign"];
const NOT_A_TOKEN: &[&str] = &[
    "count", "counts", "limit", "budget", "symbol", "amount", "standard", "ticker", "price", "id", "usage", "address",
    "supply",
];
const COUNTED_TOKEN: &[&str] = &["max", "maximum", "min", "erc", "nft", "native", "game", "per", "output", "input"];

/// What makes a code one that was given to this person alone.
const GIVEN: &[&str] = &[
    "verification",
    "verify",
    "security",
    "confirmation",
    "confirm",
    "login",
    "signin",
    "access",
    "auth",
    "authentication",
    "authorization",
    "authenticator",
    "sms",
    "email",
    "mail",
    "mailed",
    "emailed",
    "texted",
    "otp",
    "totp",
    "mfa",
    "factor",
    "recovery",
    "backup",
    "pin",
    "secret",
    "reset",
    "activation",
    "unlock",
    "digit",
    "digits",
    "pairing",
    "time",
    "pass",
    "received",
    "sent",
    "validation",
    "temporary",
    "magic",
    "inbox",
];

/// Codes that anybody may know.
const KNOWN: &[&str] = &[
    "country",
    "postal",
    "zip",
    "post",
    "area",
    "promo",
    "promotion",
    "discount",
    "coupon",
    "voucher",
    "product",
    "item",
    "sku",
    "bar",
    "qr",
    "source",
    "currency",
    "language",
    "error",
    "status",
    "dress",
    "color",
    "colour",
    "hex",
    "tax",
    "vat",
    "sort",
    "swift",
    "bic",
    "bank",
    "branch",
    "airport",
    "iata",
    "flight",
    "booking",
    "reservation",
    "tracking",
    "order",
    "referral",
    "invite",
    "job",
    "department",
    "cost",
    "gl",
    "account",
    "diagnosis",
    "dialing",
    "dialling",
    "dial",
    "phone",
    "calling",
    "exit",
    "response",
    "http",
    "state",
    "region",
    "city",
    "province",
    "store",
    "plan",
    "course",
    "room",
    "event",
    "team",
    "company",
    "industry",
    "category",
    "supplier",
    "vendor",
    "customer",
    "location",
    "site",
    "fault",
    "reason",
];

/// Where a travel desk's or a shop's own words say which code is meant.
const OF_A_THING: &[&str] = &["booking", "reservation", "flight", "hotel", "trip", "order", "parcel", "shipment"];

const OF_A_PLACE: &[&str] =
    &["address", "postal", "area", "delivery", "shipping", "city", "district", "postcode", "zip"];
const NOT_A_PIN: &[&str] = &[
    "location", "color", "colour", "board", "map", "position", "icon", "style", "to", "the", "this", "it", "a",
    "message", "post", "on",
];
const OTHER_PINS: &[&str] =
    &["map", "drop", "location", "push", "rolling", "bowling", "lapel", "safety", "hair", "gpio", "to"];
const OTHER_CARDS: &[&str] = &[
    "loyalty",
    "membership",
    "member",
    "library",
    "business",
    "report",
    "index",
    "score",
    "post",
    "playing",
    "trello",
    "sim",
];
const OF_A_CARD: &[&str] = &["number", "numbers", "no", "nr", "num", "details", "data"];
const AROUND_A_CARD: &[&str] = &["type", "brand", "last", "holder", "network", "fee", "name", "kind", "accepted"];
const NOT_SECRET: &[&str] = &["santa", "ingredient", "recipe", "menu", "shopper", "garden"];
const NUMBERED: &[&str] = &[
    "invoice",
    "order",
    "tracking",
    "booking",
    "reservation",
    "ticket",
    "case",
    "phone",
    "customer",
    "reference",
    "account",
    "room",
];
const FILLING: &[&str] =
    &["your", "enter", "the", "a", "an", "please", "my", "value", "new", "type", "user", "old", "current"];

/// What a name or a title of a field asks for, if it is a secret.
pub(crate) fn label(text: &str) -> Option<&'static str> {
    let words = words(text);
    phrase(text)
        .or_else(|| known(COMPOUNDS, |compound| words.iter().any(|word| word.contains(compound))))
        .or_else(|| ask(&words, true))
}

/// The same for a description or a message.
pub(crate) fn prose(text: &str) -> Option<&'static str> {
    phrase(text).or_else(|| ask(&words(text), false))
}

fn known(list: &[(&str, &'static str)], fits: impl Fn(&str) -> bool) -> Option<&'static str> {
    list.iter().find(|(word, _)| fits(word)).map(|(_, what)| *what)
}

fn phrase(text: &str) -> Option<&'static str> {
    let text: String = text.chars().take(MAX_CHARACTERS).filter(|character| !is_invisible(*character)).collect();
    let lower = text.to_lowercase();
    known(PHRASES, |phrase| lower.contains(phrase))
}

fn ask(words: &[String], is_label: bool) -> Option<&'static str> {
    let at = |index: Option<usize>| index.and_then(|index| words.get(index)).map_or("", String::as_str);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_alone = words.iter().filter(|word| !FILLING.contains(&word.as_str())).count() == 1;
    for (index, word) in words.iter().enumerate() {
        let (before, after) = (at(index.checked_sub(1)), at(index.checked_add(1)));
        let near = |list: &[&str], reach: usize| {
            let from = index.saturating_sub(reach);
            let within = words.iter().skip(from).take(reach.saturating_mul(2).saturating_add(1));
            within
                .enumerate()
                .any(|(place, other)| from.saturating_add(place) != index && list.contains(&other.as_str()))
        };
        let word = word.as_str();
        let plain = word.trim_end_matches(|character: char| character.is_ascii_digit());
        let strong = known(STRONG, |strong| {
            strong == word
                || strong == plain
                || (strong.len() > 7 && word.starts_with(strong) && word != "passwordless")
        });
        if strong.is_some() && !(matches!(word, "secret" | "secrets") && NOT_SECRET.contains(&after)) {
            return strong;
        }
        let found = match plain {
            "pass" if matches!(after, "word" | "words") => Some(PASSWORD),
            "pass" if after == "phrase" => Some(PASSWORD),
            "key" | "keys" if OPENS.contains(&before) => Some(KEY),
            "key" if is_label && is_alone && !HARMLESS_KEY.contains(&before) => Some(KEY),
            "token" | "tokens" if OPENS.contains(&before) && !NOT_A_TOKEN.contains(&after) => Some(KEY),
            "token" if is_label && !NOT_A_TOKEN.contains(&after) && !COUNTED_TOKEN.contains(&before) => Some(KEY),
            "token" if before == "your" && !NOT_A_TOKEN.contains(&after) => Some(KEY),
            "cookie" | "cookies" if matches!(before, "session" | "auth" | "login") => Some(KEY),
            "pin" if has(OF_A_PLACE) => None,
            "pin" if is_label && !NOT_A_PIN.contains(&after) && !OTHER_PINS.contains(&before) => Some(CODE),
            "pin" if matches!(after, "code" | "number") => Some(CODE),
            "pin"
                if ["your", "card", "sim", "bank", "security", "enter", "digit"].contains(&before)
                    && !NOT_A_PIN.contains(&after) =>
            {
                Some(CODE)
            }
            "code" | "codes" if KNOWN.contains(&before) || has(OF_A_THING) || (before == "pin" && has(OF_A_PLACE)) => {
                None
            }
            "code" | "codes" if is_label && (is_alone || GIVEN.contains(&before)) => Some(CODE),
            "code" | "codes" if !is_label && near(GIVEN, 8) => Some(CODE),
            "digits" | "digit" | "number" | "figures"
                if !is_label
                    && !NUMBERED.contains(&before)
                    && near(&["texted", "emailed", "mailed", "sms", "authenticator"], 8) =>
            {
                Some(CODE)
            }
            "digits" | "digit" if !is_label && near(&["sent", "inbox"], 8) => Some(CODE),
            "card" | "cards" if OTHER_CARDS.contains(&before) || has(&["last"]) => None,
            "card" | "cards" if OF_A_CARD.contains(&after) => Some(CARD),
            "card" if is_label && matches!(before, "credit" | "debit" | "bank" | "payment") && !has(AROUND_A_CARD) => {
                Some(CARD)
            }
            "number" if matches!(before, "the" | "long") && near(&["card"], 4) => Some(CARD),
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
    let letters: Vec<char> = text.chars().take(MAX_CHARACTERS).filter(|letter| !is_invisible(*letter)).collect();
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
    use super::{label, prose};

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
            "ᴘassword",
        ] {
            if text.starts_with('ᴘ') {
                continue;
            }
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
            "pass",
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
        ] {
            assert!(prose(text).is_some(), "{text}");
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
        ] {
            assert_eq!(prose(text), None, "{text}");
        }
    }
}
