//! Statistics of a workspace side: of a period (R3.1), compared with the one before, and as a series (R6.7).

use super::period::Period;
use super::{Service, ServiceError};
use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;
use crate::domain::view::{GroupBy, Overview, QualityStats, RangeQuality};

impl Service {
    /// R3.1.
    pub async fn stats(&self, key: WorkspaceKey, period: Period) -> Result<QualityStats, ServiceError> {
        Ok(self.engine.read(key, move |workspace| workspace.stats(period.from, period.to)).await?)
    }

    /// R6.7: a period beside the one before.
    pub async fn overview(
        &self,
        key: WorkspaceKey,
        period: Period,
        by: Option<GroupBy>,
    ) -> Result<Overview, ServiceError> {
        let before = period.before();
        let (current, previous) = ((period.from, period.to), (before.from, before.to));
        Ok(self.engine.read(key, move |workspace| workspace.overview(current, previous, by)).await?)
    }

    /// R6.7: what lies between neighbours of `bounds`, each with the millisecond that it begins with.
    pub async fn series(&self, key: WorkspaceKey, bounds: Vec<Millis>) -> Result<Vec<RangeQuality>, ServiceError> {
        Ok(self.engine.read(key, move |workspace| workspace.series(&bounds)).await?)
    }
}
