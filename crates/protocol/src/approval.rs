//! What a program asks leave for, and what became of it.
//!
//! A program's hook asks, its session's host keeps the question, and whoever answers first decides. The words here are
//! those of no CLI: an adapter translates.

use crate::{BlockKind, Offset, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of an input, as JSON, that may be asked about; of a longer one only the program itself asks.
pub const MAX_ASK_BYTES: usize = 512 << 10; // 512 KiB
/// Bytes of an input, as JSON, in a list: who wants more asks for that approval.
pub const LISTED_INPUT_BYTES: usize = 64 << 10; // 64 KiB
/// Bytes of all that may be chosen for later, in words; of more only the program itself offers it.
pub const MAX_ALWAYS_BYTES: usize = 4 << 10; // 4 KiB

/// What a program asks leave for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// Leave for a tool, an answer, or leave to do as planned.
    pub kind: BlockKind,
    /// The tool.
    pub tool: String,
    /// What the tool is to be given, in the program's own form.
    pub input: Value,
    /// Whether [`Ask::input`] is only the beginning of it, as a text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// What the program would remember for later, in its own form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestions: Option<Value>,
    /// What may be allowed for later with a yes, each in words: what the program itself offers for this very question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub always: Vec<String>,
    /// The sub-agent that asks; `None` is the agent itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The program's own id of the turn in which it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
    /// Whether the terminal does not show the question for as long as the hook waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// Whether only its dialog in the terminal takes an answer, as a key: the hook that told of it does not wait.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typed: bool,
    /// Whether it was read off the screen, which may show less of it than there is: the program told of it in no other way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub screen: bool,
    /// Whether words may go with an option that was chosen, as a note.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notes: bool,
}

impl Ask {
    /// The same with an input of at most so many bytes.
    pub fn within(&self, bytes: usize) -> Self {
        let text = self.input.to_string();
        if text.len() <= bytes {
            return self.clone();
        }
        let cut = Self { input: Value::Null, cut: true, ..self.clone() };
        Self { input: Value::String(text[..text.floor_char_boundary(bytes)].to_owned()), ..cut }
    }

    /// Why a decision cannot allow what it would for later.
    pub fn fault(&self, decision: &Decision) -> Option<String> {
        let words = decision.always.as_ref()?;
        if decision.behaviour == Behaviour::Deny {
            return Some("a no allows nothing for later".to_owned());
        }
        if decision.input.is_some() {
            return Some(
                "what is allowed for later is what was asked for, and takes no other input".to_owned(),
            );
        }
        (!self.always.contains(words)).then(|| match &self.always[..] {
            [] => "nothing can be allowed for later with this question".to_owned(),
            offered => format!("`{words}` is not what can be allowed for later: {}", offered.join(" | ")),
        })
    }
}

/// A question that waits for an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Its number in its session, from 1.
    pub id: u32,
    /// When it was asked.
    pub since: Time,
    /// Output at that moment.
    pub offset: Offset,
    /// What is asked.
    #[serde(flatten)]
    pub ask: Ask,
}

impl Approval {
    /// The same with an input of at most so many bytes.
    pub fn within(&self, bytes: usize) -> Self {
        Self { ask: self.ask.within(bytes), ..self.clone() }
    }
}

/// Whether the program may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

/// An answer to an [`Ask`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Whether the program may.
    pub behaviour: Behaviour,
    /// What the program is told with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// To each question the label that was chosen, or words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// What the tool is given instead of what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What is allowed for later as well: the words of one of [`Ask::always`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always: Option<String>,
}

/// What became of a question.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settled {
    /// The number of the [`Approval`].
    pub id: u32,
    /// When.
    pub time: Time,
    /// Who settled it, in words: `anna with centerfire approve`, `the terminal`.
    pub by: String,
    /// What was decided; `None` where the program was told nothing, because the terminal answered or nobody can any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

impl Settled {
    /// What was decided, in a word or two.
    pub fn outcome(&self) -> String {
        match &self.decision {
            Some(Decision { behaviour: Behaviour::Allow, always: Some(words), .. }) => {
                format!("allowed for later too ({words})")
            }
            Some(Decision { behaviour: Behaviour::Allow, .. }) => "allowed".to_owned(),
            Some(Decision { behaviour: Behaviour::Deny, .. }) => "denied".to_owned(),
            None => "settled".to_owned(),
        }
    }
}

/// Which questions are over by what a hook tells, if nobody answered them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "ends", rename_all = "snake_case")]
pub enum Ends {
    /// The one for this call of a tool.
    Call {
        /// The tool.
        tool: String,
        /// The sub-agent that called it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
    },
    /// Those of a sub-agent.
    Agent {
        /// Its id.
        agent: String,
    },
    /// Those of the agent itself in this turn.
    Turn {
        /// The turn's id.
        turn: String,
    },
    /// Those of the agent itself in turns before this one.
    Before {
        /// The turn's id.
        turn: String,
    },
    /// All.
    All,
}

impl Ends {
    /// Whether it ends this question. Hooks may come late, so each speaks only of what it can mean.
    pub fn covers(&self, ask: &Ask) -> bool {
        match self {
            Self::Call { tool, agent } => *tool == ask.tool && *agent == ask.agent,
            Self::Agent { agent } => ask.agent.as_ref() == Some(agent),
            Self::Turn { turn } => ask.agent.is_none() && ask.turn.as_ref() == Some(turn),
            Self::Before { turn } => ask.agent.is_none() && ask.turn.as_ref().is_some_and(|of| of != turn),
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask() -> Ask {
        Ask {
            kind: BlockKind::Permission,
            tool: "Bash".to_owned(),
            input: json!({ "command": "touch ä" }),
            cut: false,
            suggestions: None,
            always: Vec::new(),
            agent: None,
            turn: Some("t1".to_owned()),
            unseen: false,
            typed: false,
            screen: false,
            notes: false,
        }
    }

    /// What lies in journals: a change of a word loses questions that wait.
    #[test]
    fn what_is_stored_stays_as_it_is() {
        let text = r#"{"id":3,"since":7,"offset":9,"kind":"permission","tool":"Bash","input":{"command":"touch ä"},"turn":"t1"}"#;
        let approval = Approval { id: 3, since: Time(7), offset: Offset(9), ask: ask() };
        assert_eq!(serde_json::to_string(&approval).unwrap(), text);
        assert_eq!(serde_json::from_str::<Approval>(text).unwrap(), approval);
        let text =
            r#"{"id":3,"time":8,"by":"anna","decision":{"behaviour":"allow","answers":{"Which?":"B"}}}"#;
        let settled: Settled = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&settled).unwrap(), text);
    }

    #[test]
    fn a_long_input_is_cut_between_characters_and_says_so() {
        assert_eq!(ask().within(100), ask());
        let cut = ask().within(19);
        assert_eq!((cut.input, cut.cut), (json!("{\"command\":\"touch "), true));
    }

    #[test]
    fn nothing_is_allowed_for_later_but_what_is_offered() {
        let offered = Ask { always: vec!["touch *".to_owned()], ..ask() };
        let decision = |behaviour, always: &str| Decision {
            behaviour,
            message: None,
            answers: BTreeMap::new(),
            input: None,
            always: Some(always.to_owned()),
        };
        let allow = decision(Behaviour::Allow, "touch *");
        assert_eq!(offered.fault(&allow), None);
        assert_eq!(ask().fault(&Decision { always: None, ..allow.clone() }), None);
        assert!(ask().fault(&allow).is_some(), "nothing is offered");
        assert!(offered.fault(&decision(Behaviour::Allow, "*")).is_some());
        assert!(offered.fault(&decision(Behaviour::Deny, "touch *")).is_some());
        assert!(offered.fault(&Decision { input: Some(json!({})), ..allow }).is_some());
    }

    #[test]
    fn what_comes_late_ends_no_question_of_a_later_turn() {
        let turn = |turn: &str| turn.to_owned();
        assert!(Ends::Turn { turn: turn("t1") }.covers(&ask()));
        assert!(!Ends::Turn { turn: turn("t0") }.covers(&ask()), "the end of the turn before");
        assert!(!Ends::Before { turn: turn("t1") }.covers(&ask()), "the begin of its own turn");
        assert!(Ends::Before { turn: turn("t2") }.covers(&ask()));
        let of_agent = Ask { agent: Some("a".to_owned()), ..ask() };
        assert!(!Ends::Turn { turn: turn("t1") }.covers(&of_agent), "an agent goes on behind the turn");
        assert!(Ends::Agent { agent: turn("a") }.covers(&of_agent) && Ends::All.covers(&of_agent));
    }
}
