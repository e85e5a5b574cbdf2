//! The words of a prompt: whether a line asks for a secret. A pure function of text; where on the screen the text
//! stands is judged elsewhere.

/// Characters of a line that are looked at; a prompt is short even where it is wrapped, and a longer line is text.
pub(super) const MAX_PROMPT_CHARS: usize = 400;

/// What programs show in place of what is typed, the slots that wait for it, and drawn cursors.
const MASKS: &str = "*•●·▪■∙◦○∗＊✱⁎_█▌▏▎▋▊▉";

/// Words after which a secret is typed, in lower case. A hyphen or underscore in the prompt counts as a space.
const WORDS: &[&str] = &[
    "password",
    "passphrase",
    "passcode",
    "pass phrase",
    "passwd",
    "passkey",
    "pin",
    "pin code",
    "verification code",
    "authentication code",
    "authenticator code",
    "authorization code",
    "auth code",
    "security code",
    "access code",
    "login code",
    "recovery code",
    "backup code",
    "one time code",
    "one time password",
    "one time passcode",
    "6 digit code",
    "six digit code",
    "paste code here",
    "otp",
    "totp",
    "2fa code",
    "mfa code",
    "two factor code",
    "cvv",
    "api key",
    "apikey",
    "access key",
    "private key",
    "token",
    "secret",
    "credential",
    "credentials",
    "seed phrase",
    "recovery phrase",
    // German, Dutch, Swedish, Danish, Norwegian, Finnish
    "passwort",
    "kennwort",
    "wachtwoord",
    "lösenord",
    "adgangskode",
    "passord",
    "salasana",
    // French, Spanish, Portuguese, Italian, Romanian
    "mot de passe",
    "phrase de passe",
    "contraseña",
    "clave",
    "senha",
    "palavra passe",
    "parola d'ordine",
    "parola",
    // Polish, Czech, Hungarian, Turkish, Russian, Ukrainian, Greek
    "hasło",
    "heslo",
    "jelszó",
    "şifre",
    "пароль",
    "κωδικός",
    // Chinese, Japanese, Korean
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "暗証番号",
    "비밀번호",
    "암호",
];

/// Words in a remark by which a prompt says itself that nothing will be shown.
const HIDES: &[&str] =
    &["echo", "hidden", "not be shown", "not shown", "not be displayed", "invisible", "masked"];

/// Signs of a shell or of a program's input box before the words: then they are what somebody types.
const INPUT_SIGNS: [&str; 6] = ["$ ", "# ", "% ", "> ", "❯ ", "› "];

/// What a line that asks may end in. `>` and what looks like it also end a shell's prompt: see [`is_path_before`].
const ASKS: [char; 9] = [':', '：', '?', '？', '>', '❯', '›', '»', '…'];

/// Whether a line ends in a prompt for a secret, perhaps with remarks and stars behind it.
pub(super) fn is_prompt(line: &str) -> bool {
    let Some(Ending { words, asks, hides }) = Ending::of(line) else { return false };
    if is_sudo(&words) {
        return asks;
    }
    match last_word(&words) {
        // With a colon the word may stand anywhere before it: "Password for bob:".
        Some((before, after)) => (asks || after.trim().is_empty()) && !is_input(before),
        None => hides && !is_input(&words),
    }
}

/// Whether it does so, and ends in a sign that asks.
pub(super) fn is_question(line: &str) -> bool {
    Ending::of(line).is_some_and(|ending| ending.asks) && is_prompt(line)
}

/// Whether a text that stands where only a label can, in a dialog or its border, names a secret.
pub(super) fn names_secret(text: &str) -> bool {
    last_word(&normal(text)).is_some() || is_prompt(text)
}

/// Whether it is a prompt that hardly stands in a text: those of `sudo` and `ssh`, whole.
pub(super) fn is_known(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let of_ssh = line.strip_suffix("'s password:").is_some_and(|who| who.contains('@') && !who.contains(' '));
    let of_key = line.starts_with("enter passphrase for key '") && line.ends_with("':");
    of_ssh || of_key || (is_sudo(&line) && line.ends_with(':'))
}

/// The sign that begins an input box, and what stands behind it.
pub(super) fn after_sign(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let rest = text.strip_prefix(['>', '❯', '›', '»'])?;
    (rest.is_empty() || rest.starts_with([' ', '\u{a0}'])).then(|| rest.trim_start())
}

/// Whether a line's end is where a shell waits for a command.
pub(super) fn ends_in_shell_sign(line: &str) -> bool {
    line.trim_end().ends_with(['$', '#', '%', '>', '❯', '›', '»'])
}

pub(super) fn without_masks(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() || MASKS.contains(c))
}

pub(super) fn is_mask(c: char) -> bool {
    MASKS.contains(c)
}

/// A line without what may stand behind a prompt's words.
struct Ending {
    words: String,
    /// It ends in a sign that asks.
    asks: bool,
    /// A remark says that nothing is shown.
    hides: bool,
}

impl Ending {
    /// Takes stars, remarks in brackets and signs off the end, in whichever order they come.
    fn of(line: &str) -> Option<Self> {
        let (mut rest, mut asks, mut hides) = (without_masks(line), false, false);
        if rest.chars().count() > MAX_PROMPT_CHARS {
            return None;
        }
        loop {
            if let Some(before) = rest.strip_suffix(ASKS).filter(|before| !is_path_before(rest, before)) {
                (rest, asks) = (without_masks(before), true);
            } else if let Some((before, remark)) = split_remark(rest) {
                let remark = remark.to_lowercase();
                hides |= HIDES.iter().any(|word| remark.contains(word));
                rest = without_masks(before);
            } else {
                return Some(Self { words: normal(rest), asks, hides });
            }
        }
    }
}

/// Whether an angle ends a shell's prompt rather than a question: `bob@host ~/password> `.
fn is_path_before(line: &str, before: &str) -> bool {
    !line.ends_with([':', '：', '?', '？', '…']) && before.contains(['/', '~', '@', '\\'])
}

/// A remark in brackets at the end of a line.
fn split_remark(line: &str) -> Option<(&str, &str)> {
    let open = match line.chars().next_back()? {
        ')' => '(',
        '）' => '（',
        ']' => '[',
        _ => return None,
    };
    let at = line.rfind(open)?;
    // "[sudo] password" is no remark, and a line that is all remark has nothing it remarks on.
    (at > 0).then(|| line.split_at(at))
}

fn normal(text: &str) -> String {
    text.to_lowercase().replace(['-', '_', '\u{a0}'], " ")
}

fn is_sudo(words: &str) -> bool {
    words.trim_start().starts_with("[sudo")
}

/// What stands before and after the last of the words.
fn last_word(line: &str) -> Option<(&str, &str)> {
    let found = WORDS.iter().filter_map(|word| {
        let at = line.rfind(word)?;
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let inside = |c: Option<char>| word.is_ascii() && c.is_some_and(char::is_alphanumeric);
        (!inside(before.chars().next_back()) && !inside(after.chars().next())).then_some((before, after))
    });
    found.max_by_key(|(before, _)| before.len())
}

fn is_input(before: &str) -> bool {
    INPUT_SIGNS.iter().any(|sign| before.contains(sign))
}
