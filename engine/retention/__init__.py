"""Which snapshots stay: the rules, the plan with its reasons, and forgetting by it."""
