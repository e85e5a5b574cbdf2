//! The real Codex with and without a tap: it asks for the same, and is told the same.

use crate::rig::{PATIENCE, Rig};
use crate::wire::{Relay, sides};
use gateway::tap::{Api, Exchange, Outcome};
use serde_json::json;
use tempfile::TempDir;
use testkit::instance::finish;
use testkit::{Codex, ModelServer};

/// Codex behind a relay, a tap, and one more relay: what is recorded on both sides must be the same.
struct Scene {
    codex: Codex,
    rig: Rig,
    near: Relay,
    far: Relay,
    _server: ModelServer,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let codex = Codex::prepare(folder.path(), &server).unwrap();
        let far = Relay::to(([127, 0, 0, 1], server.port()).into());
        let rig = Rig::new(&format!("{}/v1", far.base()));
        let near = Relay::to(rig.place().0.parse().unwrap());
        Self { codex, rig, near, far, _server: server, _folder: folder }
    }

    /// What it prints for a prompt.
    fn ask(&self, prompt: &str) -> String {
        let base = json!(format!("{}{}", self.near.base(), self.rig.place().1));
        let mut command = self.codex.headless(prompt);
        command.args(["-c", &format!("model_providers={{scripted={{base_url={base}}}}}")]);
        let output = finish(command, PATIENCE * 2);
        String::from_utf8(output.stdout).unwrap()
    }

    fn is_same(&self) {
        let [near, far] = sides(&self.near, &self.far, self.rig.place().1, "/v1");
        assert!(near.iter().any(|(asked, _)| asked.head[0].starts_with("POST /v1/responses")), "{near:?}");
        assert!(near == far, "what went through differs");
    }

    fn heard(&self, like: impl Fn(&Exchange) -> bool) -> Exchange {
        loop {
            let heard = self.rig.heard();
            if like(&heard) {
                return heard;
            }
        }
    }
}

#[test]
fn every_byte_that_codex_asks_and_hears_is_the_same_on_both_sides() {
    let scene = Scene::new();
    let told =
        scene.ask("[[think:let me see]] [[bash:echo one]] [[bash:echo two]] [[usage:77|5]] [[say:all done]]");
    assert!(told.contains("all done"), "{told}");
    scene.is_same();
    let heard = scene.heard(|heard| heard.answer.as_ref().is_some_and(|answer| answer.usage.output == 5));
    assert_eq!((heard.api, heard.outcome.clone(), heard.is_partial), (Api::OpenAi, Outcome::Whole, false));
    assert!(
        heard.header("session-id").is_some()
            && heard.headers.iter().all(|(name, _)| *name != "authorization")
    );
}

#[test]
fn what_codex_is_refused_and_what_breaks_off_goes_through_as_it_is() {
    let scene = Scene::new();
    let told = scene.ask("[[error:429|rate_limit_error]]");
    assert!(told.contains("429"), "{told}");
    let refused = scene.heard(|heard| heard.status == Some(429)).answer.unwrap().failure.unwrap();
    assert_eq!(refused.kind, "rate_limit_error");
    assert!(scene.ask("[[error:529|overloaded_error|once]] [[say:second try]]").contains("second try"));
    let told = scene.ask("[[say:half a]] [[drop:once]] [[say:sentence]]");
    assert!(told.contains("sentence"), "{told}");
    assert_eq!(
        scene.heard(|heard| heard.api == Api::OpenAi && heard.outcome != Outcome::Whole).outcome,
        Outcome::Cut
    );
    scene.is_same();
}
