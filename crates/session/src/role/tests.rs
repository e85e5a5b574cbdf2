//! The arguments of roles, frozen: one version writes them and another reads them.

use super::{AttachArgs, HostArgs, KeeperArgs, Ready, Task, VERSION, parse};
use crate::trial::TryArgs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::ffi::OsString;

const KEEPER_1: &str = r#"{"version":1,"folder":"/s","master":3,"listener":4,"alive":5,"settings":{"history_lines":2000,"min_free_bytes":67108864},"task":{"start":{"slave":6,"ready":7}}}"#;
const ADOPTING_KEEPER_1: &str = r#"{"version":1,"folder":"/s","master":3,"listener":4,"alive":5,"settings":{"history_lines":2000,"min_free_bytes":67108864},"task":{"adopt":{"child":99,"child_watch":6,"link":7}}}"#;
const HOST_1: &str = r#"{"version":1,"folder":"/s","master":3,"listener":4,"alive":5,"settings":{"history_lines":2000,"min_free_bytes":67108864},"child":99,"child_watch":6,"keeper":98,"link":7,"keeper_version":1,"distrust_screen":true,"upgraded":true}"#;
const ATTACH_1: &str = r#"{"version":1,"folder":"/s","name":"build","options":{"control":true,"take":false,"fresh":true,"detach_key":"C-]","history":0}}"#;

const KEEPER_0: &str = r#"{"folder":"/s","master":3,"listener":4,"alive":5,"settings":{"history_lines":2000,"min_free_bytes":67108864},"task":{"start":{"slave":6,"ready":7,"cwd":"/w"}}}"#;
const HOST_0: &str = r#"{"folder":"/s","master":3,"listener":4,"alive":5,"settings":{"history_lines":2000,"min_free_bytes":67108864},"child":99,"child_watch":6,"keeper":98,"link":7}"#;

fn read<T: DeserializeOwned>(text: &str) -> T {
    parse(Some(&OsString::from(text))).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn assert_golden<T: Serialize + DeserializeOwned>(text: &str) {
    assert_eq!(serde_json::to_string(&read::<T>(text)).unwrap(), text);
}

#[test]
fn the_arguments_of_version_1_stay_as_they_are() {
    assert_golden::<KeeperArgs>(KEEPER_1);
    assert_golden::<KeeperArgs>(ADOPTING_KEEPER_1);
    assert_golden::<HostArgs>(HOST_1);
    // Where there is something to say of it.
    assert_golden::<HostArgs>(&HOST_1.replace(r#""distrust"#, r#""ready":8,"distrust"#));
    assert_golden::<KeeperArgs>(&ADOPTING_KEEPER_1.replace(r#""link":7"#, r#""ended":{"code":5},"link":7"#));
    assert_golden::<AttachArgs>(ATTACH_1);
    assert_golden::<TryArgs>(&format!(r#"{{"version":1,"binary":"/b","host":{HOST_1}}}"#));
    let ready: Vec<Ready> =
        serde_json::from_str(r#"[{"started":{"child":99}},{"failed":{"errno":2}}]"#).unwrap();
    assert!(matches!(ready[..], [Ready::Started { child: 99 }, Ready::Failed { errno: 2 }]));
}

#[test]
fn what_an_older_version_left_out_has_its_default() {
    let host: HostArgs = read(HOST_0);
    assert_eq!((host.shared.version, host.keeper_version), (0, 0));
    assert_eq!((host.distrust_screen, host.upgraded), (false, false));
    assert_eq!(read::<KeeperArgs>(KEEPER_0).shared.version, 0);
    let mut value: Value = serde_json::from_str(HOST_1).unwrap();
    value["settings"] = json!({});
    assert_eq!(read::<HostArgs>(&value.to_string()).shared.settings, super::Settings::default());
}

#[test]
fn what_a_newer_writer_adds_is_passed_over() {
    let with_more = |text: &str| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        value["new"] = json!({ "words": [1, 2] });
        value["settings"]["new"] = json!(1);
        value.to_string()
    };
    assert!(matches!(read::<KeeperArgs>(&with_more(KEEPER_1)).task, Task::Start { slave: 6, ready: 7 }));
    assert_eq!(read::<HostArgs>(&with_more(HOST_1)).child, 99);
    assert_eq!(read::<AttachArgs>(&with_more(ATTACH_1)).name, "build");
}

#[test]
fn a_later_version_is_refused_with_both_versions_named() {
    let later = HOST_1.replace(r#""version":1"#, &format!(r#""version":{}"#, VERSION + 1));
    let refused = parse::<HostArgs>(Some(&OsString::from(later))).unwrap_err().to_string();
    assert_eq!(refused, "arguments of version 2; this centerfire knows versions up to 1");
}
