//! Instances that several events use: keys, apis and their paths, locks, stores, resources, what hears of alarms.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::facts;
use super::instances::{Maker, Prefix, Wanted, settings};
use super::place::Home;
use crate::diagnostic::Diagnostics;
use crate::library::{Binding, Instance};
use crate::model::{Auth, Event, Ingress, Options, Origin, PathPart};
use crate::names::{digest, pascal};

/// Instances that several events use.
pub struct Shared {
    /// The app's key.
    pub(super) key: Instance,
    /// Keys of events that have one of their own.
    pub(super) keys: BTreeMap<String, Instance>,
    pub(super) apis: BTreeMap<String, Instance>,
    /// By api and path.
    pub(super) paths: BTreeMap<(String, String), Instance>,
    /// By auth: one lock, or one for each of its clients. That of `auth none` has no name.
    pub(super) locks: BTreeMap<String, Vec<Lock>>,
    /// By api and auth.
    pub(super) authorizers: BTreeMap<(String, String), Instance>,
    /// By domain.
    pub(super) dead_letters: BTreeMap<Option<String>, Instance>,
    /// By domain: what catalogues of stored events share.
    pub(super) lakes: BTreeMap<Option<String>, Instance>,
    pub(super) stores: BTreeMap<String, Instance>,
    pub(super) resources: BTreeMap<String, Instance>,
    /// Who hears of alarms.
    pub(super) alerts: Option<Instance>,
}

/// A lock, or the part of it that one client has.
pub(super) struct Lock {
    /// `device`, or `device_acme` for a client.
    pub(super) name: String,
    pub(super) options: Options,
    pub(super) instance: Instance,
}

impl Shared {
    /// The key that encrypts an event.
    pub(super) fn key_of(&self, event: &str) -> &Instance {
        self.keys.get(event).unwrap_or(&self.key)
    }
}

impl Maker<'_, '_> {
    /// Makes all of it. `None` when there is no key, without which nothing can be made.
    pub(super) fn shared(&mut self, diags: &mut Diagnostics) -> Option<Shared> {
        let encryption = &self.graph.model.app.encryption;
        let wanted = Wanted {
            construct: &encryption.construct,
            prefix: Prefix::default(),
            home: Home::default(),
            origin: encryption.origin.clone(),
            bindings: settings(&encryption.options),
        };
        let key = self.make(wanted, diags)?;
        let mut shared = Shared {
            key,
            keys: BTreeMap::new(),
            apis: BTreeMap::new(),
            paths: BTreeMap::new(),
            locks: BTreeMap::new(),
            authorizers: BTreeMap::new(),
            dead_letters: BTreeMap::new(),
            lakes: BTreeMap::new(),
            stores: BTreeMap::new(),
            resources: BTreeMap::new(),
            alerts: None,
        };
        self.keys(&mut shared, diags);
        self.apis(&mut shared, diags);
        self.locks(&mut shared, diags);
        self.authorizers(&mut shared, diags);
        self.dead_letters(&mut shared, diags);
        self.stores(&mut shared, diags);
        self.lakes(&mut shared, diags);
        self.resources(&mut shared, diags);
        self.alerts(&mut shared, diags);
        Some(shared)
    }

    /// A key for each event, where the encryption says so. They are the app's, so that every domain can use them.
    fn keys(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        let encryption = &graph.model.app.encryption;
        let each = self.library.get(&encryption.construct).and_then(|construct| construct.each.as_deref());
        if each != Some("event") {
            return;
        }
        for (name, event) in &graph.model.events {
            let mut bindings = settings(&encryption.options);
            bindings.push(("event", Binding::Value(facts::event(&graph.model, name, event).into())));
            let wanted = Wanted {
                construct: &encryption.construct,
                prefix: Prefix::both(name.clone()),
                home: Home::default(),
                origin: event.origin.clone(),
                bindings,
            };
            shared.keys.extend(self.make(wanted, diags).map(|key| (name.clone(), key)));
        }
    }

    fn apis(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        for (name, api) in &graph.model.apis {
            let home = Home { domain: api.domain.clone(), event: None, api: Some(name.clone()) };
            let mut bindings = settings(&api.options);
            bindings.push(("key", Binding::Instance(shared.key.clone())));
            let kinds: BTreeSet<&str> = self
                .auths_at(name)
                .into_iter()
                .filter_map(|auth| graph.model.auths.get(auth)?.choice.construct.split('/').next_back())
                .collect();
            let facts = json!({ "name": name, "doc": api.doc, "auths": kinds });
            bindings.push(("api", Binding::Value(facts.into())));
            let wanted = Wanted {
                construct: "api/rest",
                prefix: Prefix { own: String::new(), shared: pascal(name) },
                home: home.clone(),
                origin: api.origin.clone(),
                bindings,
            };
            let Some(instance) = self.make(wanted, diags) else { continue };
            shared.apis.insert(name.clone(), instance.clone());
            self.paths(name, &home, &instance, shared, diags);
        }
    }

    /// The path tree of an api: one instance a node, parents before children.
    fn paths(
        &mut self,
        api: &str,
        home: &Home,
        instance: &Instance,
        shared: &mut Shared,
        diags: &mut Diagnostics,
    ) {
        for (parts, node) in tree(self.graph.model.events.values(), api, home) {
            let full = parts.join("/");
            let above = parts.split_last().map(|(_, above)| above.join("/")).unwrap_or_default();
            let parent = shared
                .paths
                .get(&(api.to_owned(), above))
                .map_or(Binding::Undefined, |p| Binding::Instance(p.clone()));
            let id = format!("{}{}", pascal(&full), digest(full.as_bytes()));
            let wanted = Wanted {
                construct: "api/path",
                prefix: Prefix::both(id),
                home: home.clone(),
                origin: node.origin,
                bindings: vec![
                    ("rest", Binding::Instance(instance.clone())),
                    ("parent", parent),
                    ("part", Binding::Value(json!(parts.last()).into())),
                    ("methods", Binding::Value(json!(node.methods).into())),
                ],
            };
            if let Some(path) = self.make(wanted, diags) {
                shared.paths.insert((api.to_owned(), full), path);
            }
        }
    }

    fn locks(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        let none = Wanted {
            construct: "lock/none",
            prefix: Prefix::default(),
            home: Home::default(),
            origin: graph.model.app.origin.clone(),
            bindings: Vec::new(),
        };
        let open = self.make(none, diags).map(|instance| Lock {
            name: String::new(),
            options: Options::new(),
            instance,
        });
        shared.locks.insert(String::new(), open.into_iter().collect());
        for (name, auth) in &graph.model.auths {
            let whole = || vec![(name.clone(), auth.choice.options.clone())];
            let client = |(client, options): (&String, &Options)| {
                let mut all = auth.choice.options.clone();
                all.extend(options.iter().map(|(name, value)| (name.clone(), value.clone())));
                (format!("{name}_{client}"), all)
            };
            let clients: Vec<(String, Options)> = auth.choice.each.iter().map(client).collect();
            let parts = if clients.is_empty() { whole() } else { clients };
            let locks = parts.into_iter().filter_map(|(part, options)| {
                let instance = self.lock(&part, auth, &options, shared, diags)?;
                Some(Lock { name: part, options, instance })
            });
            let locks: Vec<Lock> = locks.collect();
            shared.locks.insert(name.clone(), locks);
        }
    }

    fn lock(
        &mut self,
        name: &str,
        auth: &Auth,
        options: &Options,
        shared: &Shared,
        diags: &mut Diagnostics,
    ) -> Option<Instance> {
        let mut bindings = settings(options);
        bindings.push(("key", Binding::Instance(shared.key.clone())));
        bindings.push(("auth", Binding::Value(json!({ "name": name, "doc": auth.doc }).into())));
        if let Some(package) = self.packages.of_construct(&auth.choice.construct) {
            let code = json!({ "key": package.key, "runtime": package.runtime, "entry": package.entry });
            bindings.push(("code", Binding::Value(code.into())));
        }
        let wanted = Wanted {
            construct: &auth.choice.construct,
            prefix: Prefix::both(pascal(name)),
            home: Home { domain: auth.domain.clone(), event: None, api: None },
            origin: auth.choice.origin.clone(),
            bindings,
        };
        self.make(wanted, diags)
    }

    /// What an api needs of its own for a lock: the construct `authorizer/…` of the lock's kind, if there is one.
    fn authorizers(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        for (api, declared) in &graph.model.apis {
            for name in self.auths_at(api) {
                let Some(auth) = graph.model.auths.get(name) else { continue };
                let construct = auth.choice.construct.replacen("auth/", "authorizer/", 1);
                let lock = shared.locks.get(name).and_then(|locks| locks.first());
                let (Some(lock), Some(rest), Some(_)) =
                    (lock, shared.apis.get(api), self.library.get(&construct))
                else {
                    continue;
                };
                let mut bindings = settings(&auth.choice.options);
                bindings.push(("rest", Binding::Instance(rest.clone())));
                bindings.push(("lock", Binding::Instance(lock.instance.clone())));
                let facts = json!({ "name": name, "doc": auth.doc, "api": api });
                bindings.push(("auth", Binding::Value(facts.into())));
                let wanted = Wanted {
                    construct: &construct,
                    prefix: Prefix::both(pascal(name)),
                    home: Home { domain: declared.domain.clone(), event: None, api: Some(api.clone()) },
                    origin: auth.choice.origin.clone(),
                    bindings,
                };
                let made = self.make(wanted, diags);
                shared.authorizers.extend(made.map(|made| ((api.clone(), name.to_owned()), made)));
            }
        }
    }

    /// One bucket a root for what stream subscribers could not handle.
    fn dead_letters(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        let streams = graph.nodes().filter(|(_, node)| node.construct == "source/stream");
        let domains: Vec<Option<String>> =
            streams.map(|(_, node)| graph.event(node).and_then(|event| event.domain.clone())).collect();
        self.one_a_root(
            "letters/bucket",
            "StreamDeadLetters",
            domains,
            shared,
            |shared| &mut shared.dead_letters,
            diags,
        );
    }

    /// What the catalogues of a root share, where its stores have catalogues.
    fn lakes(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        if self.library.get("lake/athena").is_none() {
            return;
        }
        let with_catalogue = |event: &&Event| {
            let store = event.store.as_ref();
            store.is_some_and(|store| self.library.get(&catalogue(&store.construct)).is_some())
        };
        let events = self.graph.model.events.values().filter(with_catalogue);
        let domains: Vec<Option<String>> = events.map(|event| event.domain.clone()).collect();
        self.one_a_root("lake/athena", "Lake", domains, shared, |shared| &mut shared.lakes, diags);
    }

    /// An instance for each root that asks for it.
    fn one_a_root(
        &mut self,
        construct: &str,
        prefix: &str,
        domains: Vec<Option<String>>,
        shared: &mut Shared,
        table: impl Fn(&mut Shared) -> &mut BTreeMap<Option<String>, Instance>,
        diags: &mut Diagnostics,
    ) {
        for domain in domains {
            if table(shared).contains_key(&domain) {
                continue;
            }
            let facts = json!({ "domain": domain.clone().unwrap_or_default() });
            let wanted = Wanted {
                construct,
                prefix: Prefix::both(prefix),
                home: Home { domain: domain.clone(), event: None, api: None },
                origin: self.graph.model.app.origin.clone(),
                bindings: vec![
                    ("key", Binding::Instance(shared.key.clone())),
                    ("place", Binding::Value(facts.into())),
                ],
            };
            let Some(made) = self.make(wanted, diags) else { return };
            table(shared).insert(domain, made);
        }
    }

    /// Stores that events share.
    fn stores(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        for (name, store) in &graph.model.stores {
            let users =
                graph.model.events.iter().filter(|(_, event)| event.shared_store.as_ref() == Some(name));
            let events: Vec<&String> = users.map(|(event, _)| event).collect();
            if events.is_empty() {
                continue;
            }
            let mut bindings = settings(&store.choice.options);
            bindings.push(("key", Binding::Instance(shared.key.clone())));
            let facts = json!({ "name": name, "doc": store.doc, "events": events });
            bindings.push(("shared", Binding::Value(facts.into())));
            let wanted = Wanted {
                construct: &store.choice.construct,
                prefix: Prefix::both(pascal(name)),
                home: Home { domain: store.domain.clone(), event: None, api: None },
                origin: store.choice.origin.clone(),
                bindings,
            };
            shared.stores.extend(self.make(wanted, diags).map(|made| (name.clone(), made)));
        }
    }

    /// What the project declares of its own.
    fn resources(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        for (name, resource) in &graph.model.resources {
            let mut bindings = settings(&resource.choice.options);
            // Not `key`, which a resource may have as an option of its own.
            bindings.push(("encryption", Binding::Instance(shared.key.clone())));
            let facts = json!({ "name": name, "doc": resource.doc });
            bindings.push(("resource", Binding::Value(facts.into())));
            let wanted = Wanted {
                construct: &resource.choice.construct,
                prefix: Prefix::both(pascal(name)),
                home: Home { domain: resource.domain.clone(), event: None, api: None },
                origin: resource.choice.origin.clone(),
                bindings,
            };
            shared.resources.extend(self.make(wanted, diags).map(|made| (name.clone(), made)));
        }
    }

    fn alerts(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let Some(alerts) = &self.graph.model.app.alerts else { return };
        let mut bindings = settings(&alerts.options);
        bindings.push(("key", Binding::Instance(shared.key.clone())));
        let wanted = Wanted {
            construct: &alerts.construct,
            prefix: Prefix::both("Alerts"),
            home: Home::default(),
            origin: alerts.origin.clone(),
            bindings,
        };
        shared.alerts = self.make(wanted, diags);
    }
}

/// The construct that describes the events of a store: `catalog/s3` of `store/s3`.
pub(super) fn catalogue(store: &str) -> String {
    store.replacen("store/", "catalog/", 1)
}

/// A node of a path tree.
struct PathNode {
    /// The path is the api's, whichever event asked for it first.
    origin: Origin,
    /// The methods of the events at this very path.
    methods: Vec<String>,
}

fn tree<'a>(
    events: impl Iterator<Item = &'a Event>,
    api: &str,
    home: &Home,
) -> BTreeMap<Vec<String>, PathNode> {
    let mut tree: BTreeMap<Vec<String>, PathNode> = BTreeMap::new();
    for event in events {
        let Ingress::Api { api: at, path, origin, method } = &event.ingress else { continue };
        if at.value != api || event.domain != home.domain {
            continue;
        }
        let parts: Vec<String> = path.iter().map(PathPart::text).collect();
        for depth in 1..=parts.len() {
            let node = parts.get(..depth).unwrap_or(&[]).to_vec();
            let shown = format!("api.{api} /{}", node.join("/"));
            let entry = tree.entry(node).or_insert_with(|| PathNode {
                origin: Origin { path: shown, span: origin.span },
                methods: Vec::new(),
            });
            if depth == parts.len() {
                entry.methods.push(method.clone());
                entry.methods.sort_unstable();
            }
        }
    }
    tree
}
