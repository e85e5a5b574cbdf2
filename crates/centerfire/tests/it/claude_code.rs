//! The real Claude Code in a session, on the scripted model.

use crate::session::Session;
use tempfile::TempDir;
use testkit::{Claude, ModelServer};

/// How long Claude Code may take from its start to its prompt.
const START: &str = "30";

/// A user of Claude Code with a model of their own.
pub struct Desk {
    pub claude: Claude,
    _server: ModelServer,
    _folder: TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let claude = Claude::prepare(folder.path(), &server).unwrap();
        Desk { claude, _server: server, _folder: folder }
    }

    /// Claude Code in a session, ready for input.
    pub fn session(&self) -> Session {
        let program = self.claude.program().to_str().unwrap();
        let session = Session::start_with(&[program], |command| {
            let home = command.get_envs().find(|(name, _)| *name == "CENTERFIRE_HOME");
            let home = home.and_then(|(_, value)| value).unwrap().to_owned();
            command.env_clear().envs(self.claude.environment()).env("CENTERFIRE_HOME", home);
            command.current_dir(self.claude.project());
        });
        session.get(&["wait", "--for", "idle", "--timeout", START]);
        session
    }
}
