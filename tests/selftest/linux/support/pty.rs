//! A terminal of our own, as pty(7) has them: keys go in, and what stands on the screen can be read.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::linux::support::checkout::Checkout;
use crate::linux::support::command::{Ran, Started, assert_ctrl_c_is_heard, comes};

/// A terminal with a `lab` on it.
pub struct Pty {
    keys: File,
    shown: Arc<Mutex<Shown>>,
    pub lab: Started,
}

/// What a program that draws whole screens writes behind each.
const END_OF_A_SCREEN: &[u8] = b"\x1b[?2026l";

/// What stands on a terminal.
struct Shown {
    parser: vt100::Parser,
    /// The last screen that was drawn to its end.
    whole: String,
    /// The last bytes.
    tail: Vec<u8>,
}

impl Shown {
    fn takes(&mut self, byte: u8) {
        let screen = self.parser.screen();
        let (columns, (_, column)) = (screen.size().1.get(), screen.cursor_position());
        // Behind the last letter of a full line the cursor of a terminal stands on that letter: clearing what follows takes
        // it away. The emulator keeps it.
        if byte == b'K' && self.tail.ends_with(b"\x1b[") && column >= columns {
            self.parser.process(format!("{columns}G\x1b[").as_bytes());
        }
        self.parser.process(&[byte]);
        if self.tail.len() == END_OF_A_SCREEN.len() {
            self.tail.remove(0);
        }
        self.tail.push(byte);
        if self.tail == END_OF_A_SCREEN {
            self.whole = self.text();
        }
    }

    /// What stands there now, line by line.
    fn text(&self) -> String {
        let (_, columns) = self.parser.screen().size();
        let rows = self.parser.screen().rows(0, columns.get());
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_string()).collect();
        rows.join("\n").trim_end().to_string()
    }
}

impl Pty {
    /// Starts the `lab` of `checkout` on a terminal of so many columns and rows.
    pub fn open(
        checkout: &Checkout,
        arguments: &[&str],
        size: (u16, u16),
        surroundings: &[(&str, &str)],
    ) -> Self {
        Self::open_by(&[], checkout, arguments, size, surroundings)
    }

    /// As [`open`](Self::open), where other commands have the terminal first.
    pub fn open_by(
        others: &[&str],
        checkout: &Checkout,
        arguments: &[&str],
        (columns, rows): (u16, u16),
        surroundings: &[(&str, &str)],
    ) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags).expect("there is a terminal to be had");
        grantpt(&ours)
            .and_then(|()| unlockpt(&ours))
            .expect("it is ours");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let ours = File::from(ours);
        resize(&ours, (columns, rows));
        let name = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let theirs = OpenOptions::new().read(true).write(true).open(name);
        let theirs = theirs.expect("it can be opened");
        let copy = || theirs.try_clone().expect("a descriptor can be copied");

        // Its keys make signals: setsid(1).
        let mut lab = checkout.lab_started_by(&[&["setsid", "--ctty"], others].concat(), arguments);
        lab.command
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .envs(surroundings.iter().copied())
            .stdin(copy())
            .stdout(copy())
            .stderr(copy());
        let lab = lab.start();
        drop(theirs);

        let shown = Arc::new(Mutex::new(Shown {
            parser: vt100::Parser::new(count(rows), count(columns), 0),
            whole: String::new(),
            tail: Vec::new(),
        }));
        let screen = Arc::clone(&shown);
        let mut reader = ours.try_clone().expect("a descriptor can be copied");
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // It fails when nobody has the other end any more.
            while let Ok(length @ 1..) = reader.read(&mut piece) {
                let mut shown = lock(&screen);
                piece[..length].iter().for_each(|byte| shown.takes(*byte));
            }
        });
        Self {
            keys: ours,
            shown,
            lab,
        }
    }

    pub fn types(&mut self, keys: &str) {
        if keys.contains('\x03') {
            assert_ctrl_c_is_heard();
        }
        self.keys.write_all(keys.as_bytes()).expect("keys go in");
    }

    pub fn resize(&self, (columns, rows): (u16, u16)) {
        let mut shown = lock(&self.shown);
        let screen = shown.parser.screen_mut();
        screen.set_size(count(rows), count(columns));
        drop(shown);
        resize(&self.keys, (columns, rows));
    }

    /// Waits until `text` stands on the screen; returns the screen.
    pub fn shows(&self, text: &str) -> String {
        let found = comes(|| self.text().contains(text));
        assert!(found, "\"{text}\" does not come:\n{}", self.text());
        self.text()
    }

    /// What stands on the screen, line by line: the last whole one, where a program draws it.
    pub fn text(&self) -> String {
        let shown = lock(&self.shown);
        match shown.parser.screen().alternate_screen() {
            true => shown.whole.clone(),
            false => shown.text(),
        }
    }

    /// Whether any letter on the screen has a colour or is bold.
    pub fn has_style(&self) -> bool {
        let shown = lock(&self.shown);
        let screen = shown.parser.screen();
        let (rows, columns) = screen.size();
        let mut cells = (0..rows.get())
            .flat_map(|row| (0..columns.get()).filter_map(move |column| screen.cell(row, column)));
        cells.any(|cell| cell.bold() || cell.dim() || cell.fgcolor() != vt100::Color::Default)
    }

    /// Whether the terminal was left as it was: no screen of its own, and a cursor.
    pub fn is_left(&self) -> bool {
        let shown = lock(&self.shown);
        let screen = shown.parser.screen();
        !screen.alternate_screen() && !screen.hide_cursor()
    }

    /// Waits for the end of the lab, and sees to it that nothing was left behind: no process, and no screen.
    pub fn ends(self) -> Ran {
        let Self { lab, shown, keys } = self;
        let ran = lab.ends();
        let is_left = comes(|| !lock(&shown).parser.screen().alternate_screen());
        assert!(is_left, "the screen is still that of the desk");
        drop(keys);
        ran
    }
}

fn count(of: u16) -> NonZero<u16> {
    NonZero::new(of).expect("a terminal has lines and columns")
}

fn resize(terminal: &File, (columns, rows): (u16, u16)) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("a terminal has a size");
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
