//! Regions: what stands between `// region NAME` and `// endregion` in a student's file.

/// A stretch of a file, in whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Given code, and the lines that mark regions.
    Outside(String),
    Inside {
        name: String,
        body: String,
    },
}

/// `text`, taken apart.
///
/// # Panics
///
/// When a region begins inside another, or does not end.
pub fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut outside = String::new();
    let mut inside: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if let Some(name) = words.strip_prefix("// region ") {
            assert!(inside.is_none(), "region {name} begins inside another");
            outside.push_str(line);
            parts.push(Part::Outside(std::mem::take(&mut outside)));
            inside = Some((name.to_string(), String::new()));
        } else if words == "// endregion" {
            let (name, body) = inside.take().expect("a region ends that has not begun");
            parts.push(Part::Inside { name, body });
            outside.push_str(line);
        } else if let Some((_, body)) = &mut inside {
            body.push_str(line);
        } else {
            outside.push_str(line);
        }
    }
    assert!(inside.is_none(), "a region does not end");
    parts.push(Part::Outside(outside));
    parts
}

/// The step that a starter's region is the gap of.
///
/// # Panics
///
/// When it is not exactly one `TODO(step N)`.
pub fn step(name: &str, body: &str) -> u8 {
    let mut steps = body.split("// TODO(step ").skip(1).map(|rest| {
        let number = rest.split(')').next().unwrap_or_default();
        number
            .parse()
            .unwrap_or_else(|_| panic!("region {name}: \"{number}\" is no step"))
    });
    let step = steps.next();
    assert!(
        steps.next().is_none(),
        "region {name} has more than one TODO"
    );
    step.unwrap_or_else(|| panic!("region {name} has no TODO(step N)"))
}

/// The solution up to step `last`: in each later region stands what stands there in the starter.
pub fn up_to(last: u8, solution: &str, starter: &str) -> String {
    let starter = parts(starter);
    let gap = |wanted: &str| {
        starter.iter().find_map(|part| match part {
            Part::Inside { name, body } if name == wanted => Some(body),
            _ => None,
        })
    };
    parts(solution)
        .into_iter()
        .map(|part| match part {
            Part::Outside(text) => text,
            Part::Inside { name, body } => {
                let gap = gap(&name).unwrap_or_else(|| panic!("no region {name} in the starter"));
                if step(&name, gap) > last {
                    gap.clone()
                } else {
                    body
                }
            }
        })
        .collect()
}
