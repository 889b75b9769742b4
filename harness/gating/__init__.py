"""The regression gate: policy, decision, verdict."""
