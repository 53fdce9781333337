"""The parts of Kolibri whose hooks yester uses."""
