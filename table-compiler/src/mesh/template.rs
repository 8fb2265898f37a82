//! [`NameTemplate`]: a further name for every service, as `{{svc}}-{{cluster}}.{{ns}}.mesh.example`.

use crate::input::{HostPattern, dns_name};
use dns_core::{NameBuf, NameError};
use std::fmt;
use std::sync::Arc;

/// Most characters of a template: more than any name has.
const TEMPLATE_MAX: usize = 512;

/// The placeholders, as written between `{{` and `}}`.
const PLACEHOLDERS: [(&str, Part); 4] = [
    ("svc", Part::Service),
    ("ns", Part::Namespace),
    ("cluster", Part::Cluster),
    ("domain", Part::Domain),
];

/// A further name for every service.
///
/// `{{svc}}` and `{{ns}}` are the service's name and namespace, `{{cluster}}` is the id of its
/// cluster and `{{domain}}` the domain of the client's.
#[derive(Clone, PartialEq, Eq)]
pub struct NameTemplate {
    text: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Service,
    Namespace,
    Cluster,
    Domain,
}

/// What a template is filled in with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fillings<'a> {
    pub(crate) service: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) cluster: &'a str,
    pub(crate) domain: &'a NameBuf,
}

impl NameTemplate {
    /// Reads a template and fills it in once, so that one that can never be a name is refused.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that begins with the template.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > TEMPLATE_MAX {
            return Err(format!("is longer than {TEMPLATE_MAX} characters"));
        }
        let template = NameTemplate {
            text: text.into(),
            parts: parts_of(text)?,
        };
        for needed in [Part::Service, Part::Namespace] {
            if !template.parts.contains(&needed) {
                return Err(
                    "needs {{svc}} and {{ns}}: services would share one name without".to_owned(),
                );
            }
        }
        let sample = template.text_for(&Fillings {
            service: "s",
            namespace: "n",
            cluster: "c",
            domain: &NameBuf::parse("cluster.local").expect("it is a name"),
        });
        dns_name(&sample, HostPattern::Exact)
            .map_err(|reason| format!("would make {sample:?}, which {reason}"))?;
        Ok(template)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether clients of clusters with different domains get different names from it.
    pub(crate) fn uses_domain(&self) -> bool {
        self.parts.contains(&Part::Domain)
    }

    /// The name of a service.
    pub(crate) fn fill(&self, fillings: &Fillings<'_>) -> Result<NameBuf, NameError> {
        NameBuf::parse(&self.text_for(fillings))
    }

    /// The text that it makes of them, whether or not that is a name.
    pub(crate) fn text_for(&self, fillings: &Fillings<'_>) -> String {
        let mut text = String::with_capacity(64);
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Service => text.push_str(fillings.service),
                Part::Namespace => text.push_str(fillings.namespace),
                Part::Cluster => text.push_str(fillings.cluster),
                Part::Domain => text.push_str(&fillings.domain.to_string()),
            }
        }
        text
    }
}

fn parts_of(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once("{{") {
        let (name, tail) = tail
            .split_once("}}")
            .ok_or_else(|| "has {{ without }}".to_owned())?;
        if !literal.is_empty() {
            parts.push(Part::Text(literal.to_ascii_lowercase()));
        }
        let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name.trim());
        let Some((_, part)) = known else {
            return Err(format!(
                "has {{{{{name}}}}}, which is none of svc, ns, cluster and domain"
            ));
        };
        parts.push(part.clone());
        rest = tail;
    }
    if rest.contains("}}") {
        return Err("has }} without {{".to_owned());
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_ascii_lowercase()));
    }
    Ok(parts)
}

impl fmt::Debug for NameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_in_label_by_label() {
        let domain = NameBuf::parse("cluster.local").unwrap();
        let fillings = Fillings {
            service: "web",
            namespace: "shop",
            cluster: "West",
            domain: &domain,
        };
        for (template, name) in [
            (
                "{{svc}}-{{cluster}}.{{ns}}.svc.{{ domain }}",
                "web-west.shop.svc.cluster.local",
            ),
            (
                "{{svc}}.{{ns}}.svc.{{cluster}}.Global",
                "web.shop.svc.west.global",
            ),
        ] {
            let template = NameTemplate::parse(template).unwrap();
            assert_eq!(template.fill(&fillings).unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_can_never_be_a_name_is_refused_with_a_reason() {
        for (template, reason) in [
            ("{{svc}}.{{ns}", "{{ without }}"),
            ("{{svc}}.ns}}", "}} without {{"),
            ("{{svc}}.{{zone}}.x", "none of"),
            ("{{svc}}.mesh", "needs"),
            ("{{svc}}..{{ns}}", "empty label"),
            ("{{svc}} {{ns}}", "' '"),
            ("*.{{svc}}.{{ns}}", "wildcard"),
        ] {
            let error = NameTemplate::parse(template).unwrap_err();
            assert!(error.contains(reason), "{template}: {error}");
        }
    }
}
