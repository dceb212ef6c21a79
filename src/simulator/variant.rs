//! A variant of a run: the same actions at the same times, with another quality of service.

use super::trace::Event;
use super::{Action, ActionError, Timeline};
use crate::codec::QoS;
use crate::time::Time;

impl Timeline {
    /// Returns a timeline in which the same was done at the same times, up to the present moment.
    /// But each publication and subscription of a simulated client has this quality of service.
    ///
    /// Choices of pending events are not made again, since other events are pending. An action that
    /// cannot be done is left out, such as the cut of a link that is not there.
    ///
    /// # Errors
    /// [`ActionError::TraceFull`] and [`ActionError::Loop`].
    pub fn at_qos(&self, qos: QoS) -> Result<Self, ActionError> {
        let world = self.world();
        let mut variant = Self::new(world.options().clone());
        for entry in world.trace().entries() {
            let Event::Action(index) = entry.event else { continue };
            let Some(action) = world.actions().get(index as usize) else { continue };
            variant.run_until(entry.at)?;
            let done = variant.act(with_qos(action.clone(), qos));
            if matches!(done, Err(ActionError::TraceFull(_) | ActionError::Loop(_))) {
                done?;
            }
        }
        variant.run_until(world.now())?;
        Ok(variant)
    }

    /// Runs to a later time. At one moment the actions come before all that follows from them.
    fn run_until(&mut self, time: Time) -> Result<(), ActionError> {
        let now = self.world().now();
        if time > now { self.run(time.as_millis() - now.as_millis()) } else { Ok(()) }
    }
}

fn with_qos(mut action: Action, new: QoS) -> Action {
    if let Action::Publish { qos, .. } = &mut action {
        *qos = new;
    }
    if let Action::Subscribe { options, .. } = &mut action {
        options.qos = new;
    }
    action
}
