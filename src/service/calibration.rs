//! Ratings beside scores, and the profile that they would give (R5.10, R13.3). On a cut of the side, in the tenant's
//! turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::period::Period;
use super::tenant_load::TenantLoad;
use super::{Principal, Service, ServiceError};
use crate::domain::calibrated::Calibrated;
use crate::domain::calibration::agreement::Agreement;
use crate::domain::calibration::{Answers, MOST, Offer};
use crate::domain::ids::WorkspaceKey;
use crate::domain::score::Hundredths;
use crate::domain::scoring::profile::Profile;
use crate::domain::time::{self, Millis};
use crate::domain::workspace::Workspace;
use crate::domain::workspace::cut::Cut;
use crate::domain::workspace::rated::RatedConversation;

/// Pairs that are shown one by one: the newest.
const SHOWN: usize = 1_000;
/// Letters of a month, as in 2026-03.
const MONTH: usize = 7;

/// Everything that is known of the ratings of a side.
#[derive(Clone, Debug)]
pub struct Ratings {
    pub period: Period,
    /// Over the period, by the receipt of the rating.
    pub agreement: Option<Agreement>,
    /// The oldest first.
    pub months: Vec<(String, Agreement)>,
    /// By name.
    pub versions: Vec<(String, Agreement)>,
    /// The newest first, each with the name of its profile.
    pub pairs: Vec<(RatedConversation, String)>,
    /// Over the period, by `scoredAt`.
    pub answers: Answers,
    pub offer: Offer,
    /// What the offer was fitted on: without a calibration.
    pub base: Profile,
    pub in_force: Option<Arc<Calibrated>>,
}

impl Service {
    pub async fn ratings(
        &self,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        period: Period,
    ) -> Result<Ratings, ServiceError> {
        let (own, effective) = self.engine.uncalibrated(key).await?;
        let cut = self.engine.cut(key).await?;
        let base = effective.settings.profile.clone();
        let in_force = own.calibration.clone();
        Ok(self.in_turn(load, move || look(&cut, period, base, in_force)).await?)
    }

    /// Applies what is offered now. With a `version` only that one: what somebody looked at may not be what is offered
    /// by now.
    pub async fn calibrate(
        &self,
        who: &Principal,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        version: Option<[u8; 4]>,
    ) -> Result<(), ServiceError> {
        let (_, effective) = self.engine.uncalibrated(key).await?;
        let cut = self.engine.cut(key).await?;
        let base = effective.settings.profile.clone();
        let offer = self.in_turn(load, move || cut.offer(&base)).await?;
        let calibrated = offer.calibration.ok_or(ServiceError::NothingOffered(offer.verdict))?;
        if version.is_some_and(|version| version != calibrated.version) {
            return Err(ServiceError::OfferChanged(calibrated.name()));
        }
        let wanted = calibrated.over(&effective.settings.profile);
        if !self.engine.read(key, move |workspace: &Workspace| workspace.takes_profile(&wanted)).await? {
            return Err(ServiceError::TooManyProfiles);
        }
        Ok(self.engine.calibrate(key, &who.actor, Some(calibrated)).await??)
    }

    /// Takes the calibration in force back.
    pub async fn uncalibrate(&self, who: &Principal, key: WorkspaceKey) -> Result<(), ServiceError> {
        Ok(self.engine.calibrate(key, &who.actor, None).await??)
    }
}

fn look(cut: &Cut, period: Period, base: Profile, in_force: Option<Arc<Calibrated>>) -> Ratings {
    let rated = cut.rated(period.from, period.to, MOST);
    let name = |rated: &RatedConversation| cut.head().profiles[usize::from(rated.profile)].name.to_string();
    let (mut months, mut versions): (BTreeMap<String, Pairs>, BTreeMap<String, Pairs>) = Default::default();
    let mut all = Pairs::new();
    for one in &rated {
        let pair = (one.composite, one.rating);
        all.push(pair);
        months.entry(month(one.at)).or_default().push(pair);
        versions.entry(name(one)).or_default().push(pair);
    }
    let agreements = |of: BTreeMap<String, Pairs>| {
        of.into_iter().filter_map(|(key, pairs)| Some((key, Agreement::of(&pairs)?))).collect()
    };
    let offer = cut.offer(&base);
    Ratings {
        period,
        agreement: Agreement::of(&all),
        months: agreements(months),
        versions: agreements(versions),
        pairs: rated.iter().take(SHOWN).map(|one| (one.clone(), name(one))).collect(),
        answers: cut.answering(period.from, period.to).into(),
        offer,
        base,
        in_force,
    }
}

type Pairs = Vec<(Hundredths, u8)>;

fn month(at: Millis) -> String {
    time::format(at).chars().take(MONTH).collect()
}
