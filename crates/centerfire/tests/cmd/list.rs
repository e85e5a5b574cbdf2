//! `centerfire list`.

use crate::{LIMIT, instance, out, started, text};
use testkit::{Instance, Terminal};

/// The same of `doctor`, whose lines are longer still.
#[test]
fn in_a_narrow_terminal_no_line_wraps_and_in_a_pipe_every_line_is_whole() {
    let instance = instance();
    started(&instance, "read line # a command that is longer than the terminal is wide");
    for command in ["list", "doctor"] {
        let whole = out(&instance, &[command]);
        assert!(!whole.contains('…') && whole.lines().any(|line| line.chars().count() > 60), "{whole}");
        let mut narrow = instance.command(&[command]);
        narrow.env("NO_COLOR", "1");
        let terminal = Terminal::spawn(narrow, 40, 24).unwrap();
        terminal.wait(LIMIT).unwrap();
        let shown = text(&terminal.output());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), whole.lines().count(), "{shown}");
        for line in &lines {
            assert!(line.chars().count() <= 40, "{line}");
        }
        // What does not fit is left out of a table, and cut elsewhere.
        let is_cut = lines.iter().any(|line| line.ends_with('…') && line.chars().count() == 40);
        assert!(is_cut || command == "list" && !shown.contains("COMMAND"), "{shown}");
    }
}

/// What a command shows in a terminal of that width, without colours.
fn shown(instance: &Instance, words: &[&str], cols: u16) -> Vec<String> {
    let mut command = instance.command(words);
    command.env("NO_COLOR", "1");
    let terminal = Terminal::spawn(command, cols, 24).unwrap();
    terminal.wait(LIMIT).unwrap();
    let shown = text(&terminal.output());
    assert!(!shown.contains("\x1b[3"), "{shown:?}");
    shown.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn width(line: &str) -> usize {
    line.chars().map(|c| usize::from(terminal::screen::cells(c))).sum()
}

#[test]
fn names_and_states_are_read_at_every_width_and_folder_and_title_where_there_is_room() {
    let instance = instance();
    let run =
        |name: &str, script: &str| out(&instance, &["run", "-d", "--name", name, "--", "sh", "-c", script]);
    run("till", r"printf '\033]2;Mend the till\007'; read line");
    run("日本語の長い名前です", "read line");
    run(&"long-name-".repeat(6), r"printf '\033]7501;state=working\007'; read line");
    let known = || {
        let all = instance.json(&["list", "--json"]);
        let has = |key: &str, value: &str| all.as_array().unwrap().iter().any(|one| one[key] == value);
        // Of a program that only showed something its terminal says that it works, until it has been quiet.
        (has("title", "Mend the till") && has("state", "idle") && has("state", "working")).then_some(())
    };
    testkit::eventually(LIMIT, known).expect("the programs tell what they do");
    for command in [&["list"][..], &["top", "--once"]] {
        for cols in [120, 80, 40] {
            let lines = shown(&instance, command, cols);
            let page = lines.join("\n");
            assert!(lines.iter().all(|line| width(line) <= usize::from(cols)), "{cols}: {page}");
            assert!(
                page.contains("NAME") && page.contains("STATE") && page.contains("till"),
                "{cols}: {page}"
            );
            assert!(page.contains("日本語の長") && page.contains("working"), "{cols}: {page}");
            assert_eq!(page.contains("Mend the till"), cols >= 80, "{cols}: {page}");
            assert!(cols < 120 || page.contains("FOLDER"), "{cols}: {page}");
            // Every state stands below the head, wide as a name may be.
            let head = lines.iter().find(|line| line.contains("STATE")).unwrap();
            let at = width(&head[..head.find("STATE").unwrap()]);
            for state in ["running", "working"] {
                let below = lines.iter().filter_map(|line| Some(width(&line[..line.find(state)?])));
                let below: Vec<usize> = below.filter(|below| *below > 9).collect();
                assert!(!below.is_empty() && below.iter().all(|below| *below == at), "{cols}: {page}");
            }
        }
    }
}
