//! From what strace(1) writes to calls. The lines are real ones; ports and times are made small.

use lab::trace::recording::{CallResult, Kind, ServerSide, Sockets, Span, Syscall};
use lab::trace::resolve::{Connection, RecordingContext, server};
use lab::trace::strace::Log;

const A: Sockets = Sockets::LISTENER;

/// The server's side of what strace wrote: a listener at port 7101, A at 4001, B at 4002, from 0 to 500 ms.
fn seen(text: &str) -> ServerSide {
    let connection = |port, client, since| Connection {
        port,
        client,
        since,
    };
    let wires = RecordingContext {
        listener: 7101,
        connections: vec![connection(4001, 0, 0), connection(4002, 1, 100)],
        zero: 100_000_000,
        span: Span {
            from: 0,
            to: 500_000,
        },
    };
    server(&Log::read(text), &wires)
}

/// Its calls, in few words.
fn calls(text: &str) -> Vec<(usize, Kind, Sockets, i64, i64, CallResult)> {
    let short = |call: &Syscall| {
        (
            call.thread,
            call.kind,
            call.at,
            call.start,
            call.duration,
            call.answer,
        )
    };
    seen(text).calls.iter().map(short).collect()
}

fn client(number: usize) -> Sockets {
    Sockets::client(number)
}

#[test]
fn a_call_that_is_told_in_two_lines_is_one() {
    let text = r#"
51 100.010000 accept4(3<TCP:[127.0.0.1:7101]>,  <unfinished ...>
52 100.020000 recvfrom(4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>,  <unfinished ...>
51 100.030000 <... accept4 resumed>{sa_family=AF_INET, sin_port=htons(4002), sin_addr=inet_addr("127.0.0.1")}, [128 => 16], SOCK_CLOEXEC) = 5<TCP:[127.0.0.1:7101->127.0.0.1:4002]> <0.019990>
52 100.040000 <... recvfrom resumed>"hello", 16384, 0, NULL, NULL) = 5 <0.019980>
52 100.040100 +++ exited with 0 +++
"#;
    assert_eq!(
        calls(text),
        [
            (0, Kind::Accept, A, 10_000, 19_990, CallResult::Done),
            (1, Kind::Recv, client(0), 20_000, 19_980, CallResult::Done),
        ]
    );
    let lives = seen(text).threads;
    assert_eq!(lives[0].to, 500_000, "it is there to the end");
    assert_eq!((lives[1].from, lives[1].to), (20_000, 40_100));
}

#[test]
fn what_was_not_over_when_the_program_was_ended_is_open() {
    // strace was ended in the middle of the last line.
    let text = r#"
51 100.010000 recvfrom(4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>,  <unfinished ...>
52 100.020000 ppoll([{fd=3<TCP:[127.0.0.1:7101]>, events=POLLIN}, {fd=5<TCP:[127.0.0.1:7101->127.0.0.1:4002]>, events=POLLIN}], 2, NULL, NULL, 8"#;
    assert_eq!(
        calls(text),
        [
            (0, Kind::Recv, client(0), 10_000, 490_000, CallResult::Open),
            (
                1,
                Kind::Poll,
                A.with(client(1)),
                20_000,
                480_000,
                CallResult::Open
            ),
        ]
    );
}

#[test]
fn each_way_to_come_back_is_told_apart() {
    let socket = "4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>";
    for (line, kind, answer) in [
        (
            r#"recvfrom(SOCKET, "hello", 16384, 0, NULL, NULL) = 5"#,
            Kind::Recv,
            CallResult::Done,
        ),
        (
            r#"recvfrom(SOCKET, "", 16384, 0, NULL, NULL) = 0"#,
            Kind::Recv,
            CallResult::End,
        ),
        (
            "recvfrom(SOCKET, 0x7ffc, 16384, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)",
            Kind::Recv,
            CallResult::WouldBlock,
        ),
        (
            "recvfrom(SOCKET, 0x7ffc, 16384, 0, NULL, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
            Kind::Recv,
            CallResult::Interrupted,
        ),
        (
            "read(SOCKET, 0x7ffc, 16384) = -1 ECONNRESET (Connection reset by peer)",
            Kind::Recv,
            CallResult::Failed,
        ),
        (
            r#"sendto(SOCKET, ") = 7 <0.5>", 11, MSG_NOSIGNAL, NULL, 0) = 11"#,
            Kind::Send,
            CallResult::Done,
        ),
        (
            "ppoll([{fd=SOCKET, events=POLLIN}], 1, {tv_sec=0, tv_nsec=0}, NULL, 8) = 0 (Timeout)",
            Kind::Poll,
            CallResult::Nothing,
        ),
        (
            "ppoll([{fd=SOCKET, events=POLLIN}], 1, NULL, NULL, 8) = 1 ([{fd=4, revents=POLLIN}])",
            Kind::Poll,
            CallResult::Done,
        ),
        (
            "select(5, [SOCKET], NULL, NULL, NULL) = 1 (in [4])",
            Kind::Select,
            CallResult::Done,
        ),
        (
            "shutdown(SOCKET, SHUT_WR)               = 0",
            Kind::Shutdown,
            CallResult::Done,
        ),
        ("close(SOCKET)   = 0", Kind::Close, CallResult::Done),
    ] {
        let line = line.replace("SOCKET", socket);
        let text = format!("51 100.010000 {line} <0.000009>\n");
        assert_eq!(
            calls(&text),
            [(0, kind, client(0), 10_000, 9, answer)],
            "{line}"
        );
    }
}

#[test]
fn what_has_nothing_to_do_with_our_sockets_is_left_out() {
    let text = r#"
51 100.010000 write(1<pipe:[176075213]>, "client 2 connect"..., 19) = 19 <0.000028>
51 100.010100 read(3</usr/lib/x86_64-linux-gnu/libc.so.6>, "\177ELF\2"..., 832) = 832 <0.000008>
51 100.010200 poll([{fd=0</dev/null<char 1:3>>, events=0}, {fd=1<pipe:[7]>, events=0}], 2, 0) = 0 (Timeout) <0.000008>
51 100.010300 recvfrom(9<TCP:[127.0.0.1:9999->127.0.0.1:4001]>, "x", 1, 0, NULL, NULL) = 1 <0.000008>
51 100.010400 exit_group(0)                     = ?
strace: some remark
"#;
    assert_eq!(calls(text), []);
}

#[test]
fn a_long_sleep_at_no_socket_is_kept() {
    let text = r#"
51 100.010000 clock_nanosleep(CLOCK_MONOTONIC, 0, {tv_sec=0, tv_nsec=1000000}, 0x7ffc) = 0 <0.001092>
51 100.020000 futex(0x7f52, FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME, 72, NULL, FUTEX_BITSET_MATCH_ANY) = 0 <0.100000>
51 100.200000 ppoll(NULL, 0, {tv_sec=0, tv_nsec=20000000}, NULL, 8) = 0 (Timeout) <0.020080>
51 100.300000 read(0<pipe:[7]>, 
"#;
    let at = Sockets::NONE;
    assert_eq!(
        calls(text),
        [
            (0, Kind::Nap, at, 10_000, 1_092, CallResult::Done),
            (0, Kind::Futex, at, 20_000, 100_000, CallResult::Done),
            (0, Kind::Nap, at, 200_000, 20_080, CallResult::Nothing),
            (0, Kind::Other, at, 300_000, 200_000, CallResult::Open),
        ]
    );
}

#[test]
fn an_epoll_instance_waits_for_what_is_registered_with_it() {
    let text = r#"
51 100.010000 epoll_ctl(6<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 3<TCP:[127.0.0.1:7101]>, {events=EPOLLIN|EPOLLET, data={u32=9, u64=9}}) = 0 <0.000011>
51 100.020000 epoll_wait(6<anon_inode:[eventpoll]>, [{events=EPOLLIN, data={u32=9, u64=9}}], 1024, -1) = 1 <0.010000>
51 100.031000 accept4(3<TCP:[127.0.0.1:7101]>, {sa_family=AF_INET}, [128 => 16], SOCK_CLOEXEC|SOCK_NONBLOCK) = 4<TCP:[127.0.0.1:7101->127.0.0.1:4001]> <0.000014>
51 100.032000 epoll_ctl(6<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>, {events=EPOLLIN|EPOLLET, data={u32=1, u64=1}}) = 0 <0.000011>
51 100.040000 epoll_wait(6<anon_inode:[eventpoll]>, [{events=EPOLLIN, data={u32=1, u64=1}}], 1024, -1) = 1 <0.010000>
51 100.051000 close(4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>) = 0 <0.000100>
51 100.060000 epoll_wait(6<anon_inode:[eventpoll]>, "#;
    let waits: Vec<Sockets> = seen(text)
        .calls
        .iter()
        .filter(|call| call.kind == Kind::EpollWait)
        .map(|call| call.at)
        .collect();
    assert_eq!(waits, [A, A.with(client(0)), A]);
}

#[test]
fn a_broken_connection_has_no_addresses_but_its_descriptor_is_known() {
    let text = r#"
51 100.010000 recvfrom(4<TCP:[127.0.0.1:7101->127.0.0.1:4002]>, "hello", 16384, 0, NULL, NULL) = 5 <0.000010>
51 100.020000 recvfrom(4<TCP:[176075214]>, 0x7ffc, 16384, 0, NULL, NULL) = -1 ECONNRESET (Connection reset by peer) <0.000010>
51 100.030000 close(4<socket:[176075214]>) = 0 <0.000010>
51 100.040000 close(4<socket:[176075299]>) = 0 <0.000010>
"#;
    let at: Vec<Sockets> = seen(text).calls.iter().map(|call| call.at).collect();
    assert_eq!(at, [client(1); 3]);
}

#[test]
fn only_what_was_recorded_is_kept() {
    let text = r#"
51 99.900000 accept4(3<TCP:[127.0.0.1:7101]>, 0x7ffc, [128], SOCK_CLOEXEC) = -1 EAGAIN (Resource temporarily unavailable) <0.000012>
51 99.950000 accept4(3<TCP:[127.0.0.1:7101]>, {sa_family=AF_INET}, [128 => 16], SOCK_CLOEXEC) = 4<TCP:[127.0.0.1:7101->127.0.0.1:4001]> <0.060000>
51 100.400000 recvfrom(4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>, "", 16384, 0, NULL, NULL) = 0 <0.200000>
51 100.600000 close(4<TCP:[127.0.0.1:7101->127.0.0.1:4001]>) = 0 <0.000012>
"#;
    assert_eq!(
        calls(text),
        [
            (0, Kind::Accept, A, -50_000, 60_000, CallResult::Done),
            (0, Kind::Recv, client(0), 400_000, 100_000, CallResult::Open),
        ]
    );
}

#[test]
fn a_refused_call_has_not_slept_unless_it_took_very_long() {
    let call = |answer, duration| Syscall {
        start: 0,
        thread: 0,
        kind: Kind::Recv,
        at: client(0),
        answer,
        duration,
    };
    assert!(
        !call(CallResult::WouldBlock, 3_000).sleeps(),
        "it was preempted"
    );
    assert!(call(CallResult::WouldBlock, 20_000).sleeps(), "SO_RCVTIMEO");
    assert!(!call(CallResult::Done, 300).sleeps());
    assert!(call(CallResult::Done, 3_000).sleeps());
}
