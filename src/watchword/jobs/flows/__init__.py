"""The flows that come with us, one a file: each exports `flow`."""
