"""Pages of results in HTML, each one file that needs no network."""
