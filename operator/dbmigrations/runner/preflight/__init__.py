"""Preflight's judgement: facts in, a refusal or a plan out. Pure; the step beside it gathers the facts."""
