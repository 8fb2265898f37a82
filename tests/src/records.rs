//! Comparison of records with what was expected of them.

use hickory_proto::rr::Record;
use std::fmt;
use std::net::IpAddr;

/// A record as an expectation writes it. Names are compared without case; a field `*` of the data
/// and a TTL of `None` are not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Owner name.
    pub name: String,
    /// Type, as in `AAAA`.
    pub rtype: String,
    /// TTL in seconds.
    pub ttl_secs: Option<u32>,
    /// Data in presentation form.
    pub data: String,
}

impl Wanted {
    /// Whether `record` is it.
    pub fn matches(&self, record: &Record) -> bool {
        field_matches(&self.name, &record.name.to_ascii())
            && self.rtype == record.record_type().to_string()
            && self.ttl_secs.is_none_or(|ttl| ttl == record.ttl)
            && data_matches(&self.data, &record.data.to_string())
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ttl = self.ttl_secs.map_or("*".to_owned(), |ttl| ttl.to_string());
        write!(f, "{} {ttl} {} {}", self.name, self.rtype, self.data)
    }
}

/// Whether two texts of record data say the same: field by field, names without case and final
/// dot, addresses by value, `*` in `wanted` for anything.
pub fn data_matches(wanted: &str, got: &str) -> bool {
    let wanted: Vec<_> = wanted.split_whitespace().collect();
    let got: Vec<_> = got.split_whitespace().collect();
    wanted.len() == got.len()
        && wanted
            .iter()
            .zip(&got)
            .all(|(w, g)| *w == "*" || field_matches(w, g))
}

fn field_matches(wanted: &str, got: &str) -> bool {
    canonical_field(wanted) == canonical_field(got)
}

/// One spelling for all spellings of a field.
pub fn canonical_field(field: &str) -> String {
    if let Ok(address) = field.parse::<IpAddr>() {
        return address.to_string();
    }
    let bare = field.trim_matches('"');
    let bare = bare
        .strip_suffix('.')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(bare);
    bare.to_ascii_lowercase()
}

/// How a list of records is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As a multiset.
    #[default]
    Any,
    /// As a list.
    Exact,
    /// As a multiset, except that every CNAME stands before all other records.
    CnameFirst,
    /// The records that came are the first of the list: a truncated answer.
    Prefix,
}

/// Compares records with an expectation.
pub fn agree(wanted: &[Wanted], got: &[Record], order: Order) -> bool {
    match order {
        Order::Any => same_multiset(wanted, got),
        Order::Exact => same_list(wanted, got),
        Order::CnameFirst => same_multiset(wanted, got) && cnames_lead(got),
        Order::Prefix => {
            !got.is_empty()
                && wanted
                    .get(..got.len())
                    .is_some_and(|head| same_list(head, got))
        }
    }
}

fn same_list(wanted: &[Wanted], got: &[Record]) -> bool {
    wanted.len() == got.len() && wanted.iter().zip(got).all(|(w, g)| w.matches(g))
}

fn same_multiset(wanted: &[Wanted], got: &[Record]) -> bool {
    let mut left: Vec<_> = got.iter().collect();
    // Records without a `*` choose first: they have one partner, the others may have several.
    let (open, closed): (Vec<_>, Vec<_>) = wanted.iter().partition(|w| w.data.contains('*'));
    closed.into_iter().chain(open).all(|w| {
        let partner = left.iter().position(|record| w.matches(record));
        partner.map(|at| left.swap_remove(at)).is_some()
    }) && left.is_empty()
}

fn cnames_lead(got: &[Record]) -> bool {
    let is_cname = |record: &Record| record.record_type() == hickory_proto::rr::RecordType::CNAME;
    got.iter()
        .skip_while(|record| is_cname(record))
        .all(|record| !is_cname(record))
}

/// Records in one line each, for reports.
pub fn listing<T: fmt::Display>(records: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<_> = records
        .into_iter()
        .map(|record| record.to_string())
        .collect();
    if lines.is_empty() {
        "no records".to_owned()
    } else {
        lines.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{A, CNAME};
    use hickory_proto::rr::{Name, RData};

    fn a(name: &str, last: u8) -> Record {
        Record::from_rdata(
            Name::from_ascii(name).unwrap(),
            30,
            RData::A(A::new(10, 0, 0, last)),
        )
    }

    fn cname(name: &str, target: &str) -> Record {
        let target = CNAME(Name::from_ascii(target).unwrap());
        Record::from_rdata(Name::from_ascii(name).unwrap(), 30, RData::CNAME(target))
    }

    fn wanted(name: &str, rtype: &str, data: &str) -> Wanted {
        Wanted {
            name: name.into(),
            rtype: rtype.into(),
            ttl_secs: Some(30),
            data: data.into(),
        }
    }

    #[test]
    fn a_multiset_counts_equal_records() {
        let want = [wanted("x.", "A", "10.0.0.1"), wanted("X.", "A", "10.0.0.1")];
        assert!(agree(&want, &[a("x.", 1), a("x.", 1)], Order::Any));
        assert!(!agree(&want, &[a("x.", 1), a("x.", 2)], Order::Any));
        assert!(!agree(&want, &[a("x.", 1)], Order::Any));
    }

    #[test]
    fn a_star_takes_what_the_others_leave() {
        let want = [wanted("x.", "A", "*"), wanted("x.", "A", "10.0.0.1")];
        assert!(agree(&want, &[a("x.", 1), a("x.", 7)], Order::Any));
    }

    #[test]
    fn a_cname_after_its_target_is_out_of_order() {
        let want = [wanted("y.", "CNAME", "x."), wanted("x.", "A", "10.0.0.1")];
        assert!(agree(
            &want,
            &[cname("y.", "X."), a("x.", 1)],
            Order::CnameFirst
        ));
        assert!(!agree(
            &want,
            &[a("x.", 1), cname("y.", "x.")],
            Order::CnameFirst
        ));
    }

    #[test]
    fn a_prefix_has_at_least_one_record_and_no_other() {
        let want = [wanted("x.", "A", "10.0.0.1"), wanted("x.", "A", "10.0.0.2")];
        assert!(agree(&want, &[a("x.", 1)], Order::Prefix));
        assert!(!agree(&want, &[a("x.", 2)], Order::Prefix));
        assert!(!agree(&want, &[], Order::Prefix));
    }

    #[test]
    fn data_is_compared_field_by_field() {
        assert!(data_matches("* * 80 Web.example.", "0 100 80 web.example"));
        assert!(data_matches("2001:db8:0::1", "2001:db8::1"));
        assert!(!data_matches("* 80", "0 0 80"));
    }
}
