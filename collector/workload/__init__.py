"""What the workers do: joins their answers, their heartbeats and their events into tables."""
