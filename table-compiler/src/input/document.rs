//! From the text of a file to its objects.

use super::field::{Invalid, Read};
use super::host::is_label;
use super::mesh_config_map;
use super::metadata::Metadata;
use super::object::{Object, ObjectDoc, ObjectId};
use super::object_kind::ObjectKind;
use super::problem::{Problem, Scope};
use super::secret;
use super::syntax::{self, SyntaxFault};
use super::yaml::{Position, Yaml, YamlValue};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Namespace of an object that names none, as `kubectl apply` would have it.
const DEFAULT_NAMESPACE: &str = "default";

/// What was found in one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The valid objects of kinds that are read, in file order.
    pub objects: Vec<ObjectDoc>,
    /// What is wrong. With a problem of [`Scope::File`] serve the file's last good objects
    /// instead of `objects` (which are what could be read beside it); with one of
    /// [`Scope::Object`] that object's last good form.
    pub problems: Vec<Problem>,
    /// Objects that were passed over, by `apiVersion/kind`.
    pub skipped: BTreeMap<String, usize>,
}

/// Reads the objects of a YAML or JSON file: several documents, and the items of a `List`.
///
/// `file` names the file in problems and sources and is not opened. An empty text has no
/// objects and no problems.
pub fn documents(file: &str, text: &str) -> Parsed {
    let file: Arc<str> = file.into();
    let (documents, faults) = syntax::parse(text);
    let syntax_problem =
        |fault: SyntaxFault| Problem::new(&file, fault.at.line, fault.at.column, fault.reason);
    let problems = faults.into_iter().map(syntax_problem).collect();
    let mut parsed = Parsed {
        problems,
        ..Parsed::default()
    };
    for document in &documents {
        read_document(&file, document, ListKind::None, &mut parsed);
    }
    parsed
}

/// Reads one object again from what [`ObjectDoc::raw`] kept of it. `file` and `line` say where
/// it stood.
///
/// # Errors
/// The problem that makes it unusable.
pub fn object_from_value(
    value: &serde_json::Value,
    file: &str,
    line: u32,
) -> Result<ObjectDoc, Box<Problem>> {
    let root = Yaml::from_json(value, Position { line, column: 0 });
    let file: Arc<str> = file.into();
    match read_object(&file, &root, ListKind::None)? {
        Outcome::Object(object) => Ok(*object),
        Outcome::Skipped(kind) => Err(Box::new(
            Problem::new(&file, line, 0, format!("{kind} is not a kind that is read"))
                .with_scope(Scope::Object),
        )),
    }
}

/// What kind the items of the surrounding list have if they name none.
#[derive(Clone, Copy)]
enum ListKind<'a> {
    None,
    Of { api_version: &'a str, kind: &'a str },
}

enum Outcome {
    Object(Box<ObjectDoc>),
    Skipped(String),
}

fn read_document(file: &Arc<str>, root: &Yaml, list: ListKind<'_>, parsed: &mut Parsed) {
    match list_items(root, list) {
        Ok(Some((items, kind))) => {
            for item in items {
                read_document(file, item, kind, parsed);
            }
            return;
        }
        Ok(None) => {}
        Err(invalid) => return parsed.problems.push(problem_of(file, root, &invalid)),
    }
    match read_object(file, root, list) {
        Ok(Outcome::Object(object)) => parsed.objects.push(*object),
        Ok(Outcome::Skipped(kind)) => *parsed.skipped.entry(kind).or_default() += 1,
        Err(problem) => parsed.problems.push(*problem),
    }
}

/// Items of a `List` or of a list of one kind (`ServiceList`).
fn list_items<'a>(
    root: &'a Yaml,
    list: ListKind<'a>,
) -> Read<'a, Option<(&'a [Yaml], ListKind<'a>)>> {
    let (api_version, kind) = type_of(root, list)?;
    let Some(item_kind) = kind.strip_suffix("List") else {
        return Ok(None);
    };
    let has_items = root
        .field("items")?
        .is_some_and(|i| matches!(i.value, YamlValue::List(_)));
    if !item_kind.is_empty() && !has_items {
        return Ok(None);
    }
    let items = root.list("items")?;
    let kind = if item_kind.is_empty() {
        ListKind::None
    } else {
        ListKind::Of {
            api_version,
            kind: item_kind,
        }
    };
    Ok(Some((items, kind)))
}

fn type_of<'a>(root: &'a Yaml, list: ListKind<'a>) -> Read<'a, (&'a str, &'a str)> {
    const HINT: &str = "a Kubernetes object has apiVersion and kind";
    if let (ListKind::Of { api_version, kind }, None) = (list, root.field("kind")?) {
        return Ok((root.text_field("apiVersion")?.unwrap_or(api_version), kind));
    }
    let api_version = root.required("apiVersion", HINT)?.text()?;
    Ok((api_version, root.required("kind", HINT)?.text()?))
}

fn read_object(file: &Arc<str>, root: &Yaml, list: ListKind<'_>) -> Result<Outcome, Box<Problem>> {
    // Before its name is known there is no object to freeze, only the file.
    let in_file = |invalid: Invalid<'_>| Box::new(problem_of(file, root, &invalid));
    let (api_version, kind) = type_of(root, list).map_err(in_file)?;
    let Some(kind) = ObjectKind::of(api_version, kind) else {
        return match ObjectKind::own_versions(api_version, kind) {
            Some(versions) => {
                let problem = in_file(other_version(root, kind, versions));
                Err(Box::new(problem.with_scope(Scope::Field)))
            }
            None => Ok(Outcome::Skipped(format!("{api_version}/{kind}"))),
        };
    };
    if !is_read(root, kind) {
        return Ok(Outcome::Skipped(format!("{api_version}/{}", kind.label())));
    }
    if kind == ObjectKind::Secret {
        let root = secret::without_values(root.clone());
        return read_kind(file, &root, api_version, kind);
    }
    read_kind(file, root, api_version, kind)
}

fn other_version<'a>(root: &'a Yaml, kind: &str, versions: &[&str]) -> Invalid<'a> {
    let reason = format!("this version of {kind} is not known, and it is not read");
    let hint = format!("write version {}", versions.join(" or "));
    Invalid::new(root, reason, hint)
}

fn read_kind(
    file: &Arc<str>,
    root: &Yaml,
    api_version: &str,
    kind: ObjectKind,
) -> Result<Outcome, Box<Problem>> {
    let in_file = |invalid: Invalid<'_>| Box::new(problem_of(file, root, &invalid));
    let id = identity_of(root, kind).map_err(in_file)?;
    match typed_form(root, kind) {
        Ok(object) => Ok(Outcome::Object(Box::new(ObjectDoc {
            id,
            file: Arc::clone(file),
            line: root.at.line,
            location: format!("{file}:{}", root.at.line).into(),
            raw: Arc::new(raw_form(root, api_version, kind)),
            object,
        }))),
        Err(invalid) => Err(Box::new(
            problem_of(file, root, &invalid)
                .with_object(&id)
                .with_scope(Scope::Object),
        )),
    }
}

/// Of two kinds only some objects say something about names; most are not ours to keep.
fn is_read(root: &Yaml, kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::ConfigMap => mesh_config_map::is_istios(root),
        ObjectKind::Secret => secret::links_a_cluster(root),
        _ => true,
    }
}

/// Namespaces and the names of some kinds end up as labels of names, so they must be labels.
/// Others may have dots in theirs.
fn identity_of(root: &Yaml, kind: ObjectKind) -> Read<'_, ObjectId> {
    let metadata = root.required("metadata", "an object needs a name")?;
    let name = metadata.required("name", "an object needs a name")?;
    if name.text()?.is_empty() || kind.is_host_label() && !is_label(name.text()?) {
        return Err(name.is_not("a name"));
    }
    let namespace = match metadata.field("namespace")? {
        Some(namespace) if kind.is_namespaced() && !namespace.is_empty_text() => {
            if !is_label(namespace.text()?) {
                return Err(namespace.is_not("a namespace"));
            }
            namespace.text()?
        }
        _ if kind.is_namespaced() => DEFAULT_NAMESPACE,
        _ => "",
    };
    Ok(ObjectId::new(kind, namespace, name.text()?))
}

fn typed_form(root: &Yaml, kind: ObjectKind) -> Read<'_, Object> {
    let metadata = Metadata::read(root.section("metadata")?)?;
    Object::read(root, kind, metadata)
}

/// The object as JSON; an item of a list of one kind gets the kind it left to the list.
fn raw_form(root: &Yaml, api_version: &str, kind: ObjectKind) -> serde_json::Value {
    let mut raw = root.to_json();
    if let Some(fields) = raw.as_object_mut() {
        fields
            .entry("apiVersion")
            .or_insert_with(|| api_version.into());
        fields.entry("kind").or_insert_with(|| kind.label().into());
    }
    raw
}

fn problem_of(file: &Arc<str>, root: &Yaml, invalid: &Invalid<'_>) -> Problem {
    let at = if invalid.at().line == 0 {
        root.at
    } else {
        invalid.at()
    };
    let problem = Problem::new(file, at.line, at.column, invalid.reason().to_owned());
    let problem = problem.with_hint(invalid.hint());
    match invalid.path(root) {
        Some(path) => problem.with_field(path),
        None => problem,
    }
}
