"""The live stream: hub, viewers, replay, freshness, and the watch over who may still look."""
