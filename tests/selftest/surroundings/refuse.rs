//! Runs a command to which the kernel refuses some system calls with "operation not permitted", as the seccomp profile of a
//! container does: seccomp(2). A program of its own, which a test compiles.
//!
//! ```text
//! refuse 302,438 lab check 2
//! ```

use std::os::unix::process::CommandExt;
use std::process::Command;

/// One instruction of a filter: linux/filter.h.
#[repr(C)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

#[repr(C)]
struct Filter {
    length: u16,
    instructions: *const Instruction,
}

const LOAD_WORD: u16 = 0x20;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const FAIL_WITH_EPERM: u32 = 0x0005_0000 | 1;

const PR_SET_NO_NEW_PRIVS: i32 = 38;
const PR_SET_SECCOMP: i32 = 22;
const SECCOMP_MODE_FILTER: usize = 2;

unsafe extern "C" {
    fn prctl(option: i32, ...) -> i32;
}

fn main() {
    let mut words = std::env::args().skip(1);
    let numbers = words.next().expect("the numbers of system calls, with commas");
    let mut instructions = vec![instruction(LOAD_WORD, 0, 0)];
    for number in numbers.split(',') {
        let number = number.parse().expect("a system call is a number");
        instructions.push(instruction(JUMP_IF_EQUAL, 1, number));
        instructions.push(instruction(RETURN, 0, FAIL_WITH_EPERM));
    }
    instructions.push(instruction(RETURN, 0, ALLOW));
    let filter = Filter {
        length: instructions.len() as u16,
        instructions: instructions.as_ptr(),
    };
    // SAFETY: `filter` and its instructions live on for the length of the calls.
    unsafe {
        assert_eq!(prctl(PR_SET_NO_NEW_PRIVS, 1_usize, 0_usize, 0_usize, 0_usize), 0);
        assert_eq!(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw const filter), 0);
    }
    let program = words.next().expect("a command");
    let error = Command::new(program).args(words).exec();
    panic!("it cannot be started: {error}");
}

/// An instruction; a jump goes on behind the next instruction where the value is another one.
fn instruction(code: u16, jump: u8, value: u32) -> Instruction {
    let (if_true, if_false) = (0, jump);
    Instruction {
        code,
        if_true,
        if_false,
        value,
    }
}
