//! The mapping templates of the doors, run by a Velocity engine: what arrives is the same JSON value inside its
//! envelope, and no body and no path breaks out of it.

mod tools;

use std::fs;

use pipec_core::Stage;
use pipec_tests::{Project, findings, repository};
use serde_json::{Value, json};

const EXTENDED_ID: &str = "aB3-_x9=";
const ID: &str = "aB3-_x9";

/// A project whose event has this tier and these statements.
fn templates(body: &str) -> Project {
    Project::single(&format!(
        "app doors {{ region eu-central-1 }}\napi public {{ throttle 100/s }}\nevent Thing {{ auth none; {body} }}\n"
    ))
}

/// The mapping template of the one method, references replaced as CloudFormation would.
fn request_template(project: &Project) -> String {
    let done = project.compile(None, Stage::Stacks);
    let stacks = done.stacks.as_ref().unwrap_or_else(|| panic!("{}", findings(&done)));
    let stack = stacks.stacks().find(|stack| stack.name.of == "Thing").expect("the event's stack");
    let method = stack.resources.iter().find(|resource| resource.logical_id == "Method").expect("the method");
    let linked = pipec_core::stacks::Linked { data: &method.body, links: &stack.links };
    let body = serde_json::to_value(linked).expect("JSON");
    let template = &body["Properties"]["Integration"]["RequestTemplates"]["application/json"];
    match (template.as_str(), template["Fn::Sub"].as_str()) {
        (Some(text), _) => text.to_owned(),
        (_, Some(text)) => text.replace("${Stream}", "the-stream").replace("${!", "${"),
        _ => panic!("no template: {template}"),
    }
}

/// Renders requests and returns the engine's answers.
fn render(requests: &Value) -> Vec<Value> {
    tools::install();
    let output = tools::run("node", &["tests/vtl/render.mjs"], &requests.to_string());
    assert!(output.status.success(), "{}", tools::text(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn request(name: &str, template: &str, body: &str, path: &Value) -> Value {
    json!({
        "name": name, "template": template, "body": body, "path": path, "query": {}, "headers": {},
        "context": { "requestId": "chosen-by-the-caller", "extendedRequestId": EXTENDED_ID, "requestTime": "09/Mar/2026:07:05:03 +0000" },
    })
}

fn corpus(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(repository().join("tests/vtl").join(name)).expect("the corpus");
    serde_json::from_str(&text).expect("JSON")
}

/// The hostile bodies: name, body, and the JSON that API Gateway makes of it.
fn bodies() -> Vec<(String, String, Value)> {
    let all = corpus("hostile_bodies.json");
    assert!(all.len() > 40);
    all.into_iter()
        .filter_map(|entry| {
            let body = entry["body"].as_str()?.to_owned();
            let arrives = entry["arrives"].as_str().unwrap_or(&body).to_owned();
            Some((entry["name"].as_str()?.to_owned(), body, parse(&arrives)))
        })
        .collect()
}

/// JSON; that numbers arrive to the last digit is for the engine's own tests.
fn parse(text: &str) -> Value {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value: Result<Value, _> = serde::Deserialize::deserialize(&mut reader);
    reader.end().and(value).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn answer<'a>(answers: &'a [Value], name: &str) -> &'a Value {
    let found = answers.iter().find(|answer| answer["name"] == name).expect("an answer");
    assert_eq!(found["error"], Value::Null, "{name}");
    assert_eq!(found["missing"], json!([]), "{name}: a reference printed nothing");
    found
}

/// The envelope has exactly its own members, whatever the body holds.
fn check_envelope(name: &str, envelope: &Value, data: &Value) {
    let members: Vec<&str> = envelope.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members, ["specversion", "id", "type", "source", "time", "datacontenttype", "data"], "{name}");
    assert_eq!(envelope["id"], ID, "{name}");
    assert_eq!(envelope["type"], "doors.Thing.v1", "{name}");
    assert_eq!(envelope["source"], "/doors/Thing", "{name}");
    assert_eq!(envelope["time"], "2026-03-09T07:05:03Z", "{name}");
    assert_eq!(envelope["data"], *data, "{name}");
}

#[test]
fn low_volume_puts_the_envelope_under_its_key() {
    let template = request_template(&templates("ingress api POST /things; schema { a?: json }"));
    let requests: Vec<Value> =
        bodies().iter().map(|(name, body, _)| request(name, &template, body, &json!({}))).collect();
    let answers = render(&json!(requests));
    for (name, _, arrives) in bodies() {
        let answer = answer(&answers, &name);
        check_envelope(&name, &parse(answer["output"].as_str().expect("text").trim()), &arrives);
        assert_eq!(
            answer["overrides"]["path"],
            json!({ "date": "2026-03-09", "hour": "07", "id": ID }),
            "{name}"
        );
    }
}

#[test]
fn high_volume_wraps_the_envelope_in_a_record() {
    let template = request_template(&templates("ingress api POST /things; volume high; schema { a?: json }"));
    let requests: Vec<Value> =
        bodies().iter().map(|(name, body, _)| request(name, &template, body, &json!({}))).collect();
    let answers = render(&json!(requests));
    for (name, _, arrives) in bodies() {
        let record = parse(answer(&answers, &name)["output"].as_str().expect("text").trim());
        assert_eq!(record["StreamName"], "the-stream", "{name}");
        assert_eq!(record["PartitionKey"], ID, "{name}");
        assert_eq!(record.as_object().map(serde_json::Map::len), Some(3), "{name}");
        check_envelope(&name, &parse(&base64(record["Data"].as_str().expect("text"))), &arrives);
    }
}

#[test]
fn values_of_the_path_are_part_of_the_data() {
    let body = "ingress api POST /sites/{site}/doors/{door}/things; volume high; key site; schema { site: string; door: string; a?: int }";
    let template = request_template(&templates(body));
    let values = corpus("hostile_path_values.json");
    assert!(values.len() > 20);
    let mut requests = Vec::new();
    for entry in &values {
        let (name, value) =
            (entry["name"].as_str().expect("a name"), entry["value"].as_str().expect("a value"));
        for body in ["{}", "{\"a\":1}"] {
            requests.push(request(
                &format!("{name} {body}"),
                &template,
                body,
                &json!({ "site": value, "door": "plain" }),
            ));
        }
    }
    let answers = render(&json!(requests));
    for entry in &values {
        let (name, value) =
            (entry["name"].as_str().expect("a name"), entry["value"].as_str().expect("a value"));
        for (body, rest) in [("{}", json!({})), ("{\"a\":1}", json!({ "a": 1 }))] {
            let name = format!("{name} {body}");
            let record = parse(answer(&answers, &name)["output"].as_str().expect("text").trim());
            let mut data = json!({ "site": value, "door": "plain" });
            data.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
            check_envelope(&name, &parse(&base64(record["Data"].as_str().expect("text"))), &data);
            assert_eq!(record["PartitionKey"], value, "{name}");
        }
    }
}

#[test]
fn the_key_of_the_body_partitions() {
    for (field, body, wanted) in [("string", r#"{"k":"a\"$'\\é"}"#, "a\"$'\\é"), ("int", r#"{"k":42}"#, "42")]
    {
        let template = request_template(&templates(&format!(
            "ingress api POST /things; volume high; key k; schema {{ k: {field} }}"
        )));
        let answers = render(&json!([request("key", &template, body, &json!({}))]));
        let record = parse(answer(&answers, "key")["output"].as_str().expect("text").trim());
        assert_eq!(record["PartitionKey"], wanted);
    }
}

/// The engine's own tests: it agrees with Apache Velocity on what was recorded from it.
#[test]
fn the_engine_itself_is_tested() {
    tools::install();
    let output = tools::run("node", &["--test", "tests/vtl/render.test.mjs"], "");
    assert!(output.status.success(), "{}", tools::text(&output));
}

/// Decodes base64; the engine's is the standard alphabet.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|known| *known == byte).expect("base64");
        bits = (bits << 6) | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
