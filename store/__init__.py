"""What is recorded, and the only way to it. Imports nothing of `collector` outside this package, nor of `app`."""
