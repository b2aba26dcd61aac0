"""The watched broker and its queues."""
