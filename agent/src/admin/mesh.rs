//! Pages of many clusters: snapshot, generations, virtual addresses. The control task is asked for
//! them.

use super::pages::{JSON, Page, Pages, TEXT, failed, page, parameters, refused, unanswered};
use crate::control::Control;
use crate::output::{GenerationPage, ImportReport, migration_of, one_line, snapshot_of, vips_of};
use dns_core::NameBuf;
use dns_core::vip::{ImportedAddress, VipKey};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use tokio::task::spawn_blocking;

/// All that the tables depend on.
pub(crate) const SNAPSHOT: &str = "/snapshot";
/// What a generation answered.
pub(crate) const GENERATION: &str = "/generation";
/// Virtual addresses.
pub(crate) const VIPS: &str = "/vips";
/// What a change of the pools would move.
pub(crate) const MIGRATION: &str = "/vips/migrate";
/// Takes over virtual addresses.
pub(crate) const IMPORT: &str = "/vips/import";

/// Longest map of addresses taken, in octets: a million names.
const IMPORT_OCTETS_MAX: usize = 128 << 20;

/// A name and its address, as they are sent for import.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentAddress {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
}

impl Pages {
    /// The page of many clusters that a GET asks for; `None` if it is another page.
    pub(super) async fn mesh<B>(&self, request: &Request<B>) -> Option<Page> {
        let parameters = parameters(request);
        let known: &[&str] = match request.uri().path() {
            SNAPSHOT | MIGRATION => &[],
            GENERATION => &["id"],
            VIPS => &["name"],
            _ => return None,
        };
        if let Err(reason) = parameters.only(known) {
            return Some(refused(&reason));
        }
        Some(match request.uri().path() {
            SNAPSHOT => self.snapshot().await,
            GENERATION => match parameters.value("id").map(str::to_owned) {
                Some(word) => self.generation(word).await,
                None => refused("id: is missing; write ?id=current"),
            },
            VIPS => {
                let name = parameters.value("name").map(str::to_owned);
                self.told(move |control| vips_of(&control.insight(), name.as_deref()))
                    .await
            }
            _ => self.told(|control| migration_of(&control.insight())).await,
        })
    }

    /// What the control task tells, as JSON.
    async fn told<T: Serialize + Send + 'static>(
        &self,
        tell: impl FnOnce(&mut Control) -> T + Send + 'static,
    ) -> Page {
        match self.questions().ask(tell).await {
            Ok(told) => match spawn_blocking(move || serde_json::to_vec_pretty(&told)).await {
                Ok(Ok(mut octets)) => {
                    octets.push(b'\n');
                    page(StatusCode::OK, JSON, octets)
                }
                Ok(Err(error)) => failed(&error),
                Err(error) => failed(&error),
            },
            Err(no_answer) => unanswered(no_answer),
        }
    }

    async fn snapshot(&self) -> Page {
        let asked = self
            .questions()
            .ask(|control| snapshot_of(&control.insight()));
        let snapshot = match asked.await {
            Ok(snapshot) => snapshot,
            Err(no_answer) => return unanswered(no_answer),
        };
        let written = move || {
            let mut octets = Vec::new();
            snapshot.write(&mut octets).map(|()| octets)
        };
        match spawn_blocking(written).await {
            Ok(Ok(octets)) => page(StatusCode::OK, JSON, octets),
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        }
    }

    async fn generation(&self, word: String) -> Page {
        let meant = word.clone();
        let find = move |control: &mut Control| {
            let generations = control.insight().generations;
            let known = generations.served().map(|(id, _)| id);
            let known: Vec<_> = known
                .chain(generations.held().map(|held| held.id))
                .collect();
            generations.find(&meant).ok_or(known)
        };
        match self.questions().ask(find).await {
            Ok(Ok(generation)) => {
                let written = serde_json::to_vec(&GenerationPage::of(&generation));
                match written {
                    Ok(octets) => page(StatusCode::OK, JSON, octets),
                    Err(error) => failed(&error),
                }
            }
            Ok(Err(known)) => {
                let known: Vec<_> = known.iter().map(ToString::to_string).collect();
                let line = format!("no generation is {word}; there is {}", known.join(", "));
                page(StatusCode::NOT_FOUND, TEXT, one_line(&line) + "\n")
            }
            Err(no_answer) => unanswered(no_answer),
        }
    }

    /// Takes over the addresses that are sent.
    pub(super) async fn import<B: Body>(&self, request: Request<B>) -> Page
    where
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let parameters = parameters(&request);
        if let Err(reason) = parameters.only(&["dry_run"]) {
            return refused(&reason);
        }
        let is_dry_run = match parameters.value("dry_run") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return refused("dry_run: write dry_run=true"),
        };
        let body = Limited::new(request.into_body(), IMPORT_OCTETS_MAX);
        let octets = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return refused(&format!("the map was not received: {error}")),
        };
        let addresses = match received(&octets) {
            Ok(addresses) => addresses,
            Err(reason) => return refused(&reason),
        };
        self.told(move |control| {
            let outcome = if is_dry_run {
                control.try_import(addresses)
            } else {
                control.import(addresses)
            };
            ImportReport::of(&outcome, is_dry_run)
        })
        .await
    }
}

fn received(octets: &[u8]) -> Result<Vec<ImportedAddress>, String> {
    let sent: Vec<SentAddress> =
        serde_json::from_slice(octets).map_err(|error| format!("no list of addresses: {error}"))?;
    let addresses = sent.into_iter().map(|sent| {
        let name =
            NameBuf::parse(&sent.name).map_err(|error| format!("{:?} {error}", sent.name))?;
        Ok(ImportedAddress {
            key: VipKey::of_name(&name),
            address: sent.address,
        })
    });
    addresses.collect()
}
