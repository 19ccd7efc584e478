"""kdiag in Slack: what comes in (events, commands, buttons), the answers that go out, and the process that does it."""
