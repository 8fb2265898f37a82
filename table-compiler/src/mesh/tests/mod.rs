//! What tables say, from objects in YAML.

mod entry_addresses;
mod entry_hosts;
mod every_field;
mod fixture;
mod instances;
mod many_clusters;
mod ownership;
mod product_life;
mod products;
mod services;
mod tables;
mod world;
