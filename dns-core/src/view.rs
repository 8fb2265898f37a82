//! Who asks: a [`View`] holds the attributes of an asker that change the answer, and [`Views`]
//! finds the view of a client by its address.

use crate::wire::NameBuf;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use hashbrown::HashMap;
use ipnet::IpNet;

/// The attributes of an asker that change the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Namespace of the asker. Without one there are no short names and no search domains.
    pub namespace: Option<Arc<str>>,
    /// Cluster domain, normally `cluster.local`.
    pub domain: NameBuf,
    /// Domain of the services that all clusters share (Multi-Cluster Services API), normally
    /// `clusterset.local`.
    pub clusterset_domain: NameBuf,
    /// Search domains of the asker's resolver, in order.
    pub search: Vec<NameBuf>,
    /// Families of allotted virtual addresses that the asker can use.
    pub families: Families,
    /// Network of the asker; `None` sees the addresses of all networks.
    pub network: Option<Arc<str>>,
    /// Cluster of the asker, if known.
    pub cluster: Option<Arc<str>>,
    /// Namespace whose variant of a host is preferred after the asker's own and the canonical.
    pub preferred_namespace: Option<Arc<str>>,
    /// What names are answered with.
    pub answer: AnswerMode,
}

impl View {
    /// A view without namespace: exact names and wildcards only, IPv4, virtual addresses.
    pub fn new(domain: NameBuf) -> Self {
        View {
            namespace: None,
            domain,
            clusterset_domain: NameBuf::parse("clusterset.local").expect("it is a name"),
            search: Vec::new(),
            families: Families::V4,
            network: None,
            cluster: None,
            preferred_namespace: None,
            answer: AnswerMode::Vip,
        }
    }

    /// The search list that Kubernetes writes for a pod: `<ns>.svc.<domain>`, `svc.<domain>`,
    /// `<domain>`. Names that do not fit in 255 octets are left out.
    pub fn kubernetes_search(namespace: &str, domain: &NameBuf) -> Vec<NameBuf> {
        let svc = domain.child("svc");
        let own = svc.as_ref().ok().and_then(|svc| svc.child(namespace).ok());
        [own, svc.ok(), Some(domain.clone())]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Address families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Families {
    /// IPv4 only, the default.
    pub const V4: Families = Families {
        v4: true,
        v6: false,
    };
    /// Both.
    pub const BOTH: Families = Families { v4: true, v6: true };

    /// Whether the family of `address` is among them.
    pub fn has(self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.v4,
            IpAddr::V6(_) => self.v6,
        }
    }
}

/// What names are answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerMode {
    /// Their virtual addresses: the asker has a proxy. The default.
    Vip,
    /// Addresses that can be dialled without a proxy: product names answer their gateways, the
    /// own cluster's first, TTL 5.
    Endpoints,
    /// Nothing: every query is forwarded.
    Forward,
}

/// Views by client address.
#[derive(Clone, Debug, Default)]
pub struct Views {
    pods: HashMap<IpAddr, Arc<View>, foldhash::fast::FixedState>,
    networks: Vec<(IpNet, Arc<View>)>,
    default: Option<Arc<View>>,
}

impl Views {
    /// One view for every client.
    pub fn single(view: View) -> Self {
        Views {
            default: Some(Arc::new(view)),
            ..Views::default()
        }
    }

    /// Views by exact address, then by longest prefix, then the default; without a default other
    /// clients have none. Of equal prefixes the first wins.
    pub fn new(
        pods: impl IntoIterator<Item = (IpAddr, Arc<View>)>,
        networks: impl IntoIterator<Item = (IpNet, Arc<View>)>,
        default: Option<Arc<View>>,
    ) -> Self {
        let mut networks: Vec<_> = networks.into_iter().collect();
        networks.sort_by_key(|(net, _)| core::cmp::Reverse(net.prefix_len()));
        let pods = pods
            .into_iter()
            .map(|(ip, view)| (ip.to_canonical(), view))
            .collect();
        Views {
            pods,
            networks,
            default,
        }
    }

    /// The view of clients that no other view is for, if they have one.
    pub fn default_view(&self) -> Option<&Arc<View>> {
        self.default.as_ref()
    }

    /// The view of a client, or `None` if it shall be refused. An IPv4-mapped address is its
    /// IPv4 address.
    #[inline]
    pub fn select(&self, client: IpAddr) -> Option<&Arc<View>> {
        if self.pods.is_empty() && self.networks.is_empty() {
            return self.default.as_ref();
        }
        self.select_by_address(client)
    }

    fn select_by_address(&self, client: IpAddr) -> Option<&Arc<View>> {
        let client = client.to_canonical();
        self.pods
            .get(&client)
            .or_else(|| {
                self.networks
                    .iter()
                    .find(|(net, _)| net.contains(&client))
                    .map(|(_, v)| v)
            })
            .or(self.default.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(namespace: &str) -> Arc<View> {
        let domain = NameBuf::parse("cluster.local").unwrap();
        Arc::new(View {
            namespace: Some(namespace.into()),
            ..View::new(domain)
        })
    }

    fn namespace_of<'a>(views: &'a Views, client: &str) -> Option<&'a str> {
        views
            .select(client.parse().unwrap())
            .and_then(|view| view.namespace.as_deref())
    }

    #[test]
    fn a_pod_beats_a_network_and_a_longer_prefix_beats_a_shorter() {
        let views = Views::new(
            [("10.1.2.3".parse().unwrap(), view("pod"))],
            [
                ("10.0.0.0/8".parse().unwrap(), view("wide")),
                ("10.1.0.0/16".parse().unwrap(), view("narrow")),
            ],
            None,
        );
        assert_eq!(namespace_of(&views, "10.1.2.3"), Some("pod"));
        assert_eq!(namespace_of(&views, "::ffff:10.1.2.4"), Some("narrow"));
        assert_eq!(namespace_of(&views, "10.2.0.1"), Some("wide"));
        assert_eq!(namespace_of(&views, "192.0.2.1"), None);
    }

    #[test]
    fn the_search_list_is_the_one_kubernetes_writes() {
        let domain = NameBuf::parse("cluster.local").unwrap();
        let search = View::kubernetes_search("ns1", &domain);
        let expected = [
            "ns1.svc.cluster.local",
            "svc.cluster.local",
            "cluster.local",
        ];
        assert_eq!(search, expected.map(|s| NameBuf::parse(s).unwrap()));
    }
}
