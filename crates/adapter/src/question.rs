//! Questions with options, as the input of what is asked holds them: in the form of Claude Code, in which every adapter writes
//! them.

use serde_json::Value;
use std::collections::BTreeMap;

/// A question with the labels that are offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Its words, under which it is answered.
    pub text: String,
    /// A word or two for it; perhaps nothing.
    pub header: String,
    /// What may be chosen; other words may be given as well.
    pub labels: Vec<String>,
    /// What each of them means; perhaps nothing.
    pub descriptions: Vec<String>,
    /// Whether more than one may be chosen.
    pub several: bool,
}

/// The questions in the input of an [`Ask`](protocol::approval::Ask) of that kind.
pub fn questions(input: &Value) -> Vec<Question> {
    let words = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let all = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let of_options =
        |value: &Value, key: &str| all(value, "options").iter().map(|option| words(option, key)).collect();
    let question = |value: &Value| Question {
        text: words(value, "question"),
        header: words(value, "header"),
        labels: of_options(value, "label"),
        descriptions: of_options(value, "description"),
        // As opencode wrote it, in journals of before it was written as the others do.
        several: value["multiSelect"] == true || value["multiple"] == true,
    };
    all(input, "questions").iter().map(question).collect()
}

/// Those of them that have no answer yet.
pub fn open_questions(input: &Value, answers: &BTreeMap<String, String>) -> Vec<Question> {
    let mut open = questions(input);
    open.retain(|question| !answers.contains_key(&question.text));
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_labels_of_a_question_are_known() {
        let options = json!([{ "label": "A" }, { "label": "B" }]);
        let asked = json!({ "questions": [{ "question": "Which db?", "header": "DB", "options": options }] });
        let expected = Question {
            text: "Which db?".to_owned(),
            header: "DB".to_owned(),
            labels: vec!["A".to_owned(), "B".to_owned()],
            descriptions: vec![String::new(); 2],
            several: false,
        };
        assert_eq!(questions(&asked), [expected]);
        assert_eq!(questions(&json!({ "questions": 3 })), []);
    }

    #[test]
    fn several_may_be_chosen_by_either_name() {
        let several = |key: &str| questions(&json!({ "questions": [{ key: true }] }))[0].several;
        assert_eq!(["multiSelect", "multiple", "options"].map(several), [true, true, false]);
    }
}
