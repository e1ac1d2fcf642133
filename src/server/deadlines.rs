//! The deadlines of a connection, with its only timer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::budget::MemoryBudget;
use super::connection_state::{Action, ConnectionState, Overdue};
use super::held_memory::Stalled;

/// How long a client may take to close a connection after GOAWAY.
const GOAWAY_GRACE: Duration = Duration::from_secs(1);

/// What a connection does after a signal or a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Continue,
    /// Free the buffers until the next request.
    Rest,
    /// Shut down after the running requests; over HTTP/2 with a GOAWAY.
    ShutDown,
    Close,
}

/// The deadlines of a connection, with its timer.
pub(super) struct Deadlines<'a> {
    connection_state: &'a ConnectionState,
    budget: &'a MemoryBudget,
    timer: Pin<&'a mut Sleep>,
    /// When the timer fires: at the deadline, or earlier, and then it is set again.
    fires_at: Option<Duration>,
    /// When an idle connection is closed that got a GOAWAY.
    closes_at: Option<Duration>,
}

impl<'a> Deadlines<'a> {
    /// The timer may be in any state: it is set before it is used.
    pub(super) fn new(
        connection_state: &'a ConnectionState,
        budget: &'a MemoryBudget,
        timer: Pin<&'a mut Sleep>,
    ) -> Self {
        Self { connection_state, budget, timer, fires_at: None, closes_at: None }
    }

    /// Waits for the outcome of `progress`, which is polled first, and at most until a step is due. Returns the outcome, or
    /// the step.
    pub(super) async fn wait<T>(
        &mut self,
        mut progress: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, Step> {
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(outcome) = progress(cx) {
                    return Poll::Ready(Ok(outcome));
                }
                match ready!(self.poll(cx)) {
                    Step::Continue => {}
                    step => return Poll::Ready(Err(step)),
                }
            }
        })
        .await
    }

    /// Waits for a signal or the current deadline.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let (deadline, reason) = match self.connection_state.next_action(cx, &self.budget.limits) {
            Action::Run => return Poll::Pending,
            Action::Wait(deadline, reason) => (deadline, reason),
            Action::ShutDown => return Poll::Ready(Step::ShutDown),
            Action::Close => return Poll::Ready(Step::Close),
        };
        let deadline = match self.closes_at {
            Some(closes_at) if reason == Overdue::Idle => deadline.min(closes_at),
            _ => deadline,
        };
        if self.fires_at.is_none_or(|at| at > deadline) {
            self.fires_at = Some(deadline);
            self.timer.set(sleep(deadline.saturating_sub(self.connection_state.now())));
        }
        ready!(self.timer.as_mut().poll(cx));
        self.fires_at = None;
        let is_over = self.connection_state.now() >= deadline;
        Poll::Ready(if is_over { self.expire(reason) } else { Step::Continue })
    }

    /// Handles a deadline that is over.
    fn expire(&mut self, reason: Overdue) -> Step {
        let MemoryBudget { limits, metrics, .. } = self.budget;
        if reason == Overdue::Rest {
            self.connection_state.rest();
            return Step::Rest;
        }
        if reason == Overdue::Response
            && let Stalled::StreamsReset(count) = self.connection_state.reset_overdue(limits)
        {
            metrics.reset("stream", "stalled", count);
            return Step::Continue;
        }
        tracing::debug!(why = ?reason, "a connection timed out");
        if reason == Overdue::Response {
            metrics.reset("connection", "stalled", 1);
        }
        if reason != Overdue::Idle || self.closes_at.is_some() {
            return Step::Close;
        }
        // HTTP/2: a GOAWAY first, so that the client sends no request on a connection that is about to close.
        self.closes_at = Some(self.connection_state.now() + GOAWAY_GRACE);
        Step::ShutDown
    }
}
