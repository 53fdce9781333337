"""What the wizard knows and how it changes, before anybody knows of widgets; pure."""
