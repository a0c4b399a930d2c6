//! Every construct's `example.pipe` compiles, and makes something of that construct.

use std::fs;

use pipec_core::Stage;
use pipec_tests::{Project, findings, repository, stdlib};

#[test]
fn examples_of_constructs_compile() {
    for construct in stdlib().constructs() {
        let path = repository().join("stdlib/constructs").join(&construct.id).join("example.pipe");
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
        let done = Project::single(&text).compile(None, Stage::Artifacts);
        assert!(done.diagnostics.is_empty(), "{}:\n{}", construct.id, findings(&done));
        let stacks = done.stacks.as_ref().expect("stacks");
        let used = stacks
            .stacks()
            .flat_map(|stack| &stack.resources)
            .any(|resource| resource.construct == construct.id);
        assert!(used || construct.resources.is_empty(), "{} makes no resource in its example", construct.id);
    }
}

/// A construct says where its facts about AWS come from.
#[test]
fn constructs_cite_their_sources() {
    for construct in stdlib().constructs().filter(|construct| !construct.resources.is_empty()) {
        let path = repository().join("stdlib/constructs").join(&construct.id).join("construct.yaml");
        let text = fs::read_to_string(&path).expect("a construct file");
        assert!(
            text.contains("sources:\n  - https://docs.aws.amazon.com/"),
            "{} cites no page",
            construct.id
        );
    }
}
