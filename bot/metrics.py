"""What /metrics shows."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

QUESTIONS: Final = Counter("kdiag_questions_total", "Questions by kind and outcome.", ["kind", "outcome"])
SECONDS: Final = Histogram(
    "kdiag_answer_seconds", "From a question's arrival to its answer.", buckets=(0.1, 0.3, 1, 3, 10, 30, 60)
)
IN_HAND: Final = Gauge("kdiag_jobs_in_hand", "Jobs taken and not finished.")
REFUSED: Final = Counter("kdiag_slack_refused_total", "Calls that Slack refused for good.", ["method", "error"])
RECOVERED: Final = Counter("kdiag_jobs_recovered_total", "Jobs taken over from a process that died.")
SUMMARIES: Final = Counter("kdiag_summaries_total", "Scheduled summaries by outcome.", ["outcome"])
CONNECTED: Final = Gauge("kdiag_slack_connected", "1 while Socket Mode is connected.")
FEEDBACK: Final = Counter("kdiag_feedback_total", "Verdicts on answers.", ["helpful"])
