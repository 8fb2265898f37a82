//! Protocol messages, generated from the files in `proto/`: Istio's name table (NDS) and as much
//! of xDS as a subscriber needs. The modules are the packages.
//!
//! The client of the discovery service is there with the feature `grpc`.
#![forbid(unsafe_code)]

/// Package `istio`.
pub mod istio {
    /// Package `istio.networking`.
    pub mod networking {
        /// Package `istio.networking.nds`.
        pub mod nds {
            /// Package `istio.networking.nds.v1`: the name table.
            #[allow(missing_docs, unreachable_pub, clippy::all)]
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/istio.networking.nds.v1.rs"));
            }
        }
    }
}

/// Package `envoy`.
pub mod envoy {
    /// Package `envoy.config`.
    pub mod config {
        /// Package `envoy.config.core`.
        pub mod core {
            /// Package `envoy.config.core.v3`: who a client is.
            #[allow(missing_docs, unreachable_pub, clippy::all)]
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.config.core.v3.rs"));
            }
        }
    }

    /// Package `envoy.service`.
    pub mod service {
        /// Package `envoy.service.discovery`.
        pub mod discovery {
            /// Package `envoy.service.discovery.v3`: the xDS transport.
            #[allow(missing_docs, unreachable_pub, rust_2018_idioms, clippy::all)]
            pub mod v3 {
                include!(concat!(env!("OUT_DIR"), "/envoy.service.discovery.v3.rs"));
            }
        }
    }
}

/// Package `google`.
pub mod google {
    /// Package `google.protobuf`: the well-known types.
    pub mod protobuf {
        pub use prost_types::*;
    }

    /// Package `google.rpc`: errors.
    #[allow(missing_docs, unreachable_pub, clippy::all)]
    pub mod rpc {
        include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
    }
}
