//! Rules about `ordered by key`: which ways keep the order of events.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Event, Ingress, Model, Shape, Subscriber};
use crate::source::Span;

/// Characters of a message group.
const MAX_GROUP: i64 = 128;

/// Proof 40, and of proof 20 what the language can say: an ordered topic feeds nothing but queues.
pub fn check(model: &Model, diags: &mut Diagnostics) {
    for (name, event) in &model.events {
        for subscriber in event.subscribers.values() {
            if let Some(span) = subscriber.ordered {
                ordered(name, event, subscriber, span, diags);
            }
        }
        if let (Some(span), Ingress::Topic { .. }) = (event.ordered(), &event.ingress) {
            topic(name, event, span, diags);
        }
    }
}

fn ordered(name: &str, event: &Event, subscriber: &Subscriber, span: Span, diags: &mut Diagnostics) {
    if event.key.is_none() && !event.incomplete {
        let message = format!("`{name}` has no `key` to be ordered by");
        let help = "say which field orders the event: `key FIELD`";
        diags.push(Diagnostic::new(Code::OrderNotPossible, span, message).help(help));
        return;
    }
    if !event.hands_over(subscriber) && !event.incomplete {
        let streams = event.tier.as_ref().is_some_and(|tier| tier.offers("stream"));
        let message = "what is stored is told of in no order";
        let help = match (&event.ingress, streams) {
            (_, true) => "read `from stream`, which keeps the order of one key",
            (Ingress::Topic { .. }, _) => "read `from topic`, which keeps the order of one key then",
            _ => "write `volume high`, whose stream keeps the order of one key, and read from that",
        };
        let mut finding = Diagnostic::new(Code::OrderNotPossible, span, message).help(help);
        if let Some(tier) = &event.tier {
            let said = tier.origin.span != event.origin.span;
            let label = if said { "its volume" } else { "`volume low`, which is the default" };
            finding = finding.label(tier.origin.span, label);
        }
        diags.push(finding);
    }
}

/// A FIFO topic delivers to queues alone:
/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html>.
fn topic(name: &str, event: &Event, span: Span, diags: &mut Diagnostics) {
    if let Some(store) = &event.store {
        let message =
            format!("`{name}` has a topic that keeps the order, and such a topic cannot feed a store");
        let help = "use `ingress stream`, which keeps the order and the events; or remove the store";
        diags.push(
            Diagnostic::new(Code::OrderNotPossible, span, message)
                .label(store.origin.span, "the store")
                .help(help),
        );
    }
    group(event, span, diags);
    for (other_name, other) in &event.subscribers {
        if !other.reads.contains_key("queue") {
            let kind = other.construct.rsplit('/').next().unwrap_or_default();
            let message =
                format!("`{name}` has a topic that keeps the order, and such a topic cannot feed `{kind}`");
            let help = format!(
                "let a handler of `{name}` emit a second event, and move `{other_name}` there; or give up `ordered by key`"
            );
            diags.push(
                Diagnostic::new(Code::OrderNotPossible, other.origin.span, message)
                    .label(span, "wants the order")
                    .help(help),
            );
        }
    }
}

/// The key is the message group of a FIFO topic, which is shorter than a partition key:
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
fn group(event: &Event, span: Span, diags: &mut Diagnostics) {
    let Some(key) = &event.key else { return };
    let field = event.schema.as_ref().and_then(|schema| schema.fields.get(&key.value));
    let Some(field) = field.filter(|field| field.shape == Shape::String) else { return };
    let bounds = &field.constraints;
    if bounds.pattern.is_some() || bounds.max_length.is_some_and(|most| most <= MAX_GROUP) {
        return;
    }
    let message =
        format!("`{}` may be too long to keep the order by: a topic takes {MAX_GROUP} characters", key.value);
    let help = format!("write `length 1..{MAX_GROUP}`, or less, or a `matching`");
    diags.push(Diagnostic::new(Code::BadKey, field.span, message).label(span, "wants the order").help(help));
}
