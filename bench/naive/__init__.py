"""The panel as it would be without thinking: the yardstick of `bench.cost` and `bench.fanout`."""
