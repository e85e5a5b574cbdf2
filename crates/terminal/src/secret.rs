//! Whether what is typed now is a secret (T31), judged from the terminal's settings and the line the cursor is on.
//!
//! Echo off in canonical mode is how every password prompt of a shell command looks. Programs that draw their own
//! stars switch to raw mode, as every full-screen program does, so there the prompt's words decide. A wrong "yes"
//! costs the record of a line; a wrong "no" writes a password down.

/// Characters before the cursor that are looked at; a prompt is short, and a long line is text.
const MAX_PROMPT: usize = 200;

/// What is known of the terminal while somebody types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Typing<'a> {
    /// ECHO: the kernel shows what is typed.
    pub echo: bool,
    /// ICANON: the kernel edits lines.
    pub canonical: bool,
    /// Whether the alternate screen is shown.
    pub alternate: bool,
    /// The text of the cursor's line up to the cursor.
    pub line: &'a str,
}

/// Words after which a secret is typed, in lower case.
const WORDS: &[&str] = &[
    "password",
    "passphrase",
    "passcode",
    "pass phrase",
    "passwd",
    "pin",
    "pin code",
    "verification code",
    "authentication code",
    "security code",
    "one-time code",
    "one-time password",
    "otp",
    "2fa code",
    "mfa code",
    "api key",
    "access token",
    "secret",
    "secret key",
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
    "palavra-passe",
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

/// Signs of a shell or of a program's input box before the words: then they are what somebody types.
const INPUT_SIGNS: [&str; 6] = ["$ ", "# ", "% ", "> ", "❯ ", "› "];

/// Whether what is typed now must not be written down.
pub fn is_secret(typing: Typing<'_>) -> bool {
    match (typing.echo, typing.canonical) {
        (true, _) => false,
        (false, true) => true,
        (false, false) => !typing.alternate && is_prompt(typing.line),
    }
}

/// Whether a line ends in a prompt for a secret, perhaps with stars behind it.
fn is_prompt(line: &str) -> bool {
    let line = line.trim_end_matches(|c: char| c.is_whitespace() || "*•●·".contains(c));
    if line.chars().count() > MAX_PROMPT {
        return false;
    }
    let line = line.to_lowercase();
    let asks = line.strip_suffix([':', '：', '?', '？', '>']);
    if line.starts_with("[sudo]") {
        return asks.is_some();
    }
    match (asks, last_word(&line)) {
        (_, None) => false,
        // With a colon the word may stand anywhere before it: "Password for bob:".
        (Some(_), Some((before, _))) => !is_input(before),
        (None, Some((before, after))) => after.trim().is_empty() && !is_input(before),
    }
}

/// What stands before and after the last of the words.
fn last_word(line: &str) -> Option<(&str, &str)> {
    let found = WORDS.iter().filter_map(|word| {
        let at = line.rfind(word)?;
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let inside = |c: Option<char>| word.is_ascii() && c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        (!inside(before.chars().next_back()) && !inside(after.chars().next())).then_some((before, after))
    });
    found.max_by_key(|(before, _)| before.len())
}

fn is_input(before: &str) -> bool {
    INPUT_SIGNS.iter().any(|sign| before.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(line: &str) -> Typing<'_> {
        Typing { echo: false, canonical: false, alternate: false, line }
    }

    #[test]
    fn the_kernels_settings_decide_first() {
        assert!(is_secret(Typing { canonical: true, ..raw("") }));
        assert!(is_secret(Typing { canonical: true, alternate: true, ..raw("anything") }));
        assert!(!is_secret(Typing { echo: true, canonical: true, ..raw("Password: ") }));
        assert!(!is_secret(Typing { echo: true, ..raw("Password: ") }));
        assert!(!is_secret(Typing { alternate: true, ..raw("Password: ") }));
    }

    #[test]
    fn prompts_in_raw_mode() {
        for line in [
            "Password: ",
            "password:",
            "Password for bob@host:",
            "bob@host's password: ",
            "Enter passphrase for key '/a/b': ",
            "Enter passphrase (empty for no passphrase): ",
            "[sudo] password for bob: ",
            "[sudo] Mot de passe de bob : ",
            "[sudo] heslo pro bob:",
            "? Enter your PIN: ",
            "Verification code: ",
            "Password: ****",
            "Enter OTP ",
            "API key: ••••",
            "Passwort: ",
            "Contraseña:",
            "Пароль: ",
            "密码：",
            "パスワード:",
            "비밀번호:",
            "Vault password",
            "New secret key? ",
        ] {
            assert!(is_secret(raw(line)), "{line}");
        }
    }

    #[test]
    fn other_lines_in_raw_mode() {
        for line in [
            "",
            "$ ",
            "user@host:~$ grep password: ",
            "> set the password",
            "❯ echo password:",
            "Shipping: ",
            "spinning",
            "Password changed for bob",
            "Username: ",
            "Continue? ",
            "my_password = 3",
            "the password is wrong, try again",
        ] {
            assert!(!is_secret(raw(line)), "{line}");
        }
        assert!(!is_secret(raw(&format!("{} password:", "x ".repeat(200)))));
    }
}
