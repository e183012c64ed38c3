//! A recording as a picture: the clients above, the server's sockets below, on one time axis that ends where the run does.
//! Where the server's thread sleeps there is a block in the row of the socket that it sleeps at, so that each design has a
//! shape of its own. Equal recordings give pictures that are equal to the byte.
//!
//! A slide shows it below a heading that says what it comes to, so its title is for those who do not see it, and its
//! letters are as large as the last row needs them: what finds no room is in the description, and on the terminal.

mod clients;
mod density;
mod inset;
mod legend;
mod marks;
mod server;
mod time_axis;

use crate::svg::{self, Element, INK};
use crate::text::milliseconds;
use crate::trace::headline;
use crate::trace::metrics::{Waits, Work};
use crate::trace::recording::Recording;
use crate::trace::timeline::{gist, summary};
use inset::Inset;
use server::Rows;
use time_axis::{LEFT, RIGHT, TimeAxis};

/// Text that warns: 8.4 to 1 on white.
const WARNING: &str = "#8a2f00";
/// A waiting client, and the outline of one.
const ORANGE: &str = "#e69f00";
const BROWN: &str = "#7a5600";
/// A nap: the area, and its outline.
const LIGHT_GREY: &str = "#f0f1f3";
const GREY: &str = "#6b7683";

const WIDTH: f64 = 1280.0;

/// All text. A slide shows a picture at 1208 of its 1280 pixels, and 24 of them can be read from the last row.
const LETTERS: u32 = 26;

/// How far below the middle of a row its letters stand.
const BASELINE: f64 = 9.0;

/// Where the names of times stand, where the clients' rows begin below them, and how high each is.
const TIMES: f64 = 34.0;
const CLIENTS: f64 = 46.0;
const CLIENT: f64 = 36.0;

/// How much room the line about the server takes above its rows, and how high each is; less where a strip stands below,
/// so that all of it leaves room on a slide for a heading and two lines.
const HEAD: f64 = 46.0;
const SOCKET: f64 = 54.0;
const LOW_SOCKET: f64 = 40.0;

/// How much room the legend takes.
const LEGEND: f64 = 44.0;

/// Draws a recording.
#[must_use]
pub fn draw(recording: &Recording) -> String {
    let scale = TimeAxis::of(recording);
    let line = CLIENTS + recording.clients.len() as f64 * CLIENT + 4.0;
    let work = Work::of(recording);
    let work = work.as_ref();
    let magnifier = work.and_then(|work| Inset::over(recording, work));
    let rows = work.map(|work| Rows {
        work,
        scale: &scale,
        top: line + HEAD,
        count: recording.clients.len() + 1,
        height: magnifier.as_ref().map_or(SOCKET, |_| LOW_SOCKET),
    });
    let bottom = rows.as_ref().map_or(line, Rows::bottom);
    let below = bottom + magnifier.as_ref().map_or(0.0, Inset::height);

    let title = headline::title(recording);
    let size = (WIDTH, below + LEGEND);
    let mut picture = svg::card(size, LETTERS, &title, &describe(recording, work));
    picture.add(marks::patterns());
    picture.add(scale.names());
    picture.add(scale.grid(CLIENTS - 4.0, line));
    for (row, client) in recording.clients.iter().enumerate() {
        let middle = CLIENTS + (row as f64 + 0.5) * CLIENT;
        picture.add(clients::draw(client, &scale, middle));
    }
    if let Some(rows) = &rows {
        picture.add(head(recording, rows.work, line));
        picture.add(server::draw(recording, rows));
    }
    if let Some(magnifier) = &magnifier {
        picture.add(magnifier.draw(&scale, bottom));
    }
    picture.add(legend::draw(recording, work, below + LEGEND / 2.0));
    picture.file()
}

/// What there is to say about the server as a whole.
fn head(recording: &Recording, work: &Work, line: f64) -> Element {
    let mut all = Element::new("g");
    let rule = marks::line((LEFT, RIGHT), (line, line), INK);
    all.add(rule.set("stroke-width", 2));
    let told = format!("server: {}", gist(recording, work));
    all.add(text(LEFT, line + 33.0, &told));
    all
}

/// Words at a place.
fn text(x: f64, y: f64, words: &str) -> Element {
    coloured(INK, x, y, words)
}

fn coloured(colour: &str, x: f64, y: f64, words: &str) -> Element {
    let element = Element::new("text").at("x", x).at("y", y);
    element.set("fill", colour).text(words)
}

/// What there is to see, for those who do not see it.
fn describe(recording: &Recording, work: Option<&Work>) -> String {
    let mut told = String::from(
        "A timeline. Above, three clients, A from 0 ms, B from 100 ms, C from 220 ms on; each asks, waits for the \
         answer, thinks for 120 to 180 ms, and asks again.",
    );
    for client in &recording.clients {
        let waits = Waits::of(client);
        told += &format!(
            " {} is answered {} times and waits {} ms at most.",
            client.name,
            waits.answers,
            milliseconds(waits.longest())
        );
    }
    match work {
        Some(work) => {
            told += &format!(
                " Below, a row for each socket of the server, with a block where its thread sleeps. Server: {}. \
                 Recorded with strace, which slows a program down, under {}.",
                summary(work),
                recording.system
            );
        }
        None => told += &format!(" Recorded under {}.", recording.system),
    }
    told
}
