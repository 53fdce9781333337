"""The little of Django that archive plugins import for their settings. There is neither database nor web server."""
