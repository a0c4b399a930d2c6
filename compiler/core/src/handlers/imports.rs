//! Which files of the project a handler file brings in: those it imports from beside it.
//!
//! Found by reading lines, not by running code. What is found in vain costs a few bytes in a package; imports that
//! are computed at run time are not found, and want the handler in a folder of its own.

/// Paths that the text of the file `path` may import, relative to the project, most likely first; the caller
/// takes those that exist.
#[must_use]
pub fn candidates(path: &str, text: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if path.ends_with(".py") {
        text.lines().flat_map(|line| python(line, folder)).collect()
    } else {
        text.lines().flat_map(|line| node(line, folder)).collect()
    }
}

/// `import a.b`, `from a import b`, `from . import b`, `from .a import b`
fn python(line: &str, folder: &str) -> Vec<String> {
    let line = line.trim();
    let modules: Vec<String> = if let Some(rest) = line.strip_prefix("import ") {
        rest.split(',').filter_map(|part| part.split_whitespace().next()).map(str::to_owned).collect()
    } else if let Some((module, names)) =
        line.strip_prefix("from ").and_then(|rest| rest.split_once(" import "))
    {
        let module = module.trim().trim_start_matches('.');
        let names =
            names.trim_matches(['(', ')', ' ']).split(',').filter_map(|part| part.split_whitespace().next());
        let inner =
            names.map(|name| if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") });
        std::iter::once(module.to_owned()).filter(|name| !name.is_empty()).chain(inner).collect()
    } else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for module in modules {
        let path = module.replace('.', "/");
        // Beside the handler, and from the project's root: both are on the runtime's search path.
        for place in [join(folder, &path), path] {
            found.push(format!("{place}.py"));
            found.push(format!("{place}/__init__.py"));
        }
    }
    found
}

/// `from "./a.mjs"`, `import "./a.mjs"`, `import("./a.mjs")`, `require("./a")`
fn node(line: &str, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for quote in ['"', '\''] {
        for text in line.split(quote).skip(1).step_by(2) {
            // A declaration of types, named in a comment, is nothing that runs.
            let runs = !text.ends_with(".d.ts");
            if runs && (text.starts_with("./") || text.starts_with("../")) {
                let path = join(folder, text);
                for end in ["", ".mjs", ".js", ".cjs", ".json", "/index.mjs", "/index.js"] {
                    found.push(format!("{path}{end}"));
                }
            }
        }
    }
    found
}

/// Joins a relative path to a folder; more `..` than folders gives a path that begins with `..`.
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{candidates, join};

    #[test]
    fn finds_what_stands_beside() {
        let python = candidates(
            "handlers/a.py",
            "import json, cards\nfrom shared.rules import check\nfrom . import c\n",
        );
        for wanted in ["handlers/cards.py", "handlers/shared/rules.py", "shared/rules.py", "handlers/c.py"] {
            assert!(python.contains(&wanted.to_owned()), "{wanted}");
        }
        let node = candidates(
            "handlers/a.mjs",
            "import { x } from \"../lib/x.mjs\";\nconst y = require('./y');\nimport z from \"z\";",
        );
        for wanted in ["lib/x.mjs", "handlers/y.js"] {
            assert!(node.contains(&wanted.to_owned()), "{wanted}");
        }
        assert!(!node.iter().any(|path| path.contains('z')));
        assert!(candidates("a.mjs", "/** @type {import(\"./build/events.d.ts\").Context} */").is_empty());
    }

    #[test]
    fn paths_join_and_show_when_they_leave() {
        assert_eq!(join("a/b", "../c.py"), "a/c.py");
        assert_eq!(join("a", "../../c.py"), "../c.py");
    }
}
