//! Results as files: a comparison and its picture, a table.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use lab::bench::chart;
use lab::bench::cost::CostTable;
use lab::bench::data::Comparison;
use lab::cli::commands::bench::options::BenchOptions;

/// Writes a comparison and its picture, and says where.
///
/// # Errors
///
/// When they cannot be written.
pub fn keep(comparison: &Comparison, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write(&folder.join("comparison.json"), &comparison.to_json())?;
    write(&folder.join("comparison.svg"), &chart::draw(comparison))
}

/// Writes a file of results, and says where.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("written: {}", path.display());
    Ok(())
}

/// Draws what was kept: a comparison, or a table of costs.
///
/// # Errors
///
/// When it cannot be read, or its picture cannot be written.
pub fn draw(asked: &BenchOptions, kept: &Path) -> anyhow::Result<ExitCode> {
    let read = fs::read_to_string(kept);
    let text = read.with_context(|| format!("cannot read {}", kept.display()))?;
    let drawn = match kept.extension().is_some_and(|ending| ending == "txt") {
        true => CostTable::from_text(&text).map(|table| chart::cost::draw(&table)),
        false => Comparison::from_json(&text).map(|comparison| chart::draw(&comparison)),
    };
    let drawn = drawn.with_context(|| format!("{} cannot be drawn", kept.display()))?;
    let mut picture = kept.with_extension("svg");
    if let Some(folder) = &asked.out {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        picture = folder.join(picture.file_name().context("a picture has a name")?);
    }
    write(&picture, &drawn)?;
    Ok(ExitCode::SUCCESS)
}
