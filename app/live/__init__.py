"""The live stream: reader, hub, viewers, replay, freshness, access watch."""
