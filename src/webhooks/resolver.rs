//! Names to addresses, without those that may not be reached. What this gives is what is connected to: a name that
//! means something else a moment later gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Asks for a name's addresses.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// A name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
pub struct NoAddress;

/// None of the addresses of a name may be reached.
#[derive(Debug, thiserror::Error)]
#[error("the name's addresses may not be connected to")]
pub struct Refused;

/// Gives the addresses that may be reached.
pub struct Resolver {
    lookup: Lookup,
    may_reach: fn(IpAddr) -> bool,
}

impl Resolver {
    pub fn new(lookup: Lookup, may_reach: fn(IpAddr) -> bool) -> Self {
        Self { lookup, may_reach }
    }

    /// As the machine resolves names.
    pub fn system(may_reach: fn(IpAddr) -> bool) -> Self {
        let lookup: Lookup =
            Arc::new(|name| Box::pin(async move { tokio::net::lookup_host((name, 0)).await.map(Iterator::collect) }));
        Self::new(lookup, may_reach)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, may_reach) = ((self.lookup)(name.as_str().to_owned()), self.may_reach);
        Box::pin(async move {
            let mut addresses = found.await.map_err(|_| NoAddress)?;
            if addresses.is_empty() {
                return Err(NoAddress.into());
            }
            addresses.retain(|address| may_reach(address.ip()));
            if addresses.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
