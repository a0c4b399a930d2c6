//! The table of resource types and the constructs agree: what one writes, the other knows and takes.

use std::fs;

use pipec_core::Stage;
use pipec_core::library::{Data, Extent, RESOURCE_TYPES, ResourceTypes};
use pipec_core::stacks::{Link, Resource};
use pipec_tests::{Project, findings, repository, stdlib};

fn table() -> ResourceTypes {
    let files = pipec_stdlib::files();
    let (_, bytes) = files.iter().find(|(path, _)| path == RESOURCE_TYPES).expect("the table");
    ResourceTypes::parse(&String::from_utf8_lossy(bytes)).expect("a table")
}

/// Name and text of every construct's example, and of the cases that hold every path and option there is.
fn projects() -> Vec<(String, Project)> {
    let mut projects = Vec::new();
    for construct in stdlib().constructs() {
        let path = repository().join("stdlib/constructs").join(&construct.id).join("example.pipe");
        let text = fs::read_to_string(path).expect("an example");
        projects.push((construct.id.clone(), Project::single(&text)));
    }
    for entry in fs::read_dir(repository().join("tests/cases/stacks")).expect("cases").flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "pipe") {
            let (prose, sections) = Project::sections(&fs::read_to_string(entry.path()).expect("a case"));
            let project = if sections.files.is_empty() { Project::single(&prose) } else { sections };
            projects.push((entry.file_name().to_string_lossy().into_owned(), project));
        }
    }
    projects
}

#[test]
fn the_table_takes_what_constructs_write() {
    let table = table();
    let (mut properties, mut attributes) = (0, 0);
    for (name, project) in projects() {
        let done = project.compile(None, Stage::Artifacts);
        let stacks = done.stacks.as_ref().unwrap_or_else(|| panic!("{name}:\n{}", findings(&done)));
        for stack in stacks.stacks() {
            for resource in &stack.resources {
                takes(&table, &name, resource);
                properties += 1;
            }
            #[expect(clippy::iter_over_hash_type, reason = "which failure is told first makes no difference")]
            for link in stack.links.values() {
                let Link::Attribute(id, attribute) = link else { continue };
                let resource = stack.resources.iter().find(|one| one.logical_id == *id);
                let kind = &resource.unwrap_or_else(|| panic!("{name}: no resource {id}")).kind;
                assert!(table.has_attribute(kind, attribute), "{name}: {kind} has no {attribute}");
                attributes += 1;
            }
        }
    }
    assert!(properties > 500 && attributes > 100, "{properties} resources, {attributes} attributes");
}

fn takes(table: &ResourceTypes, name: &str, resource: &Resource) {
    let place = format!("{name}: {} of {}, a {}", resource.logical_id, resource.construct, resource.kind);
    assert!(table.knows(&resource.kind), "{place}, is not in the table");
    let properties = resource.body.get("Properties").unwrap_or(&Data::Null);
    let problems = table.check(&resource.kind, properties, Extent::Whole);
    assert!(problems.is_empty(), "{place}: {problems:#?}");
}
