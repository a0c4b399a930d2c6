//! What the names in an expression stand for: settings, ports, references.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use foldhash::HashMap;
use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, Value};

use super::data::{Data, ResourceId, Symbol};
use super::machine::{CONSTRUCT, SELF};
use super::run::to_value;
use super::setting::Setting;

/// What a name stands for in an instance.
#[derive(Clone, Debug)]
pub enum Binding {
    /// A plain value.
    Value(Arc<serde_json::Value>),
    /// An option's value, with its units.
    Setting(Setting),
    /// A reference.
    Symbol(Symbol),
    /// Another instance's ports.
    Instance(Instance),
    /// One port of another instance.
    Port(Instance, &'static str),
    /// A value with references.
    Data(Data),
    /// Several, by name.
    Table(IndexMap<String, Binding>),
    /// Several, in order.
    List(Vec<Binding>),
    /// Nothing: properties that use it are dropped.
    Undefined,
}

/// An instantiated construct as others see it: its ports.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(super) ports: Arc<Ports>,
}

/// The names of one instance.
#[derive(Clone, Debug)]
pub struct Scope {
    pub(super) value: Value,
}

/// Where a construct's instances keep what a name stands for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    /// Its place among the locals, which hide all else once they are computed.
    pub(super) local: Option<usize>,
    /// What it is beside that.
    pub(super) kept: Option<Kept>,
}

/// What a name that is no local stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// A parameter or a need, by its place.
    Value(usize),
    /// A resource: its reference follows from the instance's first number.
    Resource(u32),
}

/// The names of a construct, which all its instances share.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) construct: Arc<str>,
    pub(super) slots: HashMap<Arc<str>, Slot>,
}

#[derive(Debug)]
pub(super) struct Names {
    pub(super) shape: Arc<Shape>,
    /// The number of the instance's first resource.
    pub(super) base: ResourceId,
    pub(super) values: Vec<Value>,
    /// Values that are computed one after the other, each from those before it.
    pub(super) locals: Vec<OnceLock<Value>>,
    /// Names that the construct does not know, and those that something else is bound to.
    pub(super) more: Vec<(Arc<str>, Value)>,
    pub(super) outer: Option<Value>,
}

impl Names {
    /// A few names on top of others.
    pub(super) fn on_top(more: Vec<(Arc<str>, Value)>, outer: Option<Value>) -> Names {
        static PLAIN: LazyLock<Arc<Shape>> = LazyLock::new(Arc::default);
        Names {
            shape: PLAIN.clone(),
            base: ResourceId(0),
            values: Vec::new(),
            locals: Vec::new(),
            more,
            outer,
        }
    }

    /// What a slot holds. Nothing where only the name can tell, for something else may be bound to it.
    pub(super) fn at(&self, slot: Slot) -> Option<Value> {
        let local = slot.local.and_then(|index| self.locals.get(index)?.get());
        match (local, slot.kept) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(Kept::Value(index))) => self.values.get(index).cloned(),
            (None, _) if !self.more.is_empty() => None,
            (None, kept) => self.resource(kept?),
        }
    }

    /// What a name stands for in the instance itself.
    fn own(&self, name: &str) -> Option<Value> {
        // Names on top of others have no places of their own.
        let slot = if self.shape.slots.is_empty() { None } else { self.shape.slots.get(name).copied() };
        let more = || self.more.iter().find(|(known, _)| **known == *name).map(|(_, value)| value.clone());
        slot.and_then(|slot| self.at(slot)).or_else(more).or_else(|| self.resource(slot?.kept?))
    }

    fn resource(&self, kept: Kept) -> Option<Value> {
        let Kept::Resource(index) = kept else { return None };
        let id = ResourceId(self.base.0 + index);
        Some(reference(Symbol::Resource { id, attribute: None }))
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            SELF => Some(Value::from_dyn_object(self.clone())),
            CONSTRUCT if !self.shape.construct.is_empty() => Some(Value::from(&*self.shape.construct)),
            _ => match self.own(key) {
                Some(found) => Some(found),
                None => self
                    .outer
                    .as_ref()
                    .and_then(|outer| outer.get_attr(key).ok())
                    .filter(|value| !value.is_undefined()),
            },
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

#[derive(Debug)]
pub(super) struct Ports {
    pub(super) construct: String,
    pub(super) values: BTreeMap<String, Value>,
}

impl Object for Ports {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let missing =
            || Value::from_object(Missing { construct: self.construct.clone(), port: key.to_owned() });
        Some(self.values.get(key).cloned().unwrap_or_else(missing))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// What stands for a port that is not offered: no value can be made of it.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) construct: String,
    pub(super) port: String,
}

impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Formatting is where a text is built: a missing port in a text must fail, and this is how it can.
        let _ = f;
        Err(fmt::Error)
    }
}

/// A reference as expressions see it.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) symbol: Symbol,
    /// The actions that a use of it takes.
    pub(super) flows: Arc<[String]>,
}

impl Object for Reference {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match (key, &self.symbol) {
            ("flows", _) => Some(self.flows.iter().map(|flow| Value::from(flow.as_str())).collect()),
            (name, Symbol::Resource { id, attribute: None }) => {
                let symbol = Symbol::Resource { id: *id, attribute: Some(name.into()) };
                Some(Value::from_object(Reference { symbol, flows: Arc::default() }))
            }
            _ => None,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.symbol.to_mark())
    }
}

pub(super) fn reference(symbol: Symbol) -> Value {
    Value::from_object(Reference { symbol, flows: Arc::default() })
}

impl Binding {
    pub(super) fn to_value(&self) -> Value {
        match self {
            Binding::Value(value) => Value::from(Serde(&**value)),
            Binding::Setting(setting) => setting_value(setting),
            Binding::Symbol(symbol) => reference(symbol.clone()),
            Binding::Instance(instance) => Value::from_dyn_object(instance.ports.clone()),
            Binding::Port(instance, port) => {
                instance.ports.values.get(*port).cloned().unwrap_or(Value::UNDEFINED)
            }
            Binding::Data(data) => to_value(data),
            Binding::List(items) => items.iter().map(Binding::to_value).collect(),
            Binding::Table(table) => {
                Value::from_pairs(table.iter().map(|(name, binding)| (name.as_str(), binding.to_value())))
            }
            Binding::Undefined => Value::UNDEFINED,
        }
    }
}

/// Quantities show every unit that AWS asks for somewhere.
pub(super) fn setting_value(setting: &Setting) -> Value {
    let units = |pairs: &[(&'static str, i64)]| Value::from_pairs(pairs.iter().copied());
    match setting {
        Setting::Bool(value) => Value::from(*value),
        Setting::Int(value) => Value::from(*value),
        Setting::Text(text) | Setting::Word(text) => Value::from(text.as_str()),
        Setting::List(texts) => texts.iter().map(|text| Value::from(text.as_str())).collect(),
        Setting::Duration(s) => {
            units(&[("seconds", *s), ("minutes", s / 60), ("hours", s / 3600), ("days", s / 86_400)])
        }
        Setting::Size(bytes) => units(&[("bytes", *bytes), ("kb", bytes >> 10), ("mb", bytes >> 20)]),
        Setting::Rate { amount, seconds } => units(&[("amount", *amount), ("seconds", *seconds)]),
        Setting::Parameter(name) => reference(Symbol::Parameter(crate::names::pascal(name).into())),
    }
}

impl Scope {
    /// A scope of plain names, for what all instances see.
    #[must_use]
    pub fn globals(bindings: &[(&str, Binding)]) -> Scope {
        Scope::plain(bindings, None)
    }

    /// The same scope with more names on top.
    #[must_use]
    pub fn with(&self, bindings: &[(&str, Binding)]) -> Scope {
        Scope::plain(bindings, Some(self.value.clone()))
    }

    fn plain(bindings: &[(&str, Binding)], outer: Option<Value>) -> Scope {
        let more = bindings.iter().map(|(name, binding)| (Arc::from(*name), binding.to_value())).collect();
        Scope { value: Value::from_object(Names::on_top(more, outer)) }
    }
}
