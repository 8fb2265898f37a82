//! [`TableHash`]: what a table says, as 256 bits that are equal wherever it says the same.

use dns_core::{
    AnswerMode, Answers, Endpoint, EndpointAddress, EndpointState, HostAddress, HostEntry,
    Locality, NameBuf, NameState, Port, Source, VipState, VipWanted, Visibility,
};
use sha2::{Digest, Sha256};
use std::borrow::Borrow;
use std::fmt;
use std::net::IpAddr;

/// First octets of what is hashed. Another encoding gets another number, so that hashes of two
/// encodings are never taken for hashes of two tables.
const ENCODING: &[u8] = b"callsign-table 1\n";

/// The hash of a table: SHA-256 over every field of every entry that says what is answered, where
/// it leads, or why. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableHash([u8; 32]);

impl TableHash {
    /// Its octets.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first 64 bits, as 16 hexadecimal digits: enough to tell the tables of one mesh apart.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(16);
        text
    }
}

impl fmt::Display for TableHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for TableHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of the table that has these entries. Names may come in any order, the variants of a
/// name in their own, best first.
///
/// Left out is what is no property of the table: creation times, files and lines, generations of
/// objects, whether a source can be read at this time, and whether a virtual address has reached
/// the disk.
pub fn table_hash<E: Borrow<HostEntry>>(entries: impl IntoIterator<Item = E>) -> TableHash {
    let mut entries: Vec<E> = entries.into_iter().collect();
    entries.sort_by(|a, b| a.borrow().name.cmp(&b.borrow().name));
    let mut encoder = Encoder::new();
    for entry in &entries {
        encoder.entry(entry.borrow());
    }
    encoder.finish()
}

/// Hashes values so that no two sequences of values are encoded alike: texts and lists begin with
/// their length, variants with a number.
struct Encoder {
    sha: Sha256,
    /// What has not been hashed yet: many small values are dear one by one.
    octets: Vec<u8>,
}

impl Encoder {
    fn new() -> Self {
        Encoder {
            sha: Sha256::new_with_prefix(ENCODING),
            octets: Vec::new(),
        }
    }

    fn finish(mut self) -> TableHash {
        self.sha.update(&self.octets);
        TableHash(self.sha.finalize().into())
    }

    // Every structure is taken apart whole, so that a field that is added has to be decided on.
    fn entry(&mut self, entry: &HostEntry) {
        let HostEntry {
            name,
            kind,
            namespace,
            addresses,
            vip_wanted,
            vip_state,
            former_vips,
            cname,
            ttl_secs,
            ports,
            endpoints,
            dialled,
            answers,
            alias_of,
            short_names,
            visibility,
            canonical,
            created_secs: _,
            state,
            source,
        } = entry;
        self.name(name);
        self.text(kind.label());
        self.option(namespace.as_deref(), Self::text);
        self.list(addresses, Self::address);
        self.wanted(*vip_wanted);
        self.text(recorded(*vip_state).label());
        self.list(former_vips, |encoder, ip| encoder.ip(*ip));
        self.option(cname.as_ref(), Self::name);
        self.option(*ttl_secs, |encoder, ttl| encoder.number(ttl.into()));
        self.list(ports, Self::port);
        self.list(endpoints, Self::endpoint);
        self.list(dialled, |encoder, ip| encoder.ip(*ip));
        self.answers(*answers);
        self.option(alias_of.as_ref(), Self::name);
        self.flag(*short_names);
        self.visibility(visibility);
        self.flag(*canonical);
        self.text(declared(*state).label());
        self.source(source);
        self.sha.update(&self.octets);
        self.octets.clear();
    }

    fn address(&mut self, address: &HostAddress) {
        let HostAddress {
            ip,
            origin,
            network,
        } = address;
        self.ip(*ip);
        self.text(origin.label());
        self.option(network.as_deref(), Self::text);
    }

    fn wanted(&mut self, VipWanted { v4, v6 }: VipWanted) {
        self.flag(v4);
        self.flag(v6);
    }

    fn port(&mut self, port: &Port) {
        let Port {
            name,
            number,
            transport,
            app_protocol,
        } = port;
        self.option(name.as_deref(), Self::text);
        self.number((*number).into());
        self.text(transport.label());
        self.option(app_protocol.as_deref(), Self::text);
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        let Endpoint {
            address,
            port,
            port_name,
            hostname,
            cluster,
            network,
            locality,
            subset,
            via,
            priority,
            weight,
            state,
            authority,
            identity,
            transit,
        } = endpoint;
        self.endpoint_address(address);
        self.number((*port).into());
        self.option(port_name.as_deref(), Self::text);
        self.option(hostname.as_deref(), Self::text);
        self.option(cluster.as_deref(), Self::text);
        self.option(network.as_deref(), Self::text);
        self.option(locality.as_ref(), Self::locality);
        self.list(subset, |encoder, (label, value)| {
            encoder.text(label);
            encoder.text(value);
        });
        self.text(via.label());
        self.number((*priority).into());
        self.number((*weight).into());
        self.endpoint_state(state);
        self.option(authority.as_deref(), Self::text);
        self.list(identity, |encoder, identity| encoder.text(identity));
        self.option(transit.as_deref(), Self::text);
    }

    fn endpoint_address(&mut self, address: &EndpointAddress) {
        match address {
            EndpointAddress::Ip(ip) => {
                self.octets.push(0);
                self.ip(*ip);
            }
            EndpointAddress::Host(name) => {
                self.octets.push(1);
                self.name(name);
            }
            EndpointAddress::Unix(path) => {
                self.octets.push(2);
                self.text(path);
            }
        }
    }

    fn endpoint_state(&mut self, state: &EndpointState) {
        let reason = match state {
            EndpointState::Ready => None,
            EndpointState::Unavailable(reason) => Some(&**reason),
        };
        self.option(reason, Self::text);
    }

    fn locality(&mut self, locality: &Locality) {
        let Locality {
            region,
            zone,
            sub_zone,
        } = locality;
        self.text(region);
        self.text(zone);
        self.text(sub_zone);
    }

    fn answers(&mut self, answers: Answers) {
        let Answers {
            mesh,
            no_proxy,
            outside,
            is_withheld,
        } = answers;
        for mode in [mesh, no_proxy, outside] {
            self.octets.push(match mode {
                None => 0,
                Some(AnswerMode::Vip) => 1,
                Some(AnswerMode::Endpoints) => 2,
                Some(AnswerMode::Forward) => 3,
            });
        }
        self.flag(is_withheld);
    }

    fn visibility(&mut self, visibility: &Visibility) {
        let namespaces = match visibility {
            Visibility::Everyone => None,
            Visibility::Namespaces(namespaces) => Some(namespaces),
        };
        self.option(namespaces, |encoder, namespaces| {
            encoder.list(namespaces, |encoder, namespace| encoder.text(namespace));
        });
    }

    fn source(&mut self, source: &Source) {
        let Source {
            cluster,
            kind,
            namespace,
            name,
            location: _,
            generation: _,
        } = source;
        self.option(cluster.as_deref(), Self::text);
        self.text(kind);
        self.option(namespace.as_deref(), Self::text);
        self.text(name);
    }

    fn name(&mut self, name: &NameBuf) {
        self.octets(name.as_name().as_wire());
    }

    fn ip(&mut self, ip: IpAddr) {
        match ip {
            IpAddr::V4(v4) => self.octets(&v4.octets()),
            IpAddr::V6(v6) => self.octets(&v6.octets()),
        }
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut encode: impl FnMut(&mut Self, T),
    ) {
        let items = items.into_iter();
        self.number(items.len() as u64);
        items.for_each(|item| encode(self, item));
    }

    fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            encode(self, value);
        }
    }

    fn text(&mut self, text: &str) {
        self.octets(text.as_bytes());
    }

    fn octets(&mut self, octets: &[u8]) {
        self.number(octets.len() as u64);
        self.octets.extend_from_slice(octets);
    }

    fn number(&mut self, number: u64) {
        self.octets.extend_from_slice(&number.to_be_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.octets.push(flag.into());
    }
}

/// The state as it is where the journal can be written.
fn recorded(state: VipState) -> VipState {
    match state {
        VipState::Unrecorded => VipState::Allotted,
        VipState::None
        | VipState::Pinned
        | VipState::Imported
        | VipState::Allotted
        | VipState::Exhausted => state,
    }
}

/// The state as it is where every source can be read: a cluster that is lost is served as it was.
fn declared(state: NameState) -> NameState {
    match state {
        NameState::Live | NameState::Stale => NameState::Live,
        NameState::Grace => NameState::Grace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_core::{AddressOrigin, HostKind, PortTransport, Via};
    use std::collections::BTreeSet;

    fn name(text: &str) -> NameBuf {
        NameBuf::parse(text).unwrap()
    }

    fn host(text: &str) -> HostEntry {
        HostEntry::new(name(text), HostKind::External, Source::default())
    }

    fn full() -> HostEntry {
        let mut endpoint = Endpoint::new(EndpointAddress::Ip("192.0.2.9".parse().unwrap()), 8080);
        endpoint.locality = Some(Locality::parse("r/z/s"));
        endpoint.subset = [("version".into(), "v1".into())].into();
        HostEntry {
            addresses: vec![HostAddress::new(
                "250.0.0.1".parse().unwrap(),
                AddressOrigin::Allotted,
            )],
            ports: vec![Port {
                name: Some("http".into()),
                number: 80,
                transport: PortTransport::Tcp,
                app_protocol: None,
            }],
            endpoints: vec![endpoint],
            visibility: Visibility::Namespaces(["shop".into()].into()),
            ..host("a.example.com")
        }
    }

    /// Every way in which an entry can differ from [`full`] in one field.
    fn changes_of_the_entry() -> Vec<fn(&mut HostEntry)> {
        vec![
            |e| e.name = name("b.example.com"),
            |e| e.kind = HostKind::Product,
            |e| e.namespace = Some("shop".into()),
            |e| e.addresses.clear(),
            |e| e.addresses[0].ip = "250.0.0.2".parse().unwrap(),
            |e| e.addresses[0].origin = AddressOrigin::Pinned,
            |e| e.addresses[0].network = Some("net1".into()),
            |e| e.vip_wanted.v4 = true,
            |e| e.vip_wanted.v6 = true,
            |e| e.vip_state = VipState::Exhausted,
            |e| e.former_vips = vec!["250.0.0.9".parse().unwrap()],
            |e| e.cname = Some(name("t.example.com")),
            |e| e.ttl_secs = Some(0),
            |e| e.ports.clear(),
            |e| e.ports[0].name = None,
            |e| e.ports[0].number = 81,
            |e| e.ports[0].transport = PortTransport::Udp,
            |e| e.ports[0].app_protocol = Some("HTTP".into()),
            |e| e.dialled = vec!["192.0.2.1".parse().unwrap()],
            |e| e.answers.mesh = Some(AnswerMode::Vip),
            |e| e.answers.no_proxy = Some(AnswerMode::Vip),
            |e| e.answers.outside = Some(AnswerMode::Vip),
            |e| e.answers.outside = Some(AnswerMode::Endpoints),
            |e| e.answers.is_withheld = true,
            |e| e.alias_of = Some(name("t.example.com")),
            |e| e.short_names = true,
            |e| e.visibility = Visibility::Everyone,
            |e| e.visibility = Visibility::Namespaces(["other".into()].into()),
            |e| e.canonical = true,
            |e| e.state = NameState::Grace,
            |e| e.source.cluster = Some("c1".into()),
            |e| e.source.kind = "Service".into(),
            |e| e.source.namespace = Some("n".into()),
            |e| e.source.name = "n".into(),
        ]
    }

    fn changes_of_the_endpoint() -> Vec<fn(&mut Endpoint)> {
        vec![
            |e| e.address = EndpointAddress::Host(name("x.example.com")),
            |e| e.address = EndpointAddress::Unix("/x".into()),
            |e| e.port = 1,
            |e| e.port_name = Some("p".into()),
            |e| e.hostname = Some("p".into()),
            |e| e.cluster = Some("p".into()),
            |e| e.network = Some("p".into()),
            |e| e.locality = None,
            |e| e.locality = Some(Locality::parse("q/z/s")),
            |e| e.locality = Some(Locality::parse("r/q/s")),
            |e| e.locality = Some(Locality::parse("r/z/q")),
            |e| e.subset.clear(),
            |e| e.via = Via::Gateway,
            |e| e.priority = 1,
            |e| e.weight = 0,
            |e| e.state = EndpointState::Unavailable("not-ready".into()),
            |e| e.authority = Some("p".into()),
            |e| e.identity = vec!["p".into()],
            |e| e.transit = Some("p".into()),
        ]
    }

    #[test]
    fn every_field_that_says_something_changes_the_hash() {
        let mut hashes = BTreeSet::from([table_hash([full()])]);
        let entries = changes_of_the_entry();
        let endpoints = changes_of_the_endpoint();
        let expected = 1 + entries.len() + endpoints.len();
        for change in entries {
            let mut entry = full();
            change(&mut entry);
            hashes.insert(table_hash([entry]));
        }
        for change in endpoints {
            let mut entry = full();
            change(&mut entry.endpoints[0]);
            hashes.insert(table_hash([entry]));
        }
        assert_eq!(hashes.len(), expected, "two changes have one hash");
    }

    #[test]
    fn times_places_and_what_can_be_read_or_written_do_not_change_the_hash() {
        let changes: [fn(&mut HostEntry); 5] = [
            |e| e.state = NameState::Stale,
            |e| e.created_secs = Some(7),
            |e| e.source.location = Some("a.yaml:7".into()),
            |e| e.source.generation = 4,
            |e| e.vip_state = VipState::Unrecorded,
        ];
        let allotted = || HostEntry {
            vip_state: VipState::Allotted,
            ..full()
        };
        for change in changes {
            let mut entry = allotted();
            change(&mut entry);
            assert_eq!(table_hash([entry]), table_hash([allotted()]));
        }
    }

    #[test]
    fn the_order_of_names_does_not_matter_and_that_of_variants_does() {
        let other = HostEntry {
            canonical: true,
            ..full()
        };
        let hash = table_hash([&full(), &host("b.example.com")]);
        assert_eq!(table_hash([&host("b.example.com"), &full()]), hash);
        assert_ne!(table_hash([&full(), &other]), table_hash([&other, &full()]));
    }

    #[test]
    fn values_do_not_run_into_each_other() {
        let with = |hostname: &str, cluster: &str| {
            let mut entry = full();
            entry.endpoints[0].hostname = Some(hostname.into());
            entry.endpoints[0].cluster = Some(cluster.into());
            table_hash([entry])
        };
        assert_ne!(with("ab", "c"), with("a", "bc"));
        assert_ne!(table_hash([full(), full()]), table_hash([full()]));
    }

    #[test]
    fn a_hash_prints_as_64_digits_and_in_short_as_16() {
        let hash = table_hash(Vec::<HostEntry>::new());
        // SHA-256 of the first octets alone, which freezes the encoding's number.
        assert_eq!(
            hash.to_string(),
            "7473f7017df28416bdcc5f12953a83cfa088e0d71ad50d8c56366013ce0c2ec5"
        );
        assert_eq!(hash.short(), hash.to_string()[..16]);
    }
}
