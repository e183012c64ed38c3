//! A recording as JSON. Calls that differ in time only stand in one list of whole numbers, since a server that polls makes
//! tens of thousands: the start of the first and how long it took, then for each further one how much later it began
//! than the one before, and how long it took.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::recording::{
    Answer, Call, Client, Event, Kind, Moment, Recording, Server, Sockets, Span, word,
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
            let threads = server
                .threads
                .iter()
                .map(|life| json!([life.from, life.to]));
            lines.push(list("threads", threads));
            lines.push(list(
                "calls",
                self.groups(server).iter().map(Group::to_json),
            ));
        }
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    fn groups(&self, server: &Server) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for call in &server.calls {
            let alike = |group: &&mut Group| {
                let kept = &group.like;
                let key = |call: &Call| (call.thread, call.kind, call.at, call.answer);
                key(kept) == key(call)
            };
            let times = [call.start, call.duration];
            if let Some(group) = groups.iter_mut().find(alike) {
                group.times.extend([call.start - group.last, call.duration]);
                group.last = call.start;
            } else {
                groups.push(Group {
                    names: self.names(call.at),
                    like: *call,
                    last: call.start,
                    times: times.into(),
                });
            }
        }
        groups
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
        let clients = items(&all, "clients")?;
        let clients = clients
            .iter()
            .map(read_client)
            .collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(
            clients.len() <= MOST,
            "more than {MOST} clients have no room in a picture"
        );
        let server = match all["traced"] == true {
            true => Some(read_server(&all, &clients)?),
            false => None,
        };
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

/// Calls that differ in time only.
struct Group {
    names: Vec<String>,
    like: Call,
    /// The start of the last.
    last: i64,
    times: Vec<i64>,
}

impl Group {
    fn to_json(&self) -> Value {
        json!({
            "thread": self.like.thread,
            "call": self.like.kind.to_string(),
            "at": self.names,
            "answer": word(&Answer::ALL, &self.like.answer),
            "times": self.times,
        })
    }
}

/// A list with a line for each of its values.
fn list(key: &str, values: impl Iterator<Item = Value>) -> String {
    let lines: Vec<String> = values.map(|value| format!("  {value}")).collect();
    match lines.is_empty() {
        true => format!(" \"{key}\": []"),
        false => format!(" \"{key}\": [\n{}\n ]", lines.join(",\n")),
    }
}

fn client(client: &Client) -> Value {
    let moments = client.moments.iter();
    let moments: Vec<Value> = moments
        .map(|moment| json!([word(&Event::ALL, &moment.event), moment.at]))
        .collect();
    json!({ "name": client.name, "moments": moments })
}

fn read_client(value: &Value) -> anyhow::Result<Client> {
    let name = text_of(value, "name")?;
    let moments = items(value, "moments")?.iter().map(|moment| {
        Some(Moment {
            event: meant(&Event::ALL, &moment[0])?,
            at: time(&moment[1])?,
        })
    });
    let moments = moments.collect::<Option<_>>();
    Ok(Client {
        moments: moments.with_context(|| format!("client {name} has a moment that is none"))?,
        name,
    })
}

fn read_server(all: &Value, clients: &[Client]) -> anyhow::Result<Server> {
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
    Ok(Server { threads, calls })
}

fn read_calls(group: &Value, clients: &[Client]) -> Option<Vec<Call>> {
    let thread = group["thread"].as_u64()?.try_into().ok()?;
    let kind = meant(&Kind::ALL, &group["call"])?;
    let answer = meant(&Answer::ALL, &group["answer"])?;
    let mut at = Sockets::NONE;
    for name in group["at"].as_array()? {
        at = at.with(match name.as_str()? {
            "listener" => Sockets::LISTENER,
            name => Sockets::client(clients.iter().position(|client| client.name == name)?),
        });
    }
    let times: Option<Vec<i64>> = group["times"]
        .as_array()?
        .iter()
        .map(Value::as_i64)
        .collect();
    let mut start = 0_i64;
    let pairs = times?;
    let calls = pairs.chunks(2).map(|pair| {
        let [later, duration] = pair else { return None };
        start = start.checked_add(*later)?;
        let is_fine = is_near(start) && is_near(*duration) && *duration >= 0;
        is_fine.then_some(Call {
            start,
            thread,
            kind,
            at,
            answer,
            duration: *duration,
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
    let [from, to] = [&value[0], &value[1]].map(time);
    let span = Span {
        from: from?,
        to: to?,
    };
    (span.from <= span.to).then_some(span)
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
    Ok(found
        .with_context(|| format!("\"{key}\" is a text"))?
        .into())
}

fn items<'a>(object: &'a Value, key: &str) -> anyhow::Result<&'a Vec<Value>> {
    let found = object[key].as_array();
    found.with_context(|| format!("\"{key}\" is a list"))
}
