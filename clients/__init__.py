"""One module per system that we talk to, bound to an address and credentials. No Prefect here."""
