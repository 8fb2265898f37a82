//! Gateways: ways into a network ([`NetworkGateway`]) and to hosts that are exposed
//! ([`ProductGateway`]).

mod bound_route;
mod istio;
mod kubernetes;
mod network;
mod outside;
mod pattern;
mod product;
mod virtual_service;

pub(super) use istio::is_subset;
pub(super) use network::{NetworkGateway, network_gateways};
pub(super) use outside::Outside;
pub(super) use product::{ProductGateway, ServiceRoute, Withheld, product_gateways};

#[cfg(test)]
mod tests;
