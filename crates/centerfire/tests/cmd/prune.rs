//! `centerfire prune`.

use crate::{instance, out, settle, text};
use testkit::Instance;

/// Three sessions that ended one after the other, and one that runs.
fn four(instance: &Instance) {
    for name in ["a", "b", "c"] {
        out(instance, &["run", "-d", "--name", name, "--", "sh", "-c", "seq 1000"]);
        out(instance, &["wait", name, "--for", "exit"]);
    }
    settle(instance);
    out(instance, &["run", "-d", "--name", "live", "--", "sh", "-c", "read line"]);
}

fn names(instance: &Instance) -> Vec<String> {
    let all = instance.json(&["list", "--all", "--json"]);
    all.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn by_default_nothing_is_removed_and_it_says_why() {
    let instance = instance();
    four(&instance);
    assert!(out(&instance, &["prune"]).contains("no policy"));
    assert_eq!(names(&instance).len(), 4);
}

#[test]
fn the_last_are_kept_and_one_that_runs_is_never_touched() {
    let instance = instance();
    four(&instance);
    let tried = instance.json(&["prune", "--keep-last", "1", "--dry-run", "--json"]);
    assert_eq!(tried["removed"].as_array().unwrap().len(), 2);
    assert_eq!(names(&instance).len(), 4, "a dry run removes nothing");
    let told = out(&instance, &["prune", "--keep-last", "1"]);
    assert!(told.contains("removed a (") && told.contains("removed 2 sessions"), "{told}");
    assert_eq!(names(&instance), ["c", "live"]);
    assert!(out(&instance, &["prune", "--keep-last", "0"]).contains("removed 1 session,"));
    assert_eq!(names(&instance), ["live"]);
}

#[test]
fn age_and_total_size_choose_the_oldest() {
    let instance = instance();
    four(&instance);
    assert!(out(&instance, &["prune", "--older-than", "1h"]).contains("removed 0 sessions"));
    let size = instance.json(&["status", "--json"])["disk"]["bytes"].as_u64().unwrap();
    let limit = format!("{}B", size - 1);
    out(&instance, &["prune", "--max-total", &limit]);
    assert_eq!(names(&instance), ["b", "c", "live"]);
    out(&instance, &["prune", "--older-than", "0s", "--keep-last", "1"]);
    assert_eq!(names(&instance), ["c", "live"]);
    out(&instance, &["prune", "--set", "quota_mb=0"]);
    assert_eq!(names(&instance), ["live"]);
}

#[test]
fn an_age_without_a_unit_is_refused() {
    let output = instance().run(&["prune", "--older-than", "30"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("such as 30d"), "{}", text(&output.stderr));
}
