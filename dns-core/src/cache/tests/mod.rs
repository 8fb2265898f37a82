//! Facts about the cache.

mod bounds;
mod fixture;
mod keeping;
mod listing;
mod model;
mod relaying;
mod times;
