"""Runs as others see them: followed and steered while they last, remembered, judged."""
