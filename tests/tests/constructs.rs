//! Every construct's `example.pipe` compiles, and makes something of that construct.

use std::collections::BTreeSet;
use std::fs;

use pipec_core::Stage;
use pipec_core::library::Data;
use serde_json::Value;

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

/// Validators do not look behind `DefinitionS3Location`: what they would find in a state machine is found here.
#[test]
fn state_machines_among_artifacts_hold_together() {
    let mut seen = 0;
    for construct in stdlib().constructs().filter(|construct| !construct.artifacts.is_empty()) {
        let path = repository().join("stdlib/constructs").join(&construct.id).join("example.pipe");
        let text = fs::read_to_string(&path).expect("an example");
        let done = Project::single(&text).compile(None, Stage::Artifacts);
        let bundle = done.bundle.as_ref().expect("a bundle");
        let resources = done.stacks.as_ref().expect("stacks").stacks().flat_map(|stack| &stack.resources);
        for machine in resources.filter(|resource| resource.kind == "AWS::StepFunctions::StateMachine") {
            let property = |name: &str| machine.body.get("Properties")?.get(name);
            let Some(location) = property("DefinitionS3Location") else { continue };
            let key = location.get("Key").and_then(Data::as_text).expect("a key");
            assert_eq!(bundle.manifest.artifacts.get(key).map(String::as_str), Some(key), "it is uploaded");
            let text = std::str::from_utf8(&bundle.files[key]).expect("text");
            check_machine(&serde_json::from_str(text).expect("JSON"));
            let Some(Data::Map(given)) = property("DefinitionSubstitutions") else { panic!("substitutions") };
            let given: BTreeSet<&str> = given.iter().map(|(name, _)| &**name).collect();
            assert_eq!(placeholders(text), given, "{}", construct.id);
            seen += 1;
        }
    }
    assert!(seen > 0, "no state machine was looked at");
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("${").skip(1).map(|rest| rest.split('}').next().expect("an end")).collect()
}

/// Every state of a machine, or of a map in one, is reached, and whatever comes next is there.
fn check_machine(machine: &Value) {
    let states = machine["States"].as_object().expect("states");
    let mut reached = BTreeSet::new();
    let mut next = vec![machine["StartAt"].as_str().expect("a start")];
    while let Some(name) = next.pop() {
        if !reached.insert(name) {
            continue;
        }
        let state = states.get(name).unwrap_or_else(|| panic!("there is no state `{name}`"));
        let on = ways(state);
        let ends = state["End"] == true || matches!(state["Type"].as_str(), Some("Succeed" | "Fail"));
        assert_ne!(ends, !on.is_empty(), "`{name}` either ends or goes on");
        next.extend(on);
        next.extend(each_next(state, "Catch"));
        if state["Type"] == "Map" {
            check_machine(&state["ItemProcessor"]);
        }
    }
    let all: BTreeSet<&str> = states.keys().map(String::as_str).collect();
    assert_eq!(all, reached, "states that nothing leads to");
}

/// The states that may come after one that did not fail.
fn ways(state: &Value) -> Vec<&str> {
    let own = [&state["Next"], &state["Default"]].into_iter().filter_map(Value::as_str);
    own.chain(each_next(state, "Choices")).collect()
}

fn each_next<'s>(state: &'s Value, key: &str) -> impl Iterator<Item = &'s str> {
    state[key].as_array().into_iter().flatten().filter_map(|way| way["Next"].as_str())
}
