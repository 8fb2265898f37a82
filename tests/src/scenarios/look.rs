//! What a step looks at, and whether it is as expected.

use super::answer;
use super::bindings::{Placeholder, reverse_name};
use super::change::Asked;
use super::commands::{self, Command, json_of};
use super::compared::{compared, mentions};
use super::document::Step;
use super::entry;
use super::expect::{Expect, TableHash};
use super::place::{Asker, Heard, Mode, question};
use super::query::Query;
use super::session::{Found, Session, Where, address_type, default_cluster};
use crate::client::Question;
use crate::command::Ended;
use dns_core::Transport;
use dns_core::vip::journal::snapshot;
use hickory_proto::op::ResponseCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name of the file that holds the ledger in a state folder.
const JOURNAL: &str = "vips.journal";

impl Session {
    /// Asks a question or looks at an entry.
    pub(super) fn look(&mut self, place: Where, query: &Query, expect: &Expect) -> Found {
        match (&query.qname, &query.table) {
            (Some(qname), None) => self.look_at_answer(place, query, qname, expect),
            (None, Some(name)) => self.look_at_entry(place, query, name, expect),
            _ => Err("query: neither one name nor one table".to_owned()),
        }
    }

    fn look_at_answer(
        &mut self,
        place: Where,
        query: &Query,
        qname: &str,
        expect: &Expect,
    ) -> Found {
        let qname = self.bindings.name(qname)?;
        let asker = self.asker(query);
        self.lab.prepare_upstream(&self.world, &qname)?;
        self.live.prepare_upstream(&self.world, &qname)?;
        for placeholder in answer::ambiguous(expect, &self.bindings) {
            self.bind_by_asking(place, &asker, &placeholder)?;
        }
        let (question, transport) = question(query, &qname)?;
        let heard = self.ask(place, &asker, &question, transport)?;
        let mut found = answer::differences(expect, &question, &heard, &mut self.bindings)?;
        found.extend(self.foreign_addresses(&asker, &heard));
        if let Some(count) = expect.servfail_count
            && count != self.servfails
        {
            found.push(format!(
                "servfail_count: expected {count}, got {}",
                self.servfails
            ));
        }
        if found.is_empty() {
            found.extend(self.parents_denied(place, &asker, &question, &heard)?);
            found.extend(self.reverse_names(place, &asker, expect)?);
            if place == Where::Live {
                found.extend(self.explained_otherwise(&asker, &question, &heard)?);
            }
        }
        Ok(found)
    }

    fn ask(
        &mut self,
        place: Where,
        asker: &Asker,
        question: &Question,
        transport: Transport,
    ) -> Result<Heard, String> {
        let heard = self.place(place).ask(asker, question, transport)?;
        if heard.reply.message.metadata.response_code == ResponseCode::ServFail {
            self.servfails += 1;
        }
        Ok(heard)
    }

    /// Binds a placeholder to the one address of its own name.
    fn bind_by_asking(
        &mut self,
        place: Where,
        asker: &Asker,
        placeholder: &Placeholder,
    ) -> Result<(), String> {
        let question = Question::new(placeholder.name(), address_type(placeholder.family()))?;
        let heard = self.ask(place, asker, &question, Transport::Udp)?;
        if let [address] = answer::addresses(&heard.reply.message)[..] {
            self.bindings.is(placeholder, address);
        }
        Ok(())
    }

    /// No answer of ours has an address of a Service or pod in another network.
    fn foreign_addresses(&self, asker: &Asker, heard: &Heard) -> Option<String> {
        if heard.upstream_asked > 0 {
            return None;
        }
        let foreign = self.world.foreign_addresses(&asker.cluster);
        let answered = answer::addresses(&heard.reply.message);
        let found = answered
            .into_iter()
            .find(|address| foreign.contains(address));
        found.map(|address| format!("{address} is an address of another network"))
    }

    /// In our zones the parents of a name that is answered are not denied.
    fn parents_denied(
        &mut self,
        place: Where,
        asker: &Asker,
        question: &Question,
        heard: &Heard,
    ) -> Found {
        let mut found = Vec::new();
        if heard.reply.message.answers.is_empty() || heard.upstream_asked > 0 {
            return Ok(found);
        }
        for zone in super::settings::zones(&self.world) {
            let zone = Question::new(&zone, "A")?.name;
            let mut parent = question.name.base_name();
            while zone.zone_of(&parent) {
                let asked = Question::new(&parent.to_ascii(), "A")?;
                let heard = self.ask(place, asker, &asked, Transport::Udp)?;
                if heard.reply.message.metadata.response_code != ResponseCode::NoError {
                    let rcode = answer::rcode(&heard.reply.message);
                    found.push(format!("{parent} has names below it and is {rcode}"));
                }
                parent = parent.base_name();
            }
        }
        Ok(found)
    }

    /// The reverse name of a virtual address that is answered is the name that owns it.
    fn reverse_names(&mut self, place: Where, asker: &Asker, expect: &Expect) -> Found {
        let answers = expect
            .dns
            .iter()
            .flat_map(|dns| dns.answers.iter().flatten());
        let placeholders: Vec<Placeholder> = answers
            .filter_map(|answer| Placeholder::parse(&answer.data))
            .collect();
        let mut found = Vec::new();
        for placeholder in placeholders {
            let Some(address) = self.bindings.get(&placeholder) else {
                continue;
            };
            let asked = Question::new(&reverse_name(address), "PTR")?;
            let heard = self.ask(place, asker, &asked, Transport::Udp)?;
            let got: Vec<String> = heard
                .reply
                .message
                .answers
                .iter()
                .map(|record| record.data.to_string().trim_end_matches('.').to_owned())
                .collect();
            if got != [placeholder.name()] {
                found.push(format!(
                    "PTR of {address} is {got:?}, not {}",
                    placeholder.name()
                ));
            }
        }
        Ok(found)
    }

    fn look_at_entry(&mut self, place: Where, query: &Query, name: &str, expect: &Expect) -> Found {
        let asker = self.asker(query);
        let table = self.place(place).table(&asker)?;
        let got = entry::entry_of(&table, name);
        let mut found = match (&expect.table, &got) {
            (Some(Some(expected)), Some(entry)) => {
                entry::differences(expected, entry, &mut self.bindings)
            }
            (Some(Some(_)), None) => vec![format!("table: there is no {name}")],
            (Some(None), Some(entry)) => vec![format!("table: expected no entry, got {entry}")],
            (Some(None), None) | (None, _) => Vec::new(),
        };
        if let (Some(Some(expected)), Some(entry)) = (&expect.table, &got) {
            // Only an agent holds a change.
            if let Some(held) = expected.held_generation.filter(|_| place == Where::Live) {
                found.extend(self.held_otherwise(&asker, entry, held)?);
            }
            if expected.table_hash == Some(TableHash::SameAsBefore)
                && self.tables_before.get(&place) != Some(&entry::substance(&table))
            {
                found.push(format!(
                    "table_hash: it was {:?} and is {table}",
                    self.tables_before.get(&place).map(Value::to_string)
                ));
            }
        }
        let got = got.unwrap_or(Value::Null);
        for text in &expect.must_not_contain_addresses {
            let address = self.bindings.address(text)?.to_string();
            if mentions(&got, &address) {
                found.push(format!("must_not_contain_addresses: {address} is in {got}"));
            }
        }
        found.extend(self.kept_and_compared(expect, &got)?);
        Ok(found)
    }

    fn held_otherwise(
        &mut self,
        asker: &Asker,
        entry: &Value,
        expected: bool,
    ) -> Result<Option<String>, String> {
        let got = match entry.get("held_generation").and_then(Value::as_bool) {
            Some(held) => held,
            None => self.live.is_held(asker)?,
        };
        Ok((got != expected).then(|| format!("held_generation: expected {expected}, got {got}")))
    }

    /// Looks at what is neither an answer nor an entry.
    pub(super) fn look_otherwise(&mut self, query: &Query, expect: &Expect) -> Found {
        if let Some(command) = &query.command {
            return self.look_at_command(command, expect);
        }
        if let Some(invariant) = &query.invariant {
            return self.look_at_invariant(invariant, expect);
        }
        if let Some(cluster) = &query.objects {
            self.world.check_cluster(cluster)?;
            return self.check_invariants(&expect.invariants, None);
        }
        Err("query: it asks for nothing that is known".to_owned())
    }

    fn look_at_command(&mut self, written: &[String], expect: &Expect) -> Found {
        let command = Command::read(written, &default_cluster(&self.world), &self.live)?;
        let ended = self.run_command(&command)?;
        let mut found = match &expect.cli {
            Some(cli) => commands::differences(cli, &ended, &mut self.bindings)?,
            None => Vec::new(),
        };
        if expect.bind.is_some() || expect.compare.is_some() {
            found.extend(self.kept_and_compared(expect, &json_of(&ended)?)?);
        }
        if found.is_empty() {
            found = self.check_invariants(&expect.invariants, Some((&command, &ended)))?;
        }
        Ok(found
            .into_iter()
            .map(|what| format!("{}: {what}", command.shown()))
            .collect())
    }

    /// Runs a command beside the agent of its cluster, or, where no agent is asked, beside what
    /// the libraries have.
    pub(super) fn run_command(&mut self, command: &Command) -> Result<Ended, String> {
        let state = self.state_of(&command.cluster)?;
        command.run(&mut self.live, self.mode, state)
    }

    /// The state folder for commands.
    pub(super) fn state_of(&mut self, cluster: &str) -> Result<PathBuf, String> {
        if self.are_processes_asked {
            return Ok(self.live.state_of(cluster, self.mode));
        }
        let folder = self.live.folder().join("state-of-the-libraries");
        let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
        std::fs::create_dir_all(&folder).map_err(fail)?;
        std::fs::write(folder.join(JOURNAL), snapshot(&self.lab.ledger)).map_err(fail)?;
        Ok(folder)
    }

    /// What `vips` would print, by the ledger: for steps that are repeated often.
    pub(super) fn look_at_ledger(&mut self, expect: &Expect) -> Found {
        let records = self.lab.ledger.records();
        let rows: Value = records
            .filter(|record| record.address.is_ipv4())
            .map(|record| json!({"name": record.key.as_str(), "v4": record.address.to_string()}))
            .collect();
        self.kept_and_compared(expect, &rows)
    }

    fn kept_and_compared(&mut self, expect: &Expect, got: &Value) -> Found {
        let mut found = Vec::new();
        if let Some(compare) = &expect.compare {
            let before = self.kept.get(&compare.to);
            let before =
                before.ok_or_else(|| format!("compare: nothing is kept as {}", compare.to))?;
            found.extend(compared(compare, before, got));
        }
        if let Some(name) = &expect.bind {
            self.kept.insert(name.clone(), got.clone());
        }
        Ok(found)
    }

    /// Tables as they are before the change of a step that compares them.
    pub(super) fn tables_of(&mut self, step: &Step) -> BTreeMap<Where, Value> {
        let hash = |step: &Step| step.expect.as_ref()?.table.as_ref()?.as_ref()?.table_hash;
        let mut tables = BTreeMap::new();
        if let (Some(query), Some(_)) = (&step.query, hash(step)) {
            let asker = self.asker(query);
            let places = [Where::Lab, Where::Live];
            let asked = if self.are_processes_asked {
                &places[..]
            } else {
                &places[..1]
            };
            for place in asked {
                if let Ok(table) = self.place(*place).table(&asker) {
                    tables.insert(*place, entry::substance(&table));
                }
            }
        }
        tables
    }

    /// Asks a question as often as a change says.
    pub(super) fn ask_often(&mut self, asked: &Asked) -> Result<(), String> {
        let first = self.world.first_cluster();
        let asker = Asker::of(Some(&asked.from), None, self.mode, &first);
        let question = Question::new(&asked.qname, asked.qtype.as_deref().unwrap_or("A"))?;
        for _ in 0..asked.count {
            self.ask(Where::Live, &asker, &question, Transport::Udp)?;
        }
        Ok(())
    }

    /// The mode of authorities has no namespace, so that `explain` has nobody to speak of.
    pub(super) fn has_namespaces(&self) -> bool {
        self.mode == Mode::Sidecar
    }
}
