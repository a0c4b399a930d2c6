//! `docs/coverage.md`: every statement and option of the language, a case that compiles it, and what it makes.
//!
//! What a statement makes is measured: the case is compiled with the statement and without it, and the resources that
//! differ are its own. `INSTA_UPDATE=always` rewrites the page.

mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pipec_core::stacks::{Linked, StackTree};
use pipec_core::syntax::{Item, Literal, Statement};
use pipec_core::{Compiled, Stage};
use pipec_tests::{Project, repository, stdlib};

/// Where statements stand: the word that the page has for the place, and the words of the blocks around it.
const PLACES: &[(&str, &str)] = &[
    ("", "at the top"),
    ("app", "in `app`"),
    ("environment", "in `environment`"),
    ("environment/event", "in `environment`, of an event"),
    ("api", "in `api`"),
    ("auth", "in `auth`"),
    ("auth/client", "in `client`"),
    ("event", "in `event`"),
    ("profile", "in `profile`"),
    ("event/subscriber", "in `subscriber`"),
    ("event/responds", "in `responds`"),
    ("event/volume", "in `volume`"),
    ("event/store", "in `store`"),
    ("event/alarm", "in `alarm`"),
    ("store", "in a shared `store`"),
    ("resource", "in `resource`"),
];

/// One use of a statement.
#[derive(Clone)]
struct Use {
    case: String,
    file: String,
    start: usize,
    end: usize,
    /// The declaration that it is part of.
    around: (usize, usize),
}

/// A row's name: the place, and the statement as far as it chooses something.
type Row = (usize, String);

/// A case: its name, its project, the environment that it is compiled for.
struct Case {
    name: String,
    project: Project,
    environment: Option<String>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, project: Project| {
        let environments = environments(&project);
        cases.push(Case { name: name.clone(), project: project.clone(), environment: None });
        for environment in environments {
            let name = format!("{name}, environment {environment}");
            cases.push(Case { name, project: project.clone(), environment: Some(environment) });
        }
    };
    let mut files: Vec<_> =
        fs::read_dir(repository().join("tests/cases/stacks")).expect("cases").flatten().collect();
    files.sort_by_key(|entry| entry.path());
    for path in
        files.iter().map(fs::DirEntry::path).filter(|path| path.extension().is_some_and(|e| e == "pipe"))
    {
        let text = fs::read_to_string(&path).expect("a case");
        let (prose, sections) = Project::sections(&text);
        let project = if sections.files.is_empty() { Project::single(&prose) } else { sections };
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        add(format!("tests/cases/stacks/{name}.pipe"), project);
    }
    for construct in stdlib().constructs() {
        let path = format!("stdlib/constructs/{}/example.pipe", construct.id);
        let text = fs::read_to_string(repository().join(&path)).expect("an example");
        add(path, Project::single(&text));
    }
    for name in ["hello", "access_cards", "bank", "everything"] {
        let folder = repository().join("examples").join(name);
        if folder.join("app.pipe").is_file() {
            add(format!("examples/{name}"), tools::projects::load(&folder));
        }
    }
    cases
}

fn environments(project: &Project) -> Vec<String> {
    let done = project.compile(None, Stage::Syntax);
    let statements = done.syntax.iter().flat_map(|file| file.statements());
    let named = statements.filter(|statement| statement.name.value == "environment");
    named
        .filter_map(|statement| match &statement.args.first()?.value {
            Literal::Word(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// Statements that choose a construct by their first word, so that each choice is a row.
const CHOICES: &[&str] =
    &["encryption", "volume", "store", "handler", "ingress", "alarms", "auth", "from", "resource"];

fn row(place: usize, statement: &Statement) -> Row {
    let word = statement.name.value.as_str();
    let words: Vec<&str> = statement
        .args
        .iter()
        .filter_map(|arg| match &arg.value {
            Literal::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect();
    let chosen = match (word, place) {
        ("auth" | "store", 0) => words.get(1).map(|kind| format!("{word} NAME {kind}")),
        ("resource", 0) => words.get(1).map(|kind| format!("resource NAME = {kind}")),
        ("allow", _) if words.len() > 1 => Some("allow GRANT on NAME".to_owned()),
        ("auth", _) => words.first().filter(|word| **word == "none").map(|_| "auth none".to_owned()),
        ("store", _) if words.first().is_some_and(|word| *word != "s3") => Some("store NAME".to_owned()),
        _ if CHOICES.contains(&word) => words.first().map(|first| format!("{word} {first}")),
        _ => None,
    };
    (place, chosen.unwrap_or_else(|| word.to_owned()))
}

/// Every statement of a project with the place it stands in.
fn uses(case: &Case, found: &mut BTreeMap<Row, Vec<Use>>) {
    let done = case.project.compile(None, Stage::Syntax);
    for file in &done.syntax {
        let path = done.sources.path(file.source).to_owned();
        if path.starts_with("lib/") {
            continue;
        }
        for item in &file.items {
            match item {
                Item::Statement(statement) => {
                    let range = statement.span.range();
                    visit(case, &path, "", statement, (range.start, range.end), found);
                }
                Item::Param(field) => {
                    let at = Use {
                        case: case.name.clone(),
                        file: path.clone(),
                        start: field.span.start as usize,
                        end: field.span.end as usize,
                        around: (field.span.start as usize, field.span.end as usize),
                    };
                    found.entry((0, "param".to_owned())).or_default().push(at);
                }
                _ => {}
            }
        }
    }
}

fn visit(
    case: &Case,
    file: &str,
    around: &str,
    statement: &Statement,
    declaration: (usize, usize),
    found: &mut BTreeMap<Row, Vec<Use>>,
) {
    let Some(place) = PLACES.iter().position(|(path, _)| *path == around) else { return };
    // What an environment says counts where that environment is compiled, and what it says of events is theirs.
    let range = statement.span.range();
    found.entry(row(place, statement)).or_default().push(Use {
        case: case.name.clone(),
        file: file.to_owned(),
        start: range.start,
        end: range.end,
        around: declaration,
    });
    let word = statement.name.value.as_str();
    let inner = match (around, word) {
        ("", "profile") => "event".to_owned(),
        ("", _) => word.to_owned(),
        _ => format!("{around}/{word}"),
    };
    if matches!(word, "schema" | "type" | "env" | "tags" | "override") {
        return;
    }
    for statement in statement.statements() {
        let own =
            if word == "subscriber" || word == "responds" { (range.start, range.end) } else { declaration };
        visit(case, file, &inner, statement, own, found);
    }
}

/// What a compilation made: text by what it is and where it stands.
type Made = BTreeMap<(String, String), String>;

/// What a compilation made: a digest of every resource by type and place, and the files that are no template.
fn made(done: &Compiled) -> Option<Made> {
    let stacks: &StackTree = done.stacks.as_ref()?;
    let bundle = done.bundle.as_ref()?;
    let mut all = BTreeMap::new();
    for stack in stacks.stacks() {
        for resource in &stack.resources {
            let linked = Linked { data: &resource.body, links: &stack.links };
            let body = serde_json::to_string(&linked).expect("a body");
            let place = format!("{:?} {} {}", stack.name.domain, stack.name, resource.logical_id);
            all.insert((format!("`{}`", resource.kind), place), body);
        }
    }
    for (path, bytes) in &bundle.files {
        let kind = match path.as_str() {
            "manifest.json" => "the manifest".to_owned(),
            path if path.ends_with("root.yaml") => "`AWS::CloudFormation::Stack`".to_owned(),
            path if path.starts_with("types/") => "the types of payloads".to_owned(),
            _ => continue,
        };
        all.insert((kind, path.clone()), String::from_utf8_lossy(bytes).into_owned());
    }
    Some(all)
}

/// The kinds of things that are there or different because of a statement; the finding without it where it must be there.
fn effect(case: &Case, with: &Made, at: &Use) -> BTreeSet<String> {
    let mut project = case.project.clone();
    let text = project.files.get_mut(&at.file).expect("the file");
    let blank: Vec<u8> =
        text[at.start..at.end].iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }).collect();
    text.splice(at.start..at.end, blank);
    let done = project.compile(case.environment.as_deref(), Stage::Artifacts);
    let Some(without) = made(&done) else {
        let mut errors = done
            .diagnostics
            .iter()
            .map(|finding| finding.code)
            .filter(|code| code.severity() == pipec_core::diagnostic::Severity::Error);
        let mut kinds = declared(case, &at.file, (at.start, at.end));
        if kinds.is_empty() {
            kinds = declared(case, &at.file, at.around);
        }
        kinds.extend(errors.next().map(|code| format!("without it: {}", code.as_str())));
        return kinds;
    };
    // What is expected makes nothing: without it there is the finding.
    let found = done.diagnostics.first().map(|finding| format!("without it: {}", finding.code.as_str()));
    let differs =
        |(key, body): (&(String, String), &String)| (without.get(key) != Some(body)).then(|| key.0.clone());
    let mut kinds: BTreeSet<String> = with.iter().filter_map(differs).collect();
    kinds.extend(
        without.keys().filter(|key| !with.contains_key(*key)).map(|key| format!("without it: {}", key.0)),
    );
    // Every change of a resource shows in these too; they count where nothing else does.
    for echo in [
        "the manifest",
        "`AWS::CloudFormation::Stack`",
        "the types of payloads",
        "`AWS::ApiGateway::Deployment`",
    ] {
        if kinds.len() > 1 {
            kinds.remove(echo);
        }
    }
    let echoes = kinds.iter().filter(|kind| kind.starts_with("without it")).count();
    if echoes < kinds.len() {
        kinds.retain(|kind| !kind.starts_with("without it"));
    }
    if kinds.is_empty() {
        kinds.extend(found);
    }
    kinds
}

/// The kinds of resources that come of what is declared in a part of a file.
fn declared(case: &Case, file: &str, (start, end): (usize, usize)) -> BTreeSet<String> {
    let done = case.project.compile(case.environment.as_deref(), Stage::Stacks);
    let Some(stacks) = &done.stacks else { return BTreeSet::new() };
    let inside = |resource: &&pipec_core::stacks::Resource| {
        let place = resource.origin.span;
        done.sources.path(place.source) == file && (start..end).contains(&(place.start as usize))
    };
    let resources = stacks.stacks().flat_map(|stack| &stack.resources).filter(inside);
    resources.map(|resource| format!("`{}`", resource.kind)).collect()
}

/// The kinds of resources that come of a choice which is the default as well: those of the statement, or of the
/// declaration around it.
fn of_default(case: &Case, at: &Use) -> BTreeSet<String> {
    let mut own = declared(case, &at.file, (at.start, at.end));
    if own.is_empty() {
        own = declared(case, &at.file, at.around);
    }
    if !own.is_empty() {
        own.insert("as by default".to_owned());
    }
    own
}

/// The rows that there must be: every statement, and every option of every construct that a word can choose.
fn wanted() -> BTreeSet<Row> {
    let library = stdlib();
    let place = |path: &str| PLACES.iter().position(|(known, _)| *known == path).expect("a place");
    let mut rows = BTreeSet::new();
    let mut add = |path: &str, name: &str| {
        rows.insert((place(path), name.to_owned()));
    };
    for name in pipec_core::model::statement_names("top") {
        if !matches!(name, "auth" | "store" | "resource") {
            add("", name);
        }
    }
    for (kind, block) in [
        ("app", "app"),
        ("environment", "environment"),
        ("event", "event"),
        ("subscriber", "event/subscriber"),
        ("responds", "event/responds"),
    ] {
        for name in pipec_core::model::statement_names(kind) {
            if !CHOICES.contains(&name) {
                add(block, name);
            }
        }
    }
    for construct in library.constructs() {
        let (kind, word) = construct.id.split_once('/').expect("an id");
        let options = || construct.option_names();
        match kind {
            "tier" => {
                add("event", &format!("volume {word}"));
                options().iter().for_each(|option| add("event/volume", option));
            }
            "store" => {
                add("event", &format!("store {word}"));
                add("", &format!("store NAME {word}"));
                options().iter().for_each(|option| add("event/store", option));
            }
            "auth" => {
                add("", &format!("auth NAME {word}"));
                options().iter().for_each(|option| add("auth", option));
            }
            "resource" => {
                add("", &format!("resource NAME = {word}"));
                options().iter().for_each(|option| add("resource", option));
            }
            "encryption" => add("app", &format!("encryption {word}")),
            "alerts" => add("app", &format!("alarms {word}")),
            "ingress" => add("event", &format!("ingress {word}")),
            "handler" => add("event/subscriber", &format!("handler {word}")),
            "alarm" => options().iter().for_each(|option| add("event/alarm", option)),
            "api" if word == "rest" => options().iter().for_each(|option| add("api", option)),
            "subscriber" if word == "existing" => {}
            "subscriber" | "source" | "mapping" if word != "call" => {
                options().iter().for_each(|option| add("event/subscriber", option));
            }
            _ => {}
        }
    }
    add("event", "auth none");
    add("event", "auth");
    add("event", "store NAME");
    add("event/subscriber", "allow GRANT on NAME");
    for from in ["store", "stream", "topic"] {
        add("event/subscriber", &format!("from {from}"));
    }
    rows
}

#[test]
fn every_statement_and_option_makes_something() {
    let cases = cases();
    let mut found: BTreeMap<Row, Vec<Use>> = BTreeMap::new();
    for case in &cases {
        uses(case, &mut found);
    }
    let mut compiled: BTreeMap<&str, Option<Made>> = BTreeMap::new();
    let (mut rows, mut empty) = (Vec::new(), Vec::new());
    let all: BTreeSet<Row> = wanted().into_iter().chain(found.keys().cloned()).collect();
    for row in all {
        let mut shown = None;
        for at in found.get(&row).into_iter().flatten() {
            let case = cases.iter().find(|case| case.name == at.case).expect("the case");
            let with = compiled.entry(case.name.as_str()).or_insert_with(|| {
                made(&case.project.compile(case.environment.as_deref(), Stage::Artifacts))
            });
            let kinds = with.as_ref().map(|with| effect(case, with, at)).unwrap_or_default();
            let resources = kinds.iter().any(|kind| kind.starts_with("`AWS::"));
            if resources || (shown.is_none() && !kinds.is_empty()) {
                shown = Some((at.case.clone(), kinds));
            }
            if resources {
                break;
            }
        }
        if shown.is_none() && row.1.split_once(' ').is_some_and(|(word, _)| CHOICES.contains(&word)) {
            shown = found.get(&row).into_iter().flatten().find_map(|at| {
                let case = cases.iter().find(|case| case.name == at.case)?;
                let kinds = of_default(case, at);
                (!kinds.is_empty()).then(|| (at.case.clone(), kinds))
            });
        }
        match shown {
            Some((case, kinds)) => rows.push((row, case, kinds)),
            None => empty.push(format!("{} {}", row.1, PLACES[row.0].1)),
        }
    }
    assert!(empty.is_empty(), "no case shows what these make:\n  {}", empty.join("\n  "));
    tools::page("docs/coverage.md", &page(&rows));
}

fn page(rows: &[(Row, String, BTreeSet<String>)]) -> String {
    let mut out = String::from(
        "# What every statement makes\n\nEach row is measured by a test: the case is compiled with the statement and without it, and what differs is what the\nstatement makes. Where a project cannot be without it, the resources of its declaration stand here, and the finding\nthat there is then. A row without anything would fail the test.\n",
    );
    let mut last = usize::MAX;
    for ((place, name), case, kinds) in rows {
        if *place != last {
            last = *place;
            let title = PLACES[*place].1;
            out.push_str(&format!(
                "\n## {}{}\n\n| statement | case | what it makes or changes |\n|---|---|---|\n",
                title[..1].to_uppercase(),
                &title[1..]
            ));
        }
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let (path, rest) = case.split_once(',').unwrap_or((case, ""));
        let rest = if rest.is_empty() { String::new() } else { format!(",{rest}") };
        out.push_str(&format!("| `{name}` | [{path}](../{path}){rest} | {} |\n", kinds.join(", ")));
    }
    out
}
