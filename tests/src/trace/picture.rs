//! A recording as a picture: the clients above, the server's sockets below, on one time axis that is the same for every
//! design. Where the server's thread sleeps there is a block in the row of the socket that it sleeps at, so that each
//! design has a shape of its own. Equal recordings give pictures that are equal to the byte.

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
use crate::trace::timeline::summary;
use inset::Inset;
use time_axis::{LEFT, RIGHT, TimeAxis, width};

/// Text that warns: 8.4 to 1 on white.
const WARNING: &str = "#8a2f00";
/// A waiting client, and the outline of one.
const ORANGE: &str = "#e69f00";
const BROWN: &str = "#7a5600";
/// Refused.
const VERMILLION: &str = "#d55e00";
/// Asleep: the area, and its outline.
const LIGHT_BLUE: &str = "#d6e6f5";
const BLUE: &str = "#2a6496";
/// A nap: the area, and its outline.
const LIGHT_GREY: &str = "#f0f1f3";
const GREY: &str = "#6b7683";

const WIDTH: f64 = 1280.0;

/// The smallest text. A picture is shown a little smaller than it is drawn, and must be read from the last row.
const SMALL: u32 = 20;

/// Where the clients' rows begin, and how high each is.
const CLIENTS: f64 = 88.0;
const CLIENT: f64 = 34.0;
/// How much room the line about the server takes above its rows, and how high each is.
const HEAD: f64 = 42.0;
const SOCKET: f64 = 40.0;

/// Draws a recording.
#[must_use]
pub fn draw(recording: &Recording) -> String {
    let scale = TimeAxis::of(recording);
    let line = CLIENTS + recording.clients.len() as f64 * CLIENT + 4.0;
    let work = Work::of(recording);
    let work = work.as_ref();
    let rows = line + HEAD;
    let bottom = match work {
        Some(_) => rows + (recording.clients.len() + 1) as f64 * SOCKET,
        None => line,
    };
    let magnifier = work.and_then(|work| Inset::over(recording, work));
    let below = bottom + magnifier.as_ref().map_or(0.0, Inset::height);
    let height = below + 52.0;

    let title = headline::title(recording);
    let mut picture = svg::card((WIDTH, height), SMALL, &title, &describe(recording, work));
    picture.add(marks::patterns());
    picture.add(heading(&title));
    picture.add(scale.grid(CLIENTS - 6.0, bottom));
    for (row, client) in recording.clients.iter().enumerate() {
        let middle = CLIENTS + (row as f64 + 0.5) * CLIENT;
        picture.add(clients::draw(client, &scale, middle));
    }
    if let Some(work) = work {
        picture.add(head(work, line));
        picture.add(server::draw(recording, work, &scale, rows));
    }
    if let Some(magnifier) = &magnifier {
        picture.add(magnifier.draw(&scale, bottom));
    }
    picture.add(legend::draw(recording, work, below + 30.0));
    picture.file()
}

/// The title, in the largest letters that it has room for.
fn heading(title: &str) -> Element {
    let sizes = [30, 28, 26, 24, 22, SMALL];
    let fits = |size: &&u32| width(title, **size, true) <= RIGHT - LEFT;
    let size = sizes.iter().find(fits).unwrap_or(&SMALL);
    text(LEFT, 42.0, title)
        .set("font-size", size)
        .set("font-weight", "bold")
}

/// What there is to say about the server as a whole.
fn head(work: &Work, line: f64) -> Element {
    let mut all = Element::new("g");
    let rule = marks::line((LEFT, RIGHT), (line, line), INK);
    all.add(rule.set("stroke-width", 2));
    let told = format!("server: {} (traced)", summary(work));
    let told = text(LEFT, line + 28.0, &told).set("paint-order", "stroke");
    all.add(told.set("stroke", "#ffffff").set("stroke-width", 5));
    all
}

/// Words at a place; all of them are at least as large as the picture's own letters.
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
