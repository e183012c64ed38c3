//! A recording as JSON. Calls that differ in time only stand in one list of whole numbers, since a server that polls makes
//! tens of thousands: the start of the first and how long it took, then for each further one how much later it began
//! than the one before, and how long it took.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::trace::recording::{
    CallResult, ClientEvent, ClientSide, Kind, Moment, Recording, ServerSide, Sockets, Span,
    Syscall, word,
};

/// The version of the JSON.
const VERSION: u64 = 1;

/// How many clients there may be.
const MOST: usize = 6;

/// How many threads: more than any server has that is recorded.
const THREADS: usize = 100_000;

/// How far from its beginning anything may be, in microseconds: a quarter of an hour, and no recording takes so long.
const LONGEST: i64 = 900_000_000;

impl Recording {
    /// The text of a file. The same recording gives the same text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut head = vec![
            ("version", json!(VERSION)),
            ("stage", json!(self.stage)),
            ("system", json!(self.system)),
            ("unit", json!("microseconds")),
            ("traced", json!(self.server.is_some())),
            ("span", json!([self.span.from, self.span.to])),
        ];
        head.extend(self.label.iter().map(|label| ("label", json!(label))));
        head.extend(self.ended.iter().map(|ended| ("ended", json!(ended))));
        let mut lines: Vec<String> = head
            .into_iter()
            .map(|(key, value)| format!(" \"{key}\": {value}"))
            .collect();
        lines.push(list("clients", self.clients.iter().map(client)));
        if let Some(server) = &self.server {
            let threads = server.threads.iter();
            let threads = threads.map(|life| json!([life.from, life.to]));
            lines.push(list("threads", threads));
            let groups = groups(&server.calls).into_iter();
            let groups = groups.map(|(call, times)| {
                json!({
                    "thread": call.thread,
                    "call": call.kind.to_string(),
                    "at": self.names(call.at),
                    "answer": word(&CallResult::ALL, &call.answer),
                    "times": times,
                })
            });
            lines.push(list("calls", groups));
        }
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    /// What sockets are called: `listener`, or their client's name.
    fn names(&self, sockets: Sockets) -> Vec<String> {
        let name = |row: usize| match row.checked_sub(1) {
            None => "listener".to_owned(),
            Some(number) => self.clients[number].name.clone(),
        };
        sockets.rows().map(name).collect()
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    ///
    /// When it is none; the message says where it differs.
    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        let all: Value = serde_json::from_str(text).context("this is no JSON")?;
        ensure!(
            all["version"] == VERSION && all["traced"].is_boolean(),
            "it is no recording of version {VERSION}, which is all that can be drawn here"
        );
        let clients = items(&all, "clients")?.iter().map(read_client);
        let clients: Vec<ClientSide> = clients.collect::<anyhow::Result<_>>()?;
        ensure!(
            clients.len() <= MOST,
            "more than {MOST} clients have no room in a picture"
        );
        let is_traced = all["traced"] == true;
        let server = is_traced.then(|| read_server(&all, &clients));
        let server = server.transpose()?;
        let optional = |key: &str| all[key].as_str().map(str::to_owned);
        Ok(Self {
            stage: text_of(&all, "stage")?,
            label: optional("label"),
            system: text_of(&all, "system")?,
            span: span(&all["span"])
                .filter(|span| span.from <= 0 && 0 <= span.to)
                .context("\"span\" has a start and an end, and 0 lies between them")?,
            clients,
            server,
            ended: optional("ended"),
        })
    }
}

/// Calls that differ in time only: the last of them, and the times of all.
fn groups(calls: &[Syscall]) -> Vec<(Syscall, Vec<i64>)> {
    let mut groups: Vec<(Syscall, Vec<i64>)> = Vec::new();
    let key = |call: &Syscall| (call.thread, call.kind, call.at, call.answer);
    for call in calls {
        match groups.iter_mut().find(|(last, _)| key(last) == key(call)) {
            Some((last, times)) => {
                times.extend([call.start - last.start, call.duration]);
                *last = *call;
            }
            None => groups.push((*call, vec![call.start, call.duration])),
        }
    }
    groups
}

/// A list with a line for each of its values.
fn list(key: &str, values: impl Iterator<Item = Value>) -> String {
    let lines: Vec<String> = values.map(|value| format!("  {value}")).collect();
    match lines.is_empty() {
        true => format!(" \"{key}\": []"),
        false => format!(" \"{key}\": [\n{}\n ]", lines.join(",\n")),
    }
}

fn client(client: &ClientSide) -> Value {
    let moments = client.moments.iter();
    let moments = moments.map(|moment| json!([word(&ClientEvent::ALL, &moment.what), moment.at]));
    let moments: Vec<Value> = moments.collect();
    json!({ "name": client.name, "moments": moments })
}

fn read_client(value: &Value) -> anyhow::Result<ClientSide> {
    let name = text_of(value, "name")?;
    let moments = items(value, "moments")?.iter().map(|moment| {
        Some(Moment {
            what: meant(&ClientEvent::ALL, &moment[0])?,
            at: time(&moment[1])?,
        })
    });
    let moments = moments.collect::<Option<_>>();
    Ok(ClientSide {
        moments: moments.with_context(|| format!("client {name} has a moment that is none"))?,
        name,
    })
}

fn read_server(all: &Value, clients: &[ClientSide]) -> anyhow::Result<ServerSide> {
    let threads = items(all, "threads")?.iter().map(span);
    let threads: Option<Vec<Span>> = threads.collect();
    let threads = threads.context("a thread has a start and an end")?;
    ensure!(threads.len() <= THREADS, "more than {THREADS} threads");
    let mut calls = Vec::new();
    for group in items(all, "calls")? {
        let read = read_calls(group, clients);
        let read = read.filter(|read| read.iter().all(|call| call.thread < threads.len()));
        let shown = || group.to_string().chars().take(120).collect::<String>();
        calls.extend(read.with_context(|| format!("these are no calls: {}…", shown()))?);
    }
    calls.sort_unstable();
    Ok(ServerSide { threads, calls })
}

fn read_calls(group: &Value, clients: &[ClientSide]) -> Option<Vec<Syscall>> {
    let thread = group["thread"].as_u64()?.try_into().ok()?;
    let kind = meant(&Kind::ALL, &group["call"])?;
    let answer = meant(&CallResult::ALL, &group["answer"])?;
    let mut at = Sockets::NONE;
    for name in group["at"].as_array()? {
        at = at.with(match name.as_str()? {
            "listener" => Sockets::LISTENER,
            name => Sockets::client(clients.iter().position(|client| client.name == name)?),
        });
    }
    let mut start = 0_i64;
    let pairs = group["times"].as_array()?.chunks(2);
    let calls = pairs.map(|pair| {
        let [later, duration] = pair else { return None };
        start = start.checked_add(later.as_i64()?)?;
        let duration = time(duration)?;
        (is_near(start) && duration >= 0).then_some(Syscall {
            start,
            thread,
            kind,
            at,
            answer,
            duration,
        })
    });
    calls.collect()
}

/// The value that has this word in a table such as [`Kind::ALL`].
fn meant<T: Copy>(table: &[(T, &'static str)], word: &Value) -> Option<T> {
    let found = table.iter().find(|(_, known)| word == known);
    found.map(|(value, _)| *value)
}

fn span(value: &Value) -> Option<Span> {
    let span = Span::new(time(&value[0])?, time(&value[1])?);
    (span.length() >= 0).then_some(span)
}

/// In microseconds.
fn time(value: &Value) -> Option<i64> {
    value.as_i64().filter(|time| is_near(*time))
}

fn is_near(time: i64) -> bool {
    (-LONGEST..=LONGEST).contains(&time)
}

fn text_of(object: &Value, key: &str) -> anyhow::Result<String> {
    let found = object[key].as_str();
    let found = found.with_context(|| format!("\"{key}\" is a text"))?;
    Ok(found.into())
}

fn items<'a>(object: &'a Value, key: &str) -> anyhow::Result<&'a Vec<Value>> {
    let found = object[key].as_array();
    found.with_context(|| format!("\"{key}\" is a list"))
}
