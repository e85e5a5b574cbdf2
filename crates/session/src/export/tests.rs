//! Encoders over records made by hand; the recordings are judged by a parser of others.

use super::{Encoder, FORMATS, Masked, Options};
use asciicast_rs::{Asciicast, V2, V3};
use protocol::{
    Body, ClientNumber, ExitStatus, LengthClass, META_VERSION, Meta, Offset, ProgramReport, ProgramState,
    ProxyEvent, Record, SessionId, Size, Time,
};
use serde_json::Value;

const SIZE: Size = Size { cols: 20, rows: 3 };

fn meta() -> Meta {
    Meta {
        version: META_VERSION,
        id: SessionId::from_bytes([7; 16]),
        command: vec!["sh".to_owned(), "-c".to_owned(), "x".to_owned()],
        cwd: "/home/me".to_owned(),
        bytes: None,
        size: SIZE,
        created: Time(1_700_000_000_000_000),
        boot: String::new(),
        machine: String::new(),
        parent: None,
        env: Vec::new(),
        socket: String::new(),
        variables: Default::default(),
        cli_version: None,
        imported: None,
    }
}

fn encode(format: &str, options: &Options, bodies: &[Body<'_>]) -> Vec<u8> {
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let mut encoder = (format.encoder)(&meta(), "x", options);
    let mut out = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        let time = Time(meta().created.0 + 250_001 * (at as u64 + 1));
        encoder.encode(&Record { time, offset: Offset::ZERO, body: body.clone() }, &mut out);
    }
    encoder.finish(&mut out);
    out
}

/// The same through the masks, told all the time that nothing more came.
fn masked(format: &str, options: &Options, bodies: &[Body<'_>]) -> Vec<u8> {
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let mut encoder = Masked::new(format, &meta(), "x", options);
    let mut out = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        let time = Time(meta().created.0 + 250_001 * (at as u64 + 1));
        encoder.encode(&Record { time, offset: Offset::ZERO, body: body.clone() }, &mut out);
        encoder.settle(false, &mut out);
    }
    encoder.finish(&mut out);
    out
}

fn output(bytes: &[u8]) -> Body<'_> {
    Body::Output { bytes, held: 0 }
}

/// A crab cut in two, a resize, a report, input, a secret, an end.
fn session() -> Vec<Body<'static>> {
    vec![
        Body::Resize(SIZE),
        output(b"hi \xf0\x9f"),
        output(b"\xa6\x80\x1b[0m \xff"),
        Body::Input { client: ClientNumber(1), bytes: b"ls\r" },
        Body::Secret { client: ClientNumber(1), length: LengthClass::Short },
        Body::Resize(Size { cols: 30, rows: 3 }),
        Body::Report(ProgramReport { state: ProgramState::Done, ..Default::default() }),
        output(b"bye\xc3"),
        Body::Exit(ExitStatus::Signal(9)),
    ]
}

#[test]
fn asciicast_v3_has_intervals_and_ends_with_the_exit_status() {
    let bytes = encode("asciicast-v3", &Options { input: true, ..Options::default() }, &session());
    let cast = Asciicast::<V3>::from_slice(&bytes).unwrap();
    assert_eq!((cast.header.term.cols, cast.header.term.rows), (20, 3));
    assert_eq!(cast.header.timestamp, Some(1_700_000_000));
    let output: String = cast.events.iter().filter_map(|event| event.as_output()).collect();
    assert_eq!(output, "hi 🦀\x1b[0m \u{fffd}bye\u{fffd}");
    assert_eq!(cast.events.iter().find_map(|event| event.as_input()), Some("ls\r"));
    assert_eq!(cast.events.iter().find_map(|event| event.as_marker()), Some("done"));
    let resizes: Vec<_> = cast.events.iter().filter_map(|event| event.as_resize()).collect();
    assert_eq!(resizes.len(), 1, "the first size stands in the head");
    assert_eq!(cast.events.last().unwrap().as_exit().unwrap().code(), 137);
    let (end, _) = cast.absolute_times().last().unwrap();
    assert!((end - 9.0 * 0.250_001).abs() < 1e-6, "{end}");
}

#[test]
fn asciicast_v2_has_times_from_the_start_and_no_input_unless_asked() {
    let bytes = encode("asciicast-v2", &Options { idle_limit: Some(2.0), ..Options::default() }, &session());
    let cast = Asciicast::<V2>::from_slice(&bytes).unwrap();
    assert_eq!((cast.header.width, cast.header.height), (20, 3));
    assert!(cast.events.iter().all(|event| event.as_input().is_none()));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.lines().next().unwrap().contains("\"idle_time_limit\":2.0"));
    assert_eq!(text.lines().nth(1).unwrap(), r#"[0.500002, "o", "hi "]"#);
    assert!(text.contains(r#"[1.500006, "r", "30x3"]"#), "{text}");
}

#[test]
fn the_log_numbers_its_entries_and_never_cuts_a_character() {
    let bytes = encode("log", &Options::default(), &session());
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| {
        let entries = lines.iter().filter(|line| line["entry_type"] == kind);
        entries.map(|line| line["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("ClaudeOutput").concat(), "hi 🦀\x1b[0m \u{fffd}bye\u{fffd}");
    assert_eq!(of("UserInput"), ["ls\r"]);
    let system = of("SystemMessage");
    assert!(system.iter().any(|text| text.contains("secret")), "{system:?}");
    assert_eq!(system.last().unwrap(), "session ended: signal KILL");
    for (number, line) in lines.iter().enumerate() {
        let metadata = &line["metadata"];
        assert_eq!(metadata["sequence_number"], number);
        assert_eq!(metadata["content_length"], line["content"].as_str().unwrap().len());
        assert_eq!(metadata["working_directory"], "/home/me");
    }
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with(r#"{"timestamp":"2023-11-14T22:13:20.000000Z","entry_type":"SystemMessage","#),
        "{first}"
    );
    let half = Options { written: 4, next_number: 4, ..Options::default() };
    let rest: String = text.lines().skip(4).map(|line| format!("{line}\n")).collect();
    assert_eq!(encode("log", &half, &session()), rest.into_bytes(), "a log that is taken up goes on exactly");
}

#[test]
fn text_is_what_scrolled_off_and_the_last_screen_without_the_alternate_one() {
    let bodies = [
        output(b"one\r\n\x1b[31mtwo\x1b[m\r\nthree\r\nfour"),
        output(b"\x1b[?1049h\x1b[Heditor\r\n\r\n\r\n\r\nmore"),
        output(b"\x1b]0;title"),
    ];
    assert_eq!(encode("text", &Options::default(), &bodies), b"one\ntwo\nthree\nfour\n");
    let many: String = (0..200_000).map(|line| format!("line {line}\r\n")).collect();
    let pieces: Vec<Body<'_>> = many.as_bytes().chunks(70_000).map(output).collect();
    let expected = many.replace("\r\n", "\n");
    assert!(encode("text", &Options::default(), &pieces) == expected.as_bytes(), "no line is lost");
}

#[test]
fn raw_is_every_byte() {
    assert_eq!(encode("raw", &Options::default(), &session()), b"hi \xf0\x9f\xa6\x80\x1b[0m \xffbye\xc3");
}

#[test]
fn events_hold_every_byte_between_a_start_and_an_end() {
    let text = String::from_utf8(encode("events", &Options::default(), &session())).unwrap();
    let events: Vec<ProxyEvent> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let id = meta().id.to_string();
    let start = ProxyEvent::SessionStart { session_id: id.clone(), working_directory: "/home/me".to_owned() };
    assert_eq!(events.first(), Some(&start));
    let duration = std::time::Duration::from_micros(9 * 250_001);
    assert_eq!(events.last(), Some(&ProxyEvent::SessionEnd { session_id: id, duration }));
    let (mut said, mut typed) = (Vec::new(), Vec::new());
    for event in &events[1..events.len() - 1] {
        match event {
            ProxyEvent::ClaudeOutput { data, .. } => said.extend_from_slice(data),
            ProxyEvent::UserInput { data, timestamp } => {
                typed.extend_from_slice(data);
                assert_eq!(timestamp, "2023-11-14T22:13:21.000004Z");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(said, encode("raw", &Options::default(), &session()));
    assert_eq!(typed, b"ls\r", "and no secret");
}

#[test]
fn what_holds_no_secret_is_the_same_with_masks_as_without() {
    for format in FORMATS.iter().filter(|format| !format.exact) {
        for options in [Options::default(), Options { input: true, ..Options::default() }] {
            let (is, was) =
                (masked(format.name, &options, &session()), encode(format.name, &options, &session()));
            assert_eq!(String::from_utf8_lossy(&is), String::from_utf8_lossy(&was), "{}", format.name);
        }
    }
}

#[test]
fn records_keep_their_order_and_times_where_a_secret_lies_in_several() {
    let typed = |bytes| Body::Input { client: ClientNumber(1), bytes };
    let bodies = [
        output(b"push ghp_a1B2c3D4"),
        typed(b"glpat-AbCd12"),
        output(b"e5F6g7H8i9J0k1L2m3N4"),
        Body::Resize(Size { cols: 30, rows: 3 }),
        output(b"o5P6q7R8 now"),
        typed(b"34EfGh56IjKl78\r"),
    ];
    let options = Options { input: true, ..Options::default() };
    let text = String::from_utf8(masked("asciicast-v2", &options, &bodies)).unwrap();
    let events: Vec<&str> = text.lines().skip(1).collect();
    let stars = |count| "*".repeat(count);
    let expected = [
        r#"[0.250001, "o", "push [redacted:gi"]"#.to_owned(),
        r#"[0.500002, "i", "[redacted:gi"]"#.to_owned(),
        format!(r#"[0.750003, "o", "thub-token]{}"]"#, stars(9)),
        r#"[1.000004, "r", "30x3"]"#.to_owned(),
        format!(r#"[1.250005, "o", "{} now"]"#, stars(8)),
        r#"[1.500006, "i", "tlab-token]***\r"]"#.to_owned(),
    ];
    assert_eq!(events, expected);
}

#[test]
fn what_was_typed_at_the_start_does_not_hold_up_what_comes_after_it() {
    let line = b"0123456789abcdef\r\n".repeat(1 << 12);
    let format = FORMATS.iter().find(|known| known.name == "log").unwrap();
    let mut encoder = Masked::new(format, &meta(), "x", &Options::default());
    let (mut out, mut most) = (Vec::new(), 0);
    let mut encode = |body| {
        let before = out.len();
        encoder.encode(&Record { time: meta().created, offset: Offset::ZERO, body }, &mut out);
        out.len() - before
    };
    encode(Body::Input { client: ClientNumber(1), bytes: b"ls ghp_" });
    for _ in 0..500 {
        most = most.max(encode(output(&line)));
    }
    assert!((1..16 << 20).contains(&most), "{most}");
}
