//! The edits of a mutant, as its file has them: `[[edit]]` with `find` and `replace`.
//!
//! The lab's own tests compile this file as well, so that `cargo verify` and `lab bench` see the same programs.

use toml::Value;

/// A text of the sources, and what stands there instead.
#[derive(Debug)]
pub struct Edit {
    find: String,
    replace: String,
}

/// Reads the edits from the value of `edit`.
///
/// # Errors
///
/// When it is no list of them.
pub fn read(value: Option<Value>) -> Result<Vec<Edit>, String> {
    let Some(Value::Array(edits)) = value else {
        return Err("`[[edit]]` is missing".into());
    };
    let edit = |edit| match edit {
        Value::Table(mut edit) => match (edit.remove("find"), edit.remove("replace")) {
            (Some(Value::String(find)), Some(Value::String(replace)))
                if !find.trim().is_empty() =>
            {
                Ok(Edit { find, replace })
            }
            _ => Err("`find` and `replace` are texts".into()),
        },
        _ => Err("an `[[edit]]` has `find` and `replace`".into()),
    };
    edits.into_iter().map(edit).collect()
}

/// The sources after all edits.
///
/// # Errors
///
/// When a text is not there exactly once, before all edits and after those before its own.
pub fn apply(edits: &[Edit], sources: Vec<String>) -> Result<Vec<String>, String> {
    let times = |find: &str, sources: &[String]| -> usize {
        sources.iter().map(|text| text.matches(find).count()).sum()
    };
    let mut changed = sources.clone();
    for Edit { find, replace } in edits {
        if times(find, &sources) != 1 || times(find, &changed) != 1 {
            let times = times(find, &sources);
            return Err(format!(
                "found {times} times in the solution, or changed by an edit before: {find}"
            ));
        }
        for text in &mut changed {
            *text = text.replace(find, replace);
        }
    }
    Ok(changed)
}
