//! `callsign diff`: what differs between two tables.

use super::compile::{kind_of, read_snapshot};
use super::data::{page, read, refused};
use super::{Data, Exit, data, look, print_json};
use crate::admin;
use crate::cli::{DiffArgs, Output};
use crate::config::Environment;
use crate::control::Control;
use crate::input_file;
use crate::output::{DiffReport, GenerationPage, answers_of_generation};
use dns_core::NameBuf;
use serde::Deserialize;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use table_compiler::{NamedAnswers, TableDiff, named_answers};

/// Words that mean a generation, whatever files there are.
const WORDS: [&str; 3] = ["current", "previous", "held"];
/// Largest table in JSON read, in octets: a million names.
const TABLE_OCTETS_MAX: u64 = 4 << 30;

/// Prints what differs to `out`.
///
/// Exits with 0 whatever differs; with 1 when one of the tables is not to be had, with 2 when a
/// flag is at fault.
///
/// # Errors
/// Of `out`.
pub fn run(args: &DiffArgs, environment: &Environment, out: &mut impl Write) -> io::Result<Exit> {
    let report = match report(args, environment) {
        Ok(report) => report,
        Err(exit) => return Ok(exit),
    };
    match args.output {
        Output::Text => out.write_all(report.text().as_bytes())?,
        Output::Json => print_json(&report, out)?,
    }
    Ok(Exit::Fine)
}

fn report(args: &DiffArgs, environment: &Environment) -> Result<DiffReport, Exit> {
    let mut tables = Tables {
        args,
        environment,
        known: None,
    };
    let (before, after) = match (args.generations.as_slice(), args.tables.as_slice()) {
        ([before, after], _) => (tables.of_generation(before)?, tables.of_generation(after)?),
        ([], [before, after]) => (tables.of(before)?, tables.of(after)?),
        _ => {
            eprintln!("callsign diff: --generations takes two, as previous,current");
            return Err(Exit::BadFlag);
        }
    };
    Ok(DiffReport::of(&TableDiff::between(&before, &after)))
}

/// Where tables come from.
struct Tables<'a> {
    args: &'a DiffArgs,
    environment: &'a Environment,
    /// Who knows generations, once somebody was asked.
    known: Option<Known>,
}

/// Who knows generations.
enum Known {
    Files(Box<Control>),
    Process(SocketAddr),
}

impl Tables<'_> {
    /// The table that a word means: a file, or a generation.
    fn of(&mut self, word: &str) -> Result<NamedAnswers, Exit> {
        let path = Path::new(word);
        if !WORDS.contains(&word) && path.exists() {
            self.of_file(path)
        } else {
            self.of_generation(word)
        }
    }

    fn of_generation(&mut self, word: &str) -> Result<NamedAnswers, Exit> {
        let known = match self.known.take() {
            Some(known) => known,
            None => self.look(word)?,
        };
        let answers = match &known {
            Known::Process(address) => of_process(*address, word),
            Known::Files(control) => of_control(control, word),
        };
        self.known = Some(known);
        answers
    }

    fn look(&self, word: &str) -> Result<Known, Exit> {
        if !self.args.data.names_data() {
            eprintln!(
                "callsign diff: {word} is no file, and no flag says where generations are known; \
                 write --admin ADDR, --config FILE, or --clusters DIR --cluster ID"
            );
            return Err(Exit::BadFlag);
        }
        match data("diff", &self.args.data, self.environment)? {
            Data::Files(config) => Ok(Known::Files(Box::new(look(&config)?.0))),
            Data::Process(address) => Ok(Known::Process(address)),
        }
    }

    fn of_file(&self, path: &Path) -> Result<NamedAnswers, Exit> {
        let fail = |error: &dyn Display| refused("diff", format!("{}: {error}", path.display()));
        let (octets, _) = input_file::read(path, TABLE_OCTETS_MAX).map_err(|error| fail(&error))?;
        if octets.trim_ascii_start().first() == Some(&b'[') {
            let entries = serde_json::from_slice(&octets).map_err(|error| fail(&error))?;
            return answers_of_table(entries).map_err(|reason| fail(&reason));
        }
        let snapshot = read_snapshot("diff", path)?;
        let kind = kind_of(&snapshot, self.args.data.cluster.as_deref());
        let recompiled = snapshot.compile();
        let Some(table) = recompiled.compiler.table(&kind) else {
            return Err(fail(&format!("no cluster is {}", kind.cluster)));
        };
        Ok(named_answers(table.entries().map(AsRef::as_ref)))
    }
}

fn of_process(address: SocketAddr, word: &str) -> Result<NamedAnswers, Exit> {
    let target = admin::with_query(admin::GENERATION, &[("id", word.to_owned())]);
    let body = page("diff", address, &target)?;
    Ok(read::<GenerationPage>("diff", &body)?.into_answers())
}

fn of_control(control: &Control, word: &str) -> Result<NamedAnswers, Exit> {
    let generations = control.insight().generations;
    if let Some(generation) = generations.find(word) {
        return Ok(answers_of_generation(&generation));
    }
    let known = generations.served().map(|(id, _)| id);
    let known = known.chain(generations.held().map(|held| held.id));
    let known: Vec<_> = known.map(|id| id.to_string()).collect();
    let known = known.join(", ");
    let reason = format!("no generation or file is {word}; there is {known}");
    Err(refused("diff", reason))
}

/// What is needed of an entry as `compile` prints it.
#[derive(Deserialize)]
struct TableEntry {
    name: String,
    addresses: Vec<TableAddress>,
    cname: Option<String>,
}

#[derive(Deserialize)]
struct TableAddress {
    ip: IpAddr,
    origin: String,
}

fn answers_of_table(entries: Vec<TableEntry>) -> Result<NamedAnswers, String> {
    let parse = |text: &str| NameBuf::parse(text).map_err(|error| format!("{text:?} {error}"));
    let mut names = NamedAnswers::new();
    for entry in entries {
        if entry.addresses.is_empty() && entry.cname.is_none() {
            continue;
        }
        let answered = names.entry(parse(&entry.name)?).or_default();
        let addresses = entry.addresses.iter();
        let virtual_ones = addresses.filter(|address| address.origin != "endpoint");
        answered
            .addresses
            .extend(virtual_ones.map(|address| address.ip));
        if let (None, Some(target)) = (&answered.cname, &entry.cname) {
            answered.cname = Some(parse(target)?);
        }
    }
    Ok(names)
}
