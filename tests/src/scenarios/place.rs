//! Where a step is tried: in the libraries, or before processes.

use super::query::{ClientText, EdnsText, From, Query, TransportText};
use crate::client::{Question, Reply};
use dns_core::Transport;
use serde_json::Value;

/// How a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Clients with namespaces; the rest is forwarded.
    Sidecar,
    /// An authority for our zones.
    Authority,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asker {
    pub(super) cluster: String,
    pub(super) namespace: Option<String>,
    pub(super) has_proxy: bool,
    pub(super) mode: Mode,
}

impl Asker {
    /// Who asks a query; without a cluster those of the first. Of an authority all clients are
    /// one.
    pub(super) fn of(
        from: Option<&From>,
        client: Option<ClientText>,
        mode: Mode,
        first_cluster: &str,
    ) -> Self {
        let from = from.cloned().unwrap_or_default();
        let cluster = from.cluster.unwrap_or_else(|| first_cluster.to_owned());
        let mode = if client == Some(ClientText::KubeDns) {
            Mode::Authority
        } else {
            mode
        };
        let is_authority = mode == Mode::Authority;
        Asker {
            cluster,
            namespace: from.namespace.filter(|_| !is_authority),
            has_proxy: is_authority || from.proxy.unwrap_or(true),
            mode,
        }
    }
}

/// What came of a question.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) reply: Reply,
    /// Questions that the upstream was asked for it.
    pub(super) upstream_asked: usize,
    /// What the upstream says to the question.
    pub(super) upstream: Option<Reply>,
}

/// Where a step is tried.
pub(super) trait Place {
    /// Its name, for reports.
    fn label(&self) -> &'static str;

    /// Asks a question.
    fn ask(
        &mut self,
        asker: &Asker,
        question: &Question,
        transport: Transport,
    ) -> Result<Heard, String>;

    /// The table of a client, as JSON: an array of entries.
    fn table(&mut self, asker: &Asker) -> Result<Value, String>;
}

/// The question of a query.
pub(super) fn question(query: &Query, qname: &str) -> Result<(Question, Transport), String> {
    let mut question = Question::new(qname, query.qtype.as_deref().unwrap_or("A"))?;
    if let Some(EdnsText {
        udp_size,
        dnssec_ok,
    }) = &query.edns
    {
        question.edns_udp_size = Some(udp_size.unwrap_or(1232));
        question.dnssec_ok = *dnssec_ok;
    }
    let transport = match query.transport {
        Some(TransportText::Tcp) => Transport::Tcp,
        Some(TransportText::Udp) | None => Transport::Udp,
    };
    Ok((question, transport))
}
