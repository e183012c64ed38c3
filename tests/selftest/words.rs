//! What a program prints is read into values: the kit's event log, and last words.

use lab::evidence::kit_log::{Event, EventLog};
use lab::evidence::last_words::{LastWords, SystemErrors, last_lines};

#[test]
fn the_log_is_read_as_the_kit_prints_it() {
    let printed = "listening on 127.0.0.1:7878\nclient 1 connected\ntick 3\nclient 1 left after 5 bytes\n\
                   client 2 lost after 0 bytes: reset by peer (os error 104)\nhello\nclient 3 left\n\
                   client x connected\nclient 4 left after 5 bytes and more\n";
    let log = EventLog::read(printed);
    let lines: Vec<String> = log.events().iter().map(ToString::to_string).collect();
    assert_eq!(lines, printed.lines().take(5).collect::<Vec<_>>());
    assert_eq!((log.connected(), log.departed()), (1, 2));
    assert!(log.address().is_some() && log.has_ticks());
    assert_eq!(log.left().collect::<Vec<_>>(), [5]);
    assert_eq!(
        log.about(2)
            .filter(|event| Event::is_departure(event))
            .count(),
        1
    );
    let (client, bytes, reason) = log.lost().next().expect("one was lost");
    assert_eq!((client, bytes, reason.displayed), (2, 0, vec![104]));
}

#[test]
fn errors_are_read_as_the_standard_library_prints_them() {
    let named = SystemErrors::named_in;
    assert!(named("x (os error 35)").is_would_block());
    assert!(named("Os { code: 11, kind: WouldBlock, message: \"…\" }").is_would_block());
    assert!(!named("Os { code: 104, kind: ConnectionReset }").is_would_block());
    assert!(named("Os { code: 12, kind: OutOfMemory }").is_refused_thread());
    assert!(named("accept: (os error 22)").is_not_listening());
    assert!(!named("accept: (os error 220)").is_not_listening());
    assert!(!named("all is well").is_any());

    let words =
        LastWords::read("thread 'a' panicked at x.rs:1:1:\nnot yet implemented: step 12: send\n");
    assert_eq!(words.unwritten_step(), Some(12));
    assert_eq!(
        LastWords::read("not yet implemented: step 1\n").unwritten_step(),
        None
    );
    assert_eq!(last_lines("a\n\nb\nnote: see more\n", 2), ["a", "b"]);
}

#[test]
fn a_log_contradicts_itself_where_somebody_comes_or_goes_twice_or_ticks_are_counted_anew() {
    let says = |lines: &[&str]| {
        let log = EventLog::read(&lines.join("\n"));
        log.contradiction()
    };
    let sound = [
        "listening on 127.0.0.1:7878",
        "tick 1",
        "client 1 connected",
        "client 2 connected",
        "client 2 lost after 5 bytes: Broken pipe",
        "tick 2",
        "client 1 left after 0 bytes",
    ];
    assert_eq!(says(&sound), None);
    for (last, said) in [
        ("tick 1", "\"tick 1\" after \"tick 2\""),
        ("tick 4", "\"tick 4\" after \"tick 2\""),
        (
            "client 1 connected",
            "\"client 1 connected\" for the second time",
        ),
        (
            "client 2 left after 5 bytes",
            "\"client 2 left after 5 bytes\" after \"client 2 lost after 5 bytes: Broken pipe\"",
        ),
        (
            "client 3 left after 0 bytes",
            "\"client 3 left after 0 bytes\" before \"client 3 connected\"",
        ),
    ] {
        let lines = [&sound[..], &[last]].concat();
        assert_eq!(says(&lines).as_deref(), Some(said));
    }
}
