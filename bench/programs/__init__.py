"""Programs that benches run in processes of their own: what burdens, and what is measured from inside."""
