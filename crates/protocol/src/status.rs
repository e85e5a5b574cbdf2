//! What `status.json` holds, and a host answers when it is asked for its status.

use crate::approval::Approval;
use crate::{
    AgentStatus, Claim, ClientNumber, ExitStatus, Offset, ProgramReport, ProgramState, SessionId, Size, Time,
};
use serde::{Deserialize, Serialize};

/// A session's state as its host sees it; also what `status.json` holds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The version of this form.
    pub version: u16,
    /// The session.
    pub session: SessionId,
    /// Its present name.
    pub name: String,
    /// `running` or `exited`.
    pub phase: Phase,
    /// How the program ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<ExitStatus>,
    /// What the program says of itself.
    pub program: ProgramReport,
    /// The output offset at which it said so.
    pub program_since: Offset,
    /// What is taken for true of the agent, and on whose word; nothing of a program that is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<AgentStatus>>,
    /// Output so far.
    pub offset: Offset,
    /// The size.
    pub size: Size,
    /// The title the program set.
    #[serde(default)]
    pub title: String,
    /// When the program last wrote, in µs since 1970.
    pub last_output: Time,
    /// When this was written, in µs since 1970.
    pub updated: Time,
    /// Process ids.
    pub pids: Pids,
    /// Who is connected.
    pub clients: Vec<ClientInfo>,
    /// The questions that wait for an answer, oldest first, long inputs cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// The number of the latest question.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_approval: u32,
    /// Where the question was asked whose answer was typed, while its dialog may be still there: for the next host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Offset>,
    /// What the host runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Binary>,
    /// Why the recording has gaps now, where it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// Why what is stored may not outlive a loss of power now, where it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsynced: Option<String>,
}

impl Status {
    /// What is taken for true of the program; a host of an older version has only the program's own word.
    pub fn agent(&self) -> AgentStatus {
        match &self.agent {
            Some(agent) => (**agent).clone(),
            None if self.program.state == ProgramState::Unknown => AgentStatus::unknown(self.last_output),
            None => AgentStatus {
                claim: Claim::of_report(&self.program, self.last_output),
                offset: self.program_since,
                claims: Vec::new(),
            },
        }
    }
}

/// Where a session is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The program runs.
    Running,
    /// The program ended.
    Exited,
    /// Nobody holds the session any more, and how its program ended is not known: a reboot, or everything was killed.
    Lost,
}

/// The processes of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Pids {
    /// The keeper.
    pub keeper: u32,
    /// The host.
    pub host: u32,
    /// The program.
    pub child: u32,
}

/// A binary of this program.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Binary {
    /// Its release, such as `0.1.0`.
    pub version: String,
    /// Where it was started from, for people.
    pub path: String,
    /// Which file it is, also after another one took its path: device and inode.
    pub file: String,
}

/// A connected client.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClientInfo {
    /// Its number.
    pub client: ClientNumber,
    /// What it calls itself.
    pub name: String,
    /// Its process id.
    pub pid: u32,
    /// Whether it controls the session.
    pub control: bool,
    /// Whether it brought a terminal.
    pub terminal: bool,
    /// The session whose program shows this terminal, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<SessionId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
