//! `callsign check`: whether the objects of all clusters are as they should be.

use super::Exit;
use super::show::show;
use crate::cli::MeshCheckArgs;
use crate::config::Environment;
use crate::mesh_page::{MeshPage, UnknownId, check_ids};
use crate::output::one_line;
use std::io::{self, Write};
use table_compiler::CheckId;

/// Ids that are shown for one that is not known.
const NEAREST_MAX: usize = 3;

/// Prints the lines of the checks to `out`. Exits with 1 when one fails, with 2 when an id is not
/// known.
///
/// # Errors
/// Of `out`.
pub fn run(
    args: &MeshCheckArgs,
    environment: &Environment,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let ids = match check_ids(args.id.iter().map(String::as_str)) {
        Ok(ids) => ids,
        Err(UnknownId(id)) => {
            let nearest = nearest(&id).join(", ");
            let id = one_line(&id);
            eprintln!("callsign check: no check has the id {id}; near it are {nearest}");
            return Ok(Exit::BadFlag);
        }
    };
    let page = MeshPage::Check(ids);
    show("check", &page, &args.data, args.output, environment, out)
}

/// The ids that take the fewest edits; those of the same family come first.
fn nearest(id: &str) -> Vec<&'static str> {
    let family = id.split('.').next().unwrap_or_default();
    let mut known: Vec<_> = CheckId::ALL
        .iter()
        .map(|known| {
            let label = known.label();
            let is_other = label.split('.').next() != Some(family);
            (is_other, strsim::osa_distance(label, id), label)
        })
        .collect();
    known.sort_unstable();
    known
        .into_iter()
        .take(NEAREST_MAX)
        .map(|known| known.2)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_near_an_unknown_one_are_those_of_its_family_and_its_spelling() {
        assert_eq!(nearest("names.conflict")[0], "names.conflicts");
        assert_eq!(nearest("conflicts.names").len(), NEAREST_MAX);
        assert_eq!(
            nearest("links.creds"),
            ["links.valid", "links.credentials", "inputs.valid"]
        );
    }
}
