//! What is a secret: lines, whole screens, and keys.
//!
//! The screens stand in `tests/prompts/`: `secret.txt` and `open.txt`. A case begins with `== what it is`, in braces
//! behind it what the screen is like (`alternate`, `pastes` for bracketed paste, `cols N`), then come its rows. ▮ is the cursor,
//! ▯ one that is hidden; both stand on a blank cell.

use super::*;
use crate::Screen;
use protocol::Size;

const RAW: InputMode = InputMode { echo: false, canonical: false };

/// Screens on which a secret is typed, and screens on which something else is.
const SECRET: &str = include_str!("../../tests/prompts/secret.txt");
const OPEN: &str = include_str!("../../tests/prompts/open.txt");

struct Case<'a> {
    what: &'a str,
    screen: Screen,
}

fn cases(file: &str) -> impl Iterator<Item = Case<'_>> {
    file.split("\n== ").skip(1).map(|case| {
        let (head, rows) = case.split_once('\n').expect("a case has rows");
        let (what, like) = head.split_once(" {").unwrap_or((head, ""));
        let like: Vec<&str> = like.trim_end_matches('}').split(", ").collect();
        let cols =
            like.iter().find_map(|word| word.strip_prefix("cols ")).map_or(80, |cols| cols.parse().unwrap());
        Case { what, screen: painted(rows.trim_end_matches('\n'), cols, &like) }
    })
}

fn painted(rows: &str, cols: u16, like: &[&str]) -> Screen {
    let mut screen = Screen::new(Size::new(cols, 24).expect("a size that can be"), 0);
    if like.contains(&"alternate") {
        screen.feed(b"\x1b[?1049h");
    }
    if like.contains(&"pastes") {
        screen.feed(b"\x1b[?2004h");
    }
    let (before, after) = rows.split_once(['▮', '▯']).expect("a case has a cursor");
    screen.feed(before.replace('\n', "\r\n").as_bytes());
    if !after.is_empty() {
        screen.feed(format!("\x1b7 {}\x1b8", after.replace('\n', "\r\n")).as_bytes());
    }
    if rows.contains('▯') {
        screen.feed(b"\x1b[?25l");
    }
    screen
}

#[test]
fn screens_that_ask_for_a_secret() {
    let wrong: Vec<&str> = cases(SECRET).filter(|case| !asks(&case.screen)).map(|case| case.what).collect();
    assert!(wrong.is_empty(), "written down: {wrong:#?}");
    assert!(cases(SECRET).count() > 20, "the file is read");
}

#[test]
fn screens_that_ask_for_none() {
    let wrong: Vec<&str> = cases(OPEN).filter(|case| asks(&case.screen)).map(|case| case.what).collect();
    assert!(wrong.is_empty(), "not recorded: {wrong:#?}");
    assert!(cases(OPEN).count() > 20, "the file is read");
}

#[test]
fn lines_that_ask() {
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
        "[sudo: authenticate] Geheim: ",
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
        "Password (press TAB for no echo): ",
        "Passphrase [hidden]:",
        "Passphrase [hidden] (twice): ",
        "Password: (will not be echoed) ",
        "Value (input will be hidden): ",
        "? Paste your authentication token: ****",
        "GitHub token: ",
        "ANTHROPIC_API_KEY: ",
        "API key (sk-...): ",
        "Auth code: ",
        "One-time code: ",
        "Enter the 6-digit code sent to +49 1: ",
        "Paste code here if prompted > ",
        "? Password › ***",
        "? Password » ",
    ] {
        assert!(prompt::is_prompt(line), "{line}");
    }
}

#[test]
fn lines_that_do_not() {
    for line in [
        "",
        "$ ",
        "user@host:~$ grep password: ",
        "> set the password",
        "❯ echo password:",
        "❯\u{a0}my password:",
        "Shipping: ",
        "spinning",
        "Password changed for bob",
        "Username: ",
        "Continue? ",
        "my_password = 3",
        "the password is wrong, try again",
        "Max tokens: ",
        "Tokenizer: ",
        "bob@host ~/password> ",
        "Password (changed) was stored",
        "Country code: ",
        "(see the documentation)",
        "(hidden)",
    ] {
        assert!(!prompt::is_prompt(line), "{line}");
    }
    assert!(!prompt::is_prompt(&format!("{} password:", "x ".repeat(200))));
}

#[test]
fn the_kernels_settings_decide_first() {
    let hides =
        |echo, canonical, screen| Secrecy::default().hides(InputMode { echo, canonical }, b"x", || screen);
    assert!(hides(false, true, false), "no echo and lines edited is a secret whatever the screen shows");
    assert!(!hides(true, true, true), "what the terminal shows is none");
    assert!(!hides(true, false, true));
    assert!(hides(false, false, true), "in raw mode the screen decides");
    assert!(!hides(false, false, false));
}

#[test]
fn a_secret_goes_on_until_a_key_ends_it() {
    for end in ["\r", "\n", "\x03", "\x04", "\x1b", "\x1b[13u", "\x1b[27u", "\x1b[99;5u", "\x1bOM", "word\r"]
    {
        let mut secrecy = Secrecy::default();
        assert!(secrecy.hides(RAW, b"a", || true));
        for key in ["b", "\x7f", "\x1b[D", "\x1b[200~c\nd\x1b[201~"] {
            assert!(secrecy.hides(RAW, key.as_bytes(), || false), "{key:?} ends nothing");
        }
        assert!(secrecy.hides(RAW, end.as_bytes(), || false), "{end:?} itself belongs to it");
        assert!(!secrecy.hides(RAW, b"e", || false), "after {end:?} the screen decides again");
    }
}

#[test]
fn a_secret_ends_with_raw_mode_and_has_a_limit() {
    let mut secrecy = Secrecy::default();
    assert!(secrecy.hides(RAW, b"a", || true));
    assert!(!secrecy.hides(InputMode { echo: true, canonical: true }, b"b", || false));
    assert!(!secrecy.hides(RAW, b"c", || false), "another program is in raw mode");
    assert!(secrecy.hides(RAW, &[b'x'; MAX_SECRET_BYTES], || true));
    assert!(!secrecy.hides(RAW, b"y", || false), "a misread screen does not hide everything for ever");
}
