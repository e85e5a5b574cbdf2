//! What wins, and what each slip is told.

use super::*;
use tempfile::TempDir;

fn with(text: &str, overrides: &Overrides, variables: &[(&str, &str)]) -> anyhow::Result<Loaded> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("centerfire.yaml");
    std::fs::write(&file, text).unwrap();
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    load(&file, overrides, variable)
}

fn complaint(text: &str) -> String {
    let error = with(text, &Overrides::default(), &[]).unwrap_err().to_string();
    error.split_once("centerfire.yaml: ").expect("the file is named").1.to_owned()
}

const FILE: &str = "\
profile: big
history_lines: 10
min_free_mb: 11
detach_key: C-a
profiles:
  big:
    history_lines: 20
    min_free_mb: 21
  small:
    history_lines: 1
";

#[test]
fn later_ones_win_and_each_origin_is_known() {
    let loaded = with(FILE, &Overrides::default(), &[("CENTERFIRE_MIN_FREE_MB", "31")]).unwrap();
    assert_eq!(loaded.config.detach_key.to_string(), "C-a");
    assert_eq!((loaded.config.history_lines, loaded.config.min_free_mb), (20, 31));
    assert_eq!(loaded.profile.as_deref(), Some("big"));
    let origins: Vec<_> = loaded.origins.iter().map(ToString::to_string).collect();
    assert!(origins[0].ends_with("centerfire.yaml:4"), "{origins:?}");
    assert!(origins[1].starts_with("profile big, ") && origins[1].ends_with(":7"), "{origins:?}");
    assert_eq!(&origins[2..4], ["CENTERFIRE_MIN_FREE_MB", "default"]);
    let set = vec![("min_free_mb".to_owned(), "41".to_owned())];
    let overrides = Overrides { profile: Some("small".to_owned()), set, file: None };
    let loaded = with(FILE, &overrides, &[("CENTERFIRE_MIN_FREE_MB", "31")]).unwrap();
    assert_eq!((loaded.config.history_lines, loaded.config.min_free_mb), (1, 41));
}

#[test]
fn a_slip_is_told_with_its_line_and_the_nearest_right_key() {
    assert_eq!(
        complaint("detach_key: C-a\nhistory_line: 3\n"),
        "line 2: there is no key `history_line`; did you mean `history_lines`?"
    );
    assert_eq!(
        complaint("profiles:\n  x:\n    qouta_mb: 3\n"),
        "line 3: there is no key `qouta_mb`; did you mean `quota_mb`?"
    );
    assert_eq!(complaint("zzz: 1"), "line 1: there is no key `zzz`; `centerfire config` lists all keys");
    assert_eq!(complaint("profile: bgi\nprofiles: {big: {}}\n"), "no profile `bgi`; did you mean `big`?");
}

#[test]
fn a_wrong_value_is_told_with_its_line() {
    assert_eq!(complaint("\nhistory_lines: many\n"), "line 2: history_lines: needs a number, not `many`");
    assert_eq!(complaint("history_lines: -3\n"), "line 1: history_lines: needs a number, not the number -3");
    assert_eq!(complaint("colours: [a]\n"), "line 1: colours: needs a text, not a list");
    assert_eq!(complaint("colours: blue\n"), "line 1: colours: `blue` is none of auto, always, never");
    assert!(complaint("detach_key: 'C-nonsense'\n").starts_with("line 1: detach_key: "));
    assert!(complaint("a: 1\n  b: 2\n").starts_with("line "), "{}", complaint("a: 1\n  b: 2\n"));
    assert_eq!(complaint("just words\n"), "line 1: needs keys");
}

#[test]
fn an_empty_file_is_the_defaults_and_a_named_one_must_exist() {
    assert_eq!(with("# nothing\n", &Overrides::default(), &[]).unwrap().config, Config::default());
    assert_eq!(with("quota_mb: none\n", &Overrides::default(), &[]).unwrap().config, Config::default());
    let overrides = Overrides { file: Some("/no/such/file".into()), ..Overrides::default() };
    assert!(with("", &overrides, &[]).is_err());
}
