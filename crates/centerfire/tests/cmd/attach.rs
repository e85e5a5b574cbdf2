//! `centerfire attach`.

use crate::{instance, out, started, text};

#[test]
fn a_detach_key_that_is_none_is_refused_and_not_replaced_by_another() {
    let instance = instance();
    started(&instance, "read line");
    for command in [&["attach", "s"][..], &["run", "--name", "other"]] {
        for (key, why) in
            [("nonsense", "no key is called `nonsense`"), ("a", "would be missing from what you type")]
        {
            let output = instance.run(&[command, &["--detach-key", key]].concat());
            let told = text(&output.stderr);
            assert!(output.status.code() == Some(2) && told.contains(why), "{:?} {told}", output.status);
        }
    }
    assert!(!out(&instance, &["list", "--all"]).contains("other"), "nothing was started");
}
