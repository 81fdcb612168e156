//! The cluster that a server is a node of (R11.4), for its operators.

use super::{Operator, Service, ServiceError};
use crate::wire::cluster::Cluster;

/// A server's part in a cluster.
pub struct Membership {
    /// The node's name.
    pub node: Box<str>,
    /// Asks for the cluster as the node sees it. Never waits.
    pub cluster: Box<dyn Fn() -> Cluster + Send + Sync>,
}

impl Service {
    pub fn cluster(&self, _: Operator) -> Result<Cluster, ServiceError> {
        let membership = self.membership.as_ref().ok_or(ServiceError::NotClustered)?;
        Ok((membership.cluster)())
    }
}
