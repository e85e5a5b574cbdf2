//! What servers, disks, clocks and other processes do that nobody wants.

use super::*;
use crate::intake::Intake;

/// `retry-after: 0`, or a date that is over, makes nothing come sooner than it would without.
#[test]
fn a_server_is_never_asked_sooner_than_our_own_patience_has_it() {
    let settings_again = HOUR - SECOND;
    for (status, after, at_least) in [
        (401, "retry-after: 0\r\n", settings_again),
        (307, "location: http://127.0.0.1:9/\r\nretry-after: 0\r\n", settings_again),
        (529, "retry-after: 0\r\n", SECOND),
        (429, "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", SECOND),
    ] {
        let (state, (url, asked)) = (state(3), serve(vec![(status, after, "{}".to_owned())]));
        let settings = settings(url);
        failed(&step(state.path(), &settings, NOON));
        let soon = step(state.path(), &settings, Time(NOON.0 + at_least));
        assert!(matches!(soon, Step::Waits { .. }), "{status} {soon:?}");
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}

/// Where nothing was read by a model, no conversation is to blame: all wait, longer and longer, and none is given up.
#[test]
fn nobody_is_given_up_for_a_server_that_is_not_there() {
    let state = state(2);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = settings(format!("http://{}", nobody.local_addr().unwrap()));
    drop(nobody);
    let (busy, _) = serve(vec![(529, "", "{}".to_owned())]);
    let mut now = NOON;
    for settings in [gone, settings(busy)] {
        for _ in 0..2 * TRIES_MAX {
            let tried = step(state.path(), &settings, now);
            let Step::Tried(report) = &tried else { panic!("{tried:?}") };
            assert!(report.is_tried_again && report.cost == Some(0), "{report:?}");
            now = Time(now.0 + 2 * HOUR);
        }
    }
    let (url, _) = serve(vec![good()]);
    for _ in 0..2 {
        assert!(matches!(step(state.path(), &settings(url.clone()), now), Step::Tried(_)));
    }
    let overview = read(state.path(), &settings(url), now);
    assert_eq!((overview.done, overview.failed), (2, 0), "{overview:?}");
}

/// What stands between us and a server may have lost an answer that is paid for; its page is told, however long.
#[test]
fn an_answer_that_a_proxy_lost_may_have_cost_something() {
    let page = format!("<h1>Bad Gateway</h1>{}", "<!-- padding -->".repeat(400));
    for (status, is_paid) in [(502, true), (504, true), (524, true), (408, true), (500, false), (503, false)]
    {
        let (state, (url, _)) = (state(1), serve(vec![(status, "", page.clone())]));
        let settings = settings(url);
        let tried = step(state.path(), &settings, NOON);
        assert!(failed(&tried).contains(&format!("said {status}: <h1>Bad Gateway</h1>")), "{tried:?}");
        assert_eq!(read(state.path(), &settings, NOON).spent > 5_000, is_paid, "{status}");
    }
}

/// Figures that no request can have are counted, and never make the day cheaper.
#[test]
fn figures_that_cannot_be_cost_no_less_than_was_reserved_and_not_the_world() {
    for (input, output) in [
        (u64::MAX, 1),
        (i64::MAX as u64, 0),
        (18_446_744_073_709_000_000, 0),
        (1, u64::MAX),
        (u64::MAX, u64::MAX),
        (0, 1),
    ] {
        let mut answer = report(json!({ "title": "t", "summary": "s", "decisions": [], "todos": [] }));
        answer["usage"] = json!({ "input_tokens": input, "output_tokens": output });
        let (state, (url, _)) = (state(2), serve(vec![good(), (200, "", answer.to_string())]));
        let settings = settings(url);
        step(state.path(), &settings, NOON);
        let before = read(state.path(), &settings, NOON).spent;
        let tried = step(state.path(), &settings, NOON);
        let overview = read(state.path(), &settings, NOON);
        let spent = overview.spent - before;
        assert!((5_000..1_000_000).contains(&spent), "{input} {output}: {spent} {tried:?}");
        assert_eq!(overview.done, 2);
        let Step::Tried(report) = tried else { panic!() };
        assert_eq!(report.is_odd, input.max(output) > 1);
    }
    // One of before that ran over counts with what was reserved.
    let state = state(1);
    let ledger = Ledger::open(state.path()).unwrap();
    let insert = "INSERT INTO spending (day, time, model, reserved, settled) VALUES (20000, 1, 'm', 70, ?1), (20000, 1, 'm', 7, 3)";
    ledger.connection.execute(insert, [i64::MIN]).unwrap();
    assert_eq!(ledger.spent(NOON).unwrap(), 73);
}

/// A clock that was ahead for a moment stops nothing and forgets nothing.
#[test]
fn a_clock_that_was_ahead_for_a_moment_is_forgiven() {
    let (state, (url, _)) = (state(2), serve(vec![good(), (401, "", "{}".to_owned()), good()]));
    let settings = settings(url);
    step(state.path(), &settings, NOON);
    failed(&step(state.path(), &settings, Time(NOON.0 + 500 * DAY)));
    assert_eq!(read(state.path(), &settings, NOON).spent, 1_500);
    assert!(matches!(step(state.path(), &settings, NOON), Step::Tried(_)));
    let overview = read(state.path(), &settings, NOON);
    assert_eq!((overview.done, overview.spent), (2, 3_000), "{overview:?}");
}

/// Of a conversation whose clock is ahead, it is counted from when it came how long it is quiet.
#[test]
fn records_of_the_future_are_waited_for_as_all_others() {
    let (state, (url, asked)) = (state(1), serve(vec![good()]));
    let settings = settings(url);
    let minute = |minutes: u64| Time(NOON.0 + minutes * 60 * SECOND);
    say(state.path(), 1, 20, "more", Time(NOON.0 + DAY));
    assert!(matches!(step(state.path(), &settings, minute(0)), Step::PassedOver));
    for number in 1..4 {
        say(state.path(), 1, 20 + number, "more", Time(NOON.0 + DAY + number));
        assert!(matches!(step(state.path(), &settings, minute(number)), Step::Idle(None)));
    }
    // It changed since it was looked at.
    assert!(matches!(step(state.path(), &settings, minute(10)), Step::PassedOver));
    assert!(matches!(step(state.path(), &settings, minute(19)), Step::Idle(None)));
    assert!(matches!(step(state.path(), &settings, minute(20)), Step::Tried(_)));
    assert!(matches!(step(state.path(), &settings, minute(21)), Step::Idle(None)));
    assert_eq!(asked.lock().unwrap().len(), 1);
    // Who asks for it now waits for nothing.
    say(state.path(), 1, 30, "still more", Time(NOON.0 + 2 * DAY));
    assert!(matches!(step(state.path(), &settings, minute(22)), Step::PassedOver));
    let mut worker = Worker::new(state.path(), &settings).unwrap();
    assert!(matches!(worker.step(minute(22), Some(minute(22))).unwrap(), Step::Tried(_)));
}

/// While the store is made anew, conversations in it are halves: nobody pays for those.
#[test]
fn nothing_is_asked_of_what_is_being_read() {
    let (state, (url, asked)) = (state(2), serve(vec![good()]));
    let settings = settings(url);
    let store = Store::path(state.path());
    let cut_short = Intake::begin(&store);
    // Another within it ends nothing.
    Intake::begin(&store).end();
    let waits = step(state.path(), &settings, NOON);
    assert!(matches!(&waits, Step::Waits { why, .. } if why.contains("`centerfire import`")), "{waits:?}");
    drop(cut_short);
    assert!(matches!(step(state.path(), &settings, NOON), Step::Waits { .. }));
    Intake::end_all(state.path());
    assert!(matches!(step(state.path(), &settings, NOON), Step::Tried(_)));
    assert!(matches!(step(state.path(), &settings, NOON), Step::Tried(_)));
    // One that ends earlier than it did is not there as a whole.
    let mut store = Store::open_to_write(state.path()).unwrap().unwrap();
    store.connection().execute("UPDATE conversation SET ended = ended - 1", []).unwrap();
    drop(store);
    assert!(matches!(step(state.path(), &settings, NOON), Step::Idle(None)));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

/// A damaged page of what models made keeps nobody from reading what was said, and nothing is paid for twice.
#[test]
fn a_damaged_file_of_jobs_hides_no_conversation() {
    let (state, (url, asked)) = (state(1), serve(vec![good()]));
    let settings = settings(url);
    let ledger = Ledger::open(state.path()).unwrap();
    let select =
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'made'";
    let (page, size): (u32, u32) =
        ledger.connection.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    drop(ledger);
    let path = Ledger::path(state.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[((page - 1) * size) as usize..(page * size) as usize].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let store = Store::open(state.path()).unwrap().unwrap();
    assert_eq!(store.conversations(&Default::default(), 9).expect("they are told").len(), 1);
    let refused = Worker::new(state.path(), &settings).and_then(|mut worker| worker.step(NOON, None));
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("jobs.db") && told.contains("move it away"), "{told}");
    assert_eq!(asked.lock().unwrap().len(), 0);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(step(state.path(), &settings, NOON), Step::Tried(_)));
}

#[test]
fn nothing_unseen_and_no_heap_of_marks_comes_out_of_an_answer() {
    let nasty = "\u{61c}A\u{ad}B\u{180e}C\u{fe0f}\u{e0100}\u{e0101}D\u{3164}\u{115f}e".to_owned()
        + &"\u{301}".repeat(40)
        + "\u{200d}"
        + &"\u{301}".repeat(40);
    assert_eq!(answer::line(&nasty, 99), "ABCDe\u{301}\u{301}\u{301}\u{301}");
}

/// Who has so many conversations read now pays for no more of them, whatever comes of it.
#[test]
fn what_was_asked_in_vain_counts_to_what_somebody_wants_now() {
    let (state, (url, asked)) = (state(0), serve(vec![(200, "", report(json!({ "title": 7 })).to_string())]));
    for number in 1..=3 {
        // None of them has been quiet for long enough to be read without a wish.
        say(state.path(), number, number * 10, "marmalade", Time(Time::now().0 - number));
    }
    let bell = Bell::default();
    bell.run(1);
    work(state.path(), &settings(url), &bell, &|| bell.now() == 0, &|_| {}, &|error| panic!("{error}"));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

/// One that goes on while somebody has all done now is paid for once, and takes no other's turn.
#[test]
fn a_conversation_that_goes_on_is_asked_about_once_in_a_run() {
    let (state, (url, asked)) = (state(0), serve(vec![good()]));
    for number in 1..=3 {
        say(state.path(), number, number * 10, "marmalade", Time(Time::now().0 - SECOND * number));
    }
    let settings = settings(url);
    let bell = Bell::default();
    bell.run(9);
    let goes_on = |_: &Report| say(state.path(), 1, Time::now().0, "more", Time::now());
    work(state.path(), &settings, &bell, &|| bell.now() == 0, &goes_on, &|error| panic!("{error}"));
    let now = Time::now();
    let overview = read(state.path(), &settings, now);
    assert_eq!((asked.lock().unwrap().len(), overview.done, overview.waiting), (3, 3, 1), "{overview:?}");
    // In the same run once it is quiet, and in the next at once.
    let mut worker = Worker::new(state.path(), &settings).unwrap();
    let began = Time(now.0 - HOUR);
    assert!(matches!(worker.step(now, Some(began)).unwrap(), Step::Idle(None)));
    let quiet = Time(Time::now().0 + QUIET.as_micros() as u64);
    assert!(matches!(worker.step(quiet, Some(began)).unwrap(), Step::Tried(_)));
    say(state.path(), 1, 99, "more", quiet);
    assert!(matches!(
        worker.step(Time(quiet.0 + SECOND), Some(Time(quiet.0 + SECOND))).unwrap(),
        Step::Tried(_)
    ));
}

/// Who tries again what is just asked about makes it no try the less, and nothing is untold for it.
#[test]
fn what_is_tried_again_in_the_midst_of_a_request_is_told() {
    let state = state(1);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = settings(format!("http://{}", server.local_addr().unwrap()));
    let tries = || {
        let overview = read(state.path(), &settings, NOON);
        (overview.failures[0].tries, overview.latest[0].tries)
    };
    let busy = |now, meanwhile: &dyn Fn()| {
        let tried = std::thread::scope(|scope| {
            let tried = scope.spawn(|| step(state.path(), &settings, now));
            let mut reader = BufReader::new(server.accept().unwrap().0);
            hear(&mut reader);
            meanwhile();
            say_back(reader, (529, "", "{}".to_owned()));
            tried.join().unwrap()
        });
        assert!(failed(&tried).contains("529"), "{tried:?}");
    };
    busy(NOON, &|| assert_eq!(Ledger::open(state.path()).unwrap().retry(None).unwrap(), 1));
    assert_eq!(tries(), (0, 0));
    // As such a request left it once.
    Ledger::open(state.path()).unwrap().connection.execute("UPDATE job SET tries = -1", []).unwrap();
    assert_eq!(tries(), (0, 0));
    busy(Time(NOON.0 + HOUR), &|| ());
    assert_eq!(tries(), (0, 0));
}
