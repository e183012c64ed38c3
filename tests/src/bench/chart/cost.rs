//! The cost table as a picture for a slide: a row for each design of the lab, a column for each number of clients, and
//! letters that the last row of a hall can read. What asks again and again has another colour than what sleeps.

use crate::bench::chart::WORDS;
use crate::bench::cost::{CostRow, CostTable};
use crate::bench::data::Spread;
use crate::course::{Design, Idle, STAGES};
use crate::svg::{self, BLUE, Element, HATCHED, INK, VERMILLION};
use crate::text::counted;

const WIDTH: f64 = 1280.0;
const MARGIN: f64 = 24.0;

/// All text. A slide shows a picture at 1208 of its 1280 pixels, and 24 of them can be read from the last row.
const LETTERS: u32 = 26;

/// How far below the middle of a row its letters stand.
const BASELINE: f64 = 9.0;

/// Where the line about all of it stands, and the names of the columns.
const HEAD: f64 = 42.0;
const NAMES: f64 = 92.0;

/// Where the first row begins and how high each is, with its bar.
const TOP: f64 = 108.0;
const ROW: f64 = 50.0;
const BAR: f64 = 34.0;

/// Where the first column begins, and how far the last one ends from the edge.
const FIRST: f64 = 336.0;
const LAST: f64 = 16.0;

/// How far a bar is at most from the next column: there stands its value.
const VALUE: f64 = 90.0;

/// How high the legend is.
const LEGEND: f64 = 60.0;

/// Draws what a request costs the designs of the lab. Their peers stand in the table.
#[must_use]
pub fn draw(table: &CostTable) -> String {
    let rows: Vec<(&Design, &CostRow)> = designs(table).collect();
    let bottom = TOP + rows.len() as f64 * ROW;
    let size = (WIDTH, bottom + LEGEND);
    let mut picture = svg::card(size, LETTERS, TITLE, &describe(table));
    picture.add(Element::new("defs").with(svg::hatching()));
    let told = format!(
        "Server CPU for one request of {}, in µs, while all clients ask",
        counted(table.size, "byte")
    );
    picture.add(words(MARGIN, HEAD, &told));
    for (row, (design, _)) in rows.iter().enumerate() {
        picture.add(words(MARGIN, middle(row) + BASELINE, design.name));
    }
    let spreads = rows.iter().flat_map(|(_, row)| &row.costs).flatten();
    let most = spreads.map(|spread| spread.most).fold(1.0, f64::max);
    let step = (WIDTH - LAST - FIRST) / table.clients.len().max(1) as f64;
    for (column, clients) in table.clients.iter().enumerate() {
        let left = FIRST + column as f64 * step;
        let name = words(left, NAMES, &counted(*clients, "client"));
        picture.add(name.set("font-weight", "bold"));
        for (row, (design, costs)) in rows.iter().enumerate() {
            let place = (left, middle(row));
            picture.add(match costs.costs.get(column).copied().flatten() {
                Some(spread) => bar(place, design, spread, (step - VALUE) / most),
                None => coloured(WORDS, left + 12.0, place.1 + BASELINE, "not all answered"),
            });
        }
        picture.add(line((left, left), (TOP, bottom)).set("stroke-width", 2));
    }
    picture.add(legend(table.runs, bottom + LEGEND / 2.0));
    picture.file()
}

const TITLE: &str = "What one request costs the server, design by design";

/// The designs of the lab that were measured, in the order of the stages.
fn designs(table: &CostTable) -> impl Iterator<Item = (&'static Design, &CostRow)> {
    let designs = STAGES.iter().flat_map(|stage| stage.designs);
    designs.filter_map(|design| {
        let row = table.rows.iter().find(|row| row.name == design.name)?;
        Some((design, row))
    })
}

fn middle(row: usize) -> f64 {
    TOP + (row as f64 + 0.5) * ROW
}

/// The median as a bar, the least and the most on top of it, and the median in digits behind all of that.
fn bar((left, middle): (f64, f64), design: &Design, spread: Spread, scale: f64) -> Element {
    let x = |cost: f64| left + cost * scale;
    let area = area((left, x(spread.median)), middle, design.idle == Idle::Polls);
    let value = format!("{:.1}", spread.median);
    let value = words(x(spread.most) + 12.0, middle + BASELINE, &value);
    Element::new("g")
        .with(area)
        .with(range((x(spread.least), x(spread.most)), middle))
        .with(value.set("font-weight", "bold"))
}

fn area((left, right): (f64, f64), middle: f64, polls: bool) -> Element {
    let (fill, stroke) = match polls {
        true => (VERMILLION, VERMILLION),
        false => (HATCHED, BLUE),
    };
    let area = Element::new("rect")
        .at("x", left)
        .at("y", middle - BAR / 2.0);
    let area = area.at("width", right - left).at("height", BAR);
    area.set("fill", fill).set("stroke", stroke)
}

/// From the least to the most, with an end at both sides.
fn range((from, to): (f64, f64), middle: f64) -> Element {
    let ends = (middle - 8.0, middle + 8.0);
    let all = Element::new("g").set("stroke-width", 3);
    all.with(line((from, to), (middle, middle)))
        .with(line((from, from), ends))
        .with(line((to, to), ends))
}

fn line((x1, x2): (f64, f64), (y1, y2): (f64, f64)) -> Element {
    let line = Element::new("line").at("x1", x1).at("x2", x2);
    line.at("y1", y1).at("y2", y2).set("stroke", INK)
}

fn words(x: f64, y: f64, text: &str) -> Element {
    coloured(INK, x, y, text)
}

fn coloured(colour: &str, x: f64, y: f64, text: &str) -> Element {
    let element = Element::new("text").at("x", x).at("y", y);
    element.set("fill", colour).text(text)
}

fn legend(runs: usize, middle: f64) -> Element {
    let sample = |x: f64| (x, x + 40.0);
    let told = |x: f64, text: &str| words(x + 52.0, middle + BASELINE, text);
    let [sleeps, asks, spread] = [MARGIN, FIRST + 16.0, FIRST + 400.0];
    let runs = format!("least to most of {}", counted(runs, "run"));
    Element::new("g")
        .with(area(sample(sleeps), middle, false))
        .with(told(sleeps, "sleeps in the kernel"))
        .with(area(sample(asks), middle, true))
        .with(told(asks, "asks again and again"))
        .with(range(sample(spread), middle))
        .with(told(spread, &runs))
}

/// What there is to see, for those who do not see it.
fn describe(table: &CostTable) -> String {
    let CostTable { machine, runs, .. } = table;
    let mut told = format!(
        "The server's own processor time for a request of {}, in microseconds: the median of {}, server and clients on \
         one core of {}, {}.",
        counted(table.size, "byte"),
        counted(*runs, "run"),
        machine.cpu,
        machine.system
    );
    for (design, row) in designs(table) {
        told += &format!(" {}:", design.name);
        let costs = table.clients.iter().zip(&row.costs);
        let costs = costs.map(|(clients, cost)| {
            let cost = match cost {
                Some(spread) => format!("{:.1}", spread.median),
                None => "not all answered".into(),
            };
            format!(" {cost} with {}", counted(*clients, "client"))
        });
        told += &(costs.collect::<Vec<_>>().join(",") + ".");
    }
    told
}
