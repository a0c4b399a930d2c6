//! What the documentation shows is true: every block of the language parses, every project compiles.

use std::fs;

use pipec_core::Stage;
use pipec_tests::{Project, findings, repository};

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced blocks of a page: what stands behind the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) {
            let text =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            found.push((info.to_owned(), text));
        }
    }
    found
}

#[test]
fn blocks_of_the_language_parse() {
    for path in [
        "README.md",
        "grammar/GRAMMAR.md",
        "examples/hello/README.md",
        "examples/access_cards/README.md",
        "examples/bank/README.md",
    ] {
        let page = read(path);
        let shown: Vec<_> = blocks(&page).into_iter().filter(|(info, _)| info == "pipe").collect();
        assert!(!shown.is_empty() || path.starts_with("examples"), "{path} shows nothing");
        for (_, text) in shown {
            let done = Project::single(&text).compile(None, Stage::Syntax);
            assert!(done.diagnostics.is_empty(), "{path}:\n{text}\n{}", findings(&done));
        }
    }
}

/// `docs/constructs.md` shows whole projects: blocks whose info names a file. A second `app.pipe` begins another.
#[test]
fn projects_of_the_construct_guide_compile() {
    let mut projects: Vec<Project> = Vec::new();
    for (info, text) in blocks(&read("docs/constructs.md")) {
        let Some((_, path)) = info.split_once(' ') else { continue };
        let begins = projects
            .last()
            .is_none_or(|project| path == "app.pipe" && project.files.contains_key("app.pipe"));
        if begins {
            projects.push(Project::default());
        }
        let project = projects.last_mut().expect("a project");
        for handler in text.split('"').filter(|part| part.starts_with("handlers/")) {
            project.files.entry(handler.to_owned()).or_default();
        }
        project.add(path, &text);
    }
    assert!(!projects.is_empty());
    for project in projects {
        let done = project.compile(None, Stage::Artifacts);
        assert!(done.bundle.is_some() && done.diagnostics.is_empty(), "{}", findings(&done));
    }
}

/// Links inside the repository lead somewhere.
#[test]
fn links_lead_somewhere() {
    for path in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "docs/constructs.md",
        "docs/deploying.md",
        "docs/security.md",
        "docs/types.md",
        "examples/bank/README.md",
        "grammar/GRAMMAR.md",
    ] {
        let folder = repository().join(path);
        let folder = folder.parent().expect("a folder");
        for link in
            read(path).split("](").skip(1).filter_map(|rest| rest.split(')').next().map(str::to_owned))
        {
            let target = link.split('#').next().unwrap_or("");
            let outside = link.contains("://") || target.is_empty();
            assert!(outside || folder.join(target).exists(), "{path} links to {link}");
        }
    }
}
