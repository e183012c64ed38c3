//! A parent that feeds a child through one pipe, and meanwhile reads its answer from another. The child is this program
//! once more, with an argument: it copies what it reads.
//!
//! Try it: `cargo run --package slides --bin pipe`
//!
//! Man pages: pipe(7), read(2), write(2), close(2).

use std::env;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// More than both pipes hold.
const TEXT: &[u8] = &[b'.'; 1024 * 1024];

/// The argument that makes a child of the program.
const COPY: &str = "copy";

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref() {
        Some(COPY) => io::copy(&mut io::stdin(), &mut io::stdout()).map(|_count| ()),
        _ => be_a_parent(),
    }
}

fn be_a_parent() -> io::Result<()> {
    let mut child = Command::new(env::current_exe()?)
        .arg(COPY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().expect("it is piped");
    let mut output = child.stdout.take().expect("it is piped");

    let mut answer = Vec::new();
    // region meanwhile
    let feed = thread::spawn(move || {
        let fed = input.write_all(TEXT);
        drop(input);
        fed
    });
    output.read_to_end(&mut answer)?;
    // endregion
    feed.join().expect("feeding does not panic")?;
    child.wait()?;

    println!("fed {} bytes, read {}", TEXT.len(), answer.len());
    println!("the same: {}", answer == TEXT);
    Ok(())
}
