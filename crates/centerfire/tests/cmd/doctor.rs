//! `centerfire doctor`: each fault is found, with a next step.

use crate::{instance, out, recorded, text};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use testkit::Instance;

/// The worst finding of a check.
fn found(instance: &Instance, check: &str) -> (String, String) {
    let output = instance.run(&["doctor", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["healthy"], output.status.success());
    let findings = told["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    let level = |finding: &&Value| ["OK", "WARN", "FAIL"].iter().position(|level| finding["level"] == *level);
    let worst = findings.max_by_key(level).unwrap();
    if worst["level"] != "OK" {
        assert!(worst["next"].is_string(), "{worst}");
    }
    (worst["level"].as_str().unwrap().to_owned(), worst["what"].as_str().unwrap().to_owned())
}

#[test]
fn a_sound_instance_is_healthy() {
    let instance = instance();
    recorded(&instance, "seq 10");
    let told = out(&instance, &["doctor"]);
    assert!(!told.contains("FAIL"), "{told}");
    for check in ["config", "folders", "disk", "sockets", "terminals", "kernel", "sessions", "journals"] {
        assert_eq!(found(&instance, check).0, "OK", "{check}");
    }
}

#[test]
fn a_broken_configuration_is_told_and_does_not_stop_it() {
    let instance = instance();
    std::fs::write(instance.home().join("centerfire.yaml"), "x: 1\n").unwrap();
    let (level, what) = found(&instance, "config");
    assert!(level == "FAIL" && what.contains("line 1"), "{what}");
}

#[test]
fn a_folder_that_others_may_enter_is_told() {
    let instance = instance();
    recorded(&instance, "true");
    let state = instance.home().join("state");
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&instance, "folders").0, "WARN");
}

#[test]
fn a_full_disk_is_told() {
    let instance = instance();
    let output = instance.run(&["doctor", "--set", "min_free_mb=900000000"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("nothing is recorded"));
}

/// 3 % less than what is free is still enough, though that many MiB would not be.
#[test]
fn the_room_to_record_is_counted_in_megabytes_as_everywhere() {
    let instance = instance();
    let free = instance.json(&["status", "--json"])["disk"]["free_bytes"].as_u64().unwrap();
    let least = free / 100 * 97 / 1_000_000;
    let told = out(&instance, &["doctor", "--set", &format!("min_free_mb={least}")]);
    assert!(told.contains("recording stops at") && !told.contains("nothing is recorded"), "{told}");
}

#[test]
fn damage_at_the_end_of_a_journal_is_told() {
    let instance = instance();
    recorded(&instance, "echo the end");
    crate::damage(&instance, "s");
    let (level, what) = found(&instance, "journals");
    let named = what.contains("wrong checksum") || what.contains("does not unpack");
    assert!(level == "FAIL" && named, "{what}");
}

#[test]
fn litter_is_told_and_removed_when_asked() {
    let instance = instance();
    recorded(&instance, "true");
    let socket = instance.home().join("run/000000000000.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let grave = instance.home().join("state/sessions/x.removed");
    std::fs::create_dir(&grave).unwrap();
    assert_eq!(found(&instance, "sockets").0, "WARN");
    assert_eq!(found(&instance, "leftovers").0, "WARN");
    assert!(socket.exists() && grave.exists(), "looking changes nothing");
    out(&instance, &["doctor", "--fix"]);
    assert!(!socket.exists() && !grave.exists());
    assert_eq!(found(&instance, "sockets").0, "OK");
}
