//! What was received beside what was expected: one below the other, with a mark below the first byte that differs.

use lab::harness::compare::{comes_again, difference, is_filled_with_zeros, missing, repeated};
use lab::harness::payload::Payload;
use lab::text::columns;

fn shown(expected: &[u8], received: &[u8]) -> String {
    let (expected, received) = difference(expected, received);
    format!("{expected}\n{received}")
}

#[test]
fn a_text_is_shown_as_one() {
    let expected = "\"hello\\n\"\n\"help!\\n\"\n    ^ byte 4 is the first that differs";
    assert_eq!(shown(b"hello\n", b"help!\n"), expected);
}

#[test]
fn other_bytes_are_shown_as_numbers() {
    let expected = "00 ff c3\n00 fe c3\n   ^ byte 2 is the first that differs";
    assert_eq!(shown(b"\x00\xFF\xC3", b"\x00\xFE\xC3"), expected);
}

#[test]
fn what_is_too_long_or_too_short_is_marked_where_it_should_have_ended() {
    let more = "\"hi\"\n\"hi!\"\n   ^ from byte 3 on it is more than was expected";
    assert_eq!(shown(b"hi", b"hi!"), more);
    let less = "\"hi!\"\n\"hi\"\n   ^ byte 3 is missing, and all behind it";
    assert_eq!(shown(b"hi!", b"hi"), less);
}

#[test]
fn of_long_ones_a_part_is_shown() {
    let expected: Vec<u8> = (b'a'..=b'z').cycle().take(100).collect();
    let mut received = expected.clone();
    received[30] = b'?';
    let text = "…\"wxyzabcdefghijklmnopqrst\"… of 100 bytes\n\
                …\"wxyzabcd?fghijklmnopqrst\"… of 100 bytes\n          ^ byte 31 is the first that differs";
    assert_eq!(shown(&expected, &received), text);
}

#[test]
fn the_mark_stands_below_the_byte_wherever_that_is() {
    for bytes in [
        b"a\nb\tc d\x00e\xFF".repeat(9),
        b"GET / HTTP/1.1\r\n".repeat(5),
    ] {
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] = if other[at] == b'~' { b'}' } else { b'~' };
            let (expected, received) = difference(&bytes, &other);
            let (received, mark) = received.split_once('\n').expect("a mark");
            let marked = mark.find('^').expect("a mark");
            let behind: String = received.chars().skip(marked).collect();
            assert!(
                behind.starts_with('~') || behind.starts_with("7e"),
                "{received}\n{mark}"
            );
            let before: String = received.chars().take(marked).collect();
            assert!(expected.starts_with(&before), "{expected}\n{received}");
            // Beside the name of the row there is room for both.
            assert!(
                columns(received) <= 67 && columns(mark) <= 67,
                "{received}\n{mark}"
            );
        }
    }
}

#[test]
fn zeros_are_told_from_other_bytes() {
    assert!(is_filled_with_zeros(b"hello", b"h\0\0\0\0"));
    assert!(!is_filled_with_zeros(b"hello", b"h\0\0\0"));
    assert!(!is_filled_with_zeros(b"hello!", b"h\0\0\0\0!"));
}

#[test]
fn a_byte_that_is_the_same_by_chance_does_not_come_again() {
    assert!(comes_again(b"?", b"?"));
    assert!(comes_again(b"hello", b"hellohello"));
    assert!(comes_again(b"hello", b"hell"));
    assert!(!comes_again(b"\n0123456789", b"\n"));
    assert!(!comes_again(b"hello", b"help"));
    assert!(!comes_again(b"", b"hello"));
}

#[test]
fn what_comes_again_or_is_missing_is_found_beyond_the_part_that_is_expected() {
    let stream: Vec<u8> = (0..4_u16)
        .flat_map(|page| (0..=255).map(move |byte| byte ^ (page as u8 * 85)))
        .collect();
    let payload = Payload::new("a stream", stream.clone());
    let part = payload.part(300, 420);
    let (whole, at) = part.whole();
    assert_eq!((whole, at), (&stream[..], 300));

    let again = [&stream[300..310], &stream[200..290]].concat();
    let said = "110 bytes once more after the first 10 bytes";
    assert_eq!(repeated(whole, at, &again).as_deref(), Some(said));
    assert_eq!(
        repeated(part.bytes(), 0, &again),
        None,
        "it stands before the part"
    );

    let later = [&stream[300..310], &stream[500..600]].concat();
    let said = "190 bytes missing after the first 10 bytes";
    assert_eq!(missing(&whole[at..], &later).as_deref(), Some(said));
    assert_eq!(
        missing(part.bytes(), &later),
        None,
        "it stands behind the part"
    );

    assert_eq!(repeated(whole, at, &stream[300..420]), None);
    assert_eq!(missing(&whole[at..], &stream[300..420]), None);
}
