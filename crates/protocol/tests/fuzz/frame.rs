//! Frames from a peer that may be anybody: bounded, the same however they arrive, and heads that are read are written
//! again as they were read.

use protocol::frame::{Call, Frame, MAX_FRAME_BYTES, Message, decode_frame, encode_frame};
use protocol::{Exit, Meta, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

const WORDS: &[&[u8]] = &[
    b"{\"id\":1,\"request\":\"",
    b"\"hello\",\"version\":1,\"name\":\"\",\"pid\":7}",
    b"attach\",\"control\":true,\"size\":{\"cols\":80,\"rows\":24}",
    b",\"take\":true",
    b",\"detach_key\":\"C-]\"",
    b"input\",\"form\":\"submit\"}",
    b"snapshot\",\"history\":",
    b"\"follow\"}",
    b"\"signal\",\"signal\":-1}",
    b"\"upgrade\",\"binary\":\"/\"}",
    b"{\"answer\":{\"id\":1,\"answer\":\"",
    b"done\",\"offset\":18446744073709551615}",
    b"refused\",\"code\":\"WRITE_REJECTED\",\"message\":\"\"}",
    b"{\"event\":{\"event\":\"",
    b"exited\",\"status\":{\"signal\":9},\"offset\":1}",
    b"\"report\":{\"state\":\"blocked\",\"kind\":\"permission\"}",
    b"null",
    b"1e400",
    b"\\ud800",
    b"[[[[[[[[",
];

#[test]
fn frames_are_bounded_and_read_the_same_however_they_arrive() {
    testkit::fuzz::attack("frame", env!("CARGO_MANIFEST_DIR"), WORDS, |bytes| {
        frames(bytes);
        heads(bytes);
    });
}

fn frames(bytes: &[u8]) {
    for limit in [0, 64, MAX_FRAME_BYTES] {
        match decode_frame(bytes, limit) {
            Frame::Whole { head, tail, length } => {
                assert!(length <= bytes.len() && length <= 4 + limit);
                assert_eq!(head.len() + tail.len() + 8, length);
                for cut in 0..length {
                    assert_eq!(decode_frame(&bytes[..cut], limit), Frame::Partial, "cut at {cut}");
                }
                heads(head);
                heads(tail);
            }
            Frame::Partial => assert!(bytes.len() < 4 + limit.max(4), "it waits for more than it would take"),
            Frame::Bad => {
                let more = [bytes, b"more"].concat();
                assert_eq!(decode_frame(&more, limit), Frame::Bad, "it was bad, and more bytes made it good");
            }
        }
    }
}

fn heads(head: &[u8]) {
    again::<Call>(head);
    again::<Message>(head);
    again::<Status>(head);
    again::<Meta>(head);
    again::<Exit>(head);
}

/// Whatever can be read comes back from a frame of our own.
fn again<T: DeserializeOwned + Serialize + PartialEq + Debug>(head: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(head) else { return };
    let frame = encode_frame(&value, b"tail");
    let Frame::Whole { head, tail: b"tail", .. } = decode_frame(&frame, frame.len()) else {
        panic!("a frame of ours is not read: {value:?}");
    };
    let read: T = serde_json::from_slice(head).expect("what we write can be read");
    assert_eq!(read, value);
}
