//! The upstream server of a scenario.

use super::world::World;
use crate::script::{Names, Script, Spoken, record_data};
use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::TXT;

/// Longest text in one TXT record of a padded reply.
const TXT_OCTETS: usize = 200;

/// What the upstream says at a step: what is given, and where replies have a size, a text of it
/// for the name that is asked next. Other names do not exist.
pub(super) fn script(world: &World, asked: Option<&str>) -> Result<Script, String> {
    let mut names = Names::default();
    for answer in world.given.upstream.iter().flat_map(|text| &text.answers) {
        let spoken = names
            .names
            .entry(answer.qname.to_ascii_lowercase())
            .or_insert_with(Spoken::default);
        let data = record_data(&answer.rtype, &answer.data)?;
        spoken.answers.push((None, answer.ttl, data));
    }
    if let (Some(octets), Some(name)) = (world.upstream_reply_size, asked) {
        let spoken = names
            .names
            .entry(name.to_ascii_lowercase())
            .or_insert_with(Spoken::default);
        for n in 0..octets.div_ceil(TXT_OCTETS) {
            let text = format!("{n:0TXT_OCTETS$}");
            spoken
                .answers
                .push((None, 60, RData::TXT(TXT::new(vec![text]))));
        }
    }
    Ok(Script::Names(names))
}
