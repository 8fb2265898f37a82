//! [`Carried`]: product names that were served last, so that a withdrawn one keeps its grace.

use super::report::ObjectRef;
use dns_core::NameBuf;
use std::collections::BTreeMap;

/// Product names that were served last: what is needed to keep a withdrawn one for its grace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The products by name.
    pub products: BTreeMap<NameBuf, CarriedProduct>,
}

/// A product name that was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedProduct {
    /// The object it came from.
    pub source: ObjectRef,
    /// The product that it is an alias of.
    pub alias_of: Option<NameBuf>,
    /// When its last source went, in milliseconds since 1970; `None` while it has one.
    pub withdrawn_ms: Option<u64>,
}

impl Carried {
    /// Notes what has become of a name: whose product it is now, or that it is nobody's.
    pub(super) fn note(&mut self, name: &NameBuf, product: Option<CarriedProduct>, now_ms: u64) {
        match product {
            Some(product) => {
                self.products.insert(name.clone(), product);
            }
            None => {
                if let Some(known) = self.products.get_mut(name) {
                    known.withdrawn_ms.get_or_insert(now_ms);
                }
            }
        }
    }

    /// Whether a product name has no source any more and is in its grace.
    pub(super) fn is_withdrawn(&self, name: &NameBuf) -> bool {
        let product = self.products.get(name);
        product.is_some_and(|product| product.withdrawn_ms.is_some())
    }

    /// Takes out the names whose grace is over, and gives them.
    pub(super) fn expire(&mut self, now_ms: u64, grace_ms: u64) -> Vec<NameBuf> {
        let is_over = |product: &CarriedProduct| {
            product
                .withdrawn_ms
                .is_some_and(|since_ms| since_ms.saturating_add(grace_ms) <= now_ms)
        };
        let over: Vec<NameBuf> = self
            .products
            .iter()
            .filter(|(_, product)| is_over(product))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &over {
            self.products.remove(name);
        }
        over
    }

    /// When the next grace ends, in milliseconds since 1970.
    pub(super) fn due_ms(&self, grace_ms: u64) -> Option<u64> {
        let withdrawn = self.products.values().filter_map(|p| p.withdrawn_ms);
        withdrawn
            .map(|since_ms| since_ms.saturating_add(grace_ms))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_begins_once_and_ends_on_time() {
        let name = NameBuf::parse("pay.example.com").unwrap();
        let product = CarriedProduct {
            source: ObjectRef {
                cluster: "c1".into(),
                role: "Gateway".into(),
                namespace: "payments".into(),
                name: "gw".into(),
            },
            alias_of: None,
            withdrawn_ms: None,
        };
        let mut carried = Carried::default();
        carried.note(&name, Some(product.clone()), 0);
        assert_eq!(carried.due_ms(100), None);
        carried.note(&name, None, 5);
        carried.note(&name, None, 50);
        assert_eq!(carried.due_ms(100), Some(105));
        assert_eq!(carried.expire(104, 100), []);
        assert_eq!(carried.expire(105, 100), std::slice::from_ref(&name));
        assert_eq!(carried, Carried::default());
        carried.note(&name, None, 200);
        assert_eq!(carried, Carried::default());
        carried.note(&name, Some(product), 200);
        assert_eq!(carried.due_ms(100), None);
    }
}
