"""The operator: Kopf's wiring, settings, health, metrics. The only place that imports Kopf."""
