//! What stands in `tests/mutants`: small edits of the solutions, and what the checks have to say about each.

use std::fs;
use std::path::{Path, PathBuf};

use lab::course::cause::Cause;
use lab::course::{STAGES, Stage};
use lab::judge::check::{Check, Part};
use lab::stages;
use toml::{Table, Value};

use crate::support::edits;
use crate::support::scratch::{root, scratch};

/// The folder beside a stage's mutants that holds its variants.
const VARIANTS: &str = "variants";

/// A student's file below the stage's folder, and its text.
pub type Source = (&'static str, String);

/// One mutant or variant.
#[derive(Debug)]
pub struct Piece {
    pub stage: &'static Stage,
    /// The name of its file, without the ending; a variant's begins with `variants/`.
    pub name: String,
    pub about: String,
    pub sources: Vec<Source>,
    /// It is judged with `--thorough`, since only many clients or many bytes show what is wrong.
    pub is_thorough: bool,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    /// A wrong answer.
    Mutant {
        /// The checks that must fail; the first of them names `cause`.
        fails: Vec<String>,
        /// The part in which the first of them must fail, if it has parts; or those of which it must be one.
        parts: Vec<String>,
        /// The checks that may fail as well, and for another cause.
        may: Vec<String>,
        cause: Cause,
    },
    /// An odd but right one.
    Variant,
}

impl Piece {
    /// `02-echo-server/replies-once`
    pub fn path(&self) -> String {
        format!("{}/{}", self.stage.slug, self.name)
    }
}

/// The students' files of `stage` in the tree that stands in `folder`.
pub fn sources(folder: &Path, stage: &Stage) -> Vec<Source> {
    let read = |file: &&'static str| {
        let path = folder.join(stage.slug).join(file);
        let text = fs::read_to_string(&path);
        (
            *file,
            text.unwrap_or_else(|error| {
                panic!("the gallery cannot be read: {}: {error}", path.display())
            }),
        )
    };
    stage.files.iter().map(read).collect()
}

/// The parts of `check` that have a name of their own: none where it has only one.
pub fn divisions(check: &Check) -> impl Iterator<Item = &'static Part> {
    let parts = check.parts.iter();
    parts.filter(|part| check.is_divided_into(part))
}

/// Makes a subject of these students' files, in a folder of its own.
pub fn subject(name: &str, stages: &[(&Stage, &[Source])]) -> PathBuf {
    let folder = scratch(name);
    for (stage, sources) in stages {
        for (file, text) in *sources {
            let path = folder.join(stage.slug).join(file);
            fs::create_dir_all(path.parent().expect("a file stands in a folder"))
                .and_then(|()| fs::write(&path, text))
                .unwrap_or_else(|error| {
                    panic!("the gallery cannot be read: {}: {error}", path.display())
                });
        }
    }
    folder
}

/// The whole gallery.
///
/// # Panics
///
/// When a file is not as it should be; the message says which, and why.
pub fn gallery() -> Vec<Piece> {
    let mut pieces = Vec::new();
    for stage in STAGES {
        let folder = root().join("tests/mutants").join(stage.slug);
        let variants = folder.join(VARIANTS);
        for path in entries(&folder)
            .into_iter()
            .filter(|path| *path != variants)
        {
            pieces.push(piece(stage, &path, false));
        }
        for path in entries(&variants) {
            pieces.push(piece(stage, &path, true));
        }
    }
    pieces
}

/// Paths in `folder`, sorted.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder);
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be read to its end").path())
        .collect();
    paths.sort();
    paths
}

fn piece(stage: &'static Stage, path: &Path, is_variant: bool) -> Piece {
    fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|text| read(stage, path, is_variant, &text))
        .unwrap_or_else(|error| panic!("the gallery cannot be read: {}: {error}", path.display()))
}

fn read(stage: &'static Stage, path: &Path, is_variant: bool, text: &str) -> Result<Piece, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".toml").ok_or("its name ends in .toml")?;
    let name = if is_variant {
        format!("{VARIANTS}/{name}")
    } else {
        name.to_string()
    };
    let mut table: Table = text.parse().map_err(|error| format!("{error}"))?;
    let piece = Piece {
        stage,
        name,
        about: string(table.remove("about"), "about")?,
        is_thorough: match table.remove("thorough") {
            None => false,
            Some(value) => value.as_bool().ok_or("`thorough` is true or false")?,
        },
        sources: changed(stage, table.remove("file"), table.remove("edit"))?,
        kind: if is_variant {
            Kind::Variant
        } else {
            mutant(stage, &mut table)?
        },
    };
    match table.keys().next() {
        Some(key) => Err(format!("`{key}` has no meaning here")),
        None => Ok(piece),
    }
}

fn mutant(stage: &Stage, table: &mut Table) -> Result<Kind, String> {
    let fails = names_of_checks(stage, table.remove("fails"), "fails")?;
    let first = fails.first().ok_or("`fails` is empty")?;
    let parts = parts_of(stage, first, table.remove("part"))?;
    Ok(Kind::Mutant {
        parts,
        fails,
        may: match table.remove("may") {
            Some(may) => names_of_checks(stage, Some(may), "may")?,
            None => Vec::new(),
        },
        cause: cause(&string(table.remove("cause"), "cause")?)?,
    })
}

/// `part`, a name or a list of names. A check that has parts needs it, and no other may have it.
fn parts_of(stage: &Stage, check: &str, value: Option<Value>) -> Result<Vec<String>, String> {
    let checks = stages::checks(stage).iter();
    let known: Vec<&str> = checks
        .filter(|known| known.name == check)
        .flat_map(divisions)
        .map(|part| part.name)
        .collect();
    let named = match value {
        None => Vec::new(),
        Some(Value::Array(names)) => names
            .into_iter()
            .map(|name| string(Some(name), "part"))
            .collect::<Result<_, _>>()?,
        Some(name) => vec![string(Some(name), "part")?],
    };
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("{check} has no part {name}")),
        None if named.is_empty() && !known.is_empty() => Err(format!(
            "`part` is missing: {check} has the parts {}",
            known.join(", ")
        )),
        None => Ok(named),
    }
}

/// The solution after all edits, or the whole file that stands in its place.
fn changed(
    stage: &Stage,
    file: Option<Value>,
    edits: Option<Value>,
) -> Result<Vec<Source>, String> {
    if file.is_some() {
        let [only] = stage.files else {
            return Err("`file` is for stages with one file".into());
        };
        return Ok(vec![(only, string(file, "file")?)]);
    }
    let solution = sources(&root().join("solutions"), stage);
    let (files, texts): (Vec<_>, Vec<_>) = solution.into_iter().unzip();
    let changed = edits::apply(&edits::read(edits)?, texts)?;
    Ok(files.into_iter().zip(changed).collect())
}

fn names_of_checks(stage: &Stage, value: Option<Value>, key: &str) -> Result<Vec<String>, String> {
    let Some(Value::Array(names)) = value else {
        return Err(format!("`{key}` is a list of checks"));
    };
    let name = |value| {
        let name = string(Some(value), key)?;
        let exists = stages::checks(stage).iter().any(|check| check.name == name);
        exists
            .then_some(name.clone())
            .ok_or(format!("there is no check {name}"))
    };
    names.into_iter().map(name).collect()
}

fn cause(name: &str) -> Result<Cause, String> {
    let found = Cause::ALL.iter().find(|cause| cause.name() == name);
    found.copied().ok_or(format!("there is no cause {name}"))
}

fn string(value: Option<Value>, key: &str) -> Result<String, String> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        _ => Err(format!("`{key}` is a text")),
    }
}
