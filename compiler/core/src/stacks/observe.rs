//! What watches an app: an alarm for what should not happen, and a dashboard of all that is measured.
//!
//! What is measured of an instance its construct says. Here every metric with an alarm becomes an instance of
//! `alarm/metric`, beside what it watches, and all metrics of a root an instance of `dashboard/app`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::json;

use super::facts;
use super::instances::{Made, Maker, Prefix, STEP, Wanted, explain, make, settings};
use super::place::Home;
use super::shared::Shared;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::library::setting::from_written;
use crate::library::{Binding, Data, EvaluationError, Measured, ResourceId, Written};
use crate::model::{Alarm, Options, Origin};
use crate::names::pascal;
use crate::source::Spanned;

const ALARM: &str = "alarm/metric";
const DASHBOARD: &str = "dashboard/app";

/// Whose row of a dashboard it is: a domain, and the title of the row.
type Owner = (Option<String>, String);

/// An instance, or why there is none and whose fault it is.
type Attempt = Result<Made, Box<(EvaluationError, Origin)>>;

/// An alarm, before it is an instance.
struct Watch<'m> {
    /// The instance that is watched.
    of: &'m Made,
    name: String,
    measured: &'m Measured<'m>,
    options: Options,
    origin: Origin,
}

impl Maker<'_, '_> {
    /// The alarms and dashboards of all that is made.
    pub fn watching(&self, shared: &Shared, diags: &mut Diagnostics) -> Vec<Made> {
        let measured = self.measured(diags);
        self.check_defaults(&measured, diags);
        self.check_alarms(&measured, diags);
        let wanted = self.all_watches(&measured);
        let first = self.next + wanted.len() as u32 * STEP;
        let (alarms, dashboards) =
            rayon::join(|| self.alarms(&wanted, shared), || self.dashboards(&measured, first));
        let mut done = Vec::with_capacity(alarms.len() + dashboards.len());
        for result in alarms.into_iter().chain(dashboards) {
            match result {
                Ok(made) => done.push(made),
                Err(failed) => diags.push(explain(&failed.0, &failed.1)),
            }
        }
        done
    }

    /// What is measured of each instance.
    fn measured(&self, diags: &mut Diagnostics) -> Vec<Vec<Measured<'_>>> {
        let of_one = |made: &Made| self.evaluator.metrics(&made.construct, &made.scope);
        let results: Vec<_> = self.all.made.par_iter().map(of_one).collect();
        let mut measured = Vec::with_capacity(results.len());
        for (made, result) in self.all.made.iter().zip(results) {
            measured.push(result.unwrap_or_else(|error| {
                diags.push(explain(&error, &made.origin));
                Vec::new()
            }));
        }
        measured
    }

    fn alarms(&self, wanted: &[Watch<'_>], shared: &Shared) -> Vec<Attempt> {
        let one = |(index, watch): (usize, &Watch<'_>)| {
            let made = watch.of;
            let base = ResourceId(self.next + index as u32 * STEP);
            let wanted = self.alarm(made, watch, shared);
            let result = make(self.evaluator, base, wanted, &self.globals, &mut BTreeMap::new());
            let stack = self.library.get(&made.construct).map(|construct| construct.stack);
            result.map(|alarm| Made { stack: made.stack.or(stack), ..alarm })
        };
        wanted.par_iter().enumerate().map(one).collect()
    }

    /// The alarms on all metrics of all that is made.
    fn all_watches<'m>(&'m self, measured: &'m [Vec<Measured<'m>>]) -> Vec<Watch<'m>> {
        if !self.graph.model.app.alarms || self.library.get(ALARM).is_none() {
            return Vec::new();
        }
        let of_one = |(made, metrics): (&'m Made, &'m Vec<Measured<'m>>)| {
            let mut wanted = Vec::new();
            metrics.iter().for_each(|measured| self.watches(made, measured, &mut wanted));
            wanted
        };
        self.all.made.par_iter().zip(measured).flat_map_iter(of_one).collect()
    }

    /// The alarms on one metric: that of its construct as the event changes it, and those that the event adds.
    fn watches<'m>(&self, made: &'m Made, measured: &'m Measured<'m>, wanted: &mut Vec<Watch<'m>>) {
        let event = made.home.event.as_deref().and_then(|name| self.graph.model.events.get(name));
        let declared = event.map(|event| &event.alarms);
        let mut watch = |name: &str, options: Options, origin: &Origin| {
            wanted.push(Watch { of: made, name: name.to_owned(), measured, options, origin: origin.clone() });
        };
        let own = declared.and_then(|alarms| alarms.get(measured.name)).filter(|alarm| alarm.on.is_none());
        match (own, &measured.metric.alarm) {
            (Some(alarm), _) if alarm.off || !is_of(alarm, made) => {}
            (Some(alarm), defaults) => {
                let mut options =
                    defaults.as_ref().map(|defaults| self.written(defaults)).unwrap_or_default();
                // A bound that is said takes the place of the other one.
                if alarm.options.contains_key("above") || alarm.options.contains_key("below") {
                    options.shift_remove("above");
                    options.shift_remove("below");
                }
                options.extend(alarm.options.iter().map(|(name, value)| (name.clone(), value.clone())));
                watch(measured.name, options, &alarm.origin);
            }
            (None, Some(defaults)) => watch(measured.name, self.written(defaults), &made.origin),
            (None, None) => {}
        }
        for (name, alarm) in declared.into_iter().flatten() {
            let on = alarm.on.as_ref().is_some_and(|on| on.value == measured.name);
            if on && !alarm.off && is_of(alarm, made) {
                watch(name, alarm.options.clone(), &alarm.origin);
            }
        }
    }

    /// The options that a construct file writes for an alarm.
    fn written(&self, options: &IndexMap<String, Written>) -> Options {
        let construct = self.library.get(ALARM);
        let place = self.graph.model.app.origin.span;
        options
            .iter()
            .filter_map(|(name, written)| {
                let spec = construct?.parameters.get(name)?;
                Some((name.clone(), Spanned::new(from_written(spec.kind, written)?, place)))
            })
            .collect()
    }

    fn alarm<'w>(&self, made: &Made, watch: &'w Watch<'_>, shared: &Shared) -> Wanted<'w> {
        let mut bindings = settings(&watch.options);
        let owner = [made.home.event.as_deref().or(made.home.api.as_deref()), subscriber(made)];
        let slug: Vec<&str> = owner.into_iter().flatten().chain([watch.name.as_str()]).collect();
        let facts = json!({
            "name": watch.name,
            "metric": watch.measured.name,
            "summary": watch.measured.metric.summary,
            "slug": format!("{}-{}", facts::slug(&self.graph.model), slug.join("-")),
            "event": made.home.event,
            "subscriber": subscriber(made),
        });
        bindings.push(("metric", Binding::Data(watch.measured.body.clone())));
        bindings.push(("alarm", Binding::Value(facts.into())));
        let alerts = shared.alerts.clone().map_or(Binding::Undefined, Binding::Instance);
        bindings.push(("alerts", alerts));
        let name = pascal(&watch.name);
        let prefix = Prefix {
            own: format!("{}{name}", made.prefix.own),
            shared: format!("{}{name}", made.prefix.shared),
        };
        Wanted { construct: ALARM, prefix, home: made.home.clone(), origin: watch.origin.clone(), bindings }
    }

    /// What construct files write for their alarms must be options of `alarm/metric`.
    fn check_defaults(&self, measured: &[Vec<Measured<'_>>], diags: &mut Diagnostics) {
        let mut checked = BTreeSet::new();
        for (made, metrics) in self.all.made.iter().zip(measured) {
            for measured in metrics {
                let Some(defaults) = &measured.metric.alarm else { continue };
                let first = checked.insert((made.construct.as_str(), measured.name));
                if !first || self.written(defaults).len() == defaults.len() {
                    continue;
                }
                let message = format!(
                    "the construct `{}` has options for the alarm `{}` that `{ALARM}` does not have",
                    made.construct, measured.name
                );
                let options = self.library.get(ALARM).map(|alarm| alarm.option_names().join("`, `"));
                let help = options.map(|options| format!("they are plain values of `{options}`"));
                diags.push(Diagnostic::new(Code::BadConstruct, made.origin.span, message).maybe_help(help));
            }
        }
    }

    /// Alarms that events declare must watch something.
    fn check_alarms(&self, measured: &[Vec<Measured<'_>>], diags: &mut Diagnostics) {
        let mut by_event: BTreeMap<&str, Vec<(&str, Option<&str>)>> = BTreeMap::new();
        for (made, metrics) in self.all.made.iter().zip(measured) {
            let Some(event) = made.home.event.as_deref() else { continue };
            let known = by_event.entry(event).or_default();
            known.extend(metrics.iter().map(|measured| (measured.name, subscriber(made))));
        }
        for (event_name, event) in &self.graph.model.events {
            let known = by_event.get(event_name.as_str()).map_or(&[] as &[_], Vec::as_slice);
            for (name, alarm) in &event.alarms {
                // What a profile or `event *` says of alarms concerns the events that have the metric.
                let place = alarm.origin.span;
                let own =
                    place.source == event.span.source && event.span.range().contains(&(place.start as usize));
                diags.extend(misses(event_name, name, alarm, known).filter(|_| own));
            }
        }
    }

    /// The rows of the dashboards, by domain: one an event, in the order of its way, then one an api.
    fn rows(&self, measured: &[Vec<Measured<'_>>]) -> Vec<(Option<String>, Vec<Data>)> {
        let mut charts: IndexMap<Owner, IndexMap<&str, Vec<Data>>> = IndexMap::new();
        for (made, metrics) in self.all.made.iter().zip(measured) {
            let owner = made.home.event.clone().or(made.home.api.as_ref().map(|api| format!("api {api}")));
            let Some(owner) = owner else { continue };
            let of_owner = charts.entry((made.home.domain.clone(), owner)).or_default();
            for measured in metrics {
                let Some(chart) = &measured.metric.chart else { continue };
                of_owner.entry(chart.as_str()).or_default().push(curve(made, measured));
            }
        }
        let mut rows: BTreeMap<Option<String>, Vec<Data>> = BTreeMap::new();
        charts.sort_unstable_keys();
        for ((domain, title), charts) in charts {
            let charts: Vec<Data> = CHARTS
                .iter()
                .filter_map(|chart| Some((chart, charts.get(chart)?)))
                .map(|(chart, metrics)| {
                    let metrics = Data::List(metrics.clone());
                    object([("title", text(&chart.replace('_', " "))), ("metrics", metrics)])
                })
                .collect();
            if !charts.is_empty() {
                let row = object([("title", text(&title)), ("charts", Data::List(charts))]);
                rows.entry(domain).or_default().push(row);
            }
        }
        rows.into_iter().collect()
    }

    fn dashboards(&self, measured: &[Vec<Measured<'_>>], first: u32) -> Vec<Attempt> {
        if self.library.get(DASHBOARD).is_none() {
            return Vec::new();
        }
        let one = |(index, (domain, rows)): (usize, (Option<String>, Vec<Data>))| {
            let base = ResourceId(first + index as u32 * STEP);
            make(self.evaluator, base, self.dashboard(domain, rows), &self.globals, &mut BTreeMap::new())
        };
        self.rows(measured).into_par_iter().enumerate().with_max_len(1).map(one).collect()
    }

    fn dashboard(&self, domain: Option<String>, rows: Vec<Data>) -> Wanted<'static> {
        let facts = json!({ "domain": domain.clone().unwrap_or_default() });
        Wanted {
            construct: DASHBOARD,
            prefix: Prefix::default(),
            home: Home { domain, event: None, api: None },
            origin: self.graph.model.app.origin.clone(),
            bindings: vec![
                ("rows", Binding::Data(Data::List(rows))),
                ("place", Binding::Value(facts.into())),
            ],
        }
    }
}

/// The charts of a row, from the door to the dead letters.
const CHARTS: &[&str] = &["api", "door", "path", "subscribers", "dead_letters"];

fn curve(made: &Made, measured: &Measured<'_>) -> Data {
    let label = match subscriber(made) {
        Some(name) => format!("{name} {}", measured.name),
        None => measured.name.to_owned(),
    };
    let mut entries = match &measured.body {
        Data::Map(entries) => entries.clone(),
        _ => Vec::new(),
    };
    entries.push((Arc::from("label"), text(&label.replace('_', " "))));
    Data::Map(entries)
}

fn text(text: &str) -> Data {
    Data::Text(text.into())
}

fn object<const N: usize>(entries: [(&str, Data); N]) -> Data {
    Data::Map(entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect())
}

/// The subscriber that an instance belongs to.
fn subscriber(made: &Made) -> Option<&str> {
    made.subscriber.as_deref()
}

fn is_of(alarm: &Alarm, made: &Made) -> bool {
    alarm.of.as_ref().is_none_or(|of| subscriber(made) == Some(of.value.as_str()))
}

/// The finding for an alarm that watches nothing.
fn misses(event: &str, name: &str, alarm: &Alarm, known: &[(&str, Option<&str>)]) -> Option<Diagnostic> {
    let wanted = alarm.on.as_ref().map_or(name, |on| on.value.as_str());
    let of = alarm.of.as_ref();
    let fits = |(metric, subscriber): &(&str, Option<&str>)| {
        *metric == wanted && of.is_none_or(|of| *subscriber == Some(of.value.as_str()))
    };
    if known.iter().any(fits) {
        return None;
    }
    let span = of.or(alarm.on.as_ref()).map_or(alarm.origin.span, |place| place.span);
    let metrics = || known.iter().map(|(metric, _)| *metric);
    let (message, help) = match of.filter(|_| metrics().any(|metric| metric == wanted)) {
        Some(of) => {
            let having: Vec<&str> =
                known.iter().filter(|(metric, _)| *metric == wanted).filter_map(|(_, of)| *of).collect();
            let message = format!("`{}` has no metric `{wanted}`", of.value);
            let help = match nearest(&of.value, having.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if having.is_empty() => format!("`{wanted}` is of the event itself: leave `of` out"),
                None => format!("it is measured of `{}`", having.join("`, `")),
            };
            (message, help)
        }
        None => {
            let mut names: Vec<&str> = metrics().collect();
            names.sort_unstable();
            names.dedup();
            let help = match nearest(wanted, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("what is measured of it: `{}`", names.join("`, `")),
            };
            (format!("`{event}` has no metric `{wanted}`"), help)
        }
    };
    Some(Diagnostic::new(Code::UnknownMetric, span, message).help(help))
}
